"""The projections can always be made again, also under load, and come out the same."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from persistence.append import Appender
from persistence.projections import rebuild, rows_of
from tests.persistence.conftest import Append, appending_with, rows
from tests.support.stories import climbed, closed, entries, taken_in, worked

TELLERS = (closed, climbed, worked)


async def both(engine: AsyncEngine) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    return (
        await rows(engine, "SELECT * FROM requests ORDER BY number"),
        await rows(engine, "SELECT * FROM legs ORDER BY number, leg"),
    )


async def several(engine: AsyncEngine, append: Append, count: int) -> None:
    for turn in range(count):
        begun = await taken_in(engine, f"k{turn}")
        for entry in entries(begun, TELLERS[turn % 3](begun)):
            await append(entry)


async def test_a_rebuild_gives_the_same_tables(
    engine: AsyncEngine, append: Append, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("persistence.projections.BATCH", 4)
    await several(engine, append, 9)
    await taken_in(engine, "not started yet")
    before = await both(engine)
    async with engine.begin() as connection:
        await connection.execute(
            text("UPDATE requests SET light = 'black', seq = seq + 50 WHERE number LIKE '%1'")
        )
        await connection.execute(text("DELETE FROM requests WHERE number LIKE '%2'"))
        await connection.execute(text("UPDATE legs SET unit = 'nobody', seq = 0"))
        await connection.execute(
            text("UPDATE requests SET number = '20990101-0000001' WHERE number LIKE '%3'")
        )
        await connection.execute(text("UPDATE legs SET number = '20000101-0000001' WHERE number LIKE '%4'"))
    reported = list[tuple[int, int]]()
    assert await rebuild(engine, lambda done, total: reported.append((done, total))) == 9
    assert await both(engine) == before
    assert reported[0] == (0, 10)
    assert reported[-1] == (10, 10)


async def test_a_rebuild_beside_running_appends_loses_no_step(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("persistence.projections.BATCH", 2)
    begun = [await taken_in(engine, f"k{n}") for n in range(12)]
    made = [entries(one, climbed(one)) for one in begun]
    append = appending_with(Appender(engine))

    async def live(number: int) -> None:
        for entry in made[number]:
            await append(entry)

    async def rebuilds() -> None:
        for _ in range(6):
            await rebuild(engine, lambda done, total: None)

    await asyncio.gather(rebuilds(), *(live(number) for number in range(12)))
    shown, legs = await both(engine)
    for row, story in zip(shown, made, strict=True):
        board, inbox = rows_of(story[-1].summary)
        assert row == board
        assert [leg for leg in legs if leg["number"] == row["number"]] == inbox


async def test_an_empty_database_is_rebuilt_at_once(engine: AsyncEngine) -> None:
    assert await rebuild(engine, lambda done, total: None) == 0
