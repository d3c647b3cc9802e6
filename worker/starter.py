"""Starting the stories of requests that were taken in: the bridge between the intake row and its workflow.

Intake only writes; this picks what waits. Several starters may run: a row is leased to one of them, and starting is
idempotent anyway, since the workflow's id is the request's number. A row leaves the queue with its first event.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import timedelta

import psycopg
import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.service import RPCError, RPCStatusCode

from domain.request import Intake
from persistence.engine import WriteConnection, writing
from persistence.intake import CHANNEL, free, lease_unstarted
from persistence.listening import listen
from persistence.liveness import beat

log = structlog.get_logger()

LONGEST_BACK_OFF = timedelta(seconds=5)
"""Between attempts while database or engine are away: short, since people wait for their request to start."""

BEAT_EVERY = timedelta(seconds=5)

AT_ONCE = 16
"""Starts under way at one time; more only queue up in the engine's frontend."""


class Starter:
    """Starts waiting requests, woken by the intake and looking by itself once per ``interval``."""

    def __init__(
        self,
        engine: AsyncEngine,
        start: Callable[[Intake], Awaitable[None]],
        *,
        batch: int = 50,
        interval: timedelta = timedelta(seconds=1),
    ) -> None:
        self._engine = engine
        self._start = start
        self._batch = batch
        self._interval = interval
        self._woken = asyncio.Event()
        self._next_beat = 0.0
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def run(self) -> None:
        """Go on until cancelled; outages of database and engine are waited out."""
        listening = asyncio.create_task(self._listen())
        back_off = timedelta()
        try:
            while True:
                try:
                    all_started = await self.start_waiting()
                    back_off = timedelta() if all_started else self._longer(back_off)
                except (SQLAlchemyError, OSError) as error:
                    back_off = self._longer(back_off)
                    log.warning(
                        "starter_lost_database", error=type(error).__name__, pause=back_off.total_seconds()
                    )
                await self._pause(back_off)
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening

    async def start_waiting(self) -> bool:
        """Start everything that waits now; false if something could not be started, which then waits on."""
        while True:
            async with writing(self._engine) as connection:
                await self._beat(connection)
                leased = await lease_unstarted(connection, self._batch)
            failed = await self._start_all(leased)
            if failed:
                async with writing(self._engine) as connection:
                    await free(connection, failed)
                return False
            if len(leased) < self._batch:
                return True

    async def _start_all(self, leased: Sequence[Intake]) -> list[str]:
        outcomes = await asyncio.gather(*(self._started(intake) for intake in leased))
        return [intake.number for intake, started in zip(leased, outcomes, strict=True) if not started]

    async def _started(self, intake: Intake) -> bool:
        """Whether the request is done with for now: false only if the engine could not be reached."""
        async with self._slots:
            try:
                await self._start(intake)
            except Exception as error:  # one request that cannot be started must not stop the others
                if _engine_is_away(error):
                    log.warning("engine_away", number=intake.number, error=type(error).__name__)
                    return False
                # Its lease runs on, longer each time; the gauge of unstarted requests shows it.
                log.exception("request_not_started", number=intake.number)
        return True

    async def _pause(self, back_off: timedelta) -> None:
        if back_off:
            # A new request must not cut the pause short: it would meet the same outage.
            await asyncio.sleep(back_off.total_seconds())
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), self._interval.total_seconds())
        self._woken.clear()

    def _longer(self, back_off: timedelta) -> timedelta:
        return min(max(back_off * 2, timedelta(seconds=0.5)), LONGEST_BACK_OFF)

    async def _beat(self, connection: WriteConnection) -> None:
        now = asyncio.get_running_loop().time()
        if now >= self._next_beat:
            await beat(connection, "starter")
            self._next_beat = now + BEAT_EVERY.total_seconds()

    async def _listen(self) -> None:
        while True:
            with suppress(psycopg.Error, SQLAlchemyError, OSError):
                async for _ in listen(self._engine, CHANNEL):
                    self._woken.set()
            # Without its listener the starter still looks once per interval.
            await asyncio.sleep(LONGEST_BACK_OFF.total_seconds())


def _engine_is_away(error: Exception) -> bool:
    if isinstance(error, RPCError):
        return error.status in _AWAY
    # The lazy client raises RuntimeError while it cannot connect.
    return isinstance(error, RuntimeError | OSError | TimeoutError)


_AWAY = (
    RPCStatusCode.UNAVAILABLE,
    RPCStatusCode.DEADLINE_EXCEEDED,
    RPCStatusCode.RESOURCE_EXHAUSTED,
    RPCStatusCode.CANCELLED,
)
