"""Joint handling over HTTP: limits of shares, replies that wait, who is let go, and whose word crosses a boundary."""

from typing import Any

import pytest

from persistence.access import add as add_key
from persistence.engine import writing
from tests.api.bulk.test_bulk import worked_off
from tests.api.conftest import BEGIN, BUREAU, OTHER_TOWN, REPLY, SECRETS, TOWN, City
from tests.api.exceptions.test_command_line_of_exceptions import typed as asked_for
from tests.api.requests.test_command_line import typed
from tests.api.serving import served

OTHER_DISTRICT = "440105-fire_rescue_brigade"
COMMITTEE = "440106012003-community_committee"
TELEPHONE = "13800138000"


async def asked_to_join(city: City, number: str, unit: str, **more: Any) -> None:
    body = {"unit": unit, "task": "请派员协助", "mandatory": True, **more}
    answer = await city.post("operator", f"/v1/requests/{number}/start-joint", body)
    assert answer.status_code == 200, answer.text


async def whole(city: City, number: str, who: str = "operator") -> dict[str, Any]:
    return (await city.get(who, f"/v1/requests/{number}")).json()


async def replies(city: City, number: str) -> tuple[int, str | None]:
    answer = await city.post(f"unit:{TOWN}", f"/v1/legs/{number}.1/complete", REPLY)
    return answer.status_code, answer.json().get("code")


async def test_a_share_has_its_own_limit_and_what_it_came_to_stands_with_its_unit(running_city: City):
    number = await running_city.in_progress()
    await asked_to_join(running_city, number, BUREAU, within="1wd")
    await asked_to_join(running_city, number, OTHER_TOWN, mandatory=False)
    legs = (await whole(running_city, number))["legs"]
    assert [(leg["mandatory"], leg["joint_due_at"]) for leg in legs] == [
        (None, None),
        (True, "2026-11-24T10:00:00Z"),
        (False, "2026-11-25T01:30:00Z"),
    ]
    assert (await running_city.post(f"unit:{BUREAU}", f"/v1/legs/{number}.2/sign")).status_code == 200
    done = {"outcome": "solved", "text": f"已拆除，联系人 {TELEPHONE}", "evidence": ["photo-7"]}
    answer = await running_city.post(f"unit:{BUREAU}", f"/v1/legs/{number}.2/complete", done)
    assert answer.status_code == 200
    share = (await whole(running_city, number))["legs"][1]
    assert (share["outcome"], share["contribution"], share["evidence"]) == (
        "solved",
        done["text"],
        ["photo-7"],
    )
    assert share["replied_at"] == "2026-11-23T02:00:00Z"
    beside = (await whole(running_city, number, f"unit:{OTHER_TOWN}"))["legs"][1]
    assert beside["contribution"] == "已拆除，联系人 ***"
    inbox = (await running_city.get(f"unit:{BUREAU}", "/v1/legs?scope=ended")).json()["items"]
    assert [(item["mandatory"], item["outcome"]) for item in inbox] == [(True, "solved")]


async def test_the_reply_waits_for_whom_the_join_rule_names(running_city: City):
    number = await running_city.in_progress()
    await asked_to_join(running_city, number, BUREAU, join="all")
    shown = await whole(running_city, number)
    assert (shown["join_rule"], shown["quorum"], shown["awaited"]) == ("all", None, ["2"])
    assert await replies(running_city, number) == (409, "contributions_missing")
    path = f"/v1/requests/{number}/set-join-rule"
    looser = {"join": "lead_decides", "reason": "消防已口头答复"}
    by_unit = await running_city.post(f"unit:{TOWN}", path, looser)
    assert (by_unit.status_code, by_unit.json()["code"]) == (409, "set_by_dispatcher")
    no_number = await running_city.post("operator", path, {"join": "quorum", "reason": "一家即可"})
    assert (no_number.status_code, no_number.json()["code"]) == (422, "not_a_quorum")
    assert (await running_city.post("operator", path, looser)).status_code == 200
    assert await replies(running_city, number) == (200, None)


