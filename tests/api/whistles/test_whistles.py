"""The whistle over HTTP: a town calls, departments find the call and come, and the request shows all of it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import BUREAU, OTHER_TOWN, REPLY, TELEPHONE, TOWN, City

GATEWAY = "unit"
POLICE = "440106-public_security_bureau"
HERE = {"latitude": 23.1472, "longitude": 113.3461}
CALL: dict[str, Any] = {
    "kind": "daily",
    "summoned": [
        {"unit": BUREAU, "power": "fire_lane_penalty"},
        {"unit": POLICE, "power": "impound_vehicle"},
    ],
    "reason": f"楼道充电屡禁不止，联系 {TELEPHONE}",
    "spot": HERE,
}
COME = {"mode": "on_site", "attendee": "李副局长", "post": "deputy_head", "spot": HERE}
PLAN = {"minutes": "现场会商", "decisions": [{"unit": BUREAU, "action": "立案处罚", "within": "2wd"}]}


async def whistled(city: City, **changes: Any) -> str:
    """The number of a request for which its town has called two bureaus."""
    number = await city.in_progress()
    given = await city.post(f"unit:{TOWN}", f"/v1/requests/{number}/whistle", {**CALL, **changes})
    assert given.status_code == 200, given.text
    return number


async def done(city: City, unit: str, number: str, word: str, body: Any = None, **headers: str) -> None:
    """A unit does something in the first whistle."""
    path = f"/v1/requests/{number}/whistles/w1/{word}"
    given = await city.post(GATEWAY, path, body, X_Acting_Unit=unit, **headers)
    assert given.status_code == 200, given.text


async def refused(city: City, unit: str, number: str, word: str, body: Any = None) -> tuple[int, str]:
    """With which status and code a unit is refused."""
    path = f"/v1/requests/{number}/whistles/w1/{word}"
    given = await city.post(GATEWAY, path, body, X_Acting_Unit=unit)
    assert given.json()["title_zh"]
    return given.status_code, given.json()["code"]


async def shown(city: City, number: str, who: str = "operator") -> dict[str, Any]:
    """The first whistle as a request shows it."""
    return (await city.get(who, f"/v1/requests/{number}")).json()["whistles"][0]


async def test_a_whistle_is_blown_found_attended_planned_ended_and_rated(running_city: City):
    city = running_city
    number = await whistled(city)
    inbox = (await city.get(f"unit:{BUREAU}", "/v1/whistles")).json()
    [called] = inbox["items"]
    assert (called["number"], called["unit"], called["power"]) == (number, BUREAU, "fire_lane_penalty")
    assert called["power_zh"] == "占用消防通道处罚、强制清除"
    assert called["ack_due_at"] == "2026-11-23T04:00:00Z"
    await done(city, BUREAU, number, "acknowledge")
    await done(city, BUREAU, number, "attend", COME)
    assert (await shown(city, number))["standing"] == "called"
    await done(city, POLICE, number, "attend", COME)
    assert (await shown(city, number))["standing"] == "convened"
    await done(city, TOWN, number, "plan", PLAN)
    whole = (await city.get("operator", f"/v1/requests/{number}")).json()
    assert (whole["legs"][1]["unit"], whole["legs"][1]["task"]) == (BUREAU, "立案处罚")
    assert whole["legs"][1]["mandatory"] is True
    assert await refused(city, TOWN, number, "end", {"resolved": True, "text": "已清理"}) == (
        409,
        "decisions_open",
    )
    assert (await city.post(GATEWAY, f"/v1/legs/{number}.2/sign", X_Acting_Unit=BUREAU)).status_code == 200
    assert (await shown(city, number))["standing"] == "executing"
    path = f"/v1/legs/{number}.2/complete"
    assert (await city.post(GATEWAY, path, dict(REPLY), X_Acting_Unit=BUREAU)).status_code == 200
    await done(city, TOWN, number, "end", {"resolved": True, "text": "已清理"})
    for unit in (BUREAU, POLICE):
        await done(city, TOWN, number, "rate", {"unit": unit, "in_time": 5, "cooperated": 5, "solved": 4})
        await done(city, unit, number, "rate-call", {"justified": 5})
    whistle = await shown(city, number)
    assert whistle["standing"] == "rated"
    assert [part["rating"]["solved"] for part in whistle["summonses"]] == [4, 4]
    assert (await city.get(f"unit:{BUREAU}", "/v1/whistles")).json()["items"] == []
    ended = (await city.get(f"unit:{BUREAU}", "/v1/whistles?scope=ended")).json()["items"]
    assert [(line["rated"], line["ended_how"]) for line in ended] == [(True, "resolved")]


async def test_a_plan_ends_no_share_that_its_unit_still_owes(running_city: City):
    number = await whistled(running_city)
    bound = {"unit": BUREAU, "task": "清点占道摊档", "mandatory": True}
    given = await running_city.post("operator", f"/v1/requests/{number}/start-joint", bound)
    assert given.status_code == 200, given.text
    await done(running_city, BUREAU, number, "attend", COME)
    assert await refused(running_city, TOWN, number, "plan", PLAN) == (409, "bound_already")


async def test_the_list_says_for_what_may_be_whistled_and_within_which_limits(running_city: City):
    shown = (await running_city.get(f"unit:{TOWN}", "/v1/whistle-list?category=0203")).json()
    limits = {kind["kind"]: (kind["attend"], kind["attend_rural"]) for kind in shown["kinds"]}
    assert limits["emergency"] == ("30min", "60min")
    assert limits["daily"] == ("1wd", "1wd")
    assert [entry["code"] for entry in shown["entries"]] == ["WL-06"]
    powers = {power["code"]: power["unit_type"] for power in shown["entries"][0]["powers"]}
    assert powers["vending_penalty"] == "urban_mgmt_bureau"
    whole = (await running_city.get("operator", "/v1/whistle-list")).json()
    assert len(whole["entries"]) == len(running_city.doors.pack.whistles.entries)
    unknown = await running_city.get("operator", "/v1/whistle-list?category=9999")
    assert (unknown.status_code, unknown.json()["code"]) == (422, "unknown_category")


async def test_the_same_key_gets_the_first_answer_again_and_each_whistle_its_own(running_city: City):
    number = await whistled(running_city)
    path = f"/v1/requests/{number}/whistles/w1/attend"
    first = await running_city.post(GATEWAY, path, COME, key="once", X_Acting_Unit=BUREAU)
    again = await running_city.post(GATEWAY, path, COME, key="once", X_Acting_Unit=BUREAU)
    assert (again.status_code, again.json()) == (200, first.json())
    elsewhere = path.replace("w1", "w2")
    other = await running_city.post(GATEWAY, elsewhere, COME, key="once", X_Acting_Unit=BUREAU)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")


async def test_presence_and_marks_are_checked(running_city: City):
    city = running_city
    number = await whistled(city)
    far = {**COME, "spot": {"latitude": 23.16, "longitude": 113.3461}}
    assert await refused(city, BUREAU, number, "attend", far) == (422, "not_at_the_place")
    assert await refused(city, BUREAU, number, "attend", {**COME, "mode": "online"}) == (
        409,
        "mode_not_offered",
    )
    assert await refused(city, BUREAU, number, "attend", {**COME, "post": "mayor"}) == (422, "invalid_input")
    assert await refused(city, OTHER_TOWN, number, "attend", COME) == (404, "not_found")
    assert await refused(city, TOWN, number, "attend", COME) == (403, "not_summoned")
    assert await refused(city, BUREAU, number, "plan", PLAN) == (403, "not_your_whistle")
    assert await refused(city, BUREAU, number, "rate-call", {"justified": 5}) == (409, "whistle_open")
    assert await refused(city, BUREAU, number, "rate-call", {"justified": 6}) == (422, "invalid_input")
    path = f"/v1/requests/{number}/whistles/w7/acknowledge"
    unknown = await city.post(GATEWAY, path, X_Acting_Unit=BUREAU)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "whistle_unknown")


@pytest.mark.parametrize(
    ("who", "changes", "status", "code"),
    [
        (f"unit:{TOWN}", {"summoned": [{"unit": BUREAU, "power": "wage_claim"}]}, 422, "not_on_the_list"),
        (
            f"unit:{TOWN}",
            {"summoned": [{"unit": "440105-water_bureau", "power": "x"}]},
            403,
            "not_to_be_summoned",
        ),
        (f"unit:{TOWN}", {"summoned": [{"unit": "440106-moon", "power": "x"}]}, 422, "unknown_unit"),
        (f"unit:{TOWN}", {"summoned": []}, 422, "invalid_input"),
        (f"unit:{TOWN}", {"kind": "community"}, 403, "level_does_not_whistle"),
        (f"unit:{TOWN}", {"spot": None}, 422, "place_missing"),
        (
            f"unit:{TOWN}",
            {"kind": "emergency", "attend_at": "2026-11-24T02:00:00Z"},
            422,
            "attend_time_unfit",
        ),
        ("operator", {}, 422, "town_missing"),
        ("operator", {"town": BUREAU}, 403, "level_does_not_whistle"),
        ("operator", {"town": OTHER_TOWN}, 403, "outside_the_area"),
    ],
)
async def test_a_call_that_nobody_may_make_is_refused(
    running_city: City, who: str, changes: dict[str, Any], status: int, code: str
):
    number = await running_city.in_progress()
    given = await running_city.post(who, f"/v1/requests/{number}/whistle", {**CALL, **changes})
    assert (given.status_code, given.json()["code"]) == (status, code), given.text


async def test_the_centre_calls_on_behalf_of_a_town_by_appointment(running_city: City):
    number = await running_city.in_progress()
    body = {**CALL, "town": TOWN, "attend_at": "2026-11-25T02:00:00+00:00", "session": "会议 873-221"}
    given = await running_city.post("operator", f"/v1/requests/{number}/whistle", body)
    assert given.status_code == 200, given.text
    whistle = await shown(running_city, number)
    assert (whistle["town"], whistle["attend_at"]) == (TOWN, "2026-11-25T02:00:00Z")
    await done(running_city, BUREAU, number, "attend", {**COME, "mode": "online", "spot": None})
    assert (await shown(running_city, number))["summonses"][0]["mode"] == "online"


async def test_what_is_not_listed_a_duty_leader_calls_for(running_city: City):
    number = await running_city.in_progress()
    call = {**CALL, "town": TOWN, "summoned": [{"unit": BUREAU, "power": "查阅该楼消防审批档案"}]}
    way = f"/v1/requests/{number}/whistle"
    refused = await running_city.post("operator", way, call)
    assert (refused.status_code, refused.json()["code"]) == (422, "not_on_the_list")
    given = await running_city.post("operator", way, call, X_Acting_Role="duty_leader")
    assert given.status_code == 200, given.text
    whistle = await shown(running_city, number)
    part = whistle["summonses"][0]
    assert (part["listed"], part["power_zh"]) == (False, "查阅该楼消防审批档案")
    assert whistle["signed_by"] == whistle["called_by"] == "operator"


async def test_who_was_called_reads_the_request_without_the_numbers_of_persons(running_city: City):
    number = await whistled(running_city)
    whole = await running_city.get(f"unit:{BUREAU}", f"/v1/requests/{number}")
    assert whole.status_code == 200
    assert TELEPHONE not in whole.text
    assert TELEPHONE not in (await running_city.get(f"unit:{BUREAU}", "/v1/whistles")).text
    assert TELEPHONE in (await running_city.get(f"unit:{TOWN}", f"/v1/whistles?town={TOWN}")).text


async def test_a_town_whistles_for_what_it_has_found_itself_before_anybody_is_given_the_lead(
    running_city: City,
):
    found = {
        "channel": "own_initiative",
        "category": "0104",
        "place": {"area": TOWN.partition("-")[0]},
        "description": "巡查发现消防通道被占用",
    }
    number = (await running_city.post(f"unit:{TOWN}", "/v1/requests", found)).json()["number"]
    await running_city.stories.begin(number)
    assert (await running_city.get(f"unit:{TOWN}", f"/v1/requests/{number}")).status_code == 200
    for other in (OTHER_TOWN, BUREAU):
        assert (await running_city.get(f"unit:{other}", f"/v1/requests/{number}")).status_code == 404
    blown = await running_city.post(f"unit:{TOWN}", f"/v1/requests/{number}/whistle", CALL)
    assert blown.status_code == 200, blown.text
    to_another = {"unit": BUREAU, "reason": "属该局职责"}
    given = await running_city.post("operator", f"/v1/requests/{number}/dispatch", to_another)
    assert given.status_code == 200, given.text
    end = {"resolved": False, "text": "改由该局处理"}
    ended = await running_city.post(f"unit:{TOWN}", f"/v1/requests/{number}/whistles/w1/end", end)
    assert ended.status_code == 200, "who whistles goes on seeing what it whistled for"


async def test_who_was_called_does_not_see_who_called_the_hotline(running_city: City):
    path = f"/v1/requests/{await whistled(running_city)}/caller"
    assert (await running_city.get(f"unit:{TOWN}", path)).status_code == 200
    refused = await running_city.get(f"unit:{BUREAU}", path)
    assert (refused.status_code, refused.json()["code"], refused.json()["expected"]) == (
        403,
        "role_not_allowed",
        TOWN,
    )


async def test_a_unit_reads_its_own_whistles_and_no_other_s(running_city: City):
    number = await whistled(running_city)
    listed = await running_city.get("operator", f"/v1/whistles?town={TOWN}")
    assert [line["number"] for line in listed.json()["items"]] == [number, number]
    other = await running_city.get(f"unit:{OTHER_TOWN}", f"/v1/whistles?unit={BUREAU}")
    assert (other.status_code, other.json()["code"]) == (403, "role_not_allowed")
    assert (await running_city.get(f"unit:{OTHER_TOWN}", "/v1/whistles")).json()["items"] == []


async def test_nobody_comes_and_everybody_who_must_is_told(running_city: City):
    number = await whistled(running_city, kind="emergency")
    running_city.clock.move(minutes=31)
    await running_city.stories.let_time_pass(number)
    whistle = await shown(running_city, number)
    assert [part["card"] for part in whistle["summonses"]] == ["yellow_card", "yellow_card"]
    assert whistle["district_joined_at"] is not None
    notices = (await running_city.get(f"unit:{BUREAU}", "/v1/notices")).json()["items"]
    assert any("记黄牌" in notice["text_zh"] for notice in notices)
    told = (await running_city.get("operator", "/v1/notices?recipient=body:district")).json()["items"]
    assert any("介入" in notice["text_zh"] for notice in told)
    explained = (await running_city.get("operator", f"/v1/requests/{number}/explain")).json()["clocks"]
    rules = [clock["rule"] for clock in explained if clock["clock"] == "whistle_attend"]
    assert rules[0] == "terms of whistle w1.1, whistle_attend = 30min"


async def test_they_rate_after_the_request_has_closed(running_city: City):
    city = running_city
    number = await whistled(city)
    await done(city, TOWN, number, "end", {"resolved": False, "text": "无人到场"})
    assert (await city.post(f"unit:{TOWN}", f"/v1/legs/{number}.1/complete", dict(REPLY))).status_code == 200
    for who, word, body in (
        ("operator_2", "review-pass", {}),
        ("operator", "callback", {"contacted": True, "satisfied": True}),
    ):
        given = await city.post(who, f"/v1/requests/{number}/{word}", body)
        assert given.status_code == 200, given.text
    await done(city, BUREAU, number, "rate-call", {"justified": 2, "text": "应由镇街处理"})
    await done(city, POLICE, number, "rate-call", {"justified": 1})
    confirmed = await city.post(
        "operator", f"/v1/requests/{number}/whistles/w1/confirm-unjustified", {"reason": "镇街有权自行处理"}
    )
    assert confirmed.status_code == 200, confirmed.text
    assert (await shown(city, number))["unjustified_at"] is not None
    city.clock.move(days=20)
    late = {"unit": BUREAU, "in_time": 1, "cooperated": 1, "solved": 1}
    assert await refused(city, TOWN, number, "rate", late) == (409, "rating_period_over")
    assert (await shown(city, number))["standing"] == "closed"
