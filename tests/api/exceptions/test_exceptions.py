"""Governed exceptions over HTTP: what may be asked for, asking, deciding, and what a ruling changes."""

from typing import Any

import pytest

from tests.api.conftest import BUREAU, OTHER_TOWN, TOWN, City

WRONG_UNIT: dict[str, Any] = {
    "reason": "wrong_function",
    "explanation": "充电设施由消防部门监管",
    "unit": BUREAU,
    "legal_basis": "《广东省消防工作若干规定》",
}
LONGER: dict[str, Any] = {"reason": "several_units", "explanation": "须会同供电部门", "evidence": ["纪要-1"]}


async def asked(
    city: City, path: str, body: dict[str, Any], who: str = f"unit:{TOWN}", **headers: str
) -> str:
    """Ask for an exception; the id of the newest application then."""
    answer = await city.post(who, path, body, **headers)
    assert answer.status_code == 200, answer.text
    number = answer.json()["number"]
    return (await applications(city, number))[-1]["id"]


async def applications(city: City, number: str, who: str = "operator") -> list[dict[str, Any]]:
    answer = await city.get(who, f"/v1/requests/{number}/applications")
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def test_the_citys_terms_are_shown_with_reasons_in_both_languages(running_city: City):
    shown = (await running_city.get(f"unit:{TOWN}", "/v1/exceptions")).json()["items"]
    by_kind = {item["kind"]: item for item in shown}
    assert len(by_kind) == 12
    returning = by_kind["return"]
    assert returning["door"] == "/v1/legs/{leg_id}/return"
    assert {"code", "zh", "en"} <= set(returning["reasons"][0])
    assert returning["within"] == {"critical": "5min", "urgent": "30min", "others": "2wh"}
    assert returning["window"] == {"clock": None, "percent": 100, "since_dispatch": "4wh"}
    assert by_kind["admission"]["door"] is None
    assert by_kind["transfer_out"]["door"] == "/v1/requests/{number}/transfer-out"


async def test_every_door_that_the_terms_name_is_there(running_city: City):
    shown = (await running_city.get("operator", "/v1/exceptions")).json()["items"]
    paths = running_city.app.openapi()["paths"]
    doors = [item["door"] for item in shown if item["door"]]
    assert len(doors) == 11
    assert all("post" in paths[door] for door in doors)


async def test_a_unit_returns_its_leg_and_a_dispatcher_grants_it(running_city: City):
    number = await running_city.dispatched()
    application = await asked(running_city, f"/v1/legs/{number}.1/return", WRONG_UNIT)
    waiting = (await running_city.get("operator", "/v1/applications?kind=return")).json()
    assert [(item["number"], item["id"]) for item in waiting["items"]] == [(number, application)]
    [shown] = await applications(running_city, number)
    assert (shown["kind"], shown["status"], shown["unit"]) == ("return", "open", BUREAU)
    assert shown["reason_zh"] == "不属于本单位职能"
    assert shown["explanation"] == WRONG_UNIT["explanation"]
    assert shown["decide_by"] is not None
    assert shown["may_decide"] is True
    path = f"/v1/requests/{number}/applications/{application}/rule"
    granted = await running_city.post("operator", path, {"granted": True, "note": "退单理由成立"})
    assert (granted.status_code, granted.json()["state"]) == (200, "pending_dispatch")
    [shown] = await applications(running_city, number)
    assert (shown["status"], shown["note"], shown["may_decide"]) == ("granted", "退单理由成立", False)
    assert (await running_city.get("operator", "/v1/applications")).json()["items"] == []
    again = await running_city.post("operator", path, {"granted": False, "note": "不同意"})
    assert (again.status_code, again.json()["code"]) == (409, "application_decided")


