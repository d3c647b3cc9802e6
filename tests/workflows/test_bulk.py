"""Bulk jobs on real servers: every request acts once and has its result, whatever dies or is away meanwhile."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.bulk import BulkGiving
from activities.posting import LegPosting
from activities.records import Records
from api.app import make_app
from api.frame.doors import Doors
from api.frame.keyring import admit_configured_keys
from api.opening import doors_over
from cities.pack import load_pack
from config.metrics import Metrics
from domain.commands import Act, Answer, Dispatch, Order, Withdraw
from domain.units import Actor, Role
from persistence.engine import make_engine, writing
from persistence.identity import Seal
from persistence.intake import take_in
from tests.api.conftest import SECRETS
from tests.persistence.conftest import rows
from tests.support.builders import actor, policy
from tests.support.stories import draft
from tests.workflows.test_request import SLOW
from worker.orders import Orders
from worker.registry import make_bulk_worker, make_worker
from worker.starter import BULK_JOBS, Starter
from workflows.bulk_client import BulkClient
from workflows.client import RequestClient
from workflows.ids import bulk_workflow_id

SERIAL = itertools.count()
FIRST_DAY = date(2031, 1, 1)
"""Each test's requests have a day of their own in their numbers: all tests share one Temporal server."""


@dataclass
class Engine:
    """The way to Temporal, which may be cut: jobs then cannot be started."""

    jobs: BulkClient
    away: bool = False

    async def start(self, job: str) -> None:
        if self.away:
            raise RPCError("connection refused", RPCStatusCode.UNAVAILABLE, b"")
        await self.jobs.start(job)


@dataclass
class Giver:
    """Gives orders as the worker does; dies in its first batch after so many, having given and not told."""

    orders: Orders
    dies_after: int = 1_000_000
    given: Counter[str] = field(default_factory=Counter[str])

    async def give(self, number: str, order: Order) -> Answer:
        answer = await self.orders.give(number, order)
        self.given[number] += 1
        if activity.info().attempt == 1 and self.given.total() > self.dies_after:
            raise ConnectionResetError("the worker died")
        return answer


