"""Taking in: a number for every call, one number for every key, and a queue that loses nothing."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.refusals import Refused
from persistence.chain import intake_digest
from persistence.engine import reading, writing
from persistence.identity import Caller, Seal
from persistence.intake import (
    FIRST_LEASE,
    AnsweredBefore,
    TakenIn,
    free,
    lease_unstarted,
    number_of,
    take_in,
)
from persistence.queries import count_unstarted, find_request
from persistence.timeline import load_state, read_intake
from tests.persistence.conftest import Append, rows
from tests.support.stories import draft, entries, taken_in, worked

SEAL = Seal(bytes(32))


async def take(engine: AsyncEngine, **changes: object) -> TakenIn:
    async with writing(engine) as connection:
        return await take_in(connection, draft(**changes))


async def test_an_intake_is_read_back_whole(engine: AsyncEngine) -> None:
    taken = await take(engine, description="积水 flooding")
    assert taken.is_new
    assert taken.intake.number == "20260302-0000001"
    async with reading(engine) as connection:
        assert await read_intake(connection, taken.intake.number) == taken.intake
        state = await load_state(connection, taken.intake.number)
        detail = await find_request(connection, taken.intake.number)
        assert await find_request(connection, "unknown") is None
    assert state is not None
    assert (state.seq, state.intake) == (0, taken.intake)
    assert detail is not None
    assert (detail.description, detail.summary) == ("积水 flooding", None)


async def test_people_and_the_earlier_request_are_part_of_what_the_digest_covers(engine: AsyncEngine) -> None:
    came_from = {"repeat_of": "20260202-0000007", "found_in": "20260202-0000008-p1"}
    taken = await take(engine, people=30, **came_from)
    assert (taken.intake.people, taken.intake.repeat_of) == (30, "20260202-0000007")
    (row,) = await rows(engine, "SELECT body, description, query_code FROM intake")
    assert intake_digest(**row) == taken.intake.digest
    for change in ({"people": 3}, {"repeat_of": None}, {"found_in": None}):
        altered: dict[str, Any] = {**row, "body": {**row["body"], **change}}
        assert intake_digest(**altered) != taken.intake.digest


async def test_a_key_that_a_story_obeyed_makes_no_new_request(engine: AsyncEngine, append: Append) -> None:
    first = await take(engine, key="k")
    entry = entries(first.intake, worked(first.intake))[0]
    await append(replace(entry, key="urged"))
    with pytest.raises(AnsweredBefore) as before:
        await take(engine, key="urged")
    assert before.value.stored.number == first.intake.number
    assert len(await rows(engine, "SELECT 1 FROM intake")) == 1


async def test_the_same_key_gives_the_same_number(engine: AsyncEngine) -> None:
    first = await take(engine, key="k")
    again = await take(engine, key="k", received_at=datetime(2026, 3, 3, tzinfo=UTC))
    assert (again.intake, again.query_code, again.is_new) == (first.intake, first.query_code, False)
    other = await take(engine, key="another")
    assert other.intake.number != first.intake.number


async def test_the_same_key_with_another_body_is_refused(engine: AsyncEngine) -> None:
    await take(engine, key="k")
    with pytest.raises(Refused) as refused:
        await take(engine, key="k", body_digest="another")
    assert refused.value.code == "idempotency_conflict"


async def test_twenty_calls_at_one_moment_with_one_key_get_one_number(engine: AsyncEngine) -> None:
    taken = await asyncio.gather(*(take(engine, key="k") for _ in range(20)))
    assert len({one.intake.number for one in taken}) == 1
    assert sum(one.is_new for one in taken) == 1
    assert len(await rows(engine, "SELECT 1 FROM intake")) == 1
    assert len(await rows(engine, "SELECT 1 FROM waiting_intake")) == 1


async def test_only_the_call_that_is_taken_in_leaves_an_identity(engine: AsyncEngine) -> None:
    callers = [SEAL.seal(Caller("陈大文", "13800001234", None)) for _ in range(3)]
    taken = [await take(engine, key="k", caller=caller) for caller in callers]
    assert {one.intake.caller_ref for one in taken} == {callers[0].ref}
    assert await rows(engine, "SELECT caller_ref FROM identity") == [{"caller_ref": callers[0].ref}]


def test_numbers_keep_their_order_beyond_seven_digits() -> None:
    day = datetime(2026, 12, 31, tzinfo=UTC).date()
    assert number_of(day, 42) == "20261231-0000042"
    assert number_of(day, 12_345_678) == "20261231-12345678"


async def test_a_leased_row_is_given_to_one_starter_only(engine: AsyncEngine) -> None:
    expected = {(await taken_in(engine, f"k{n}")).number for n in range(30)}

    async def lease() -> list[str]:
        async with writing(engine) as connection:
            leased = await lease_unstarted(connection, 10)
            await asyncio.sleep(0.05)
            return [begun.number for begun in leased]

    leases = await asyncio.gather(*(lease() for _ in range(5)))
    given = [number for one in leases for number in one]
    assert sorted(given) == sorted(expected)
    assert await lease() == []


async def test_a_lease_ends_later_each_time_and_a_freed_row_waits_again(engine: AsyncEngine) -> None:
    begun = await taken_in(engine)
    waits = list[timedelta]()
    for _ in range(8):
        async with writing(engine) as connection:
            assert len(await lease_unstarted(connection, 10)) == 1
        (row,) = await rows(engine, "SELECT free_at - clock_timestamp() AS wait FROM waiting_intake")
        waits.append(row["wait"])
        async with engine.begin() as connection:
            await connection.execute(text("UPDATE waiting_intake SET free_at = now()"))
    assert timedelta() < waits[0] <= FIRST_LEASE < waits[1] < waits[2] < waits[-1] <= timedelta(minutes=5)
    async with writing(engine) as connection:
        await lease_unstarted(connection, 10)
        assert await lease_unstarted(connection, 10) == []
        await free(connection, [begun.number])
        assert [one.number for one in await lease_unstarted(connection, 10)] == [begun.number]
    async with reading(engine) as connection:
        assert await count_unstarted(connection) == 1