async def test_the_same_key_asks_once_and_not_for_something_else(running_city: City):
    number = await running_city.in_progress()
    path = f"/v1/legs/{number}.1"
    first = await running_city.post(f"unit:{TOWN}", f"{path}/extend", LONGER, key="k")
    again = await running_city.post(f"unit:{TOWN}", f"{path}/extend", LONGER, key="k")
    assert (first.status_code, again.json()) == (200, first.json())
    other = await running_city.post(f"unit:{TOWN}", f"{path}/suspend", LONGER, key="k")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")
    assert len(await applications(running_city, number)) == 1


async def test_who_saw_an_older_state_is_told_so_before_deciding(running_city: City):
    number = await running_city.in_progress()
    application = await asked(running_city, f"/v1/legs/{number}.1/extend", LONGER)
    path = f"/v1/requests/{number}/applications/{application}/rule"
    late = await running_city.post("operator", path, {"granted": True, "note": "同意"}, If_Match='"1"')
    assert (late.status_code, late.json()["code"]) == (412, "changed_meanwhile")


async def test_an_extension_is_granted_by_the_desk_and_moves_the_due_date(running_city: City):
    number = await running_city.in_progress()
    before = (await running_city.get("operator", f"/v1/requests/{number}")).json()["total_due_at"]
    application = await asked(running_city, f"/v1/legs/{number}.1/extend", LONGER)
    pending = (await running_city.get("operator", f"/v1/requests/{number}")).json()
    assert pending["total_due_at"] == before
    path = f"/v1/requests/{number}/applications/{application}/rule"
    answer = await running_city.post("operator", path, {"granted": True, "note": "同意延期"})
    assert answer.status_code == 200, answer.text
    assert (await running_city.get("operator", f"/v1/requests/{number}")).json()["total_due_at"] > before


async def test_a_suspended_request_is_taken_up_again(running_city: City):
    number = await running_city.in_progress()
    body = {"reason": "site_inaccessible", "explanation": "业主外出", "evidence": ["通话记录"]}
    application = await asked(running_city, f"/v1/legs/{number}.1/suspend", body)
    path = f"/v1/requests/{number}"
    granted = await running_city.post(
        "operator", f"{path}/applications/{application}/rule", {"granted": True, "note": "同意"}
    )
    assert granted.json()["state"] == "suspended"
    resumed = await running_city.post("operator", f"{path}/resume", {"note": "业主已返家"})
    assert (resumed.status_code, resumed.json()["state"]) == (200, "in_progress")


async def test_a_dispatcher_gives_the_lead_to_another_unit(running_city: City):
    number = await running_city.in_progress()
    path = f"/v1/requests/{number}/reassign"
    unknown = await running_city.post("operator", path, {"unit": "440106-moon_office", "reason": "改派"})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "unknown_unit")
    moved = await running_city.post("operator", path, {"unit": BUREAU, "reason": "由消防部门牵头"})
    assert (moved.status_code, moved.json()["state"]) == (200, "pending_sign")
    assert (await running_city.get("operator", f"/v1/requests/{number}")).json()["unit"] == BUREAU


async def test_a_transfer_to_the_police_takes_effect_at_once(running_city: City):
    number = await running_city.in_progress()
    body = {"reason": "police_110", "explanation": "现场有人打斗", "channel": "110"}
    gone = await running_city.post("operator", f"/v1/requests/{number}/transfer-out", body)
    assert (gone.status_code, gone.json()["state"]) == (200, "transferred_out")
    [shown] = await applications(running_city, number)
    assert shown["status"] == "granted"


async def test_a_test_record_is_struck_by_two_people(running_city: City):
    number = (await running_city.begun())["number"]
    body = {"reason": "test_record", "explanation": "坐席测试录入"}
    application = await asked(running_city, f"/v1/requests/{number}/void", body, "operator")
    path = f"/v1/requests/{number}/applications/{application}/rule"
    alone = await running_city.post("operator", path, {"granted": True, "note": "同意"})
    assert (alone.status_code, alone.json()["code"]) == (409, "same_person")
    struck = await running_city.post("operator_2", path, {"granted": True, "note": "同意"})
    assert struck.json()["state"] == "voided"


