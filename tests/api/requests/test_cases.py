"""Cases with the neighbouring systems: the doors through which a unit hands a matter over and sees to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import select

from api.frame.doors import Doors, Neighbour
from api.requests.commanding import Given
from domain.cases.affair_items import AffairItem
from domain.commands import Order, ReportCase
from domain.partners import CaseStatus, Partner
from domain.units import SYSTEM
from persistence.affair_items import keep_items
from persistence.engine import make_engine, reading, writing
from persistence.tables import notices
from tests.api.conftest import BEGIN, BUREAU, OTHER_TOWN, REPLY, TOWN, City
from tests.api.requests.test_command_line import typed
from tests.api.serving import served

UNIT = f"unit:{TOWN}"
TELEPHONE = "13800138000"
CLUE: dict[str, Any] = {
    "to": "enforcement",
    "facts": f"占用消防通道，请电 {TELEPHONE}",
    "legal_basis": "消防法第二十八条",
}
TASK: dict[str, Any] = {
    "to": "volunteers",
    "task_kind": "clean",
    "facts": "清理楼道",
    "starts_at": "2026-11-27T09:00:00+08:00",
    "ends_at": "2026-11-27T11:30:00+08:00",
    "at_least": 2,
    "at_most": 6,
    "skills": ["搬运"],
}


async def hand_over(city: City, number: str, handover: dict[str, Any], **body: Any) -> httpx2.Response:
    return await city.post(UNIT, f"/v1/requests/{number}/open-case", {"handover": handover, **body})


async def tell(city: City, number: str, act: ReportCase) -> None:
    """What the case's own story tells the request."""
    await city.stories.command(number, Order(f"{act.case}:report:{act.version}", SYSTEM, act))


