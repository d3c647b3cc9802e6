"""The stage on which histories are recorded: a real server, a worker with the timeline in memory, people to play."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from unittest.mock import AsyncMock

from temporalio import activity
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHistory
from temporalio.exceptions import ApplicationError

from activities.bulk import Give
from activities.messages import Appended, BulkJob, BulkStanding, Entry, LegAnswer
from activities.partners import PartnerCalls
from config.metrics import Metrics
from domain.commands import Act, Answer, Order, SubmitReply
from domain.events import Event
from domain.levels import Level
from domain.partners import Partner
from domain.request import Intake, RequestState
from domain.units import Actor
from tests.support.builders import handler, intake, unclassified
from tests.support.memory import MemoryOrders, MemoryRecords, story_activities
from tests.support.numbers import fresh_number
from tests.support.partners import GatewayInMemory
from worker.registry import make_partner_worker, make_worker
from workflows.client import EngineUnavailable, NotAwaited, RequestClient, StoryEnded
from workflows.ids import workflow_id

QUEUE = "recorded-stories"
_PATIENCE_SECONDS = 30.0
_LOOK_EVERY = 0.05

Seen = Callable[[list[Event]], bool]


class TroubledRecords(MemoryRecords):
    """Records in trouble with chosen requests.

    For those it ``forgets`` it writes every entry and dies before it can say so, once for each; for those in
    ``away_until`` it cannot be reached until that instant of the event loop.
    """

    def __init__(self) -> None:
        super().__init__()
        self.forgets: set[str] = set()
        self.away_until: dict[str, float] = {}
        self._forgotten: set[tuple[str, int]] = set()

    @activity.defn(name="append")
    async def append(self, entry: Entry) -> Appended:
        """Append once, as always, unless trouble was chosen for the request."""
        if asyncio.get_running_loop().time() < self.away_until.get(entry.number, 0.0):
            raise ApplicationError("nobody is there")
        appended = await super().append(entry)
        place = entry.number, entry.events[0].seq
        if entry.number in self.forgets and place not in self._forgotten:
            self._forgotten.add(place)
            raise ApplicationError("written, and the report was lost")
        return appended


class MemoryJob:
    """A bulk job kept in memory: one order for each of some requests, one of them in a batch.

    It rests, once, when so many as ``rests_after`` have been given theirs (``None``: it does not).
    """

    def __init__(self, give: Give, by: Actor, act: Act, numbers: Sequence[str]) -> None:
        self._give = give
        self._orders = {number: Order(f"bulk-{number}", by, act) for number in numbers}
        self._given: list[str] = []
        self.rests_after: int | None = None

    @activity.defn(name="bulk_give")
    async def bulk_give(self, _job: BulkJob) -> BulkStanding:
        """Give the next request its order, unless the job rests."""
        rests = self.rests_after == len(self._given)
        if not rests:
            number = list(self._orders)[len(self._given)]
            await self._give(number, self._orders[number])
            self._given.append(number)
        waiting = len(self._orders) - len(self._given)
        results = {"done": len(self._given), "pending": waiting}
        return BulkStanding(waiting, {name: n for name, n in results.items() if n}, paused=rests)


@dataclass
class Stage:
    """Opens requests and plays everybody's part in them."""

    client: Client
    records: TroubledRecords = field(default_factory=TroubledRecords)
    partners: dict[Partner, GatewayInMemory] = field(
        default_factory=lambda: {partner: GatewayInMemory(partner) for partner in Partner}
    )

    async def open(self, *, runs_of: int = 4000, **changes: Any) -> Performance:
        """Start a request that is called in now; its runs go on anew after ``runs_of`` history events."""
        return await self._opened(intake(**self._now(), **changes), runs_of)

    async def open_unclear(self, **changes: Any) -> Performance:
        """Start a request that says neither what nor where."""
        return await self._opened(unclassified(**self._now(), **changes), 4000)

    async def open_forgetfully(self, **changes: Any) -> Performance:
        """As :meth:`open`, with the report of every append lost once."""
        begun = intake(**self._now(), **changes)
        self.records.forgets.add(begun.number)
        return await self._opened(begun, 4000)

    async def runs_of(self, workflow: str) -> list[WorkflowHistory]:
        """The histories of all runs of a workflow's present chain, once the last of them has ended."""
        await self.client.get_workflow_handle(workflow).result()
        run: str | None = None
        found: list[WorkflowHistory] = []
        while True:
            handle = self.client.get_workflow_handle(workflow, run_id=run)
            described = await handle.describe()
            found.insert(0, await handle.fetch_history())
            started = found[0].events[0].workflow_execution_started_event_attributes
            run = started.continued_execution_run_id
            if not run:
                assert described.status is not WorkflowExecutionStatus.FAILED
                return found

    async def _opened(self, begun: Intake, runs_of: int) -> Performance:
        self.records.begun[begun.number] = begun
        performance = Performance(self, RequestClient(self.client, QUEUE, runs_of), begun)
        await performance.requests.start(begun)
        await performance.until_kind("registered")
        return performance

    def _now(self) -> dict[str, Any]:
        return {"number": fresh_number(), "received_at": datetime.now(UTC)}