async def test_a_matter_is_put_off_to_a_later_year(running_city: City):
    number = await running_city.in_progress()
    body = {
        "reason": "no_funds", "explanation": "本年度预算未列支", "plan": "列入2027年计划",
        "until": "2027-06-30T18:00:00+08:00", "evidence": ["批复-3"],
    }  # fmt: skip
    application = await asked(running_city, f"/v1/legs/{number}.1/defer", body)
    path = f"/v1/requests/{number}/applications/{application}/rule"
    closed = await running_city.post("operator", path, {"granted": True, "note": "同意挂账"})
    assert (closed.status_code, closed.json()["state"]) == (200, "closed")


async def test_the_caller_appeals_against_a_finding(running_city: City):
    made = await running_city.begun()
    number = made["number"]
    await running_city.post("operator", f"/v1/requests/{number}/dispatch")
    await running_city.post(f"unit:{TOWN}", f"/v1/legs/{number}.1/sign")
    body = {
        "reason": "against_the_law", "explanation": "要求拆除合法建筑", "legal_basis": "《民法典》",
        "evidence": ["产权证"],
    }  # fmt: skip
    application = await asked(running_city, f"/v1/legs/{number}.1/mark-unreasonable", body)
    path = f"/v1/requests/{number}/applications"
    await running_city.post("operator", f"{path}/{application}/rule", {"granted": True, "note": "同意"})
    tracked = (await running_city.get(None, f"/v1/track/{made['query_code']}")).json()
    assert "appeal" in tracked["may"]
    appeal = {"reason": "facts_disputed", "explanation": "现场情况与认定不符"}
    appealed = await running_city.post(None, f"/v1/track/{made['query_code']}/appeal", appeal)
    assert appealed.status_code == 200, appealed.text
    assert [item["kind"] for item in await applications(running_city, number)] == ["unreasonable", "appeal"]
    tracked = (await running_city.get(None, f"/v1/track/{made['query_code']}")).json()
    assert "appeal" not in tracked["may"]


async def test_the_caller_of_a_closed_request_still_appeals_against_a_finding(running_city: City):
    made = await running_city.begun()
    number, tracked = made["number"], f"/v1/track/{made['query_code']}"
    await running_city.post("operator", f"/v1/requests/{number}/dispatch")
    await running_city.post(f"unit:{TOWN}", f"/v1/legs/{number}.1/sign")
    body = {
        "reason": "against_the_law", "explanation": "要求拆除合法建筑", "legal_basis": "《民法典》",
        "evidence": ["产权证"],
    }  # fmt: skip
    application = await asked(running_city, f"/v1/legs/{number}.1/mark-unreasonable", body)
    path = f"/v1/requests/{number}/applications/{application}/rule"
    await running_city.post("operator", path, {"granted": True, "note": "同意"})
    done = {"outcome": "explained_only", "text": "已解释", "evidence": []}
    await running_city.post(f"unit:{TOWN}", f"/v1/legs/{number}.1/complete", done)
    await running_city.post("operator", f"/v1/requests/{number}/review-pass")
    rated = {"contacted": True, "satisfied": True}
    closed = await running_city.post("operator", f"/v1/requests/{number}/callback", rated)
    assert closed.json()["state"] == "closed", closed.text
    assert (await running_city.get(None, tracked)).json()["may"] == ["appeal"]
    appeal = {"reason": "facts_disputed", "explanation": "现场情况与认定不符"}
    appealed = await running_city.post(None, f"{tracked}/appeal", appeal)
    assert (appealed.status_code, appealed.json()["state"]) == (200, "closed"), appealed.text


