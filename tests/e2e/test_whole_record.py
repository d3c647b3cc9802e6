"""After everything that died: the whole city's record, and what is shown of it."""

from __future__ import annotations

import asyncio
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from persistence.engine import reading
from persistence.projections import rebuild
from persistence.verifying import examine_all
from tests.e2e.knocking import SLOW, Knocker
from tests.e2e.soundness import until


async def shown(database: AsyncEngine) -> dict[str, list[dict[str, Any]]]:
    """Both projections, row by row."""
    found: dict[str, list[dict[str, Any]]] = {}
    async with reading(database) as connection:
        for table, order in (("requests", "number"), ("legs", "number, leg")):
            rows = await connection.execute(text(f"SELECT * FROM {table} ORDER BY {order}"))
            found[table] = [dict(row) for row in rows.mappings()]
    return found


QUIET_MOMENTS = 30
"""Other proofs of the session may still climb: so often a moment is looked for in which nothing grows."""


async def test_every_chain_is_whole_and_the_tables_can_be_made_again(
    knocker: Knocker, database: AsyncEngine
) -> None:
    number = await knocker.register(SLOW)
    await until(database, [number], "accepted")
    await knocker.command(number, "withdraw")
    assert [finding async for finding in examine_all(database, lambda _done, _total: None)] == []
    async with reading(database) as connection:
        begun = "SELECT count(*) FROM timeline JOIN intake USING (number) WHERE seq = 1"
        assert await connection.scalar(text(begun)) == await connection.scalar(
            text("SELECT count(*) FROM intake")
        )
        assert await connection.scalar(text("SELECT count(*) FROM waiting_intake")) == 0
    for _ in range(QUIET_MOMENTS):
        grown = await _grown(database)
        before = await shown(database)
        await rebuild(database, lambda _done, _total: None)
        after = await shown(database)
        if await _grown(database) == grown:
            assert after == before
            return
        await asyncio.sleep(2)
    raise AssertionError("no moment in which no timeline grew")


async def _grown(database: AsyncEngine) -> int:
    """How far all timelines have grown."""
    async with reading(database) as connection:
        return await connection.scalar(text("SELECT count(*) FROM timeline")) or 0
