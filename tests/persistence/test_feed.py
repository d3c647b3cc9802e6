"""The feed for screens: in order, resumable, and never past a commit that is still to come."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from persistence.engine import reading
from persistence.timeline import FEED_START, FeedItem, feed_after, feed_end
from tests.persistence.conftest import Append
from tests.support.stories import closed, entries, taken_in, worked

INSERT = (
    "INSERT INTO timeline (number, seq, kind, at, recorded_at, actor, fact, prev_hash, hash) VALUES "
    '(:number, 1, \'urged\', now(), now(), \'{"role": "citizen", "person": "c"}\', '
    '\'{"kind": "urged", "note": ""}\', \'\', \'\')'
)


async def after(engine: AsyncEngine, cursor: str, limit: int = 100) -> list[FeedItem]:
    async with reading(engine) as connection:
        return list(await feed_after(connection, cursor, limit))


async def test_everything_comes_once_and_in_order_page_by_page(engine: AsyncEngine, append: Append) -> None:
    one, two = await taken_in(engine, "one"), await taken_in(engine, "two")
    expected = list[tuple[str, int]]()
    for begun, story in ((one, closed(one)), (two, worked(two))):
        for entry in entries(begun, story):
            await append(entry)
            expected.extend((begun.number, event.seq) for event in entry.events)
    seen, cursor = list[tuple[str, int]](), FEED_START
    while page := await after(engine, cursor, limit=3):
        seen.extend((item.number, item.event.seq) for item in page)
        cursor = page[-1].cursor
    assert seen == expected


async def test_a_transaction_that_commits_late_is_never_skipped(engine: AsyncEngine) -> None:
    async with engine.connect() as early, engine.connect() as late:
        # The early one takes its place in the order first, and commits last.
        await early.execute(text(INSERT), {"number": "early"})
        await late.execute(text(INSERT), {"number": "late"})
        await late.commit()
        assert await after(engine, FEED_START) == []
        await early.commit()
    assert [item.number for item in await after(engine, FEED_START)] == ["early", "late"]


async def test_readers_that_follow_writers_see_every_row(engine: AsyncEngine) -> None:
    open_ones, seen, cursor = [], list[str](), FEED_START
    for turn in range(12):
        connection = await engine.connect()
        await connection.execute(text(INSERT), {"number": f"n{turn:02}"})
        open_ones.append(connection)
        if turn % 3 == 2:
            # The middle one of the last three commits at once, the others much later or in another order.
            chosen = open_ones.pop(-2)
            await chosen.commit()
            await chosen.close()
        page = await after(engine, cursor)
        seen.extend(item.number for item in page)
        cursor = page[-1].cursor if page else cursor
    for connection in reversed(open_ones):
        await connection.commit()
        await connection.close()
        page = await after(engine, cursor)
        seen.extend(item.number for item in page)
        cursor = page[-1].cursor if page else cursor
    assert seen == [f"n{turn:02}" for turn in range(12)]


async def test_who_joins_now_hears_only_what_follows(engine: AsyncEngine, append: Append) -> None:
    begun = await taken_in(engine)
    first, second, *_ = entries(begun, worked(begun))
    await append(first)
    async with reading(engine) as connection:
        cursor = await feed_end(connection)
    assert await after(engine, cursor) == []
    await append(second)
    assert [item.event for item in await after(engine, cursor)] == list(second.events)
