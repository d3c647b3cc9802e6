"""Who calls again about an open matter urges it; who calls about a closed one repeats it; nobody's words are lost."""

import asyncio
import time
from typing import Any

import pytest

from persistence.engine import ReadConnection, writing
from persistence.identity import erase
from persistence.reading import caller_of
from tests.api.conftest import CALL, REPLY, TOWN, City

AGAIN: dict[str, Any] = {**CALL, "description": "又有人在楼道充电，线都拉到二楼了"}


async def mine(city: City, **changes: Any) -> str:
    """The number of a request of the caller of `CALL`, whose lead leg the town office holds."""
    return await city.dispatched(caller=CALL["caller"], **changes)


async def timeline(city: City, number: str) -> list[dict[str, Any]]:
    return (await city.get("operator", f"/v1/requests/{number}/timeline")).json()["items"]


async def how_many(city: City) -> int:
    return len((await city.get("operator", "/v1/requests")).json()["items"])


async def test_the_callers_open_request_is_urged_with_the_new_words(running_city: City):
    number = await mine(running_city)
    running_city.clock.move(minutes=1)
    answer = await running_city.post("operator", "/v1/requests", AGAIN, key="again")
    told = answer.json()
    assert answer.status_code == 200
    assert (told["number"], told["urged"], told["state"]) == (number, True, "pending_sign")
    shown = (await running_city.get("operator", f"/v1/requests/{number}")).json()
    assert told["query_code"] == shown["query_code"]
    assert told["due_at"] == shown["total_due_at"]
    assert answer.headers["etag"] == f'"{shown["seq"]}"'
    assert answer.headers["location"] == f"/v1/requests/{number}"
    last = (await timeline(running_city, number))[-1]
    assert (last["kind"], last["by"]["role"], last["by"]["person"]) == ("urged", "citizen", "operator")
    assert last["what"]["note"].startswith(AGAIN["description"])
    assert "五山路1号" in last["what"]["note"]
    assert await how_many(running_city) == 1


async def test_the_same_key_gets_the_same_answer_also_after_the_request_has_ended(running_city: City):
    number = await mine(running_city)
    first = await running_city.post("operator", "/v1/requests", AGAIN, key="again")
    code = first.json()["query_code"]
    await running_city.post(None, f"/v1/track/{code}/withdraw", {"reason": "已解决"})
    running_city.clock.move(days=1)
    again = await running_city.post("operator", "/v1/requests", AGAIN, key="again")
    assert (again.status_code, again.json()) == (200, first.json())
    other = await running_city.post("operator", "/v1/requests", {**AGAIN, "people": 2}, key="again")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")
    assert [item["kind"] for item in await timeline(running_city, number)].count("urged") == 1
    fresh = await running_city.post("operator", "/v1/requests", AGAIN)
    assert (fresh.status_code, fresh.json()["repeat_of"]) == (201, None)


async def test_ten_calls_at_once_with_one_key_urge_once(running_city: City):
    number = await mine(running_city)
    answers = await asyncio.gather(
        *(running_city.post("operator", "/v1/requests", AGAIN, key="again") for _ in range(10))
    )
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.json()["number"] for answer in answers} == {number}
    assert [item["kind"] for item in await timeline(running_city, number)].count("urged") == 1


async def test_beyond_one_urge_a_day_the_words_are_kept_as_a_comment(running_city: City):
    number = await mine(running_city)
    await running_city.post("operator", "/v1/requests", AGAIN)
    second = await running_city.post("operator", "/v1/requests", AGAIN, key="second")
    assert (second.status_code, second.json()["number"], second.json()["urged"]) == (200, number, True)
    running_city.clock.move(days=1)
    again = await running_city.post("operator", "/v1/requests", AGAIN, key="second")
    assert (again.status_code, again.json()) == (200, second.json())
    told = await timeline(running_city, number)
    assert [item["kind"] for item in told].count("urged") == 1
    assert [item["what"]["text"][:3] for item in told if item["kind"] == "commented"] == ["又有人"]


async def test_a_caller_may_insist_on_a_matter_of_its_own(running_city: City):
    number = await mine(running_city)
    answer = await running_city.post("operator", "/v1/requests", {**AGAIN, "separate_matter": True})
    told = answer.json()
    assert (answer.status_code, told["urged"], told["repeat_of"]) == (201, False, None)
    assert told["number"] != number


@pytest.mark.parametrize(
    "changes",
    [
        {"caller": {**CALL["caller"], "telephone": "13812345679"}},
        {"caller": {**CALL["caller"], "anonymous": True}},
        {"caller": {"name": "陈小明"}},
        {"category": "0105"},
        {"place": {"area": "440106013"}},
    ],
)
async def test_another_caller_another_matter_or_another_place_is_a_new_request(
    running_city: City, changes: dict[str, Any]
):
    await mine(running_city)
    answer = await running_city.post("operator", "/v1/requests", {**AGAIN, **changes})
    assert (answer.status_code, answer.json()["repeat_of"]) == (201, None)


