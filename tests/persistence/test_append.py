"""Appending: once, whatever dies or runs twice."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.messages import Entry
from domain.commands import Answer
from domain.request import begin
from domain.simulator import replayed
from domain.summary import summarize
from persistence.answers import StoredAnswer, find_answer
from persistence.append import Appender, TimelineGap
from persistence.engine import reading
from persistence.queries import find_summary, list_notices
from persistence.timeline import load_state, read_events
from tests.persistence.conftest import Append, appending_with, rows
from tests.support.stories import climbed, closed, entries, taken_in, told, worked


def _stored(entry: Entry) -> StoredAnswer:
    """What stands under the entry's key."""
    assert entry.answer is not None
    return StoredAnswer(entry.number, entry.digest, entry.answer)


async def test_a_story_is_read_back_as_it_was_told(engine: AsyncEngine, append: Append) -> None:
    begun = await taken_in(engine)
    story = closed(begun)
    made = entries(begun, story)
    for entry in made:
        written = await append(entry)
        assert written.inserted
        assert written.events == entry.events
    async with reading(engine) as connection:
        assert await read_events(connection, begun.number) == tuple(story.timeline)
        assert await load_state(connection, begun.number) == story.state
        assert await find_summary(connection, begun.number) == summarize(story.state)


async def test_the_same_entry_twice_stands_once(engine: AsyncEngine, append: Append) -> None:
    begun = await taken_in(engine)
    made = entries(begun, worked(begun))
    for entry in made:
        await append(entry)
        again = await append(entry)
        assert not again.inserted
        assert again.events == entry.events
        assert again.answers == {entry.key: _stored(entry)}
    assert len(await rows(engine, "SELECT 1 FROM timeline")) == len(told(made))
    assert len(await rows(engine, "SELECT 1 FROM notices")) == len(made)


async def test_a_worker_that_died_before_reporting_is_told_what_it_wrote(
    engine: AsyncEngine, append: Append
) -> None:
    begun = await taken_in(engine)
    made = entries(begun, worked(begun))
    for entry in made:
        await append(entry)
    # The new worker remembers nothing, decides at a later instant, and so arrives with other events.
    appended_later = appending_with(Appender(engine))
    later = tuple(replace(event, at=event.at + timedelta(seconds=9)) for event in made[2].events)
    other = replace(made[2], events=later, key="another key")
    written = await appended_later(other)
    assert not written.inserted
    assert written.events == tuple(told(made[2:]))
    assert set(written.answers) == {entry.key for entry in made[2:]}
    async with reading(engine) as connection:
        assert await find_answer(connection, "another key") is None
        assert await find_summary(connection, begun.number) == made[-1].summary


async def test_two_at_once_write_once(engine: AsyncEngine) -> None:
    begun = await taken_in(engine)
    first, second = entries(begun, worked(begun))[:2]
    for entry in (first, second):
        outcomes = await asyncio.gather(*(appending_with(Appender(engine))(entry) for _ in range(8)))
        assert sum(outcome.inserted for outcome in outcomes) == 1
        assert all(outcome.events == entry.events for outcome in outcomes)


async def test_an_order_answered_before_is_not_carried_out_again(engine: AsyncEngine, append: Append) -> None:
    begun = await taken_in(engine)
    first, second = entries(begun, worked(begun))[:2]
    await append(first)
    written = await append(replace(second, key=first.key))
    assert not written.inserted
    assert written.events == ()
    assert written.answers == {first.key: _stored(first)}
    assert (await append(second)).inserted


async def test_a_missing_forerunner_is_loud(engine: AsyncEngine, append: Append) -> None:
    begun = await taken_in(engine)
    second = entries(begun, worked(begun))[1]
    with pytest.raises(TimelineGap, match="no row"):
        await append(second)


