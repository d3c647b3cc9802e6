"""Commands and legs: the whole life over HTTP, keys, versions, and every refusal with its status."""

import asyncio

import pytest

from domain.commands import Answer, Order
from domain.refusals import Refused
from tests.api.conftest import BUREAU, OTHER_TOWN, REPLY, TOWN, City


async def test_a_request_lives_from_the_call_to_closure_over_http(running_city: City):
    number = await running_city.dispatched()
    leg = f"/v1/legs/{number}.1"
    inbox = (await running_city.get(f"unit:{TOWN}", "/v1/legs")).json()
    assert [item["id"] for item in inbox["items"]] == [f"{number}.1"]
    signed = await running_city.post(f"unit:{TOWN}", f"{leg}/sign")
    assert (signed.status_code, signed.json()["state"]) == (200, "in_progress")
    contacted = await running_city.post(f"unit:{TOWN}", f"{leg}/first-contact", {"proof": "通话记录"})
    assert contacted.status_code == 200
    replied = await running_city.post(f"unit:{TOWN}", f"{leg}/complete", REPLY)
    assert (replied.status_code, replied.json()["state"]) == (200, "pending_review")
    assert replied.headers["etag"] == f'"{replied.json()["seq"]}"'
    passed = await running_city.post("operator", f"/v1/requests/{number}/review-pass")
    assert passed.json()["state"] == "pending_callback"
    closed = await running_city.post(
        "operator", f"/v1/requests/{number}/callback",
        {"contacted": True, "truthful": True, "solved": True, "satisfied": True},
    )  # fmt: skip
    assert closed.json()["state"] == "closed"
    shown = (await running_city.get("operator", f"/v1/requests/{number}")).json()
    assert (shown["state"], shown["outcome"], shown["satisfied"]) == ("closed", "solved", True)
    kinds = [
        item["kind"]
        for item in (await running_city.get("auditor", f"/v1/requests/{number}/timeline")).json()["items"]
    ]
    assert kinds[0] == "registered"
    assert kinds[-1] == "closed"
    explained = (await running_city.get("auditor", f"/v1/requests/{number}/explain")).json()
    assert {"total", "sign", "dwell"} <= {clock["clock"] for clock in explained["clocks"]}


async def test_an_incomplete_call_is_supplemented_and_accepted(running_city: City):
    number = (await running_city.begun(category=None, place=None))["number"]
    path = f"/v1/requests/{number}"
    assert (
        await running_city.post("operator", f"{path}/request-info", {"question": "哪里?"})
    ).status_code == 200
    assert (await running_city.post("operator", f"{path}/supply-info", {"note": "五山路"})).status_code == 200
    half = await running_city.post("operator", f"{path}/accept", {"category": "0104"})
    assert (half.status_code, half.json()["code"]) == (422, "matter_incomplete")
    nothing = await running_city.post("operator", f"{path}/accept")
    assert (nothing.status_code, nothing.json()["code"]) == (422, "matter_incomplete")
    accepted = await running_city.post(
        "operator", f"{path}/accept", {"category": "0104", "place": {"area": "440106012"}}
    )
    assert accepted.status_code == 200
    shown = (await running_city.get("operator", path)).json()
    assert (shown["category"], shown["policy"]) == ("0104", "P-SAFETY")


async def test_the_same_key_gets_the_first_answer_even_after_closure(running_city: City):
    number = await running_city.replied()
    path = f"/v1/requests/{number}"
    first = await running_city.post("operator", f"{path}/review-pass", key="k")
    await running_city.post("operator", f"{path}/callback", {"contacted": True, "satisfied": True})
    again = await running_city.post("operator", f"{path}/review-pass", key="k")
    assert (again.status_code, again.json()) == (200, first.json())
    other = await running_city.post("operator", f"{path}/review-back", {"reason": "缺照片"}, key="k")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")
    fresh = await running_city.post("operator", f"{path}/review-pass")
    assert (fresh.status_code, fresh.json()["code"]) == (409, "request_ended")


async def test_twenty_commands_with_one_key_are_one_event(running_city: City):
    number = await running_city.in_progress()
    path = f"/v1/requests/{number}/supervise"
    body = {"reason": "媒体关注", "card": "yellow_card"}
    first = await running_city.post("operator", path, body, key="k")
    answers = await asyncio.gather(*(running_city.post("operator", path, body, key="k") for _ in range(20)))
    assert {answer.text for answer in answers} == {first.text}
    timeline = (await running_city.get("operator", f"/v1/requests/{number}/timeline")).json()
    assert [item["kind"] for item in timeline["items"]].count("supervised") == 1


