"""The partners' page of the command centre: what lies with them, what they sent, and reconciling with them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from domain.cases.reconciliation import Difference, Disagreement
from domain.partners import CaseStatus, Partner, Via
from persistence.access import add as add_key
from persistence.engine import writing
from persistence.partner_messages import case_unknown, keep_message, lease_waiting
from persistence.reconciliations import claim_reconciliation, end_reconciliation, put_off
from tests.api.conftest import BEGIN, TOWN, City
from tests.support.partners import said
from tests.worker.doubles import recorded

CASE, OTHER = "20260302-0000001-p1", "20260302-0000002-p1"
ENFORCEMENT = Partner.ENFORCEMENT
PATHS = (
    "/v1/partners",
    "/v1/partners/enforcement/cases",
    "/v1/partners/enforcement/messages",
    "/v1/partners/enforcement/reconciliations",
)


async def unknown_message(city: City, case: str = "20260302-0000099-p1", **more: Any) -> int:
    """A message about a case that nobody knows, as the inbox leaves it after a day."""
    async with writing(city.doors.database) as connection:
        message = said("case_filed", 1, case, **more)
        await keep_message(connection, ENFORCEMENT, message, Via.CALLBACK, city.clock())
        (kept,) = await lease_waiting(connection, 1)
        await case_unknown(connection, kept.id, try_again=False)
    return kept.id


async def items(city: City, path: str, who: str = "operator") -> list[dict[str, Any]]:
    answer = await city.get(who, path)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def assigned(city: City, message: int, case: str, **more: Any) -> Any:
    path = f"/v1/partners/enforcement/messages/{message}/assign"
    return await city.post("operator", path, {"case": case}, **more)


async def test_every_partner_is_shown_with_what_lies_with_it(running_city: City):
    database = running_city.doors.database
    await recorded(database, CASE)
    await recorded(database, OTHER, CaseStatus.OPENING)
    await recorded(database, "20260302-0000003-p1", CaseStatus.DONE)
    await unknown_message(running_city)
    running_city.app.state.doors = replace(
        running_city.doors, neighbours={ENFORCEMENT: running_city.doors.neighbours[ENFORCEMENT]}
    )
    shown = {each["partner"]: each for each in await items(running_city, "/v1/partners")}
    assert {name: each["connected"] for name, each in shown.items()} == {
        "enforcement": True,
        "affairs": False,
        "volunteers": False,
    }
    assert shown["enforcement"]["open_cases"] == {"opening": 1, "handed_over": 0, "under_way": 1}
    assert (shown["enforcement"]["messages_waiting"], shown["enforcement"]["messages_unknown"]) == (0, 1)
    assert shown["enforcement"]["last_reconciliation"] is None


@pytest.mark.parametrize("path", PATHS)
async def test_units_and_strangers_do_not_see_the_partners(running_city: City, path: str):
    assert (await running_city.get(f"unit:{TOWN}", path)).status_code == 403
    assert (await running_city.get(None, path)).status_code == 401
    assert (await running_city.get("auditor", path)).status_code == 200


async def test_cases_are_listed_by_status_and_page(running_city: City):
    database, begin = running_city.doors.database, running_city.clock()
    for n, status in enumerate((CaseStatus.UNDER_WAY, CaseStatus.DONE, CaseStatus.UNDER_WAY), start=1):
        case = f"20260302-000000{n}-p1"
        await recorded(
            database, case, status, opened_at=begin + timedelta(hours=n), note="said in confidence"
        )
    path = "/v1/partners/enforcement/cases"
    first = (await running_city.get("operator", f"{path}?limit=2")).json()
    second = (await running_city.get("operator", f"{path}?cursor={first['next_cursor']}")).json()
    assert [each["case"][-4] for each in (*first["items"], *second["items"])] == ["3", "2", "1"]
    open_ones = await items(running_city, f"{path}?status=under_way&status=opening")
    assert [each["request"] for each in open_ones] == ["20260302-0000003", "20260302-0000001"]
    assert open_ones[0]["note"] == "said in confidence"
    assert await items(running_city, "/v1/partners/affairs/cases") == []


async def test_notes_are_for_those_who_see_what_is_sealed(running_city: City):
    database, agent = running_city.doors.database, frozenset({"agent"})
    async with writing(database) as connection:
        await add_key(connection, "secret-of-agent", name="agent", roles=agent, at=BEGIN)
    await recorded(database, CASE, note="said in confidence")
    await unknown_message(running_city, text="said in confidence as well")
    async with running_city.client(None) as client:
        client.headers["Authorization"] = "Bearer secret-of-agent"
        (case,) = (await client.get("/v1/partners/enforcement/cases")).json()["items"]
        (message,) = (await client.get("/v1/partners/enforcement/messages")).json()["items"]
    assert (case["case"], case["note"], message["text"]) == (CASE, None, None)


async def test_the_list_opens_no_locker(running_city: City):
    database = running_city.doors.database
    for n, kind, code in ((1, "ready_for_collection", "914733"), (2, "affair_decided", "granted")):
        case = f"20260302-000000{n}-p1"
        await recorded(database, case, partner=Partner.AFFAIRS, last_kind=kind, code=code)
    listed = await running_city.get("operator", "/v1/partners/affairs/cases")
    assert sorted(each["code"] for each in listed.json()["items"]) == ["", "granted"]
    assert "914733" not in listed.text


async def test_a_message_about_an_unknown_case_is_given_to_the_right_one(running_city: City):
    await recorded(running_city.doors.database, CASE)
    message = await unknown_message(running_city, text="穗天综执立字〔2026〕0815号")
    (shown,) = await items(running_city, "/v1/partners/enforcement/messages?unknown=true")
    assert (shown["id"], shown["tried"], shown["text"]) == (message, False, "穗天综执立字〔2026〕0815号")
    answer = await assigned(running_city, message, CASE, key="once")
    assert (answer.status_code, answer.json()["case"], answer.json()["assigned_by"]) == (
        200,
        CASE,
        "operator",
    )
    assert (answer.json()["delivery"], answer.json()["tried"], answer.json()["text"]) == (
        "waiting",
        True,
        None,
    )
    again = await assigned(running_city, message, CASE, key="once")
    assert again.json() == answer.json()
    assert await items(running_city, "/v1/partners/enforcement/messages?unknown=true") == []
    (found,) = await items(running_city, f"/v1/partners/enforcement/messages?case={CASE}")
    assert found["via"] == "manual"


async def test_a_message_is_given_to_a_case_of_its_partner_only(running_city: City):
    message = await unknown_message(running_city)
    await recorded(running_city.doors.database, OTHER, partner=Partner.AFFAIRS)
    for case in (CASE, OTHER):
        answer = await assigned(running_city, message, case)
        assert (answer.status_code, answer.json()["code"]) == (404, "case_unknown")
    await recorded(running_city.doors.database, CASE)
    assert (await assigned(running_city, message + 1, CASE)).status_code == 404
    wrong_partner = f"/v1/partners/affairs/messages/{message}/assign"
    assert (await running_city.post("operator", wrong_partner, {"case": OTHER})).status_code == 404
    async with running_city.doors.database.begin() as connection:
        await connection.execute(text("UPDATE partner_messages SET delivered_at = now()"))
    late = await assigned(running_city, message, CASE)
    assert (late.status_code, late.json()["code"]) == (409, "message_delivered")


async def test_a_message_that_would_count_for_nothing_is_not_assigned(running_city: City):
    await recorded(running_city.doors.database, CASE, applied=1)
    message = await unknown_message(running_city)
    answer = await assigned(running_city, message, CASE)
    assert (answer.status_code, answer.json()["code"]) == (409, "message_overtaken")
    (still,) = await items(running_city, "/v1/partners/enforcement/messages?unknown=true")
    assert (still["case"], still["via"], still["assigned_by"]) == ("20260302-0000099-p1", "callback", None)


async def test_a_message_about_no_case_of_ours_is_set_aside_once_and_raises_no_alarm(running_city: City):
    message = await unknown_message(running_city, text="another city's")
    path = f"/v1/partners/enforcement/messages/{message}/set-aside"
    assert (await running_city.post("auditor", path)).status_code == 403
    aside = await running_city.post("operator", path, key="once")
    assert (aside.status_code, aside.json()["delivery"], aside.json()["assigned_by"]) == (
        200,
        "set_aside",
        "operator",
    )
    assert aside.json()["text"] == "another city's"
    assert (await running_city.post("operator", path, key="once")).json() == aside.json()
    assert (await items(running_city, "/v1/partners"))[0]["messages_unknown"] == 0
    assert [each["id"] for each in await items(running_city, "/v1/partners/enforcement/messages")] == [
        message
    ]
    missing = f"/v1/partners/enforcement/messages/{message + 1}/set-aside"
    assert (await running_city.post("operator", missing)).status_code == 404


async def test_a_reconciliation_is_asked_for_once_and_shown_with_what_it_found(running_city: City):
    path = "/v1/partners/enforcement/reconciliations"
    asked = await running_city.post("operator", path, key="now")
    assert (asked.status_code, asked.json()["asked_by"], asked.json()["ended_at"]) == (202, "operator", None)
    assert (await running_city.post("operator", path)).json()["id"] == asked.json()["id"]
    assert (await running_city.post("operator", path, key="now")).json()["id"] == asked.json()["id"]
    found = (Difference(CASE, Disagreement.BEHIND, ours=1, theirs=2, repaired=True),)
    async with writing(running_city.doors.database) as connection:
        claimed = await claim_reconciliation(connection, ENFORCEMENT, running_city.clock())
        assert claimed is not None
        await put_off(connection, claimed, "list: nobody answers")
    assert (await items(running_city, path))[0]["failure"] == "list: nobody answers"
    async with writing(running_city.doors.database) as connection:
        await end_reconciliation(connection, claimed, found, compared=3, at=running_city.clock())
    (shown,) = await items(running_city, path)
    assert shown["differences"] == [
        {"case": CASE, "what": "behind", "ours": 1, "theirs": 2, "repaired": True}
    ]
    assert (shown["compared"], shown["repaired"], shown["attempts"]) == (3, 1, 1)
    last = (await items(running_city, "/v1/partners"))[0]["last_reconciliation"]
    assert last == shown
    assert (await running_city.post("operator", path)).json()["id"] != shown["id"]


async def test_only_operators_reconcile_and_only_with_whom_is_connected(running_city: City):
    path = "/v1/partners/enforcement/reconciliations"
    for who in ("auditor", "sre", f"unit:{TOWN}"):
        assert (await running_city.post(who, path)).status_code == 403
    running_city.app.state.doors = replace(running_city.doors, neighbours={})
    answer = await running_city.post("operator", path)
    assert (answer.status_code, answer.json()["code"]) == (409, "partner_not_connected")
    assert (await running_city.get("sre", path)).status_code == 200