async def test_an_entry_that_fails_leaves_nothing(engine: AsyncEngine, append: Append) -> None:
    begun = await taken_in(engine)
    first = entries(begun, worked(begun))[0]
    with pytest.raises(DBAPIError):
        await append(replace(first, summary=replace(first.summary, light="purple")))
    for table in ("timeline", "requests", "legs", "answers", "notices"):
        assert await rows(engine, f"SELECT 1 FROM {table}") == []
    assert len(await rows(engine, "SELECT 1 FROM waiting_intake")) == 1


async def test_the_first_event_takes_the_request_out_of_the_queue(
    engine: AsyncEngine, append: Append
) -> None:
    begun, other = await taken_in(engine, "one"), await taken_in(engine, "two")
    await append(entries(begun, worked(begun))[0])
    assert await rows(engine, "SELECT number FROM waiting_intake") == [{"number": other.number}]


async def test_the_entry_before_tells_where_the_request_stood(engine: AsyncEngine, append: Append) -> None:
    begun = await taken_in(engine)
    made = entries(begun, worked(begun))
    assert (await append(made[0])).before is None
    for earlier, later in pairwise(made):
        before = (await append(later)).before
        assert before is not None
        assert (before.state, before.level) == (earlier.summary.state, earlier.summary.level)
        assert before.entered_at == earlier.summary.entered_at


async def test_an_older_row_never_overwrites_a_newer_one(engine: AsyncEngine, append: Append) -> None:
    from persistence.engine import writing
    from persistence.projections import put

    begun = await taken_in(engine)
    made = entries(begun, climbed(begun))
    for entry in made:
        await append(entry)
    async with writing(engine) as connection:
        await put(connection, [made[0].summary, made[5].summary])
    async with reading(engine) as connection:
        assert await find_summary(connection, begun.number) == made[-1].summary


async def test_answers_and_notices_are_found(engine: AsyncEngine, append: Append) -> None:
    begun = await taken_in(engine)
    made = entries(begun, worked(begun))
    for entry in made:
        await append(entry)
    async with reading(engine) as connection:
        found = await find_answer(connection, made[1].key or "")
        inbox = await list_notices(connection, ["u"], limit=2)
        rest = await list_notices(connection, ["u"], cursor=inbox.next_cursor)
    assert found is not None
    assert (found.number, found.digest, found.answer) == (begun.number, made[1].digest, made[1].answer)
    assert isinstance(found.answer, Answer)
    kept = [notice.notice for notice in (*inbox.items, *rest.items)]
    assert kept == [entry.notices[0] for entry in reversed(made)]


async def test_listeners_hear_of_each_entry(engine: AsyncEngine, append: Append) -> None:
    from persistence.append import CHANNEL
    from persistence.listening import listen

    begun = await taken_in(engine)
    made = entries(begun, worked(begun))
    heard = list[str]()
    async with asyncio.timeout(10):
        async for payload in listen(engine, CHANNEL):
            if payload:
                heard.append(payload)
            else:
                for entry in made:
                    await append(entry)
            if len(heard) == len(made):
                break
    assert heard == [f"{begun.number}:{entry.events[-1].seq}" for entry in made]


@pytest.mark.parametrize(
    "forbidden",
    [
        "UPDATE timeline SET kind = 'closed'",
        "DELETE FROM timeline",
        "TRUNCATE timeline",
        "UPDATE intake SET description = ''",
        "DELETE FROM intake",
        "TRUNCATE intake",
    ],
)
async def test_the_record_refuses_change(engine: AsyncEngine, append: Append, forbidden: str) -> None:
    begun = await taken_in(engine)
    await append(entries(begun, worked(begun))[0])
    with pytest.raises(DBAPIError, match="append-only"):
        async with engine.begin() as connection:
            await connection.execute(text(forbidden))


async def test_the_log_leads_to_the_state(engine: AsyncEngine, append: Append) -> None:
    begun = await taken_in(engine)
    story = climbed(begun)
    for entry in entries(begun, story):
        await append(entry)
    async with reading(engine) as connection:
        events = await read_events(connection, begun.number)
    assert replayed(begun, events) == story.state
    assert begin(begun).seq == 0
