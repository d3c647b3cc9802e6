"""Things die while deadlines pass and people act: nothing is lost, nothing happens twice, and it mends by itself.

Each outage lasts a few seconds; ``HUYING_OUTAGE_SECONDS=60`` makes it the minute of a real one.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import psutil
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from domain.levels import Level
from domain.limits.clock import ClockKind
from persistence.engine import reading
from stack.embedded import EmbeddedStack
from tests.e2e.knocking import FAST, OUTAGE, PATIENCE, SLOW, Knocker
from tests.e2e.soundness import Life, assert_sound, until
from workflows.options import APPEND


async def crowd(knocker: Knocker, policy: str, count: int) -> list[str]:
    """So many calls at once."""
    return list(await asyncio.gather(*(knocker.register(policy) for _ in range(count))))


async def all_the_way(database: AsyncEngine, numbers: list[str]) -> None:
    """Wait until the untouched requests have climbed to the district and stand on the black list, reminded of it."""
    last: dict[str, Any] = {"clock": "dwell", "leg": "4", "percent": 100}
    await until(database, numbers, "deadline_fired", seconds=PATIENCE, **last)
    await until(database, numbers, "deadline_fired", seconds=PATIENCE, clock="reminder")


async def withdrawn(knocker: Knocker, numbers: list[str]) -> None:
    """The citizens take them all back."""
    answers = await asyncio.gather(*(knocker.command(number, "withdraw") for number in numbers))
    assert {answer["state"] for answer in answers} == {"withdrawn"}


def assert_climbed(lives: list[Life]) -> None:
    """Every one climbed the four levels, was told each threshold, and was withdrawn once."""
    for told in lives:
        held = [event.what.unit.level for event in told.events if event.what.kind == "leg_dispatched"]
        assert held == [Level.GRID, Level.COMMUNITY, Level.TOWN, Level.DISTRICT]
        total = [fact.percent for fact in told.fired if fact.clock is ClockKind.TOTAL]
        assert total == [70, 90, 100, 120, 140]
        for leg in "1234":
            assert [f.percent for f in told.fired if (f.clock, f.leg) == (ClockKind.DWELL, leg)] == [
                70,
                90,
                100,
            ]
        assert told.count("withdrawn") == 1
        assert told.events[-1].what.kind == "withdrawn"


def kill(stack: EmbeddedStack, name: str) -> None:
    os.kill(stack.supervisor.child(name).pid, signal.SIGKILL)


async def test_workers_killed_while_deadlines_pass(
    stack: EmbeddedStack, knocker: Knocker, database: AsyncEngine, engine_client: Client
) -> None:
    numbers = await crowd(knocker, FAST, 20)
    kill(stack, "worker")
    numbers += await crowd(knocker, FAST, 5)
    await until(database, numbers, "leg_dispatched", 2, seconds=PATIENCE)
    kill(stack, "worker")
    await all_the_way(database, numbers)
    await withdrawn(knocker, numbers)
    lives = await assert_sound(database, engine_client, numbers)
    assert_climbed(lives)
    latest = max(fact.lateness_seconds for told in lives for fact in told.fired)
    assert latest > 0.5, "the worker was away while deadlines passed, and they do not say so"


@asynccontextmanager
async def frozen(stack: EmbeddedStack, name: str) -> AsyncGenerator[None]:
    """A server that hangs, with all its processes: it holds its connections and answers nothing."""
    first = psutil.Process(stack.supervisor.child(name).pid)
    family = [first, *first.children(recursive=True)]
    for process in family:
        process.suspend()
    try:
        yield
    finally:
        for process in family:
            process.resume()


@asynccontextmanager
async def temporal_away(stack: EmbeddedStack) -> AsyncGenerator[None]:
    """Killed, and nobody starts it again until the block ends."""
    kill(stack, "temporal")
    await stack.supervisor.stop("temporal")
    try:
        yield
    finally:
        await stack.temporal.start()


@asynccontextmanager
async def postgres_away(stack: EmbeddedStack) -> AsyncGenerator[None]:
    """As :func:`temporal_away`, for the database."""
    kill(stack, "postgres")
    await stack.supervisor.stop("postgres")
    try:
        yield
    finally:
        await stack.postgres.start("huying")


async def test_temporal_away(
    stack: EmbeddedStack, knocker: Knocker, database: AsyncEngine, engine_client: Client
) -> None:
    climbing = await crowd(knocker, FAST, 10)
    waiting = await crowd(knocker, SLOW, 3)
    await until(database, [*climbing, *waiting], "accepted")
    async with temporal_away(stack):
        ends = time.monotonic() + OUTAGE
        key = knocker.key()
        refused = await knocker.knock(f"/v1/requests/{waiting[0]}/dispatch", key=key)
        assert refused.status_code == 503
        assert refused.json()["code"] == "engine_unavailable"
        assert int(refused.headers["Retry-After"]) > 0
        called: list[str] = []
        while time.monotonic() < ends:
            began = time.monotonic()
            called.append(await knocker.register(SLOW))
            assert time.monotonic() - began < 1.0
            await asyncio.sleep(OUTAGE / 20)
        assert (await knocker.get("/readyz"))["degraded"] is True
    first = await knocker.command(waiting[0], "dispatch", key=key)
    assert await knocker.command(waiting[0], "dispatch", key=key) == first
    await until(database, called, "accepted")
    async with frozen(stack, "temporal"):
        dispatching = asyncio.create_task(knocker.command(waiting[1], "dispatch"))
        began = time.monotonic()
        called.append(await knocker.register(SLOW))
        assert time.monotonic() - began < 1.0
        await asyncio.sleep(OUTAGE)
    assert (await dispatching)["state"] == "pending_sign"
    await until(database, called, "accepted")
    await all_the_way(database, climbing)
    await withdrawn(knocker, climbing)
    assert_climbed(await assert_sound(database, engine_client, climbing))
    for told in await assert_sound(database, engine_client, waiting[:2]):
        assert told.count("leg_dispatched") == 1
    await withdrawn(knocker, [*waiting, *called])
    await assert_sound(database, engine_client, [*waiting, *called])


async def test_postgresql_away(
    stack: EmbeddedStack, knocker: Knocker, database: AsyncEngine, engine_client: Client
) -> None:
    climbing = await crowd(knocker, FAST, 10)
    waiting = await crowd(knocker, SLOW, 3)
    await until(database, [*climbing, *waiting], "accepted")
    keys = [knocker.key() for _ in range(5)]
    async with postgres_away(stack):
        ends = time.monotonic() + OUTAGE
        refused = await knocker.knock("/v1/requests", knocker.call(SLOW))
        assert refused.status_code == 503, refused.text
        assert refused.json()["code"] == "database_unavailable"
        assert int(refused.headers["Retry-After"]) > 0
        calling = [asyncio.create_task(knocker.register(SLOW, key=key)) for key in keys]
        dispatching = asyncio.create_task(knocker.command(waiting[0], "dispatch"))
        await asyncio.sleep(max(0.0, ends - time.monotonic()))
    called = list(await asyncio.gather(*calling))
    assert (await dispatching)["state"] == "pending_sign"
    assert [await knocker.register(SLOW, key=key) for key in keys] == called
    # Once more, without warning and with its own keeper to start it again.
    kill(stack, "postgres")
    again = knocker.key()
    called.append(await knocker.register(SLOW, key=again))
    assert await knocker.register(SLOW, key=again) == called[-1]
    async with reading(database) as connection:
        kept = await connection.scalars(
            text("SELECT number FROM intake WHERE key = ANY(:keys) ORDER BY number"),
            {"keys": [f"operator/{key}" for key in [*keys, again]]},
        )
        assert kept.all() == sorted(called)
    await until(database, called, "accepted")
    await all_the_way(database, climbing)
    await withdrawn(knocker, climbing)
    assert_climbed(await assert_sound(database, engine_client, climbing))
    await withdrawn(knocker, [*waiting, *called])
    for told in await assert_sound(database, engine_client, [*waiting, *called]):
        assert told.count("leg_dispatched") == (told.number == waiting[0])


async def test_postgresql_hangs(
    stack: EmbeddedStack, knocker: Knocker, database: AsyncEngine, engine_client: Client
) -> None:
    """Steps are given up as failed, and are committed after all when the server goes on."""
    climbing = await crowd(knocker, FAST, 10)
    waiting = await crowd(knocker, SLOW, 3)
    await until(database, [*climbing, *waiting], "accepted")
    await until(database, climbing, "leg_dispatched", seconds=PATIENCE)
    keys = [knocker.key() for _ in range(5)]
    async with frozen(stack, "postgres"):
        calling = [asyncio.create_task(knocker.register(SLOW, key=key)) for key in keys]
        dispatching = asyncio.create_task(knocker.command(waiting[0], "dispatch"))
        await asyncio.sleep(max(OUTAGE, APPEND["start_to_close_timeout"].total_seconds() + 2))
    called = list(await asyncio.gather(*calling))
    assert (await dispatching)["state"] == "pending_sign"
    assert [await knocker.register(SLOW, key=key) for key in keys] == called
    await until(database, called, "accepted")
    await all_the_way(database, climbing)
    await withdrawn(knocker, climbing)
    assert_climbed(await assert_sound(database, engine_client, climbing))
    await withdrawn(knocker, [*waiting, *called])
    await assert_sound(database, engine_client, [*waiting, *called])


async def test_an_api_that_is_killed_gives_each_caller_one_number(
    stack: EmbeddedStack, knocker: Knocker, database: AsyncEngine, engine_client: Client
) -> None:
    keys = [knocker.key() for _ in range(60)]
    calling = [asyncio.create_task(knocker.register(SLOW, key=key)) for key in keys]
    for _ in range(2):
        await asyncio.sleep(0.15)
        kill(stack, "api")
        await asyncio.sleep(2.5)
    numbers = list(await asyncio.gather(*calling))
    assert len(set(numbers)) == len(keys)
    assert await asyncio.gather(*(knocker.register(SLOW, key=key) for key in keys)) == numbers
    async with reading(database) as connection:
        kept = await connection.scalars(
            text("SELECT number FROM intake WHERE key = ANY(:keys) ORDER BY number"),
            {"keys": [f"operator/{key}" for key in keys]},
        )
        assert kept.all() == sorted(numbers)
    await until(database, numbers, "accepted")
    await withdrawn(knocker, numbers)
    await assert_sound(database, engine_client, numbers)
