"""Waiting: one timer for everything that is pending, and one desk where the units' answers arrive.

The story asks only for a word; timers and activities stay in here.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from temporalio import workflow
from temporalio.exceptions import ActivityError

from activities.messages import LegAnswer, Posting
from domain.request import Leg, RequestState
from workflows.ids import activity_id
from workflows.options import AWAIT_LEG, POST_LEG


class Word(StrEnum):
    """What a wait returns."""

    ANSWERED = "answered"
    OVERDUE = "overdue"
    CHANGED = "changed"
    LONG = "long"


@dataclass(frozen=True, slots=True)
class Arrival:
    """A unit's answer to a leg; ``None`` where somebody cut the awaiting activity off by hand."""

    leg: str
    awaited: str
    answer: LegAnswer | None


class Alarm:
    """The one timer of a request, for the earliest of everything pending; replaced only when that instant
    changes.
    """

    def __init__(self) -> None:
        self._instant: datetime | None = None
        self._sleeper: asyncio.Task[None] | None = None
        self.rings = False

    def set_for(self, instant: datetime | None) -> None:
        """Ring at ``instant``, or never for ``None``."""
        if instant == self._instant and not self.rings:
            return
        if self._sleeper is not None:
            self._sleeper.cancel()
        self._instant, self.rings, self._sleeper = instant, False, None
        if instant is not None:
            self._sleeper = asyncio.create_task(self._sleep_until(instant))

    async def _sleep_until(self, instant: datetime) -> None:
        # A timer counts from the end of its task, and a loaded server may fire it early by the clock that
        # matters: wait again.
        while (ahead := instant - workflow.now()) > timedelta():
            await workflow.sleep(ahead, summary=f"due {instant:%Y-%m-%d %H:%M:%SZ}")
        # A cancellation can get lost when another event is ready in the same task, so the instant is compared
        # once more.
        self.rings = self.rings or self._instant == instant


class Desk:
    """Where the legs' answers arrive: each open leg is announced once, and awaited as an asynchronous
    activity.
    """

    def __init__(self, number: str) -> None:
        self._number = number
        self._awaited: set[str] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._posting = 0
        self.arrivals: deque[Arrival] = deque()

    @property
    def everything_posted(self) -> bool:
        """Whether every announcement has reached its unit."""
        return self._posting == 0

    def keep_in_step(self, state: RequestState) -> None:
        """Announce new legs, and await every open leg that is not awaited yet."""
        for leg in state.legs:
            awaited = activity_id(leg.id, leg.awaits)
            if leg.is_open and awaited not in self._awaited:
                self._awaited.add(awaited)
                if leg.awaits == 1:
                    self._posting += 1
                    self._tasks.append(asyncio.create_task(self._post(leg, state.cycle)))
                self._tasks.append(asyncio.create_task(self._await_answer(leg, awaited)))

    async def _post(self, leg: Leg, cycle: int) -> None:
        posting = Posting(self._number, leg.id, leg.unit.code, key=f"{self._number}:{leg.id}:posted:{cycle}")
        await workflow.execute_activity("post_leg", posting, summary=leg.unit.name_zh, **POST_LEG)
        self._posting -= 1

    async def _await_answer(self, leg: Leg, awaited: str) -> None:
        try:
            answer = await workflow.execute_activity(
                "await_leg", activity_id=awaited, result_type=LegAnswer, summary=leg.unit.name_zh, **AWAIT_LEG
            )
        except ActivityError:
            answer = None
        self.arrivals.append(Arrival(leg.id, awaited, answer))
