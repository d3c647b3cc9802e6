"""Surges: other policies for what is accepted in a part of the city and a time, and for nothing else."""

from __future__ import annotations

import asyncio
from typing import Any

from persistence.promises import PoliciesInForce
from tests.api.conftest import CALL, City

TIANHE, WUSHAN, OTHER_TOWN, YUEXIU = "440106", "440106012", "440106013", "440104"
TYPHOON = {"name": "“海葵”防台风", "area": TIANHE, "set": "typhoon", "reason": "台风红色预警"}


def call_from(area: str) -> dict[str, Any]:
    return {**CALL, "place": {"area": area}, "caller": {"anonymous": True}}


async def policy_of_a_call(city: City, area: str = WUSHAN) -> str:
    answer = await city.post("operator", "/v1/requests", call_from(area))
    assert answer.status_code == 201, answer.text
    return answer.json()["policy"]


async def begun(city: City, **changes: Any) -> dict[str, Any]:
    answer = await city.post("operator", "/v1/surges", {**TYPHOON, **changes})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_surge_holds_in_its_area_from_its_beginning_to_its_end(running_city: City):
    earlier = await running_city.begun()
    surge = await begun(running_city)
    assert (surge["holds"], surge["area_zh"], surge["until"]) == (True, "天河区", None)
    assert await policy_of_a_call(running_city, WUSHAN) == "P-SAFETY-SURGE"
    assert await policy_of_a_call(running_city, YUEXIU) == "P-SAFETY"
    ended = await running_city.post("operator", f"/v1/surges/{surge['id']}/end", {"reason": "预警解除"})
    assert (ended.status_code, ended.json()["holds"], ended.json()["ended_by"]) == (200, False, "operator")
    assert await policy_of_a_call(running_city, WUSHAN) == "P-SAFETY"
    shown = (await running_city.get("operator", f"/v1/requests/{earlier['number']}")).json()
    assert shown["policy"] == "P-SAFETY"


async def test_what_was_accepted_in_a_surge_keeps_its_promise_and_its_shorter_limits(running_city: City):
    usual = await running_city.begun()
    surge = await begun(running_city)
    hurried = await running_city.begun(description="广告牌将坠落", caller={"anonymous": True})
    await running_city.post("operator", f"/v1/surges/{surge['id']}/end", {"reason": "预警解除"})
    shown = (await running_city.get("operator", f"/v1/requests/{hurried['number']}")).json()
    assert (shown["policy"], shown["policy_version"], shown["urgency"]) == ("P-SAFETY-SURGE", 1, "urgent")
    assert hurried["due_at"] < usual["due_at"]


async def test_a_surge_with_instants_begins_and_ends_by_itself(running_city: City):
    surge = await begun(running_city, since="2026-11-23T04:00:00Z", until="2026-11-23T06:00:00Z")
    assert surge["holds"] is False
    assert await policy_of_a_call(running_city) == "P-SAFETY"
    running_city.clock.move(hours=2)
    assert await policy_of_a_call(running_city) == "P-SAFETY-SURGE"
    assert [each["id"] for each in (await _surges(running_city, "?holding=true"))] == [surge["id"]]
    running_city.clock.move(hours=2)
    assert await policy_of_a_call(running_city) == "P-SAFETY"
    assert await _surges(running_city, "?holding=true") == []
    over = await running_city.post("operator", f"/v1/surges/{surge['id']}/end", {"reason": "预警解除"})
    assert (over.status_code, over.json()["code"]) == (409, "surge_ended")


async def test_another_process_knows_it_within_a_second(running_city: City):
    doors = running_city.doors
    neighbour = PoliciesInForce(doors.database, doors.pack)
    assert (await neighbour.of("P-SAFETY", doors.now, WUSHAN)).code == "P-SAFETY"
    await begun(running_city)
    await asyncio.sleep(1.05)
    assert (await neighbour.of("P-SAFETY", doors.now, WUSHAN)).code == "P-SAFETY-SURGE"


async def test_two_surges_never_say_something_of_one_policy_place_and_time(running_city: City):
    first = await begun(running_city, until="2026-11-25T00:00:00Z")
    collisions = [
        {"area": TIANHE},
        {"area": WUSHAN, "set": "flood"},
        {"area": "4401"},
        {"since": "2026-11-24T23:00:00Z"},
    ]
    for changes in collisions:
        refused = await running_city.post("operator", "/v1/surges", {**TYPHOON, **changes})
        assert (refused.status_code, refused.json()["code"]) == (409, "surge_collides"), changes
        assert f"surge {first['id']}" in refused.json()["detail"]
    await begun(running_city, area=YUEXIU)
    await begun(running_city, since="2026-11-25T00:00:00Z")
    other = {"P-PARKING": "P-SAFETY-SURGE"}
    body = {key: value for key, value in TYPHOON.items() if key != "set"}
    answer = await running_city.post("operator", "/v1/surges", {**body, "substitutions": other})
    assert answer.status_code == 201, answer.text


