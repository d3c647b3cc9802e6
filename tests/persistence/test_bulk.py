"""Bulk jobs as they are kept: all of a job or nothing, leased to one starter, each result written once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.bulk import ItemResult
from domain.commands import Urge
from domain.refusals import Refused
from domain.units import Role
from persistence.bulk import (
    Item,
    JobDraft,
    ask_to_cancel,
    end_job,
    find_job,
    free_jobs,
    lease_unstarted_jobs,
    next_batch,
    note_result,
    pause_job,
    take_in_job,
)
from persistence.engine import ReadConnection, writing
from tests.persistence.conftest import rows
from tests.support.builders import actor

NUMBERS = ("20260302-00003", "20260302-00001", "20260302-00002")


def job_draft(**changes: Any) -> JobDraft:
    given: dict[str, Any] = {
        "id": "0123456789abcdef",
        "key": "key",
        "digest": "digest of the body",
        "principal": "operator",
        "actor": actor(Role.DISPATCHER),
        "command": "urge",
        "act": Urge("请尽快处置"),
        "numbers": NUMBERS,
        "unseen": frozenset(),
        "at": datetime(2026, 3, 2, tzinfo=UTC),
    }
    return JobDraft(**(given | changes))


async def taken(engine: AsyncEngine, **changes: Any) -> str:
    async with writing(engine) as connection:
        return await take_in_job(connection, job_draft(**changes))


async def leased(engine: AsyncEngine, limit: int = 10) -> list[str]:
    async with writing(engine) as connection:
        return list(await lease_unstarted_jobs(connection, limit))


async def test_one_key_is_one_job_also_when_two_come_at_once(engine: AsyncEngine) -> None:
    ids = await asyncio.gather(*(taken(engine, id=f"{n:016x}") for n in range(8)))
    assert len(set(ids)) == 1
    assert await rows(engine, "SELECT count(*) AS n FROM bulk_items") == [{"n": 3}]
    with pytest.raises(Refused, match="another body"):
        await taken(engine, id="f" * 16, digest="of another body")


async def test_the_order_comes_back_as_it_was_given_with_the_next_numbers(engine: AsyncEngine) -> None:
    job = await taken(engine, unseen=frozenset({NUMBERS[1]}))
    async with writing(engine) as connection:
        batch = await next_batch(connection, job, 1)
    assert (batch.actor, batch.command) == (job_draft().actor, "urge")
    assert batch.acts == {"20260302-00002": job_draft().act}
    async with engine.connect() as connection:
        found = await find_job(ReadConnection(connection), job)
    assert found is not None
    assert found.started_at is not None
    assert found.counts == {ItemResult.NOT_FOUND: 1, ItemResult.PENDING: 2}


async def test_a_result_is_written_once_and_outlasts_the_end(engine: AsyncEngine) -> None:
    job, number = await taken(engine), NUMBERS[0]
    async with writing(engine) as connection:
        assert await note_result(connection, job, Item(number, ItemResult.DONE, state="in_progress", seq=7))
        assert not await note_result(connection, job, Item(number, ItemResult.REFUSED, "urged_today"))
        assert await end_job(connection, job) == 2
    async with writing(engine) as connection:
        (first,) = await rows(engine, "SELECT ended_at FROM bulk_jobs")
        assert await end_job(connection, job) == 0
    assert await rows(engine, "SELECT ended_at FROM bulk_jobs") == [first]
    results = await rows(engine, "SELECT result FROM bulk_items ORDER BY number")
    assert [row["result"] for row in results] == ["cancelled", "cancelled", "done"]


async def test_a_job_that_is_to_end_does_not_rest_any_more(engine: AsyncEngine) -> None:
    job = await taken(engine)
    async with writing(engine) as connection:
        await ask_to_cancel(connection, job, datetime.now(UTC))
        await pause_job(connection, job, datetime.now(UTC))
        batch = await next_batch(connection, job, 10)
    assert (batch.acts, batch.paused) == ({}, False)


async def test_a_job_is_leased_to_one_starter_until_its_first_batch(engine: AsyncEngine) -> None:
    job = await taken(engine)
    assert sorted(await asyncio.gather(leased(engine), leased(engine))) == [[], [job]]
    async with writing(engine) as connection:
        await free_jobs(connection, [job])
    assert await leased(engine) == [job]
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE bulk_jobs SET free_at = now(), attempts = 60"))
    assert await leased(engine) == [job]
    async with writing(engine) as connection:
        await next_batch(connection, job, 10)
        await free_jobs(connection, [job])
    assert await leased(engine) == []
