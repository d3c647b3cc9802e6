"""What the parts of a worker have in common: each goes on until it is cancelled, and most of them by looking again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Protocol

import structlog
from sqlalchemy.exc import SQLAlchemyError

log = structlog.get_logger()


class Part(Protocol):
    """A part of the worker that goes on until it is cancelled."""

    async def run(self) -> None:
        """Go on until cancelled."""
        ...


async def go_round(look: Callable[[], Awaitable[object]], every: timedelta, interrupted: str) -> None:
    """Look, rest, and look again until cancelled.

    A round that an outage of database or engine cuts short is told as ``interrupted``, and the next one tries again.
    """
    while True:
        try:
            await look()
        except (SQLAlchemyError, OSError) as error:
            log.warning(interrupted, error=type(error).__name__)
        await asyncio.sleep(every.total_seconds())
