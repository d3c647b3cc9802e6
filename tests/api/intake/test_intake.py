"""Registering: a number for every call, once per key, whatever the engine does."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from domain.limits.policy import Policy
from domain.refusals import Refused
from domain.time.durations import Duration
from persistence.engine import reading
from tests.api.conftest import CALL, TELEPHONE, City


@dataclass
class Promising:
    """Promises one policy, or nothing at all."""

    policy: Policy | None

    async def of(self, _code: str, _now: Callable[[], datetime], _area: str | None = None) -> Policy:
        if self.policy is None:
            raise Refused(
                "unknown_category", "category", "not in the pack any more", "a category of the pack"
            )
        return self.policy

    def promise_in(self, city: City) -> None:
        """Put this in the place of the policies in force."""
        city.app.state.doors = replace(city.doors, in_force=self)


async def test_a_complete_call_gets_its_number_policy_ladder_and_due_date(running_city: City):
    answer = await running_city.post("operator", "/v1/requests", CALL)
    made = answer.json()
    assert answer.status_code == 201
    assert made["number"] == "20261123-0000001"
    assert answer.headers["location"] == "/v1/requests/20261123-0000001"
    assert made["state"] == "registered"
    assert (made["policy"], made["policy_version"]) == ("P-SAFETY", 1)
    assert [rung["level"] for rung in made["ladder"] if rung["unit"]] == ["town", "district"]
    assert made["due_at"] is not None
    assert len(made["query_code"]) == 12


async def test_the_number_is_given_while_the_engine_is_away(running_city: City):
    running_city.stories.away = True
    assert (await running_city.post("operator", "/v1/requests", CALL)).status_code == 201


async def test_an_incomplete_call_is_registered_and_keeps_what_was_known(running_city: City):
    made = await running_city.begun(place=None)
    shown = (await running_city.get("operator", f"/v1/requests/{made['number']}")).json()
    assert (shown["state"], made["policy"], made["ladder"]) == ("registered", None, [])
    assert "0104" in shown["description"]


WRONG_CALLS = (
    ({"category": "9999"}, "unknown_category", "category"),
    ({"place": {"area": "999999"}}, "unknown_place", "place.area"),
    ({"category": None, "place": {"area": "999999"}}, "unknown_place", "place.area"),
    ({"place": {"area": "4401"}}, "no_responsible_unit", "place.area"),
    ({"channel": "pigeon"}, "invalid_input", "channel"),
    ({"description": ""}, "invalid_input", "description"),
    ({"description": "nul \x00"}, "invalid_input", "description"),
    ({"description": "x" * 4001}, "invalid_input", "description"),
    ({"colour": "red"}, "invalid_input", "colour"),
    ({"place": {"area": "440106012", "latitude": 1e308}}, "invalid_input", "place.latitude"),
)


async def test_a_wrong_call_is_refused_with_its_field(running_city: City):
    for changes, code, field in WRONG_CALLS:
        answer = await running_city.post("operator", "/v1/requests", {**CALL, **changes})
        problem = answer.json()
        assert (answer.status_code, problem["status"]) == (422, 422)
        assert answer.headers["content-type"] == "application/problem+json"
        assert (problem["code"], problem["field"]) == (code, field)
        assert problem["title_zh"]


async def test_twenty_calls_at_once_with_one_key_make_one_number(running_city: City):
    answers = await asyncio.gather(
        *(running_city.post("operator", "/v1/requests", CALL, key="same") for _ in range(20))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1


async def test_the_same_key_with_another_body_is_a_conflict(running_city: City):
    await running_city.post("operator", "/v1/requests", CALL, key="same")
    answer = await running_city.post("operator", "/v1/requests", {**CALL, "description": "别的"}, key="same")
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_conflict")


async def test_two_senders_may_choose_the_same_key(running_city: City):
    first = await running_city.post("operator", "/v1/requests", CALL, key="same")
    second = await running_city.post(
        "operator_2", "/v1/requests", {**CALL, "description": "别的"}, key="same"
    )
    assert {first.status_code, second.status_code} == {201}
    assert first.json()["number"] != second.json()["number"]


async def test_an_unstarted_request_is_shown_as_registered(running_city: City):
    made = await running_city.registered()
    answer = await running_city.get("operator", f"/v1/requests/{made['number']}")
    assert answer.status_code == 200
    assert (answer.json()["state"], answer.json()["started"]) == ("registered", False)
    assert answer.headers["etag"] == '"0"'
    timeline = await running_city.get("operator", f"/v1/requests/{made['number']}/timeline")
    assert (timeline.status_code, timeline.json()["items"]) == (200, [])


async def test_a_command_before_the_start_asks_to_come_again(running_city: City):
    made = await running_city.registered()
    answer = await running_city.post(
        "operator",
        f"/v1/requests/{made['number']}/answer-directly",
        {"knowledge_entry": "KB-1", "answer": "请稍候"},
    )
    assert (answer.status_code, answer.json()["code"]) == (503, "not_started")
    assert answer.headers["retry-after"]


async def test_identities_are_masked_and_read_only_for_a_purpose(running_city: City):
    number = await running_city.in_progress()
    path = f"/v1/requests/{number}/caller"
    masked = (await running_city.get("unit:440106012-town_office", path)).json()
    assert masked == {"masked": True, "name": "陈**", "telephone": "138****5678", "address": "五山路1***"}
    refused = await running_city.get("auditor", path + "?purpose=好奇")
    assert (refused.status_code, refused.json()["code"]) == (403, "role_not_allowed")
    shown = (await running_city.get("operator", path + "?purpose=回访")).json()
    assert (shown["masked"], shown["telephone"]) == (False, TELEPHONE)


async def test_identity_stands_in_no_answer_but_the_callers_door(running_city: City):
    number = await running_city.replied()
    code = (await running_city.get("operator", f"/v1/requests/{number}")).json()["query_code"]
    for path in (
        f"/v1/requests/{number}", f"/v1/requests/{number}/timeline", f"/v1/requests/{number}/explain",
        "/v1/requests", "/v1/legs?scope=all", f"/v1/legs/{number}.1", f"/v1/track/{code}",
    ):  # fmt: skip
        text = (await running_city.get("operator", path)).text
        assert "陈小明" not in text
        assert TELEPHONE not in text
        assert "302房" not in text


async def test_the_same_key_gives_the_same_number_when_the_city_knows_the_matter_no_more(running_city: City):
    first = await running_city.post("operator", "/v1/requests", CALL, key="same")
    Promising(None).promise_in(running_city)
    again = await running_city.post("operator", "/v1/requests", CALL, key="same")
    assert (again.status_code, again.json()) == (201, first.json())
    other = await running_city.post("operator", "/v1/requests", {**CALL, "description": "别的"}, key="same")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")
    fresh = await running_city.post("operator", "/v1/requests", CALL)
    assert (fresh.status_code, fresh.json()["code"]) == (422, "unknown_category")


async def test_a_promise_beyond_the_calendar_is_refused_before_anything_is_written(running_city: City):
    endless = replace(running_city.doors.pack.policies["P-SAFETY"], total=Duration.parse("900000d"))
    Promising(endless).promise_in(running_city)
    answer = await running_city.post("operator", "/v1/requests", CALL)
    assert (answer.status_code, answer.json()["code"]) == (422, "beyond_horizon")
    async with reading(running_city.doors.database) as connection:
        assert (await connection.exec_driver_sql("SELECT count(*) FROM intake")).scalar() == 0