async def test_an_order_obeyed_while_it_was_sent_again_is_not_refused(
    running_city: City, monkeypatch: pytest.MonkeyPatch
):
    number = await running_city.replied()
    obey = running_city.stories.command

    async def obeyed_before(number: str, order: Order) -> Answer:
        answer = await obey(number, order)
        raise Refused("not_possible_now", "state", f"the request is {answer.state}", "another act")

    monkeypatch.setattr(running_city.stories, "command", obeyed_before)
    passed = await running_city.post("operator", f"/v1/requests/{number}/review-pass")
    assert (passed.status_code, passed.json()["state"]) == (200, "pending_callback")


async def test_who_saw_an_older_state_is_told_so(running_city: City):
    number = await running_city.in_progress()
    seen = (await running_city.get("operator", f"/v1/requests/{number}")).headers["etag"]
    ok = await running_city.post("operator", f"/v1/requests/{number}/urge", If_Match=seen)
    assert ok.status_code == 200
    late = await running_city.post("operator", f"/v1/requests/{number}/urge", If_Match=seen)
    assert (late.status_code, late.json()["code"]) == (412, "changed_meanwhile")
    odd = await running_city.post("operator", f"/v1/requests/{number}/urge", If_Match='"x"')
    assert odd.status_code == 422


async def test_who_proposes_a_rejection_may_not_confirm_it(running_city: City):
    number = (await running_city.begun(category=None, place=None))["number"]
    path, body = f"/v1/requests/{number}/reject", {"reason": "outside_area", "advice": "请拨打邻市热线"}
    proposed = await running_city.post("operator", path, body)
    assert (proposed.status_code, proposed.json()["state"]) == (200, "registered")
    same = await running_city.post("operator", path, body, X_Acting_Role="duty_leader")
    assert (same.status_code, same.json()["code"]) == (409, "same_person")
    other = await running_city.post("operator_2", path, body, X_Acting_Role="duty_leader")
    assert (other.status_code, other.json()["state"]) == (200, "not_accepted")
    odd = await running_city.post("operator", path, {**body, "reason": "bored"})
    assert odd.status_code in (409, 422)


async def test_units_are_named_by_code(running_city: City):
    number = (await running_city.begun())["number"]
    path = f"/v1/requests/{number}/dispatch"
    unknown = await running_city.post("operator", path, {"unit": "440106012-nobody", "reason": "x"})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "unknown_unit")


async def test_handling_moves_up_by_the_units_own_door_and_the_lower_leg_is_joint(running_city: City):
    number = await running_city.in_progress()
    up = await running_city.post(f"unit:{TOWN}", f"/v1/legs/{number}.1/hand-up", {"reason": "超出权限"})
    assert (up.status_code, up.json()["state"]) == (200, "pending_sign")
    again = await running_city.post(f"unit:{TOWN}", f"/v1/legs/{number}.1/hand-up", {"reason": "超出权限"})
    assert (again.status_code, again.json()["code"]) == (409, "not_possible_now")
    signed = await running_city.post(f"unit:{BUREAU}", f"/v1/legs/{number}.2/sign")
    assert signed.status_code == 200
    contributed = await running_city.post(f"unit:{TOWN}", f"/v1/legs/{number}.1/complete", REPLY)
    assert (contributed.status_code, contributed.json()["state"]) == (200, "in_progress")
    down = await running_city.post(
        f"unit:{BUREAU}", f"/v1/legs/{number}.2/send-down", {"reason": "现场处理", "unit": TOWN}
    )
    assert (down.status_code, down.json()["state"]) == (200, "pending_sign")


async def test_a_bad_reply_is_refused_at_the_door(running_city: City):
    number = await running_city.dispatched()
    path = f"/v1/legs/{number}.1/complete"
    early = await running_city.post(f"unit:{TOWN}", path, REPLY)
    assert (early.status_code, early.json()["code"]) == (409, "not_signed")
    await running_city.post(f"unit:{TOWN}", f"/v1/legs/{number}.1/sign")
    odd = await running_city.post(f"unit:{TOWN}", path, {**REPLY, "outcome": "magic"})
    assert (odd.status_code, odd.json()["code"]) == (422, "unknown_outcome")
    blank = await running_city.post(f"unit:{TOWN}", path, {**REPLY, "text": "  "})
    assert (blank.status_code, blank.json()["code"]) == (422, "text_missing")
    done = await running_city.post(f"unit:{TOWN}", path, REPLY, key="k")
    assert done.status_code == 200
    assert (await running_city.post(f"unit:{TOWN}", path, REPLY, key="k")).json() == done.json()
    late = await running_city.post(f"unit:{TOWN}", path, REPLY)
    assert (late.status_code, late.json()["code"]) == (409, "leg_ended")
    conflict = await running_city.post(f"unit:{TOWN}", path, {**REPLY, "text": "别的"}, key="k")
    assert (conflict.status_code, conflict.json()["code"]) == (409, "idempotency_conflict")


