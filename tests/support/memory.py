"""The timeline in memory: the same promises as the database's, for tests of the story alone."""

from __future__ import annotations

from collections import defaultdict

from temporalio import activity

from activities.messages import Appended, Entry, LegAnswer, Posting, StoredAnswer
from domain.events import Event
from domain.summary import RequestSummary


class MemoryRecords:
    """Appends each number once, and remembers answers, rows and postings."""

    def __init__(self) -> None:
        self.timelines: dict[str, list[Event]] = defaultdict(list)
        self.answers: dict[str, StoredAnswer] = {}
        self.rows: dict[str, RequestSummary] = {}
        self.posted: list[str] = []

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
            )
        assert first == len(timeline) + 1, "a gap in the numbers"
        timeline.extend(entry.events)
        self.rows[entry.number] = entry.summary
        if entry.key and entry.answer:
            self.answers[entry.key] = StoredAnswer(entry.key, entry.answer, entry.digest)
        return Appended(entry.events)

    @activity.defn(name="post_leg")
    async def post_leg(self, posting: Posting) -> None:
        """Remember that the unit was told."""
        self.posted.append(posting.key)

    @activity.defn(name="await_leg")
    async def await_leg(self) -> LegAnswer:
        """Wait for the unit."""
        activity.raise_complete_async()

    @property
    def activities(self) -> list:
        """What a worker registers."""
        return [self.append, self.post_leg, self.await_leg]
