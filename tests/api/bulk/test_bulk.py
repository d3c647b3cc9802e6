"""Bulk jobs at the doors: what is taken, what is refused at once, who sees a job, and what came of each request."""

from typing import Any

import pytest
from sqlalchemy import text
from temporalio.testing import ActivityEnvironment

from activities.bulk import BulkGiving
from activities.messages import BulkJob, BulkStanding
from api.bulk.jobs import _unseen
from api.frame.access import Principal, Right
from config.metrics import Metrics
from domain.commands import Answer, Order
from domain.levels import Level
from domain.units import Role
from persistence.engine import writing
from tests.api.conftest import OTHER_TOWN, TOWN, City
from worker.orders import PATIENCE, Orders
from workflows.client import EngineUnavailable

NOTE = {"note": "台风将至，请尽快处置"}


class Faulty:
    """Stories of which one has a defect."""

    def __init__(self, city: City, number: str) -> None:
        self._city = city
        self._number = number

    async def command(self, number: str, order: Order) -> Answer:
        if number == self._number:
            raise ValueError("a defect")
        return await self._city.stories.command(number, order)


async def worked_off(city: City, job: dict[str, Any], stories: Any = None, batch: int = 50) -> BulkStanding:
    """What the job's workflow does, done at once."""
    orders = Orders(stories or city.stories, city.doors.database, now=city.clock, patience=PATIENCE / 100)
    giving = BulkGiving(city.doors.database, orders.give, Metrics(), per_second=1000, batch=batch)
    environment = ActivityEnvironment()
    while (standing := await environment.run(giving.bulk_give, BulkJob(job["id"]))).pending:
        if standing.paused:
            break
    return standing


async def urged(city: City, numbers: list[str], key: str | None = None, who: str = "operator") -> Any:
    body = {"command": "urge", "numbers": numbers, "body": NOTE}
    return await city.post(who, "/v1/bulk", body, key=key, X_Acting_Role="dispatcher")


async def test_every_request_gets_the_plain_command_and_tells_what_came_of_it(running_city: City):
    numbers = sorted([await running_city.dispatched() for _ in range(3)])
    not_begun = (await running_city.registered())["number"]
    taken = await urged(running_city, [*numbers, "20200101-00001", not_begun])
    job = taken.json()
    assert taken.status_code == 202
    assert taken.headers["location"] == f"/v1/bulk/{job['id']}"
    assert (job["state"], job["total"], job["done"], job["started_at"]) == ("running", 5, 0, None)
    await worked_off(running_city, job, batch=2)
    shown = (await running_city.get("operator", taken.headers["location"])).json()
    assert (shown["state"], shown["done"], shown["succeeded"], shown["refused"]) == ("done", 5, 3, 1)
    assert (shown["not_found"], shown["by"]) == (1, "operator")
    items = (await running_city.get("operator", f"/v1/bulk/{job['id']}/items")).json()["items"]
    told = {item["number"]: (item["result"], item["code"]) for item in items}
    assert told[not_begun] == ("refused", "not_started")
    assert told["20200101-00001"] == ("not_found", "not_found")
    for number in numbers:
        assert told[number] == ("done", "")
        timeline = (await running_city.get("operator", f"/v1/requests/{number}/timeline")).json()
        urge = timeline["items"][-1]
        assert (urge["kind"], urge["by"]["role"], urge["by"]["person"]) == ("urged", "dispatcher", "operator")
        assert urge["what"]["note"] == NOTE["note"]


async def test_the_results_come_in_pages_and_by_result(running_city: City):
    numbers = [f"20200101-{n:05}" for n in range(5)]
    job = (await urged(running_city, [*numbers, await running_city.dispatched()])).json()
    await worked_off(running_city, job)
    path = f"/v1/bulk/{job['id']}/items?result=not_found&limit=2"
    seen, cursor = [], ""
    while cursor is not None:
        page = (await running_city.get("operator", path + cursor)).json()
        seen += [item["number"] for item in page["items"]]
        cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
    assert seen == numbers
    odd = await running_city.get("operator", f"/v1/bulk/{job['id']}/items?cursor=abc")
    assert (odd.status_code, odd.json()["code"]) == (422, "bad_cursor")


async def test_the_same_key_is_the_same_job_and_another_body_a_conflict(running_city: City):
    number = await running_city.dispatched()
    first = await urged(running_city, [number], "k")
    assert (await urged(running_city, [number], "k")).json() == first.json()
    other = await urged(running_city, [number, "20200101-00001"], "k")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")
    await worked_off(running_city, first.json())
    again = (await urged(running_city, [number], "k")).json()
    assert (again["id"], again["succeeded"]) == (first.json()["id"], 1)
    assert (await urged(running_city, [number], "k", "operator_2")).json()["id"] != first.json()["id"]


@pytest.mark.parametrize(
    ("numbers", "reason"),
    [
        ([], "at least 1 item"),
        ([f"20200101-{n:05}" for n in range(1001)], "at most 1000 items"),
        (["20200101-00001", "20200101-00002", "20200101-00001"], "20200101-00001 is named twice"),
        (["42"], "should match pattern"),
    ],
    ids=["none", "too many", "one twice", "no number"],
)
async def test_a_list_of_the_wrong_kind_is_refused(running_city: City, numbers: list[str], reason: str):
    answer = await urged(running_city, numbers)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert answer.json()["field"].startswith("numbers")
    assert reason in answer.json()["detail"]