@pytest.mark.parametrize(
    ("who", "body", "status", "code", "field"),
    [
        (f"unit:{TOWN}", {**WRONG_UNIT, "reason": "tired"}, 422, "unknown_reason", "reason"),
        (f"unit:{TOWN}", {**WRONG_UNIT, "unit": None}, 422, "particulars_missing", "unit"),
        (f"unit:{TOWN}", {**WRONG_UNIT, "unit": "440106-nothing"}, 422, "unknown_unit", "unit"),
        ("operator", WRONG_UNIT, 403, "role_not_allowed", "role"),
        (f"unit:{OTHER_TOWN}", WRONG_UNIT, 404, "not_found", None),
    ],
    ids=["unheard-of reason", "no unit suggested", "no such unit", "the centre", "another unit"],
)
async def test_an_application_that_cannot_be_made_says_why(
    running_city: City, who: str, body: dict[str, Any], status: int, code: str, field: str | None
):
    number = await running_city.dispatched()
    refused = await running_city.post(who, f"/v1/legs/{number}.1/return", body)
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert refused.json().get("field") == field
    assert await applications(running_city, number) == []


async def test_a_unit_neither_sees_nor_decides_what_is_not_for_it(running_city: City):
    number = await running_city.in_progress()
    application = await asked(running_city, f"/v1/legs/{number}.1/extend", LONGER)
    hidden = await running_city.get(f"unit:{OTHER_TOWN}", f"/v1/requests/{number}/applications")
    assert hidden.status_code == 404
    mine = (await running_city.get(f"unit:{TOWN}", "/v1/applications")).json()
    assert mine["items"] == []
    path = f"/v1/requests/{number}/applications/{application}/rule"
    own = await running_city.post(f"unit:{TOWN}", path, {"granted": True, "note": "同意"})
    assert (own.status_code, own.json()["code"]) == (403, "role_not_allowed")
    [shown] = await applications(running_city, number, f"unit:{TOWN}")
    assert shown["may_decide"] is False


async def test_an_application_that_was_never_made_cannot_be_decided(running_city: City):
    number = await running_city.in_progress()
    path = f"/v1/requests/{number}/applications/a7/rule"
    answer = await running_city.post("operator", path, {"granted": True, "note": "同意"})
    assert (answer.status_code, answer.json()["code"]) == (404, "application_unknown")


async def test_what_waits_comes_in_pages(running_city: City):
    numbers = []
    for _ in range(3):
        number = await running_city.in_progress(separate_matter=True)
        await asked(running_city, f"/v1/legs/{number}.1/extend", LONGER)
        numbers.append(number)
        running_city.clock.move(seconds=1)
    first = (await running_city.get("operator", "/v1/applications?limit=2")).json()
    assert [item["number"] for item in first["items"]] == numbers[:2]
    rest = (
        await running_city.get("operator", f"/v1/applications?limit=2&cursor={first['next_cursor']}")
    ).json()
    assert ([item["number"] for item in rest["items"]], rest["next_cursor"]) == (numbers[2:], None)
    elsewhere = (await running_city.get("operator", "/v1/applications?seat=city")).json()
    assert elsewhere["items"] == []


async def test_a_screen_is_told_which_doors_are_open_to_its_user(running_city: City):
    number = await running_city.in_progress()
    path = f"/v1/requests/{number}"
    unit = (await running_city.get(f"unit:{TOWN}", path)).json()["possible"]
    assert {"return", "extend", "suspend", "defer", "dispute", "mark-malicious"} <= set(unit)
    assert not {"apply", "rule", "transfer-out", "void", "appeal"} & set(unit)
    centre = (await running_city.get("operator", path)).json()["possible"]
    assert {"transfer-out", "dispute", "reassign"} <= set(centre)
    assert not {"apply", "rule", "return", "void", "appeal"} & set(centre)
    await asked(running_city, f"/v1/legs/{number}.1/extend", LONGER)
    assert "rule" in (await running_city.get("operator", path)).json()["possible"]
    assert "rule" not in (await running_city.get(f"unit:{TOWN}", path)).json()["possible"]
