"""The feed of all timelines for the screens: read once per process as it grows, and handed to every viewer.

A viewer who is behind what is remembered reads from the database until caught up; nothing is ever skipped.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Generator, Sequence
from contextlib import contextmanager

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from api.frame.listening import Bell, heard
from persistence.engine import reading
from persistence.timeline import FeedItem, feed_after, feed_end

_log = structlog.stdlib.get_logger()
BATCH = 200
_REMEMBERED = 2_000
_GATHER_SECONDS = 0.1
"""Events that come close together are read together."""
_LOOK_AGAIN_SECONDS = 1.0
"""Events become visible in the feed when older transactions have ended, which rings no bell."""


def place_of(cursor: str) -> tuple[int, int]:
    """Where a cursor stands in the order of the feed.

    Raises:
        ValueError: it is no cursor.
    """
    transaction, _, row = cursor.partition(".")
    return int(transaction), int(row)


class Feed:
    """The newest part of the feed, kept while somebody watches."""

    def __init__(self, database: AsyncEngine, bell: Bell) -> None:
        self._database = database
        self._bell = bell
        self._items: deque[FeedItem] = deque(maxlen=_REMEMBERED)
        self._begin: tuple[int, int] | None = None
        self._viewers = 0
        self._watched = asyncio.Event()
        self._grown = asyncio.Event()

    @contextmanager
    def watching(self) -> Generator[None]:
        """Keep the feed growing while somebody looks at it."""
        self._viewers += 1
        self._watched.set()
        try:
            yield
        finally:
            self._viewers -= 1
            if self._viewers == 0:
                self._watched.clear()

    async def end(self) -> str:
        """The cursor of the present."""
        async with reading(self._database) as connection:
            return await feed_end(connection)

    async def after(self, cursor: str) -> Sequence[FeedItem]:
        """The next items after the cursor; empty if there are none yet."""
        place = place_of(cursor)
        if self._begin is not None and place >= self._begin:
            return [item for item in self._items if place_of(item.cursor) > place][:BATCH]
        async with reading(self._database) as connection:
            return await feed_after(connection, cursor, BATCH)

    async def grown(self, seconds: float) -> bool:
        """Wait until the feed has grown, at most so long; whether it has."""
        return await heard(self._grown, seconds)

    async def grow(self) -> None:
        """Read on for ever, while somebody watches."""
        while True:
            await self._watched.wait()
            try:
                await self._grow_while_watched(await self.end())
            except (SQLAlchemyError, OSError) as lost:
                _log.warning("feed_interrupted", reason=type(lost).__name__)
                await asyncio.sleep(_LOOK_AGAIN_SECONDS)

    async def _grow_while_watched(self, cursor: str) -> None:
        self._items.clear()
        self._begin = place_of(cursor)
        try:
            while self._watched.is_set():
                cursor = await self._take(cursor)
                await self._bell.any_within(_LOOK_AGAIN_SECONDS)
                await asyncio.sleep(_GATHER_SECONDS)
        finally:
            self._begin = None

    async def _take(self, cursor: str) -> str:
        while True:
            async with reading(self._database) as connection:
                found = await feed_after(connection, cursor, BATCH)
            for item in found:
                if len(self._items) == _REMEMBERED:
                    self._begin = place_of(self._items[0].cursor)
                self._items.append(item)
                cursor = item.cursor
            if found:
                self._grown.set()
                self._grown = asyncio.Event()
            if len(found) < BATCH:
                return cursor
