"""The starter: every request is started, by one of however many starters, whatever goes down meanwhile."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import psycopg
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.service import RPCError, RPCStatusCode

from domain.request import Intake
from persistence.engine import make_engine
from tests.persistence.conftest import Append, rows
from tests.support.stories import entries, taken_in, worked
from worker.starter import REQUESTS, Starter

TICK = timedelta(seconds=0.05)


class Doubles:
    """Stands for the engine: remembers what was started, and may be away, or refuse single requests."""

    def __init__(self, append: Append) -> None:
        self.started = Counter[str]()
        self.away = False
        self.refused = set[str]()
        self._append = append

    async def start(self, intake: Intake) -> None:
        """Start, as the workflow does: the first append takes the row out of the queue."""
        if self.away:
            raise RPCError("connection refused", RPCStatusCode.UNAVAILABLE, b"")
        if intake.number in self.refused:
            raise ValueError("an intake that cannot be started")
        await self._append(entries(intake, worked(intake))[0])
        self.started[intake.number] += 1


@asynccontextmanager
async def running(*starters: Starter) -> AsyncGenerator[None]:
    tasks = [asyncio.create_task(starter.run()) for starter in starters]
    yield
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until_started(doubles: Doubles, count: int) -> None:
    async with asyncio.timeout(15):
        while len(doubles.started) < count:
            await asyncio.sleep(0.02)


async def test_two_starters_at_once_start_each_request_once(engine: AsyncEngine, append: Append) -> None:
    doubles = Doubles(append)
    expected = {(await taken_in(engine, f"before {n}")).number for n in range(15)}
    async with running(*(Starter(engine, REQUESTS, doubles.start, batch=4, interval=TICK) for _ in range(2))):
        expected |= {(await taken_in(engine, f"meanwhile {n}")).number for n in range(15)}
        await until_started(doubles, 30)
    assert doubles.started == Counter(expected)
    assert await rows(engine, "SELECT 1 FROM waiting_intake") == []


async def test_a_call_wakes_the_starter_long_before_its_interval(engine: AsyncEngine, append: Append) -> None:
    doubles = Doubles(append)
    async with running(Starter(engine, REQUESTS, doubles.start, interval=timedelta(minutes=1))):
        await asyncio.sleep(0.3)
        await taken_in(engine)
        async with asyncio.timeout(3):
            await until_started(doubles, 1)


async def test_requests_wait_while_the_engine_is_away(engine: AsyncEngine, append: Append) -> None:
    doubles = Doubles(append)
    doubles.away = True
    async with running(Starter(engine, REQUESTS, doubles.start, interval=TICK)):
        for n in range(5):
            await taken_in(engine, f"k{n}")
        await asyncio.sleep(0.5)
        assert not doubles.started
        doubles.away = False
        await until_started(doubles, 5)


async def test_a_request_that_cannot_be_started_stops_no_other(engine: AsyncEngine, append: Append) -> None:
    doubles = Doubles(append)
    stuck = await taken_in(engine, "stuck")
    doubles.refused.add(stuck.number)
    async with running(Starter(engine, REQUESTS, doubles.start, batch=1, interval=TICK)):
        await taken_in(engine, "other")
        await until_started(doubles, 1)
    assert await rows(engine, "SELECT number FROM waiting_intake") == [{"number": stuck.number}]


async def test_the_database_may_go_away_and_come_back(
    engine: AsyncEngine, append: Append, database_url: str
) -> None:
    doubles = Doubles(append)
    own = make_engine(database_url, pool_size=2)
    async with running(Starter(own, REQUESTS, doubles.start, interval=TICK)):
        await taken_in(engine, "before")
        await until_started(doubles, 1)
        conninfo = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as admin:
            await admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        await engine.dispose()
        await taken_in(engine, "after")
        await until_started(doubles, 2)
    await own.dispose()
