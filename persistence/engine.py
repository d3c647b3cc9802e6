"""Connections to PostgreSQL, and two types that say what a connection may be used for."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, NewType

from sqlalchemy import event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

ReadConnection = NewType("ReadConnection", AsyncConnection)
"""A connection whose transaction PostgreSQL itself keeps from writing."""

WriteConnection = NewType("WriteConnection", AsyncConnection)
"""A connection inside a transaction that is committed when its block ends, or (``each_by_itself``) one on which each
statement is committed.
"""

CONNECT_SECONDS = 5
STATEMENT_SECONDS = 10
"""No query of a door or a step may take longer; tools that read everything set their own limit."""


def make_engine(url: str, *, pool_size: int = 10, check_first: bool = False) -> AsyncEngine:
    """A pool of connections, opened when they are first needed.

    ``check_first`` asks a connection that was idle for a while whether it still lives before it is used: right for the
    doors, where a person would see the failure; the worker's steps are retried anyway and save the round trip.
    """
    return _engine(url, pool_size, check_first=check_first)


def make_single_query_engine(url: str, *, pool_size: int = 10, check_first: bool = False) -> AsyncEngine:
    """As :func:`make_engine`, for statements that are each a transaction of their own.

    Its connections are in that mode for good, which saves several round trips at each use.
    """
    return _engine(
        url,
        pool_size,
        check_first=check_first,
        isolation_level="AUTOCOMMIT",
        pool_reset_on_return=None,
        execution_options={_SINGLE: True},
    )


def single_queries(engine: AsyncEngine) -> AsyncEngine:
    """The engine, if it was made for single queries; else one on the same pool that switches at each use."""
    if engine.get_execution_options().get(_SINGLE):
        return engine
    return engine.execution_options(isolation_level="AUTOCOMMIT")


_SINGLE = "huying_single_queries"

UNASKED_SECONDS = 1.0
"""A connection that was used less long ago is taken to live."""


def _engine(url: str, pool_size: int, *, check_first: bool, **more: Any) -> AsyncEngine:
    options = f"-c timezone=UTC -c statement_timeout={STATEMENT_SECONDS}s -c application_name=huying"
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=STATEMENT_SECONDS,
        # Errors are logged; what people wrote to us is not.
        hide_parameters=True,
        connect_args={"options": options, "connect_timeout": CONNECT_SECONDS},
        **more,
    )
    if check_first:
        _ask_the_idle(engine)
    return engine


def _ask_the_idle(engine: AsyncEngine) -> None:
    dialect = engine.dialect

    def note(_connection: Any, record: Any) -> None:
        record.info["idle_since"] = time.monotonic()

    def ask(connection: Any, record: Any, _proxy: Any) -> None:
        idle_since = record.info.get("idle_since")
        if idle_since is None or time.monotonic() - idle_since < UNASKED_SECONDS:
            return
        try:
            dialect.do_ping(connection)
        except dialect.loaded_dbapi.Error as lost:
            raise InvalidatePoolError from lost

    event.listen(engine.sync_engine, "checkin", note)
    event.listen(engine.sync_engine, "checkout", ask)


@asynccontextmanager
async def reading(engine: AsyncEngine) -> AsyncGenerator[ReadConnection]:
    """A read-only transaction."""
    async with engine.connect() as connection:
        await connection.execution_options(postgresql_readonly=True)
        yield ReadConnection(connection)


@asynccontextmanager
async def writing(engine: AsyncEngine) -> AsyncGenerator[WriteConnection]:
    """A transaction: committed at the end of the block, rolled back if it raises."""
    async with engine.begin() as connection:
        yield WriteConnection(connection)


@asynccontextmanager
async def each_by_itself(engine: AsyncEngine) -> AsyncGenerator[WriteConnection]:
    """For writes that are one statement: each one is a transaction, and stands when it has returned."""
    async with single_queries(engine).connect() as connection:
        yield WriteConnection(connection)
