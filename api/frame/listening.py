"""Hearing that timelines grow: one LISTEN for the whole process, and whoever waits is woken.

A notification only says that it is worth looking; what is true stands in the database. So a lost connection costs a
little patience and never an event.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from persistence.append import CHANNEL
from persistence.listening import listen

_log = structlog.stdlib.get_logger()
_PAUSE_SECONDS = 1.0
LOOK_AGAIN_SECONDS = 1.0
"""The longest pause between two looks, should a notification be lost."""


class Bell:
    """Rings for one request when its timeline has grown, and for all who listen to everything."""

    def __init__(self) -> None:
        self._any = asyncio.Event()
        self._waiting: dict[str, set[asyncio.Event]] = {}

    def ring(self, number: str) -> None:
        """Wake everybody who waits for this request, and who waits for any."""
        self._any.set()
        self._any = asyncio.Event()
        for rung in self._waiting.get(number, ()):
            rung.set()

    @contextmanager
    def expecting(self, number: str) -> Generator[asyncio.Event]:
        """An event that is set when the request's timeline has grown since; clear it to wait again."""
        rung = asyncio.Event()
        self._waiting.setdefault(number, set()).add(rung)
        try:
            yield rung
        finally:
            others = self._waiting[number]
            others.discard(rung)
            if not others:
                del self._waiting[number]

    async def any_within(self, seconds: float) -> bool:
        """Wait until any timeline has grown, at most so long; whether one has."""
        return await heard(self._any, seconds)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long there is to wait, until an instant of the event loop."""

    until: float

    @classmethod
    def of(cls, seconds: float) -> Patience:
        """Patience that ends so many seconds from now."""
        return cls(asyncio.get_running_loop().time() + seconds)

    @property
    def left(self) -> float:
        """Seconds that remain."""
        return self.until - asyncio.get_running_loop().time()


async def heard(rung: asyncio.Event, seconds: float) -> bool:
    """Wait for the event, at most so long; whether it came."""
    try:
        async with asyncio.timeout(seconds):
            await rung.wait()
    except TimeoutError:
        return False
    return True


async def listen_to_timelines(database: AsyncEngine, bell: Bell) -> None:
    """Ring the bell at every notification, for ever; a lost connection is made again."""
    while True:
        try:
            async for payload in listen(database, CHANNEL):
                bell.ring(payload.partition(":")[0])
        except (psycopg.Error, OSError) as lost:
            _log.warning("listener_lost", reason=type(lost).__name__)
        await asyncio.sleep(_PAUSE_SECONDS)
