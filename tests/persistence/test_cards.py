"""Yellow cards found over all timelines, and the pairs that are written down once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.messages import Entry
from domain.card_pairs import PairResult
from domain.commands import Act, CancelCard, Dispatch, Supervise
from domain.levels import Level
from domain.request import Card
from domain.simulator import Simulation
from domain.units import Actor, Role
from persistence.cards import STANDING_CARDS, PendingPair, find_pairs, pending_pairs, settle_pair
from persistence.engine import reading, writing
from tests.persistence.conftest import Append, rows
from tests.support.builders import MONDAY_MORNING, UNITS, actor
from tests.support.stories import entries, taken_in

GRID = UNITS[Level.GRID].code
SUPERVISOR = actor(Role.SUPERVISOR)
YELLOW, CANCEL = Supervise("late", Card.YELLOW), CancelCard("1", Card.YELLOW, "issued by mistake")
SINCE, NOW = MONDAY_MORNING - timedelta(days=30), MONDAY_MORNING + timedelta(days=1)


async def carded(
    engine: AsyncEngine, append: Append, key: str, *more: tuple[Actor, Act], minutes: int = 5
) -> str:
    """A request whose grid worker got a yellow card, and whatever happened then; its number."""
    begun = await taken_in(engine, key)
    story = Simulation.of(begun)
    story.act(actor(Role.DISPATCHER), Dispatch(), MONDAY_MORNING + timedelta(minutes=1))
    for place, (by, act) in enumerate(((SUPERVISOR, YELLOW), *more)):
        story.act(by, act, MONDAY_MORNING + timedelta(minutes=minutes + place))
    for entry in entries(begun, story):
        await append(entry)
    return begun.number


async def look(engine: AsyncEngine, now: datetime = NOW) -> Sequence[PendingPair]:
    """Find pairs; those that wait for their red card."""
    async with writing(engine) as connection:
        await find_pairs(connection, SINCE, now)
    async with reading(engine) as connection:
        return await pending_pairs(connection)


async def settle(engine: AsyncEngine, pair: PendingPair, result: PairResult, **more: str) -> None:
    async with writing(engine) as connection:
        await settle_pair(connection, pair, result, NOW, **more)


async def carded_and_about_to_lose_it(engine: AsyncEngine, append: Append) -> Entry:
    """A request whose grid worker got a yellow card; what is still to be appended takes it back."""
    begun = await taken_in(engine, "about to lose it")
    story = Simulation.of(begun)
    story.act(actor(Role.DISPATCHER), Dispatch(), MONDAY_MORNING + timedelta(minutes=1))
    story.act(SUPERVISOR, YELLOW, MONDAY_MORNING + timedelta(minutes=2))
    story.act(SUPERVISOR, CANCEL, MONDAY_MORNING + timedelta(minutes=9))
    *before, cancelling = entries(begun, story)
    for entry in before:
        await append(entry)
    return cancelling


async def test_two_yellow_cards_of_a_unit_are_written_down_once_as_a_pair(
    engine: AsyncEngine, append: Append
) -> None:
    first = await carded(engine, append, "first")
    assert await look(engine) == []
    second = await carded(engine, append, "second", minutes=7)
    pair = PendingPair(f"cards/{GRID}/2026-03/1", GRID, "2026-03", 1, first, "1", second, "1")
    assert await look(engine) == [pair]
    assert await look(engine) == [pair]
    await settle(engine, pair, PairResult.GIVEN, given_to=second)
    assert await look(engine) == []
    [kept] = await rows(engine, "SELECT result, given_to FROM card_pairs")
    assert kept == {"result": "given", "given_to": second}


async def test_a_third_card_waits_for_the_fourth_and_the_next_pair_has_the_next_number(
    engine: AsyncEngine, append: Append
) -> None:
    numbers = [await carded(engine, append, f"k{place}", minutes=2 + place) for place in range(3)]
    [pair] = await look(engine)
    assert (pair.earlier_number, pair.later_number) == (numbers[0], numbers[1])
    await settle(engine, pair, PairResult.REFUSED, code="request_ended")
    numbers.append(await carded(engine, append, "k3", minutes=12))
    [following] = await look(engine)
    assert (following.key, following.earlier_number) == (f"cards/{GRID}/2026-03/2", numbers[2])


async def test_a_card_that_was_taken_back_counts_for_nothing(engine: AsyncEngine, append: Append) -> None:
    await carded(engine, append, "taken back", (SUPERVISOR, CANCEL))
    await carded(engine, append, "first")
    assert await look(engine) == []
    await carded(engine, append, "second")
    assert len(await look(engine)) == 1


async def test_a_card_taken_back_before_the_red_one_came_breaks_the_pair_and_frees_the_other(
    engine: AsyncEngine, append: Append
) -> None:
    cancelling = await carded_and_about_to_lose_it(engine, append)
    second = await carded(engine, append, "second")
    assert len(await look(engine)) == 1
    await append(cancelling)
    assert await look(engine) == []
    third = await carded(engine, append, "third", minutes=20)
    [pair] = await look(engine)
    assert (pair.place, pair.earlier_number, pair.later_number) == (2, second, third)


async def test_a_red_card_that_was_given_stands_whatever_is_taken_back_afterwards(
    engine: AsyncEngine, append: Append
) -> None:
    cancelling = await carded_and_about_to_lose_it(engine, append)
    second = await carded(engine, append, "second")
    [pair] = await look(engine)
    async with engine.begin() as connection:  # the answer stands, and its worker died before it could note it
        answered = {"key": pair.key, "number": second, "at": NOW}
        await connection.execute(
            text(
                "INSERT INTO answers (key, number, digest, answer, at) VALUES (:key, :number, '', '{}', :at)"
            ),
            answered,
        )
    await append(cancelling)
    assert await look(engine) == [pair]


async def test_cards_of_before_the_look_back_are_left_alone(engine: AsyncEngine, append: Append) -> None:
    await carded(engine, append, "first")
    await carded(engine, append, "second")
    async with writing(engine) as connection:
        assert await find_pairs(connection, MONDAY_MORNING + timedelta(hours=1), NOW) == 0


async def test_two_workers_that_look_at_once_write_each_pair_down_once(
    engine: AsyncEngine, append: Append
) -> None:
    for place in range(8):
        await carded(engine, append, f"k{place}", minutes=2 + place)
    await asyncio.gather(*(look(engine) for _ in range(6)))
    held = await rows(
        engine, "SELECT earlier_number AS n FROM card_pairs UNION ALL SELECT later_number FROM card_pairs"
    )
    assert len(held) == len({row["n"] for row in held}) == 8


async def test_cards_and_what_belongs_to_them_are_found_by_indexes(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("SET LOCAL enable_seqscan = off"))
        await connection.execute(text("SET LOCAL enable_bitmapscan = off"))
        explained = text(f"EXPLAIN {STANDING_CARDS.text}")
        plan = str((await connection.execute(explained, {"since": SINCE})).all())
    for index in ("ix_timeline_yellow_cards", "pk_legs", "pk_intake", "pk_timeline", "pk_card_pairs"):
        assert index in plan
    assert "Seq Scan" not in plan