async def test_a_limit_in_another_kind_of_time_or_beyond_the_whole_promise_is_refused(running_city: City):
    number = await running_city.in_progress()
    for path, who in (
        (f"/v1/requests/{number}/start-joint", "operator"),
        (f"/v1/legs/{number}.1/delegate", None),
    ):
        for within, code in (("2h", "limit_of_other_time"), ("60wd", "limit_too_long")):
            body = {"unit": COMMITTEE, "task": "请核实", "within": within}
            answer = await running_city.post(who or f"unit:{TOWN}", path, body)
            assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_an_overdue_unit_is_let_go_by_approval(running_city: City):
    number = await running_city.in_progress()
    await asked_to_join(running_city, number, BUREAU, within="2wh", join="all")
    path = f"/v1/legs/{number}.1/release-joint"
    body = {"reason": "no_contribution", "explanation": "两次催促未果", "unit": BUREAU}
    early = await running_city.post(f"unit:{TOWN}", path, body)
    assert (early.status_code, early.json()["code"]) == (409, "not_overdue")
    running_city.clock.move(hours=4)
    asked = await running_city.post(f"unit:{TOWN}", path, body)
    assert asked.status_code == 200, asked.text
    share = (await whole(running_city, number))["legs"][1]
    assert (share["late"], share["auto_signed_at"] is None) == (["sign", "joint"], False)
    assert await replies(running_city, number) == (409, "contributions_missing")
    ruling = await running_city.post(
        "operator_2", f"/v1/requests/{number}/applications/a1/rule", {"granted": True, "note": "同意解除"}
    )
    assert ruling.status_code == 200, ruling.text
    assert (await whole(running_city, number))["legs"][1]["ended_how"] == "removed"
    assert await replies(running_city, number) == (200, None)
    told = (await running_city.get(f"unit:{TOWN}", "/v1/notices")).json()["items"]
    assert any("协办逾期未反馈" in item["text_zh"] for item in told)


async def test_the_lead_crosses_a_boundary_only_by_the_word_of_who_stands_above_both(
    running_city: City, monkeypatch: pytest.MonkeyPatch
):
    number = await running_city.in_progress()
    async with writing(running_city.doors.database) as connection:
        await add_key(
            connection,
            "of-the-town",
            name="town dispatcher",
            roles=frozenset({"dispatcher"}),
            at=BEGIN,
            unit=TOWN,
        )
    monkeypatch.setitem(SECRETS, "town", "of-the-town")
    for unit, expected in ((OTHER_DISTRICT, "city"), (OTHER_TOWN, "district")):
        body = {"unit": unit, "reason": "经核实由其牵头"}
        answer = await running_city.post("town", f"/v1/requests/{number}/reassign", body)
        assert (answer.status_code, answer.json()["code"]) == (403, "not_common_superior")
        assert expected in answer.json()["expected"]
    many = {
        "command": "reassign",
        "numbers": [number],
        "body": {"unit": OTHER_DISTRICT, "reason": "由其牵头"},
    }
    job = (await running_city.post("town", "/v1/bulk", many)).json()
    await worked_off(running_city, job)
    [item] = (await running_city.get("town", f"/v1/bulk/{job['id']}/items")).json()["items"]
    assert (item["result"], item["code"]) == ("refused", "not_common_superior")
    city = {"unit": OTHER_DISTRICT, "reason": "经核实由其牵头"}
    assert (await running_city.post("operator", f"/v1/requests/{number}/reassign", city)).status_code == 200


async def test_joint_handling_can_be_typed(running_city: City):
    number = await running_city.in_progress()
    async with served(running_city) as base:
        for who, words in (
            ("operator", ("start-joint", number, "--unit", BUREAU, "--task", "请派车", "--within", "2wh",
                          "--mandatory", "--join", "all")),
            ("operator", ("set-join-rule", number, "--join", "quorum", "--quorum", "1", "--reason", "一家即可")),
            ("unit", ("delegate", number, "--unit", COMMITTEE, "--task", "请核实", "--within", "1wd")),
        ):  # fmt: skip
            given = await typed(base, who, *words)
            assert given.exit_code == 0, f"{words}: {given.output}"
        running_city.clock.move(hours=4)
        words = ("release-joint", number, "--reason", "no_contribution", "--explanation", "未果")
        given = await asked_for(base, "unit", *words, "--unit", BUREAU)
        assert given.exit_code == 0, given.output
    shown = await whole(running_city, number)
    assert (shown["join_rule"], shown["quorum"], shown["awaited"]) == ("quorum", 1, ["2"])
