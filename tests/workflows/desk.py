"""A desk at which a test plays everybody's part in stories on a real Temporal server."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from temporalio.client import Client, WorkflowHandle

from activities.messages import LegAnswer
from domain.commands import Act, Answer, Dispatch, FirstContact, Order, ReviewPass, Sign
from domain.events import Event
from domain.levels import Level
from domain.limits.policy import Policy
from domain.request import Intake, RequestState
from domain.units import Actor, Role
from tests.support.builders import actor, handler, intake, policy
from tests.support.memory import MemoryOrders, MemoryRecords
from tests.support.numbers import fresh_number
from workflows.client import NotAwaited, RequestClient
from workflows.ids import workflow_id

SERIAL = itertools.count(1)
QUICK = {
    "dispatch": "1s",
    "sign": "1s",
    "first_contact": "1s",
    "total": "8s",
    "review": "30s",
    "callback_within": "30s",
    "reminder_every": "1s",
    "dwell": {"grid": "2s", "community": "2s", "town": "2s", "district": "2s"},
}
SLOW = {
    "dispatch": "60s",
    "sign": "60s",
    "first_contact": "60s",
    "total": "600s",
    "review": "60s",
    "callback_within": "60s",
    "dwell": {"grid": "100s", "community": "100s", "town": "100s", "district": "100s"},
}


@dataclass
class Desk:
    """Everything a test needs to play people's parts."""

    requests: RequestClient
    records: MemoryRecords
    client: Client
    queue: str

    async def open(self, chosen: Policy | None = None, **changes: Any) -> Intake:
        """Register a request now."""
        number = fresh_number()
        made = intake(
            number=number, received_at=datetime.now(UTC), policy=chosen or policy(**SLOW), **changes
        )
        self.records.begun[number] = made
        await self.requests.start(made)
        await self.until(number, lambda timeline: len(timeline) > 0)
        return made

    async def do(self, number: str, by: Actor, act: Act, key: str | None = None) -> Answer:
        """Give a command."""
        return await self.requests.command(
            number, Order(key or f"{number}-{act.act}-{next(SERIAL)}", by, act)
        )

    async def reply(
        self, number: str, level: Level, leg: str, awaits: int = 1, outcome: str = "solved"
    ) -> None:
        """Complete a leg's activity as its unit."""
        answer = LegAnswer(
            f"{number}-{leg}-{awaits}-{outcome}", "", handler(level), outcome, "the rubbish is gone"
        )
        for _ in range(100):
            try:
                await self.requests.complete_leg(number, leg, awaits, answer)
            except NotAwaited:
                await asyncio.sleep(0.05)
            else:
                return
        raise AssertionError(f"leg {leg}.{awaits} of {number} is not awaited")

    async def until(self, number: str, condition, seconds: float = 20) -> list[Event]:
        """Wait until the timeline satisfies a condition."""
        for _ in range(int(seconds / 0.05)):
            if condition(self.records.timelines[number]):
                return self.records.timelines[number]
            await asyncio.sleep(0.05)
        raise AssertionError(f"not in time: {[event.what.kind for event in self.records.timelines[number]]}")

    async def until_kind(self, number: str, kind: str, times: int = 1, seconds: float = 20) -> list[Event]:
        """Wait until a kind of fact stands on the timeline so many times."""
        return await self.until(
            number, lambda timeline: sum(event.what.kind == kind for event in timeline) >= times, seconds
        )

    def handle(self, number: str) -> WorkflowHandle:
        """The workflow of a request."""
        return self.client.get_workflow_handle(workflow_id(number))

    async def again(self, number: str, by: Actor, act: Act, key: str | None = None) -> Answer:
        """Give a command to a request that has ended, or is about to."""
        order = Order(key or f"{number}-{act.act}-{next(SERIAL)}", by, act)
        return await MemoryOrders(self.requests, self.records).give(number, order)

    def state(self, number: str) -> RequestState:
        """Where a request stands."""
        return self.records.state(number)


def kinds(timeline: list[Event]) -> list[str]:
    """What happened, in order."""
    return [event.what.kind for event in timeline]


async def straight_to_callback(desk: Desk, number: str, *, contact: bool = True) -> None:
    """From dispatch to a reply that passed its review."""
    await desk.do(number, actor(Role.DISPATCHER), Dispatch())
    await desk.do(number, handler(Level.GRID), Sign("1"))
    if contact:
        await desk.do(number, handler(Level.GRID), FirstContact("1", "call log"))
    await desk.reply(number, Level.GRID, "1")
    await desk.until_kind(number, "reply_submitted")
    await desk.do(number, actor(Role.REVIEWER), ReviewPass())