async def test_a_place_known_better_is_the_same_place(running_city: City):
    number = await mine(running_city)
    answer = await running_city.post(
        "operator", "/v1/requests", {**AGAIN, "place": {"area": "440106012007001"}}
    )
    assert (answer.status_code, answer.json()["number"]) == (200, number)


@pytest.mark.parametrize("trouble", ["away", "stuck"])
async def test_without_the_engine_the_call_is_registered_within_a_second(running_city: City, trouble: str):
    number = await mine(running_city)
    setattr(running_city.stories, trouble, True)
    began = time.monotonic()
    answer = await running_city.post("operator", "/v1/requests", AGAIN, key="again")
    assert time.monotonic() - began < 1
    told = answer.json()
    assert (answer.status_code, told["urged"], told["repeat_of"]) == (201, False, number)
    assert [one["number"] for one in told["similar"]] == [number]
    setattr(running_city.stories, trouble, False)
    again = await running_city.post("operator", "/v1/requests", AGAIN, key="again")
    assert (again.status_code, again.json()) == (201, told)
    assert await how_many(running_city) == 1, "the second has not begun yet, and the first was not urged"
    assert [item["kind"] for item in await timeline(running_city, number)].count("urged") == 0


async def test_a_story_that_has_not_begun_is_not_waited_for(running_city: City):
    made = await running_city.registered(caller=CALL["caller"])
    answer = await running_city.post("operator", "/v1/requests", AGAIN)
    assert (answer.status_code, answer.json()["repeat_of"]) == (201, made["number"])


async def test_a_closed_matter_is_repeated_for_thirty_days(running_city: City):
    number = await mine(running_city)
    await running_city.post(f"unit:{TOWN}", f"/v1/legs/{number}.1/sign")
    await running_city.post(f"unit:{TOWN}", f"/v1/legs/{number}.1/complete", REPLY)
    await running_city.post("operator", f"/v1/requests/{number}/review-pass")
    rated = {"contacted": True, "truthful": True, "solved": True, "satisfied": True}
    closed = await running_city.post("operator", f"/v1/requests/{number}/callback", rated)
    assert closed.json()["state"] == "closed"
    running_city.clock.move(days=30)
    answer = await running_city.post("operator", "/v1/requests", AGAIN)
    assert (answer.status_code, answer.json()["repeat_of"]) == (201, number)
    repeated = answer.json()["number"]
    shown = (await running_city.get("operator", f"/v1/requests/{repeated}")).json()
    assert shown["repeat_of"] == number
    await running_city.stories.begin(repeated)
    listed = (await running_city.get("operator", f"/v1/requests?repeat_of={number}")).json()["items"]
    assert [one["number"] for one in listed] == [repeated]


async def test_people_are_written_down(running_city: City):
    made = await running_city.begun(people=30)
    shown = (await running_city.get("operator", f"/v1/requests/{made['number']}")).json()
    assert shown["people"] == 30
    for people in (0, 10_001, 1.5):
        answer = await running_city.post("operator", "/v1/requests", {**CALL, "people": people})
        assert (answer.status_code, answer.json()["field"]) == (422, "people")


async def test_a_unit_never_learns_that_somebody_called_before(running_city: City):
    number = await mine(running_city)
    answer = await running_city.post(f"unit:{TOWN}", "/v1/requests", AGAIN)
    told = answer.json()
    assert (answer.status_code, told["repeat_of"]) == (201, None)
    assert told["number"] != number
    shown = (await running_city.get("operator", f"/v1/requests/{told['number']}")).json()
    assert shown["repeat_of"] == number


async def test_a_forgotten_caller_is_nobody_who_called_before(running_city: City):
    number = await mine(running_city)
    async with writing(running_city.doors.database) as connection:
        _, caller = await caller_of(ReadConnection(connection), number)
        assert caller is not None
        await erase(connection, caller, running_city.clock.at)
    answer = await running_city.post("operator", "/v1/requests", AGAIN)
    assert (answer.status_code, answer.json()["repeat_of"]) == (201, None)


async def test_a_call_is_registered_although_looking_around_takes_too_long(
    running_city: City, monkeypatch: pytest.MonkeyPatch
):
    await mine(running_city)
    monkeypatch.setattr("api.intake.surroundings.LOOK_SECONDS", 0.0)
    answer = await running_city.post("operator", "/v1/requests", AGAIN)
    told = answer.json()
    assert (answer.status_code, told["repeat_of"], told["similar"]) == (201, None, [])