@pytest.mark.parametrize("command", ["recalculate", "callback", "fly"])
async def test_what_cannot_be_said_to_many_at_once_is_refused(running_city: City, command: str):
    answer = await running_city.post(
        "operator", "/v1/bulk", {"command": command, "numbers": ["20200101-00001"]}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "not_in_bulk")
    assert "urge" in answer.json()["expected"]


async def test_the_body_is_the_one_of_the_commands_own_door(running_city: City):
    given = {"command": "supervise", "numbers": ["20200101-00001"]}
    for body, field in (({}, "body.reason"), ({"reason": "x", "card": "pink"}, "body.card")):
        answer = await running_city.post("operator", "/v1/bulk", {**given, "body": body})
        assert (answer.status_code, answer.json()["field"]) == (422, field)
    nobody = {"command": "dispatch", "numbers": ["20200101-00001"], "body": {"unit": "440106012-nobody"}}
    answer = await running_city.post("operator", "/v1/bulk", nobody)
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_unit")


async def test_a_community_is_named_only_to_one_request_at_a_time(running_city: City):
    units = running_city.doors.pack.directory.within("440106012")
    community = next(unit for unit in units if unit.level is Level.COMMUNITY)
    for command in ("dispatch", "reassign"):
        body = {"unit": community.code, "reason": "就近处置"}
        given = {"command": command, "numbers": ["20200101-00001"], "body": body}
        answer = await running_city.post("operator", "/v1/bulk", given)
        assert (answer.status_code, answer.json()["code"]) == (422, "not_in_bulk")
        assert answer.json()["field"] == "body.unit"


async def test_a_role_that_may_not_is_refused_at_the_door(running_city: City):
    body = {"command": "supervise", "numbers": ["20200101-00001"], "body": {"reason": "媒体关注"}}
    for who in ("auditor", f"unit:{TOWN}"):
        answer = await running_city.post(who, "/v1/bulk", body)
        assert (answer.status_code, answer.json()["code"]) == (403, "role_not_allowed")


async def test_who_may_not_see_a_request_is_told_that_there_is_none(running_city: City):
    number, unit_by_code = await running_city.dispatched(), running_city.doors.pack.directory.unit_by_code
    town, other = (
        Principal(code, (Role.SUPERVISOR,), frozenset({Right.SEE_OWN}), unit_by_code(code))
        for code in (TOWN, OTHER_TOWN)
    )
    assert await _unseen(running_city.doors, town, [number]) == frozenset()
    assert await _unseen(running_city.doors, other, [number]) == {number}
    desk = Principal("desk", (Role.SUPERVISOR,), frozenset({Right.SEE_ALL}))
    assert await _unseen(running_city.doors, desk, [number]) == frozenset()
    async with writing(running_city.doors.database) as connection:
        await connection.execute(text("UPDATE requests SET visibility = 'sealed'"))
    assert await _unseen(running_city.doors, desk, [number]) == {number}


async def test_a_job_is_shown_to_its_sender_and_the_duty_leaders(running_city: City):
    job = (await urged(running_city, [await running_city.dispatched()])).json()
    for who, status in (("operator", 200), ("operator_2", 200), (f"unit:{TOWN}", 404), ("auditor", 404)):
        for path in ("", "/items"):
            assert (await running_city.get(who, f"/v1/bulk/{job['id']}{path}")).status_code == status
    assert (await running_city.post(f"unit:{TOWN}", f"/v1/bulk/{job['id']}/cancel")).status_code == 404
    assert (await running_city.get("operator", "/v1/bulk/0123456789abcdef")).status_code == 404


async def test_a_job_cancelled_before_it_began_gives_nothing(running_city: City):
    number = await running_city.dispatched()
    job = (await urged(running_city, [number])).json()
    path = f"/v1/bulk/{job['id']}"
    first = (await running_city.post("operator", f"{path}/cancel")).json()
    running_city.clock.move(minutes=1)
    assert (await running_city.post("operator", f"{path}/cancel")).json() == first
    await worked_off(running_city, job)
    ended = (await running_city.get("operator", path)).json()
    assert (ended["state"], ended["cancelled"], ended["done"]) == ("cancelled", 1, 1)
    assert all(order.act.act != "urge" for order in running_city.stories.orders)


async def test_while_the_engine_is_away_nothing_is_noted_and_the_batch_comes_again(running_city: City):
    numbers = [await running_city.dispatched() for _ in range(2)]
    job = (await urged(running_city, numbers)).json()
    running_city.stories.away = True
    with pytest.raises(EngineUnavailable):
        await worked_off(running_city, job)
    assert (await running_city.get("operator", f"/v1/bulk/{job['id']}")).json()["done"] == 0
    running_city.stories.away = False
    assert (await worked_off(running_city, job)).results == {"done": 2}


async def test_a_defect_at_one_request_is_told_and_stops_no_other(running_city: City):
    numbers = sorted([await running_city.dispatched() for _ in range(3)])
    job = (await urged(running_city, numbers)).json()
    standing = await worked_off(running_city, job, Faulty(running_city, numbers[1]))
    assert standing.results == {"done": 2, "failed": 1}
    items = (await running_city.get("operator", f"/v1/bulk/{job['id']}/items?result=failed")).json()["items"]
    assert [(item["number"], item["code"]) for item in items] == [(numbers[1], "internal_error")]