@dataclass
class Performance:
    """One request as it is played."""

    stage: Stage
    requests: RequestClient
    begun: Intake
    earlier: list[WorkflowHistory] = field(default_factory=list[WorkflowHistory])
    """What was told and had ended before the present chain of runs began."""
    _keys: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def number(self) -> str:
        return self.begun.number

    @property
    def orders(self) -> MemoryOrders:
        """The way in which a worker gives orders to requests."""
        return MemoryOrders(self.requests, self.stage.records)

    @property
    def timeline(self) -> list[Event]:
        """What has been written down so far."""
        return self.stage.records.timelines[self.number]

    @property
    def state(self) -> RequestState:
        """Where the request stands."""
        return self.stage.records.state(self.number)

    async def do(self, by: Actor, act: Act, key: str | None = None) -> Answer:
        """Give a command; if it was obeyed in the story's last task, its answer is the stored one, as at the doors."""
        order = Order(f"{self.number}-{key or next(self._keys)}", by, act)
        while True:
            try:
                return await self.requests.command(self.number, order)
            except EngineUnavailable:
                continue
            except StoryEnded:
                return self.stage.records.answers[order.key].answer

    async def do_again(self, by: Actor, act: Act) -> Answer:
        """Give a command to the request after its story has ended, which is kept first."""
        self.earlier = await self.histories()
        order = Order(f"{self.number}-{next(self._keys)}", by, act)
        return await self.orders.give(self.number, order)

    async def told_beside(self, workflow: str) -> None:
        """Keep the histories of another workflow that ended on the way."""
        self.earlier += await self.stage.runs_of(workflow)

    async def reply(self, level: Level, leg: str, awaits: int = 1, outcome: str = "solved") -> None:
        """Complete a leg's activity as its unit."""
        key = f"{self.number}-{leg}.{awaits}"
        answer = LegAnswer(key, "", handler(level), outcome, "已清理 the rubbish is gone")
        assert SubmitReply(leg, answer.outcome, answer.text)
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while True:
                try:
                    return await self.requests.complete_leg(self.number, leg, awaits, answer)
                except NotAwaited:
                    await asyncio.sleep(_LOOK_EVERY)

    def lose_the_timeline(self, seconds: float) -> None:
        """From now on the timeline cannot be reached, for so long."""
        self.stage.records.away_until[self.number] = asyncio.get_running_loop().time() + seconds

    async def until(self, seen: Seen) -> None:
        """Wait until the timeline shows something."""
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while not seen(self.timeline):
                await asyncio.sleep(_LOOK_EVERY)

    async def until_kind(self, kind: str, times: int = 1) -> None:
        """Wait until a kind of fact has been written down so many times."""
        await self.until(lambda timeline: sum(event.what.kind == kind for event in timeline) >= times)

    async def histories(self) -> list[WorkflowHistory]:
        """The histories of all runs, once the last of them has ended; after those that had ended before."""
        return [*self.earlier, *await self.present_histories()]

    async def present_histories(self) -> list[WorkflowHistory]:
        """As :meth:`histories`, of the present chain of runs only."""
        return await self.stage.runs_of(workflow_id(self.number))


@asynccontextmanager
async def stage_on(client: Client) -> AsyncGenerator[Stage]:
    """A stage with its worker, on a running server."""
    stage = Stage(client)
    requests = RequestClient(client, QUEUE, 4000)
    async with AsyncExitStack() as running:
        await running.enter_async_context(
            make_worker(client, QUEUE, story_activities(requests, stage.records))
        )
        for partner, gateway in stage.partners.items():
            calls = PartnerCalls(gateway, Metrics(), AsyncMock()).activities
            await running.enter_async_context(make_partner_worker(client, QUEUE, partner, calls))
        yield stage