async def whole(city: City, number: str, who: str = "operator") -> dict[str, Any]:
    answer = await city.get(who, f"/v1/requests/{number}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_matter_is_handed_over_and_shown_with_its_request(running_city: City):
    number = await running_city.in_progress()
    opened = await hand_over(running_city, number, CLUE, evidence=["photo-1"])
    assert (opened.status_code, Given(**opened.json()).state) == (200, "awaiting_partner")
    shown = await whole(running_city, number)
    assert (shown["partner"], shown["partner_case"]) == ("enforcement", f"{number}-p1")
    (case,) = shown["cases"]
    terms = running_city.doors.pack.partners[Partner.ENFORCEMENT]
    due_at = running_city.doors.pack.calendar.due(BEGIN, terms.answer_within).at
    assert (case["case"], case["status"], case["mandatory"]) == (f"{number}-p1", "opening", True)
    assert datetime.fromisoformat(case["due_at"]) == due_at
    assert {"withdraw_case", "settle_case"} <= set((await whole(running_city, number, UNIT))["possible"])
    timeline = (await running_city.get("operator", f"/v1/requests/{number}/timeline")).text
    assert "移交外部系统" in timeline
    assert TELEPHONE not in timeline


@pytest.mark.parametrize(
    ("handover", "texts"),
    [
        (CLUE, ("facts", "legal_basis", "suspect")),
        ({"to": "affairs", "item_code": "440100-0012-03"}, ("facts", "window")),
        (TASK, ("facts", "safety_note")),
    ],
)
async def test_a_partner_is_not_told_who_called_in_whatever_text(
    running_city: City, database_url: str, handover: dict[str, Any], texts: tuple[str, ...]
):
    await _keep(database_url, replace(GONE, withdrawn=False))
    number = await running_city.in_progress()
    given = await hand_over(
        running_city, number, {**handover, **dict.fromkeys(texts, "陈小明（陈先生，302房）反映占道经营")}
    )
    assert given.status_code == 200, given.text
    opened = await _last_fact(running_city, number)
    assert {opened["handover"][each] for each in texts} == {"***（***，***）反映占道经营"}
    back = {"case": f"{number}-p1", "reason": f"陈小明（{TELEPHONE}）已自行处理"}
    given = await running_city.post(UNIT, f"/v1/requests/{number}/withdraw-case", back)
    assert given.status_code == 200, given.text
    assert (await _last_fact(running_city, number))["reason"] == "***（***）已自行处理"


async def test_an_answer_waits_for_the_case(running_city: City):
    number = await running_city.in_progress()
    assert (await hand_over(running_city, number, CLUE, waits=False)).json()["state"] == "in_progress"
    early = await running_city.post(UNIT, f"/v1/legs/{number}.1/complete", REPLY)
    assert (early.status_code, early.json()["code"], early.json()["field"]) == (409, "case_open", "outcome")
    assert f"{number}-p1" in early.json()["detail"]
    assert "filed_for_enforcement" in early.json()["expected"]
    settled = await running_city.post(
        UNIT,
        f"/v1/legs/{number}.1/settle-case",
        {"case": f"{number}-p1", "status": "done", "note": "已责令改正", "document": "扫描件-1"},
    )
    assert settled.status_code == 200, settled.text
    (case,) = (await whole(running_city, number))["cases"]
    assert (case["status"], case["document"], case["note"]) == ("done", "扫描件-1", "已责令改正")
    assert (await running_city.post(UNIT, f"/v1/legs/{number}.1/complete", REPLY)).status_code == 200


async def test_a_task_for_volunteers_has_its_times(running_city: City):
    number = await running_city.in_progress()
    late = {**TASK, "ends_at": TASK["starts_at"]}
    refused = await hand_over(running_city, number, late)
    assert (refused.status_code, refused.json()["code"]) == (422, "task_ends_first")
    assert refused.json()["field"] == "handover.ends_at"
    zoneless = await hand_over(running_city, number, {**TASK, "starts_at": "2026-11-27T09:00:00"})
    assert (zoneless.status_code, zoneless.json()["code"]) == (422, "invalid_input")
    crowd = await hand_over(running_city, number, {**TASK, "at_least": 5, "at_most": 4})
    assert (crowd.status_code, crowd.json()["code"]) == (422, "wrong_number_of_people")
    assert (await hand_over(running_city, number, TASK)).status_code == 200


async def test_what_is_not_connected_is_handed_over_by_hand(running_city: City):
    number = await running_city.in_progress()
    connected = running_city.doors.neighbours
    only_affairs = {Partner.AFFAIRS: connected[Partner.AFFAIRS]}
    running_city.app.state.doors = _with(running_city, only_affairs)
    refused = await hand_over(running_city, number, CLUE)
    assert (refused.status_code, refused.json()["code"]) == (409, "partner_not_connected")
    assert "hand_to_partner" in refused.json()["expected"]
    assert "open_case" in (await whole(running_city, number, UNIT))["possible"]
    running_city.app.state.doors = _with(running_city, {})
    assert "open_case" not in (await whole(running_city, number, UNIT))["possible"]
    running_city.app.state.doors = _with(running_city, connected)
    assert (await hand_over(running_city, number, CLUE)).status_code == 200


async def _keep(database_url: str, item: AffairItem) -> None:
    engine = make_engine(database_url)
    async with writing(engine) as connection:
        await keep_items(connection, [item])
    await engine.dispose()


async def _last_fact(city: City, number: str) -> dict[str, Any]:
    timeline = (await city.get("operator", f"/v1/requests/{number}/timeline")).json()
    return timeline["items"][-1]["what"]


def _with(city: City, neighbours: Mapping[Partner, Neighbour]) -> Doors:
    return replace(city.doors, neighbours=neighbours)


GONE = AffairItem(
    "440100-0012-03",
    "加装坡道",
    "住建局",
    "persons",
    "licence",
    20,
    5,
    ("web",),
    1,
    withdrawn=True,
    changed_at=BEGIN,
)


async def test_no_matter_is_handed_over_under_an_item_that_is_gone(running_city: City, database_url: str):
    number = await running_city.in_progress()
    await _keep(database_url, GONE)
    affair = {"to": "affairs", "item_code": "440100-0012-03", "facts": "申请加装坡道"}
    gone = await hand_over(running_city, number, affair)
    assert (gone.status_code, gone.json()["code"]) == (422, "unknown_item")
    unheard_of = await hand_over(running_city, number, {**affair, "item_code": "X"})
    assert (unheard_of.status_code, unheard_of.json()["code"]) == (422, "unknown_item")


async def test_a_case_is_asked_back_and_reported(running_city: City):
    number = await running_city.in_progress()
    await hand_over(running_city, number, CLUE)
    path, case = f"/v1/requests/{number}", f"{number}-p1"
    assert (
        await running_city.post(f"unit:{OTHER_TOWN}", f"{path}/withdraw-case", _back(case))
    ).status_code == 404
    unknown = await running_city.post(UNIT, f"{path}/withdraw-case", _back(f"{number}-p7"))
    assert (unknown.status_code, unknown.json()["code"]) == (404, "case_unknown")
    asked = await running_city.post("operator", f"{path}/withdraw-case", _back(case))
    assert (asked.status_code, asked.json()["state"]) == (200, "awaiting_partner")
    again = await running_city.post(UNIT, f"{path}/withdraw-case", _back(case))
    assert (again.status_code, again.json()["code"]) == (409, "withdrawal_asked")
    await tell(running_city, number, ReportCase(case, CaseStatus.WITHDRAWN, "withdrawn", version=3))
    shown = await whole(running_city, number)
    assert (shown["state"], shown["cases"][0]["status"]) == ("in_progress", "withdrawn")
    late = await running_city.post(UNIT, f"{path}/withdraw-case", _back(case))
    assert (late.status_code, late.json()["code"]) == (409, "case_ended")


def _back(case: str) -> dict[str, str]:
    return {"case": case, "reason": "由本单位自行处置"}


async def test_a_collection_code_is_for_the_citizen_and_who_answers_for_the_matter(
    running_city: City, database_url: str
):
    number = await running_city.in_progress()
    joint = {"unit": BUREAU, "task": "请协助"}
    await running_city.post("operator", f"/v1/requests/{number}/start-joint", joint)
    await hand_over(running_city, number, {"to": "affairs", "item_code": "440100-0012-03", "facts": "坡道"})
    ready = ReportCase(
        f"{number}-p1",
        CaseStatus.UNDER_WAY,
        "ready_for_collection",
        number="A-17",
        code="884213",
        text=f"智能柜三号，咨询 {TELEPHONE}",
        version=4,
        until=BEGIN + timedelta(days=9),
    )
    await tell(running_city, number, ready)
    assert (await whole(running_city, number, UNIT))["cases"][0]["code"] == "884213"
    joined = await whole(running_city, number, f"unit:{BUREAU}")
    assert (joined["cases"][0]["code"], joined["cases"][0]["number"]) == ("", "A-17")
    timeline = (await running_city.get(f"unit:{BUREAU}", f"/v1/requests/{number}/timeline")).text
    assert "884213" not in timeline
    engine = make_engine(database_url)
    async with reading(engine) as connection:
        rows = (await connection.execute(select(notices).where(notices.c.number == number))).all()
    await engine.dispose()
    told = {row.recipient: row for row in rows if row.subject == "case_reported"}
    assert "884213" in told["citizen"].text_zh
    assert "884213" not in told[TOWN].text_zh
    assert TELEPHONE not in told["citizen"].text_zh


async def test_units_see_to_cases_on_the_command_line(running_city: City):
    number = await running_city.in_progress()
    case = f"{number}-p1"
    task = ("--task-kind", "clean", "--starts-at", TASK["starts_at"], "--ends-at", TASK["ends_at"])
    async with served(running_city) as base:
        for words in (
            ("open-case", number, "--to", "enforcement", "--facts", "占道经营", "--evidence", "照片-1"),
            ("settle-case", number, "--case", case, *_TOLD, "--case-number", "17号", "--status", "under_way"),
            ("withdraw-case", number, "--case", case, "--reason", "由本单位自行处置"),
            ("settle-case", number, "--case", case, *_TOLD, "--status", "done"),
            ("open-case", number, "--to", "volunteers", "--facts", "清理楼道", *task, "--no-waits"),
        ):
            given = await typed(base, "unit", *words)
            assert given.exit_code == 0, f"{words}: {given.output}"
    cases = (await whole(running_city, number))["cases"]
    assert [(each["partner"], each["status"]) for each in cases] == [
        ("enforcement", "done"),
        ("volunteers", "opening"),
    ]


_TOLD = ("--note", "电话告知", "--document", "扫描件-1")


async def test_a_handover_names_its_partner(running_city: City):
    number = await running_city.in_progress()
    for wrong in (
        {**CLUE, "to": "post_office"},
        {**CLUE, "task_kind": "clean"},
        {"facts": "占道"},
        {**CLUE, "facts": ""},
        {"to": "affairs", "facts": "坡道"},
    ):
        refused = await hand_over(running_city, number, wrong)
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid_input"), wrong