async def test_of_two_that_come_at_once_one_is_refused(running_city: City):
    answers = await asyncio.gather(*(running_city.post("operator", "/v1/surges", TYPHOON) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


async def test_the_same_key_begins_and_ends_one_surge(running_city: City):
    answers = await asyncio.gather(
        *(running_city.post("operator", "/v1/surges", TYPHOON, key="k") for _ in range(4))
    )
    assert {(answer.status_code, answer.json()["id"]) for answer in answers} == {
        (201, answers[0].json()["id"])
    }
    other = await running_city.post("operator", "/v1/surges", {**TYPHOON, "area": WUSHAN}, key="k")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")
    path = f"/v1/surges/{answers[0].json()['id']}/end"
    ends = [await running_city.post("operator", path, {"reason": "预警解除"}, key="e") for _ in range(2)]
    assert [end.status_code for end in ends] == [200, 200]


async def test_what_cannot_be_promised_is_refused(running_city: City):
    body = {key: value for key, value in TYPHOON.items() if key != "set"}
    # The city's districts answer for no leak.
    gap = {"P-LEAK": "P-SAFETY-SURGE"}
    wrong: list[tuple[dict[str, Any], int, str, str]] = [
        ({**TYPHOON, "area": "999999"}, 422, "unknown_place", "area"),
        ({**TYPHOON, "set": "locusts"}, 422, "unknown_set", "set"),
        ({**TYPHOON, "until": "2026-11-22T00:00:00Z"}, 422, "invalid_input", "until"),
        ({**TYPHOON, "reason": " "}, 422, "text_missing", "reason"),
        (body, 422, "invalid_input", "set"),
        ({**TYPHOON, "substitutions": gap}, 422, "invalid_input", "set"),
        ({**body, "substitutions": {"P-NONE": "P-SAFETY"}}, 422, "unknown_policy", "substitutions.P-NONE"),
        ({**body, "substitutions": {"P-SAFETY": "P-NONE"}}, 422, "unknown_policy", "substitutions.P-SAFETY"),
        ({**body, "substitutions": gap}, 422, "duty_list_gap", "substitutions.P-LEAK"),
    ]
    for given, status, code, field in wrong:
        refused = await running_city.post("operator", "/v1/surges", given)
        assert (refused.status_code, refused.json()["code"], refused.json().get("field")) == (
            status, code, field,
        ), given  # fmt: skip
    assert await _surges(running_city) == []


async def test_only_the_command_centre_orders_surges_and_everyone_sees_them(running_city: City):
    surge = await begun(running_city)
    for who in ("auditor", "sre", "unit"):
        assert (await running_city.post(who, "/v1/surges", TYPHOON)).status_code == 403
        end = await running_city.post(who, f"/v1/surges/{surge['id']}/end", {"reason": "no"})
        assert end.status_code == 403
        assert (await running_city.get(who, f"/v1/surges/{surge['id']}")).json()["name"] == TYPHOON["name"]
    assert (await running_city.get("operator", "/v1/surges/77")).status_code == 404
    missing = await running_city.post("operator", "/v1/surges/77/end", {"reason": "no"})
    assert missing.status_code == 404


async def test_beginning_and_ending_leave_an_entry_for_ever(running_city: City):
    surge = await begun(running_city)
    await running_city.post("operator_2", f"/v1/surges/{surge['id']}/end", {"reason": "预警解除"})
    entries = (await running_city.get("auditor", "/v1/audit/operations")).json()["items"]
    assert [(each["what"], each["who"], each["reason"]) for each in entries] == [
        ("surge_ended", "operator_2", "预警解除"),
        ("surge_begun", "operator", "台风红色预警"),
    ]
    assert entries[1]["subject"] == f"surge/{surge['id']}"
    assert entries[1]["details"]["substitutions"]["P-SAFETY"] == "P-SAFETY-SURGE"


async def test_pages_of_surges_and_entries(running_city: City):
    for area in (TIANHE, YUEXIU, "440103"):
        await begun(running_city, area=area)
    for path in ("/v1/surges", "/v1/audit/operations"):
        first = (await running_city.get("operator", f"{path}?limit=2")).json()
        rest = (await running_city.get("operator", f"{path}?limit=2&cursor={first['next_cursor']}")).json()
        ids = [each["id"] for each in [*first["items"], *rest["items"]]]
        assert ids == sorted(ids, reverse=True)
        assert (len(ids), rest["next_cursor"]) == (3, None)
        wrong = await running_city.get("operator", f"{path}?cursor=abc")
        assert (wrong.status_code, wrong.json()["code"]) == (422, "bad_cursor")
    kinds = (await running_city.get("auditor", "/v1/audit/operations?what=policy_published")).json()["items"]
    assert kinds == []
    assert (await running_city.get("unit", "/v1/audit/operations")).status_code == 403


async def _surges(city: City, query: str = "") -> list[dict[str, Any]]:
    return (await city.get("operator", f"/v1/surges{query}")).json()["items"]
