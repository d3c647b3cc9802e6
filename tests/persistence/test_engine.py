"""The pools: statements that stand by themselves, and connections that died while nobody used them."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from persistence.engine import each_by_itself, make_engine, make_single_query_engine, reading, single_queries

_KILL_THE_OTHERS = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
_BEAT = text("INSERT INTO heartbeats (name, at) VALUES (:name, now())")


async def beats(engine: AsyncEngine) -> list[str]:
    async with reading(engine) as connection:
        return list(await connection.scalars(text("SELECT name FROM heartbeats ORDER BY name")))


async def test_each_statement_stands_when_it_has_returned(database_url: str):
    singles, other = make_single_query_engine(database_url), make_engine(database_url)
    async with each_by_itself(singles) as connection:
        await connection.execute(_BEAT, {"name": "a"})
        assert await beats(other) == ["a"]
        with pytest.raises(DBAPIError):
            await connection.execute(_BEAT, {"name": "a"})
        await connection.execute(_BEAT, {"name": "b"})
    assert await beats(other) == ["a", "b"]
    await singles.dispose()
    await other.dispose()


async def test_an_ordinary_pool_serves_single_statements_too(database_url: str):
    ordinary = make_engine(database_url)
    assert single_queries(ordinary) is not ordinary
    async with each_by_itself(ordinary) as connection:
        await connection.execute(_BEAT, {"name": "a"})
    assert await beats(ordinary) == ["a"]
    await ordinary.dispose()


@pytest.mark.parametrize("make", [make_engine, make_single_query_engine])
async def test_a_connection_that_died_while_idle_is_replaced_unseen(
    database_url: str, make: type, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("persistence.engine.UNASKED_SECONDS", 0.0)
    watched, killer = make(database_url, check_first=True), make_engine(database_url)
    assert await beats(watched) == []
    async with killer.connect() as connection:
        await connection.execute(_KILL_THE_OTHERS)
    assert await beats(watched) == []
    await watched.dispose()
    await killer.dispose()
