"""The chain tells what was altered, removed or moved, even by somebody who can switch the triggers off."""

from __future__ import annotations

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from persistence.chain import ChainFault
from persistence.engine import reading
from persistence.timeline import verify_all, verify_chain
from tests.persistence.conftest import Append, tamper
from tests.support.stories import climbed, closed, entries, taken_in

NUMBER = "20260302-0000001"


@pytest.fixture
async def told_story(engine: AsyncEngine, append: Append) -> int:
    """One closed request with a whole chain; the number of its events."""
    begun = await taken_in(engine)
    assert begun.number == NUMBER
    story = closed(begun)
    for entry in entries(begun, story):
        await append(entry)
    return len(story.timeline)


async def faults(engine: AsyncEngine) -> list[ChainFault]:
    async with reading(engine) as connection:
        assert [fault async for fault in verify_all(connection)] == await verify_chain(connection, NUMBER)
        return await verify_chain(connection, NUMBER)


async def test_a_story_as_it_was_written_is_whole(engine: AsyncEngine, told_story: int) -> None:
    assert told_story > 8
    assert await faults(engine) == []


@pytest.mark.parametrize(
    "change",
    [
        "fact = jsonb_set(fact, '{note}', '\"nothing\"')",
        "at = at + interval '1 microsecond'",
        "recorded_at = recorded_at - interval '1 hour'",
        "actor = jsonb_set(actor, '{person}', '\"somebody else\"')",
        "kind = 'withdrawn'",
    ],
)
async def test_an_altered_row_is_named(engine: AsyncEngine, told_story: int, change: str) -> None:
    await tamper(engine, f"UPDATE timeline SET {change} WHERE seq = 6")
    assert await faults(engine) == [ChainFault(NUMBER, 6, "altered")]


async def test_a_forged_row_with_a_hash_of_its_own_breaks_the_next_link(
    engine: AsyncEngine, told_story: int
) -> None:
    await tamper(engine, "UPDATE timeline SET hash = repeat('a', 64) WHERE seq = 6")
    assert await faults(engine) == [ChainFault(NUMBER, 6, "altered"), ChainFault(NUMBER, 7, "unlinked")]


async def test_a_missing_row_is_named(engine: AsyncEngine, told_story: int) -> None:
    await tamper(engine, "DELETE FROM timeline WHERE seq = 4")
    assert await faults(engine) == [ChainFault(NUMBER, 4, "missing")]


async def test_a_missing_end_is_noticed(engine: AsyncEngine, told_story: int) -> None:
    await tamper(engine, f"DELETE FROM timeline WHERE seq = {told_story}")
    assert await faults(engine) == [ChainFault(NUMBER, told_story, "missing")]


async def test_a_missing_story_is_noticed(engine: AsyncEngine, told_story: int) -> None:
    await tamper(engine, "DELETE FROM timeline")
    assert await faults(engine) == [ChainFault(NUMBER, told_story, "missing")]


async def test_two_rows_that_changed_places_are_named(engine: AsyncEngine, told_story: int) -> None:
    await tamper(
        engine,
        "UPDATE timeline SET seq = 99 WHERE seq = 5",
        "UPDATE timeline SET seq = 5 WHERE seq = 6",
        "UPDATE timeline SET seq = 6 WHERE seq = 99",
    )
    found = await faults(engine)
    assert {(fault.seq, fault.what) for fault in found} >= {(5, "unlinked"), (6, "unlinked"), (5, "altered")}


@pytest.mark.parametrize(
    "change",
    [
        "description = 'another complaint'",
        "body = jsonb_set(body, '{channel}', '\"app\"')",
        "query_code = 'X'",
    ],
)
async def test_an_altered_intake_is_noticed(engine: AsyncEngine, told_story: int, change: str) -> None:
    await tamper(engine, f"UPDATE intake SET {change}")
    assert await faults(engine) == [ChainFault(NUMBER, 0, "intake_altered")]


async def test_an_intake_forged_together_with_its_digest_no_longer_starts_the_chain(
    engine: AsyncEngine, told_story: int
) -> None:
    await tamper(engine, "UPDATE intake SET body = jsonb_set(body, '{digest}', '\"00\"')")
    assert ChainFault(NUMBER, 1, "unlinked") in await faults(engine)


async def test_only_the_request_with_the_fault_is_named(
    engine: AsyncEngine, told_story: int, append: Append
) -> None:
    other = await taken_in(engine, "another")
    for entry in entries(other, climbed(other)):
        await append(entry)
    await tamper(engine, f"UPDATE timeline SET kind = 'urged' WHERE seq = 3 AND number = '{other.number}'")
    async with reading(engine) as connection:
        assert [fault async for fault in verify_all(connection)] == [ChainFault(other.number, 3, "altered")]
        assert await verify_chain(connection, NUMBER) == []
