"""Reading timelines: as events of the domain, as a state, and as a feed for screens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from typing import Any

from sqlalchemy import Row, bindparam, literal_column, select, text

from domain.events import Event, Fact
from domain.evolution import evolve
from domain.request import Intake, RequestState, begin
from persistence import forms
from persistence.engine import ReadConnection
from persistence.tables import intake, timeline

EVENT_COLUMNS = ("seq", "at", "actor", "fact")
"""What an event is made of again."""

FEED_START = "0.0"
"""The cursor before the first row of the feed."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event as the record keeps it: with the instant of recording and its links in the chain."""

    event: Event
    recorded_at: datetime
    prev_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class FeedItem:
    """An event in the order in which screens may be told; ``cursor`` resumes after it."""

    cursor: str
    number: str
    event: Event


def event_of(row: Row[Any]) -> Event:
    """The domain's event from a row that has ``EVENT_COLUMNS``."""
    what: Fact = forms.facts.validate_python(row.fact)
    return Event(seq=row.seq, at=row.at, by=forms.actors.validate_python(row.actor), what=what)


async def read_intake(connection: ReadConnection, number: str) -> Intake | None:
    """The intake a request began with."""
    body = await connection.scalar(_INTAKE, {"number": number})
    return None if body is None else forms.intakes.validate_python(body)


async def read_events(connection: ReadConnection, number: str, *, after: int = 0) -> tuple[Event, ...]:
    """The events of a request with numbers greater than ``after``, in order."""
    return tuple(recorded.event for recorded in await read_record(connection, number, after=after))


async def read_record(
    connection: ReadConnection, number: str, *, after: int = 0, limit: int | None = None
) -> Sequence[Recorded]:
    """As :func:`read_events`, with the links of the chain."""
    rows = await connection.execute(
        select(timeline)
        .where(timeline.c.number == number, timeline.c.seq > after)
        .order_by(timeline.c.seq)
        .limit(limit)
    )
    return [Recorded(event_of(row), row.recorded_at, row.prev_hash, row.hash) for row in rows]


async def load_state(connection: ReadConnection, number: str) -> RequestState | None:
    """The state of a request after its last event; ``None`` if there is no such request."""
    begun = await read_intake(connection, number)
    if begun is None:
        return None
    told = await connection.execute(_EVENTS, {"number": number})
    return reduce(evolve, map(event_of, told), begin(begun))


async def feed_after(connection: ReadConnection, cursor: str, limit: int) -> Sequence[FeedItem]:
    """The next events of all requests after the cursor, in an order in which nothing is ever skipped.

    A transaction that began earlier may commit later, so only what every running transaction must already see is
    shown: rows of transactions older than the oldest one still running.
    """
    rows = await connection.execute(
        _FEED, dict(zip(("tx", "id"), cursor.split("."), strict=True), limit=limit)
    )
    return [FeedItem(f"{row.feed_tx}.{row.feed_id}", row.number, event_of(row)) for row in rows]


async def feed_end(connection: ReadConnection) -> str:
    """The cursor of the present: what :func:`feed_after` shows for it happened later."""
    settled = await connection.scalar(select(literal_column("pg_snapshot_xmin(pg_current_snapshot())::text")))
    return f"{int(settled) - 1}.{2**63 - 1}" if settled else FEED_START


# Built once: on this path, building a statement costs more than running it.
_INTAKE = select(intake.c.body).where(intake.c.number == bindparam("number"))
_EVENTS = (
    select(*(timeline.c[name] for name in EVENT_COLUMNS))
    .where(timeline.c.number == bindparam("number"))
    .order_by(timeline.c.seq)
)

_FEED = text(
    "SELECT feed_tx::text AS feed_tx, feed_id, number, seq, at, actor, fact FROM timeline "
    "WHERE (feed_tx, feed_id) > (CAST(:tx AS xid8), CAST(:id AS bigint)) "
    "AND feed_tx < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY timeline.feed_tx, timeline.feed_id LIMIT :limit"
)
