"""Reconciliations: one of each partner at a time, done by one worker, and never forgotten while the partner is away."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.cases.reconciliation import Difference, Disagreement
from domain.partners import Partner
from persistence.engine import reading, writing
from persistence.reconciliations import (
    OVERLAP,
    Claimed,
    Reconciliation,
    ask_for_reconciliation,
    ask_when_due,
    claim_reconciliation,
    end_reconciliation,
    find_reconciliation,
    last_reconciliations,
    list_reconciliations,
    put_off,
)
from tests.persistence.conftest import rows

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
DAY = timedelta(days=1)
PARTNER = Partner.ENFORCEMENT
FOUND = (
    Difference("20260302-0000001-p1", Disagreement.BEHIND, ours=1, theirs=3, repaired=True),
    Difference("20260302-0000002-p1", Disagreement.MISSING_HERE, theirs=1),
)


async def due(engine: AsyncEngine, now: datetime = NOW) -> None:
    async with writing(engine) as connection:
        await ask_when_due(connection, PARTNER, DAY, now)


async def claim(engine: AsyncEngine, now: datetime = NOW) -> Claimed | None:
    async with writing(engine) as connection:
        return await claim_reconciliation(connection, PARTNER, now)


async def asked(engine: AsyncEngine, by: str = "operator") -> Reconciliation:
    async with writing(engine) as connection:
        return await ask_for_reconciliation(connection, PARTNER, by=by, at=NOW)


async def done(engine: AsyncEngine, now: datetime = NOW, found: tuple[Difference, ...] = ()) -> None:
    claimed = await claim(engine, now)
    assert claimed is not None
    async with writing(engine) as connection:
        await end_reconciliation(connection, claimed, found, compared=7, at=now)


async def put_off_now(engine: AsyncEngine) -> None:
    claimed = await claim(engine)
    assert claimed is not None
    async with writing(engine) as connection:
        await put_off(connection, claimed, "nobody answers")


async def release(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE reconciliations SET free_at = now()"))


async def test_it_is_due_once_a_day_and_once_only(engine: AsyncEngine):
    await asyncio.gather(*(due(engine) for _ in range(5)))
    await done(engine)
    await due(engine, NOW + DAY - timedelta(minutes=1))
    assert await claim(engine, NOW + DAY) is None
    await due(engine, NOW + DAY)
    assert await claim(engine, NOW + DAY) is not None


async def test_one_worker_does_it(engine: AsyncEngine):
    await due(engine)
    claims = await asyncio.gather(*(claim(engine) for _ in range(5)))
    assert len([each for each in claims if each is not None]) == 1


async def test_a_worker_that_died_is_replaced(engine: AsyncEngine):
    await due(engine)
    first = await claim(engine)
    await release(engine)
    assert await claim(engine) == first


async def test_it_reaches_back_behind_the_one_before(engine: AsyncEngine):
    await due(engine)
    first = await claim(engine)
    assert first is not None
    assert first.since is None
    await release(engine)
    await done(engine)
    await due(engine, NOW + DAY)
    second = await claim(engine, NOW + DAY)
    assert second is not None
    assert second.since == NOW - OVERLAP


async def test_what_was_found_is_kept(engine: AsyncEngine):
    first = await asked(engine)
    assert (first.asked_by, first.begun_at, first.ended_at) == ("operator", None, None)
    await done(engine, found=FOUND)
    async with reading(engine) as connection:
        kept = (await last_reconciliations(connection))[PARTNER]
        assert await find_reconciliation(connection, first.id) == kept
        assert await find_reconciliation(connection, first.id + 1) is None
    assert (kept.compared, kept.differences, kept.repaired) == (7, FOUND, 1)
    assert (kept.begun_at, kept.ended_at, kept.failure) == (NOW, NOW, "")


async def test_whoever_asks_gets_the_one_that_is_under_way(engine: AsyncEngine):
    first, second = await asked(engine, "one"), await asked(engine, "two")
    assert (second.id, second.asked_by) == (first.id, "one")
    await claim(engine)
    assert (await asked(engine)).id == first.id
    assert await claim(engine) is None  # it is in somebody's hands


async def test_one_that_was_put_off_waits_longer_each_time_and_is_tried_at_once_when_asked_for(
    engine: AsyncEngine,
):
    await due(engine)
    waits: list[int] = []
    for _ in range(8):
        await put_off_now(engine)
        (row,) = await rows(engine, "SELECT extract(epoch FROM free_at - now()) AS wait FROM reconciliations")
        waits.append(round(float(row["wait"])))
        await release(engine)
    assert waits == sorted(waits)
    assert waits[0] == pytest.approx(15, abs=2)
    assert waits[-1] == pytest.approx(600, abs=2)
    await put_off_now(engine)
    assert await claim(engine) is None
    hurried = await asked(engine)
    assert (hurried.failure, hurried.attempts) == ("nobody answers", 9)
    assert await claim(engine) is not None


async def test_the_list_has_the_newest_first(engine: AsyncEngine):
    for day in range(4):
        await due(engine, NOW + day * DAY)
        await done(engine, NOW + day * DAY)
    async with reading(engine) as connection:
        first = await list_reconciliations(connection, PARTNER, limit=3)
        second = await list_reconciliations(connection, PARTNER, cursor=first.next_cursor)
        nothing = await list_reconciliations(connection, Partner.AFFAIRS)
    assert [each.begun_at for each in (*first.items, *second.items)] == [
        NOW + day * DAY for day in (3, 2, 1, 0)
    ]
    assert (len(first.items), second.next_cursor, nothing.items) == (3, None, [])
