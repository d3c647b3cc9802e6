"""The record of a request: the local activity through which its story becomes history, and the one that recalls it."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from activities.messages import Appended, Entry, StoredAnswer
from config.metrics import Metrics, Stay
from domain.request import RequestState
from persistence.append import Appender
from persistence.engine import ReadConnection, single_queries
from persistence.timeline import load_state


class Records:
    """Writes entries through one appender, and counts what it wrote itself.

    Whatever the database answers is raised as it is and retried by the engine without end: a request is never given
    up because its record cannot be written at present.
    """

    def __init__(self, engine: AsyncEngine, metrics: Metrics) -> None:
        self._engine = single_queries(engine)
        self._appender = Appender(engine)
        self._metrics = metrics

    @activity.defn(name="append")
    async def append(self, entry: Entry) -> Appended:
        """Append the entry once, and return what the timeline holds where it was to stand."""
        written = await self._appender.append(
            events=entry.events,
            summary=entry.summary,
            notices=entry.notices,
            key=entry.key,
            digest=entry.digest,
            answer=entry.answer,
        )
        if written.inserted:
            before = written.before
            stay = Stay(before.state, before.level, before.entered_at) if before else None
            self._metrics.count(entry.events, stay, entry.summary)
        answers = tuple(
            StoredAnswer(key, stored.answer, stored.digest) for key, stored in written.answers.items()
        )
        return Appended(events=written.events, answers=answers, inserted=written.inserted)

    @activity.defn(name="recall")
    async def recall(self, number: str) -> RequestState:
        """The request as its timeline tells it, for a story that goes on after its end.

        Raises:
            LookupError: there is no such request; only a person can mend that.
        """
        async with self._engine.connect() as connection:
            state = await load_state(ReadConnection(connection), number)
        if state is None:
            raise LookupError(f"there is no request {number}")
        return state
