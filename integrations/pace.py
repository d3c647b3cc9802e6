"""The pace of one partner, for whoever calls it outside its task queue, which keeps the pace of everybody else.

Calls wait for their turn. A partner that says when it wants to be called again is called then, and by nobody before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from integrations.port import PartnerUnavailable

T = TypeVar("T")

LONGEST_WAIT = timedelta(minutes=1)
"""Whoever would have to wait longer for their turn is told so instead."""

MOST_TRIES = 5
"""So often a partner may put one call off, before whoever makes it is told so."""


class Pace:
    """At most ``calls_per_second``, evenly, and none before the instant that the partner named."""

    def __init__(self, calls_per_second: float) -> None:
        self._between = 1 / calls_per_second
        self._free_at = 0.0

    async def keep(self, call: Callable[[], Awaitable[T]]) -> T:
        """The answer to a call that is made in its turn, and once more whenever the partner named a time for that.

        Raises:
            PartnerUnavailable: as the call does, or it would have to wait for too long.
        """
        for _ in range(MOST_TRIES - 1):
            await self._turn()
            try:
                return await call()
            except PartnerUnavailable as busy:
                if busy.retry_after is None:
                    raise
                self._rest(busy.retry_after)
        await self._turn()
        return await call()

    async def _turn(self) -> None:
        now = asyncio.get_running_loop().time()
        wait = timedelta(seconds=max(0.0, self._free_at - now))
        if wait > LONGEST_WAIT:
            raise PartnerUnavailable("asked for a longer pause", retry_after=wait)
        self._free_at = max(now, self._free_at) + self._between
        await asyncio.sleep(wait.total_seconds())

    def _rest(self, pause: timedelta) -> None:
        until = asyncio.get_running_loop().time() + pause.total_seconds()
        self._free_at = max(self._free_at, until)
