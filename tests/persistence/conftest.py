"""An engine on a database of the test's own, and short ways to write and read with it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.messages import Entry
from persistence.append import Appender, Outcome
from persistence.engine import make_engine

Append = Callable[[Entry], Awaitable[Outcome]]


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    """Twenty connections to a fresh database."""
    made = make_engine(database_url, pool_size=20)
    yield made
    await made.dispose()


@pytest.fixture
def append(engine: AsyncEngine) -> Append:
    """Append an entry as the activity does."""
    return appending_with(Appender(engine))


def appending_with(appender: Appender) -> Append:
    """Append entries with this appender."""

    async def append(entry: Entry) -> Outcome:
        return await appender.append(
            events=entry.events,
            summary=entry.summary,
            notices=entry.notices,
            key=entry.key,
            digest=entry.digest,
            answer=entry.answer,
        )

    return append


async def rows(engine: AsyncEngine, query: str) -> list[dict[str, Any]]:
    """What a plain query finds."""
    async with engine.connect() as connection:
        return [dict(row) for row in (await connection.execute(text(query))).mappings()]


async def tamper(engine: AsyncEngine, *statements: str) -> None:
    """Do what the triggers forbid, as somebody with the database's highest rights could."""
    async with engine.begin() as connection:
        await connection.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            await connection.execute(text(statement))
