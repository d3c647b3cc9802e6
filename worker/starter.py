"""Starting the workflows of what was taken in: the bridge between a row that a door wrote and its workflow.

The doors only write; this picks what waits. Several starters may run: a row is leased to one of them, and starting is
idempotent anyway, since the workflow's id is the row's key. A request leaves its queue with its first event, a bulk
job with its first batch, a partner's message when its case has it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, TypeVar

import psycopg
import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.service import RPCError, RPCStatusCode

from domain.request import Intake
from persistence import bulk, intake
from persistence.engine import WriteConnection, writing
from persistence.listening import listen
from persistence.liveness import beat

log = structlog.get_logger()

LONGEST_BACK_OFF = timedelta(seconds=5)
"""Between attempts while database or engine are away: short, since people wait for their request to start."""

BEAT_EVERY = timedelta(seconds=5)

AT_ONCE = 16
"""Starts under way at one time; more only queue up in the engine's frontend."""


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Queue(Generic[T]):
    """A queue of rows that wait for their workflow. ``channel`` is notified when one comes; ``beats_as`` names the sign
    of life of whoever empties it, ``complaint`` is the log's word for one that cannot be started."""

    beats_as: str
    complaint: str
    channel: str
    lease: Callable[[WriteConnection, int], Awaitable[Sequence[T]]]
    free: Callable[[WriteConnection, Sequence[str]], Awaitable[None]]
    key_of: Callable[[T], str]


def _number_of(begun: Intake) -> str:
    return begun.number


def _itself(job: str) -> str:
    return job


REQUESTS = Queue(
    "starter", "request_not_started", intake.CHANNEL, intake.lease_unstarted, intake.free, _number_of
)
BULK_JOBS = Queue(
    "bulk starter", "bulk_job_not_started", bulk.CHANNEL, bulk.lease_unstarted_jobs, bulk.free_jobs, _itself
)


class Starter(Generic[T]):
    """Starts what waits in a queue, woken by its channel and looking by itself once per ``interval``."""

    def __init__(
        self,
        engine: AsyncEngine,
        queue: Queue[T],
        start: Callable[[T], Awaitable[None]],
        *,
        batch: int = 50,
        interval: timedelta = timedelta(seconds=1),
    ) -> None:
        self._engine = engine
        self._queue = queue
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
                leased = await self._queue.lease(connection, self._batch)
            failed = await self._start_all(leased)
            if failed:
                async with writing(self._engine) as connection:
                    await self._queue.free(connection, failed)
                return False
            if len(leased) < self._batch:
                return True

    async def _start_all(self, leased: Sequence[T]) -> list[str]:
        outcomes = await asyncio.gather(*(self._started(waiting) for waiting in leased))
        keys = map(self._queue.key_of, leased)
        return [key for key, started in zip(keys, outcomes, strict=True) if not started]

    async def _started(self, waiting: T) -> bool:
        """Whether it is done with for now: false only if the engine could not be reached."""
        async with self._slots:
            try:
                await self._start(waiting)
            except Exception as error:  # one that cannot be started must not stop the others
                key = self._queue.key_of(waiting)
                if _engine_is_away(error):
                    log.warning("engine_away", number=key, error=type(error).__name__)
                    return False
                # Its lease runs on, longer each time; of requests a gauge shows it.
                log.exception(self._queue.complaint, number=key)
        return True

    async def _pause(self, back_off: timedelta) -> None:
        if back_off:
            # A new arrival must not cut the pause short: it would meet the same outage.
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
            await beat(connection, self._queue.beats_as)
            self._next_beat = now + BEAT_EVERY.total_seconds()

    async def _listen(self) -> None:
        while True:
            with suppress(psycopg.Error, SQLAlchemyError, OSError):
                async for _ in listen(self._engine, self._queue.channel):
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
