"""Listening to PostgreSQL's notifications on a connection of one's own."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import psycopg
from psycopg import sql
from sqlalchemy.ext.asyncio import AsyncEngine

from persistence.engine import CONNECT_SECONDS


async def listen(engine: AsyncEngine, channel: str) -> AsyncGenerator[str]:
    """The payloads of a channel as they come, for ever; first of all an empty one, once the listening has begun.

    What was notified before or between two listenings is lost: whoever listens reads again what it watches when the
    empty payload comes. The connection is not the pool's, since it is never given back.

    Raises:
        psycopg.Error: the connection is lost, or there is none.
    """
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await psycopg.AsyncConnection.connect(url, autocommit=True, connect_timeout=CONNECT_SECONDS)
    async with connection:
        # Channels are constants of ours; LISTEN takes no parameters.
        await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
        yield ""
        async for notification in connection.notifies():
            yield notification.payload