async def test_a_reply_whose_story_is_slow_is_taken_with_a_place_to_look(running_city: City):
    number = await running_city.in_progress()
    running_city.stories.asleep = True
    answer = await running_city.post(f"unit:{TOWN}", f"/v1/legs/{number}.1/complete", REPLY)
    assert (answer.status_code, answer.headers["location"]) == (202, f"/v1/legs/{number}.1")


async def test_an_open_leg_that_nobody_awaits_asks_to_come_again(running_city: City):
    number = await running_city.in_progress()
    running_city.stories.deaf = True
    answer = await running_city.post(f"unit:{TOWN}", f"/v1/legs/{number}.1/complete", REPLY)
    assert (answer.status_code, answer.json()["code"]) == (503, "not_awaited")
    assert answer.headers["retry-after"]


async def test_the_engine_away_is_503_and_nothing_changes(running_city: City):
    number = await running_city.in_progress()
    running_city.stories.away = True
    for who, path, body in (
        ("operator", f"/v1/requests/{number}/urge", {}),
        (f"unit:{TOWN}", f"/v1/legs/{number}.1/complete", REPLY),
    ):
        answer = await running_city.post(who, path, body)
        assert (answer.status_code, answer.json()["code"]) == (503, "engine_unavailable")
        assert answer.headers["retry-after"]


async def test_a_citizen_follows_urges_and_withdraws_by_query_code(running_city: City):
    made = await running_city.begun()
    number, code = made["number"], made["query_code"]
    await running_city.post("operator", f"/v1/requests/{number}/dispatch")
    shown = (await running_city.get(None, f"/v1/track/{code.lower()}")).json()
    assert (shown["number"], shown["state"]) == (number, "pending_sign")
    assert shown["unit_zh"] == "天园街道办事处"
    assert shown["may"] == ["withdraw", "urge"]
    urged = await running_city.post(None, f"/v1/track/{code}/urge", {"note": "快一点"}, key="u")
    assert urged.status_code == 200
    assert (
        await running_city.post(None, f"/v1/track/{code}/urge", {"note": "快一点"}, key="u")
    ).json() == urged.json()
    again = await running_city.post(None, f"/v1/track/{code}/urge")
    assert (again.status_code, again.json()["code"]) == (409, "urged_today")
    gone = await running_city.post(None, f"/v1/track/{code}/withdraw", {"reason": "已解决"})
    assert (gone.status_code, gone.json()["state"]) == (200, "withdrawn")
    assert (await running_city.get(None, "/v1/track/NOSUCHCODE99")).status_code == 404


async def test_a_citizen_answers_a_question_by_query_code(running_city: City):
    made = await running_city.begun(category=None, place=None)
    await running_city.post("operator", f"/v1/requests/{made['number']}/request-info", {"question": "哪里?"})
    shown = (await running_city.get(None, f"/v1/track/{made['query_code']}")).json()
    assert (shown["question"], shown["may"]) == ("哪里?", ["supply_info", "withdraw"])
    told = await running_city.post(None, f"/v1/track/{made['query_code']}/supply-info", {"note": "五山路"})
    assert told.json()["state"] == "registered"


async def test_a_repeated_hand_up_gets_its_first_answer_though_the_leg_leads_no_more(running_city: City):
    number = await running_city.in_progress()
    path, body = f"/v1/legs/{number}.1/hand-up", {"reason": "超出权限"}
    first = await running_city.post(f"unit:{TOWN}", path, body, key="k")
    again = await running_city.post(f"unit:{TOWN}", path, body, key="k")
    assert (again.status_code, again.json()) == (200, first.json())
    other = await running_city.post(f"unit:{TOWN}", path, {"reason": "别的"}, key="k")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")


async def test_two_units_of_one_gateway_may_choose_the_same_key(running_city: City):
    numbers = [await running_city.dispatched(place={"area": area}) for area in ("440106012", "440106013")]
    for number, unit in zip(numbers, (TOWN, OTHER_TOWN), strict=True):
        signed = await running_city.post("unit", f"/v1/legs/{number}.1/sign", key="k", X_Acting_Unit=unit)
        assert (signed.status_code, signed.json()["number"]) == (200, number)


async def test_a_number_that_names_no_day_is_no_request(running_city: City):
    path = "/v1/requests/99999999-00000/recalculate"
    answer = await running_city.post("operator", path, {"reason": "放假安排已公布"})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    number = await running_city.in_progress()
    asked = await running_city.post("operator", f"/v1/requests/{number}/recalculate", {"reason": "同上"})
    assert asked.status_code in (200, 409), asked.text
