"""Loads, closed and open, over any side. Times in seconds."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import TypeVar

from bench.sides import CallFailed

_SHOWN_ERRORS = 3
_TROUBLES = (CallFailed, OSError, RuntimeError)

S = TypeVar("S")
Work = Callable[[S], Awaitable[str | None]]


@dataclass
class Told:
    """What came of a load: how many were finished and how long each took; the errors, and the results."""

    finished: int = 0
    window: float = 0.0
    seconds: list[float] = field(default_factory=list[float])
    """How long each took that was finished within the window that is measured."""
    results: list[str] = field(default_factory=list[str])
    errors: int = 0
    complaints: list[str] = field(default_factory=list[str])

    def as_message(self) -> dict[str, object]:
        """For the pipe."""
        return asdict(self)

    def failed(self, error: Exception) -> None:
        """Count an error, and keep the first few."""
        self.errors += 1
        if len(self.complaints) < _SHOWN_ERRORS:
            self.complaints.append(f"{type(error).__name__}: {error}"[:300])

    def done(self, seconds: float, result: str | None) -> None:
        """Count what was finished."""
        self.finished += 1
        self.seconds.append(seconds)
        if result:
            self.results.append(result)

    def add(self, more: Told) -> None:
        """Count what came of another load too."""
        self.finished += more.finished
        self.window += more.window
        self.seconds += more.seconds
        self.results += more.results
        self.errors += more.errors
        self.complaints = (self.complaints + more.complaints)[:_SHOWN_ERRORS]


async def closed_loop(sides: Sequence[S], work: Work[S], *, warm_up: float, window: float) -> Told:
    """Each side's teller works without a pause; what is finished after the warm-up and within the window is timed.

    Whoever is under way at the end of the window finishes, so that nothing runs into the next measurement.
    """
    told = Told(window=window)
    begins_at = time.perf_counter() + warm_up
    ends_at = begins_at + window

    async def tell(side: S) -> None:
        while (began := time.perf_counter()) < ends_at:
            try:
                result = await work(side)
            except _TROUBLES as error:
                told.failed(error)
                continue
            now = time.perf_counter()
            if begins_at <= now < ends_at:
                told.done(now - began, result)
            else:
                told.finished += 1

    await asyncio.gather(*(tell(side) for side in sides))
    return told


async def open_loop(sides: Sequence[S], work: Work[S], *, rate: float, window: float) -> Told:
    """Calls at even instants, whether or not earlier ones were answered; each is timed from the instant it was due."""
    told = Told(window=window)
    idle = asyncio.Queue[S]()
    for side in sides:
        idle.put_nowait(side)
    began = time.perf_counter()

    async def tell(due_at: float) -> None:
        side = await idle.get()
        try:
            result = await work(side)
            told.done(time.perf_counter() - due_at, result)
        except _TROUBLES as error:
            told.failed(error)
        finally:
            idle.put_nowait(side)

    async with asyncio.TaskGroup() as group:
        for place in range(int(rate * window)):
            due_at = began + place / rate
            await asyncio.sleep(max(0.0, due_at - time.perf_counter()))
            group.create_task(tell(due_at))
    return told


async def as_many(sides: Sequence[S], work: Work[S], *, count: int, until: float = math.inf) -> Told:
    """So many in all, each side one after the other; none is begun after the Unix instant ``until``."""
    told = Told()
    began = time.perf_counter()
    left = iter(range(count))

    async def tell(side: S) -> None:
        for _ in left:
            started = time.perf_counter()
            try:
                result = await work(side)
                told.done(time.perf_counter() - started, result)
            except _TROUBLES as error:
                told.failed(error)
            if time.time() > until:
                return

    await asyncio.gather(*(tell(side) for side in sides))
    told.window = time.perf_counter() - began
    return told