@dataclass
class Hall:
    """A running service: doors, both workers, the starter of jobs."""

    app: FastAPI
    engine: AsyncEngine
    requests: RequestClient
    temporal: Engine
    giver: Giver
    metrics: Metrics
    day: date

    async def opened(self, count: int) -> list[str]:
        """So many requests that wait to be dispatched."""
        made = [
            replace(
                draft(key=f"k{n}", received_at=datetime.now(UTC), policy=policy(**SLOW)), local_day=self.day
            )
            for n in range(count)
        ]
        async with writing(self.engine) as connection:
            taken = [await take_in(connection, each) for each in made]
        await asyncio.gather(*(self.requests.start(each.intake) for each in taken))
        waiting = "SELECT count(*) AS n FROM requests WHERE state = 'pending_dispatch'"
        async with asyncio.timeout(20):
            while (await rows(self.engine, waiting))[0]["n"] < count:
                await asyncio.sleep(0.05)
        return [each.intake.number for each in taken]

    async def do(self, numbers: Sequence[str], by: Actor, act: Act) -> None:
        await asyncio.gather(
            *(self.requests.command(number, Order(f"{number}-{act.act}", by, act)) for number in numbers)
        )

    async def post(self, path: str, body: Any, key: str = "job") -> httpx2.Response:
        async with self._client() as client:
            return await client.post(path, json=body, headers={"Idempotency-Key": key})

    async def get(self, path: str) -> Any:
        async with self._client() as client:
            return (await client.get(path)).json()

    async def ended(self, path: str) -> Any:
        async with asyncio.timeout(30):
            while (job := await self.get(path))["ended_at"] is None:
                await asyncio.sleep(0.05)
        return job

    async def dispatched(self) -> Counter[str]:
        """How often each request was dispatched."""
        found = await rows(self.engine, "SELECT number FROM timeline WHERE kind = 'leg_dispatched'")
        return Counter(row["number"] for row in found)

    def _client(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(
            transport=httpx2.ASGITransport(self.app, client=("10.1.2.3", 1234)),
            base_url="http://huying.test",
            headers={"Authorization": f"Bearer {SECRETS['operator']}"},
        )


@asynccontextmanager
async def hall_on(
    engine: AsyncEngine, client: Client, *, batch: int = 50, per_second: float = 500
) -> AsyncGenerator[Hall]:
    serial = next(SERIAL)
    queue, pack, metrics = f"bulk-tests-{serial}", load_pack("guangzhou"), Metrics()
    requests = RequestClient(client, queue, continue_after=4000)
    temporal = Engine(BulkClient(client, queue))
    giver = Giver(Orders(requests, engine, patience=timedelta(seconds=0.5)))
    giving = BulkGiving(engine, giver.give, metrics, per_second=per_second, batch=batch)
    posting = LegPosting(engine)
    await admit_configured_keys(engine, pack, SECRETS, datetime.now(UTC))

    @asynccontextmanager
    async def opening() -> AsyncGenerator[Doors]:
        async with doors_over(engine, pack, requests, Seal(bytes(32))) as doors:
            yield doors

    app = make_app(opening)
    starter = asyncio.create_task(
        Starter(engine, BULK_JOBS, temporal.start, interval=timedelta(seconds=0.1)).run()
    )
    async with (
        app.router.lifespan_context(app),
        make_worker(client, queue, [Records(engine, metrics).append, posting.post_leg, posting.await_leg]),
        make_bulk_worker(client, queue, [giving.bulk_give]),
    ):
        yield Hall(app, engine, requests, temporal, giver, metrics, FIRST_DAY + timedelta(days=serial))
        starter.cancel()
        with suppress(asyncio.CancelledError):
            await starter


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    made = make_engine(database_url, pool_size=20)
    yield made
    await made.dispose()


async def test_sixty_requests_each_act_once_and_tell_what_came_of_it_though_the_worker_dies(
    engine: AsyncEngine, temporal_client: Client
):
    async with hall_on(engine, temporal_client) as hall:
        hall.giver.dies_after = 25
        opened = await hall.opened(57)
        withdrawn, early, waiting = opened[:5], opened[5:11], opened[11:]
        await hall.do(withdrawn, actor(Role.CITIZEN), Withdraw())
        await hall.do(early, actor(Role.DISPATCHER), Dispatch())
        unknown = [f"{hall.day:%Y%m%d}-99999{n:02}" for n in range(3)]
        body = {"command": "dispatch", "numbers": [*unknown, *reversed(opened)]}
        taken = await hall.post("/v1/bulk", body)
        assert (taken.status_code, taken.json()["state"], taken.json()["total"]) == (202, "running", 60)
        path = taken.headers["location"]
        job = await hall.ended(path)
        counted = {
            name: job[name] for name in ("state", "done", "succeeded", "refused", "not_found", "failed")
        }
        assert counted == {
            "state": "done", "done": 60, "succeeded": 46, "refused": 11, "not_found": 3, "failed": 0,
        }  # fmt: skip
        assert await hall.dispatched() == Counter([*early, *waiting])
        assert max(hall.giver.given.values()) == 2, "orders given before the death were given again"
        items = (await hall.get(f"{path}/items?limit=200"))["items"]
        told = {item["number"]: (item["result"], item["code"], item["state"]) for item in items}
        assert list(told) == sorted([*opened, *unknown])
        assert {told[number] for number in waiting} == {("done", "", "pending_sign")}
        assert {told[number] for number in early} == {("refused", "not_possible_now", None)}
        assert {told[number][:2] for number in withdrawn} == {("refused", "request_ended")}
        assert {told[number][:2] for number in unknown} == {("not_found", "not_found")}
        shown = hall.metrics.registry.get_sample_value
        assert shown("huying_bulk_items_total", {"command": "dispatch", "result": "done"}) == 46
        again = await hall.post("/v1/bulk", body)
        assert (again.status_code, again.json()) == (202, job)
        described = await temporal_client.get_workflow_handle(bulk_workflow_id(job["id"])).describe()
        assert described.history_length < 40


async def test_a_job_taken_while_temporal_is_away_is_given_when_it_is_back(
    engine: AsyncEngine, temporal_client: Client
):
    async with hall_on(engine, temporal_client) as hall:
        opened = await hall.opened(3)
        hall.temporal.away = True
        taken = await hall.post("/v1/bulk", {"command": "dispatch", "numbers": opened})
        await asyncio.sleep(0.3)
        path = taken.headers["location"]
        assert (await hall.get(path))["started_at"] is None
        hall.temporal.away = False
        assert (await hall.ended(path))["succeeded"] == 3


async def test_a_cancelled_job_leaves_out_what_has_not_been_given(
    engine: AsyncEngine, temporal_client: Client
):
    async with hall_on(engine, temporal_client, batch=4, per_second=20) as hall:
        opened = await hall.opened(20)
        path = (await hall.post("/v1/bulk", {"command": "dispatch", "numbers": opened})).headers["location"]
        async with asyncio.timeout(10):
            while (await hall.get(path))["done"] == 0:
                await asyncio.sleep(0.02)
        asked = await hall.post(f"{path}/cancel", {})
        assert asked.json()["cancel_asked_at"] is not None
        job = await hall.ended(path)
        assert job["state"] == "cancelled"
        assert job["cancelled"] >= 8
        assert job["succeeded"] + job["cancelled"] == 20
        done = (await hall.get(f"{path}/items?result=done&limit=200"))["items"]
        assert await hall.dispatched() == Counter(item["number"] for item in done)


async def test_a_job_that_rests_and_goes_on_at_any_moment_gives_each_order_once(
    engine: AsyncEngine, temporal_client: Client
):
    async with hall_on(engine, temporal_client, batch=2, per_second=40) as hall:
        opened = await hall.opened(12)
        path = (await hall.post("/v1/bulk", {"command": "dispatch", "numbers": opened})).headers["location"]
        for turn in range(4):
            await hall.post(f"{path}/pause", {}, key=f"p{turn}")
            await asyncio.sleep(0.03 * turn)
            await hall.post(f"{path}/resume", {}, key=f"r{turn}")
        job = await hall.ended(path)
        assert (job["state"], job["succeeded"]) == ("done", 12)
        assert await hall.dispatched() == Counter(opened)
