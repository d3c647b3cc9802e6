"""The timeline in memory: the same promises as the database's, for tests of the story alone."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime

from temporalio import activity

from activities.case_messages import FoundInCase, FoundNumbers
from activities.errands import Errands
from activities.messages import Appended, Entry, LegAnswer, Posting, StoredAnswer
from domain.cases.state import CaseState
from domain.commands import Answer, Order
from domain.events import Event
from domain.lifecycle import decide
from domain.notices.telling import Notice
from domain.refusals import Refused
from domain.request import Intake, RequestState
from domain.simulator import replayed
from domain.summary import RequestSummary
from tests.support.numbers import fresh_number
from workflows.client import RequestClient, StoryEnded


class MemoryRecords:
    """Appends each number once, and remembers answers, rows and postings."""

    def __init__(self) -> None:
        self.timelines: dict[str, list[Event]] = defaultdict(list)
        self.answers: dict[str, StoredAnswer] = {}
        self.rows: dict[str, RequestSummary] = {}
        self.notices: list[Notice] = []
        self.posted: list[str] = []
        self.begun: dict[str, Intake] = {}
        self.cases: dict[str, CaseState] = {}
        self.found: dict[str, str] = {}
        self.unheard_registrations = 0
        """So many of the next registrations are done, and nobody hears of it."""

    @activity.defn(name="append")
    async def append(self, entry: Entry) -> Appended:
        """Write the events, or answer with what stands there already."""
        timeline, first = self.timelines[entry.number], entry.events[0].seq
        known = [self.answers[entry.key]] if entry.key in self.answers else []
        if known or len(timeline) >= first:
            later = [
                stored
                for stored in self.answers.values()
                if stored.answer.number == entry.number and stored.answer.seq >= first
            ]
            return Appended(
                tuple(timeline[first - 1 :]),
                tuple({stored.key: stored for stored in [*known, *later]}.values()),
                inserted=False,
            )
        assert first == len(timeline) + 1, "a gap in the numbers"
        timeline.extend(entry.events)
        self.rows[entry.number] = entry.summary
        self.notices.extend(entry.notices)
        if entry.key and entry.answer:
            self.answers[entry.key] = StoredAnswer(entry.key, entry.answer, entry.digest)
        return Appended(entry.events, inserted=True)

    @activity.defn(name="post_leg")
    async def post_leg(self, posting: Posting) -> None:
        """Remember that the unit was told."""
        self.posted.append(posting.key)

    @activity.defn(name="await_leg")
    async def await_leg(self) -> LegAnswer:
        """Wait for the unit."""
        activity.raise_complete_async()

    @activity.defn(name="recall")
    async def recall(self, number: str) -> RequestState:
        """The state that the timeline leads to."""
        return self.state(number)

    @activity.defn(name="record_case")
    async def record_case(self, state: CaseState) -> None:
        """Remember how a case stands, unless it was overtaken."""
        if state.id not in self.cases or self.cases[state.id].version < state.version:
            self.cases[state.id] = state

    @activity.defn(name="register_found")
    async def register_found(self, found: FoundInCase) -> FoundNumbers:
        """Give each matter a number, the same however often it is asked for."""
        keys = [f"{found.case}:{own.key}" for own in found.matters]
        for key in keys:
            self.found.setdefault(key, fresh_number())
        if self.unheard_registrations > 0:
            self.unheard_registrations -= 1
            raise ConnectionError("written, and the answer was lost")
        return FoundNumbers(tuple(self.found[key] for key in keys))

    def state(self, number: str) -> RequestState:
        """Where a request stands that was begun here."""
        return replayed(self.begun[number], self.timelines[number])

    @property
    def activities(self) -> list:
        """What a worker registers."""
        steps = [self.append, self.recall, self.post_leg, self.await_leg]
        return [*steps, self.record_case, self.register_found]


class MemoryOrders:
    """Orders as the worker gives them to other stories, over records in memory."""

    def __init__(self, requests: RequestClient, records: MemoryRecords) -> None:
        self._requests = requests
        self._records = records

    async def give(self, number: str, order: Order) -> Answer:
        """Give an order, also to a request that has ended; the same key gets the first answer."""
        if order.key in self._records.answers:
            return self._records.answers[order.key].answer
        try:
            return await self._requests.command(number, order)
        except StoryEnded:
            state = self._records.state(number)
        if not state.state.is_terminal:
            raise Refused("not_started", "number", f"{number} is not running", "the same again")
        decide(state, order, datetime.now(UTC))
        return await self._requests.resume(state.intake, order)


def story_activities(requests: RequestClient, records: MemoryRecords) -> list:
    """Everything a worker of requests registers, over records in memory."""
    return [*records.activities, Errands(MemoryOrders(requests, records).give, requests.promise).run_errand]
