"""Appending to a timeline: the one place where a request's history grows.

Rows, projection, stored answer and notices are one statement, so one transaction and one round trip: either all of it
stands or nothing. The primary keys are the locks. Who finds the first number taken (a worker died between the commit
and its report, or two ran at once) or the order's key answered before writes nothing and is told what stands there.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.commands import Answer
from domain.events import Event, Registered
from domain.notices.telling import Notice
from domain.summary import RequestSummary
from persistence import forms
from persistence.answers import StoredAnswer
from persistence.chain import row_hash
from persistence.engine import single_queries
from persistence.projections import LEGS_UPSERT, REQUEST_UPSERT, SUMMONSES_UPSERT
from persistence.timeline import event_of

CHANNEL = "huying_timeline"
"""Notified with ``<number>:<seq>`` when a timeline has grown."""

_LOCKS = ("pk_timeline", "pk_answers")
_REMEMBERED_ENDS = 20_000


class TimelineGap(RuntimeError):
    """The event before the first one given is not there: rows were lost, and only a person can mend that."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a request stood before an append: what the time spent there is measured from."""

    state: str
    level: str | None
    entered_at: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the timeline holds from the first given number on.

    ``inserted`` tells whether this call wrote it, ``before`` where the request stood until then. If nothing was
    written, ``answers`` holds, by key, what was answered at or after that number, and to the given key ever.
    """

    events: tuple[Event, ...]
    inserted: bool
    before: Standing | None = None
    answers: Mapping[str, StoredAnswer] = field(default_factory=dict[str, StoredAnswer])


class Appender:
    """Appends to timelines over one pool of connections.

    It remembers the last hash of the timelines it wrote: rows never change, so the memory is either right or, where
    another process wrote on, merely too old, which the primary key notices.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        # Each append is one statement: without BEGIN and COMMIT it is one round trip and still one transaction.
        self._engine = single_queries(engine)
        self._ends: OrderedDict[str, tuple[int, str]] = OrderedDict()

    async def append(
        self,
        *,
        events: Sequence[Event],
        summary: RequestSummary,
        notices: tuple[Notice, ...] = (),
        key: str | None = None,
        digest: str = "",
        answer: Answer | None = None,
    ) -> Outcome:
        """Write the events and everything that goes with them, once.

        Raises:
            TimelineGap: the event before the first one is not there.
        """
        number, first = summary.number, events[0].seq
        async with self._engine.connect() as connection:
            prev_hash = self._forerunner(number, events[0])
            if prev_hash is None:
                stored, prev_hash = await _look(connection, number, first)
                if stored:
                    return await _standing_already(connection, number, first, key, stored)
            rows, last_hash = _chained(number, events, prev_hash)
            given = {
                "number": number,
                "rows": forms.canonical(rows),
                "summary": forms.summaries.dump_json(summary).decode(),
                "notices": forms.notice_lists.dump_json(notices).decode(),
                "key": key if answer is not None else None,
                "digest": digest,
                "answer": forms.answers.dump_json(answer).decode() if answer is not None else "{}",
                "note": f"{number}:{events[-1].seq}",
                "at": rows[-1]["recorded_at"],
                "first": first,
            }
            try:
                statement = _APPEND_WITH_SUMMONSES if summary.summonses else _APPEND
                before = (await connection.exec_driver_sql(statement, given)).one()
            except IntegrityError as error:
                if not _is_taken(error):
                    raise
                stored, _ = await _look(connection, number, first)
                return await _standing_already(connection, number, first, key, stored)
        self._remember(number, events[-1].seq, last_hash)
        standing = Standing(before.state, before.level, before.entered_at) if before.state else None
        return Outcome(tuple(events), inserted=True, before=standing)

    def _forerunner(self, number: str, event: Event) -> str | None:
        """The hash that the event follows, if it is known here; the first event itself names the intake's."""
        if event.seq == 1 and isinstance(event.what, Registered):
            return event.what.digest
        last_seq, last_hash = self._ends.get(number, (0, ""))
        return last_hash if last_seq == event.seq - 1 else None

    def _remember(self, number: str, seq: int, last_hash: str) -> None:
        self._ends[number] = (seq, last_hash)
        self._ends.move_to_end(number)
        if len(self._ends) > _REMEMBERED_ENDS:
            self._ends.popitem(last=False)


async def _look(connection: AsyncConnection, number: str, first: int) -> tuple[tuple[Event, ...], str]:
    """The stored events from ``first`` on, and the hash that the event number ``first`` must follow."""
    found = (await connection.execute(_FROM_FORERUNNER, {"number": number, "forerunner": first - 1})).all()
    if not found or found[0].seq != first - 1:
        raise TimelineGap(f"timeline of {number} has no row {first - 1}")
    return tuple(event_of(row) for row in found[1:]), found[0].hash


async def _standing_already(
    connection: AsyncConnection, number: str, first: int, key: str | None, stored: tuple[Event, ...]
) -> Outcome:
    rows = await connection.execute(_ANSWERS, {"number": number, "first": first, "key": key})
    given = {
        row.key: StoredAnswer(row.number, row.digest, forms.answers.validate_python(row.answer))
        for row in rows
    }
    return Outcome(stored, inserted=False, answers=given)


def _chained(number: str, events: Sequence[Event], prev_hash: str) -> tuple[list[Mapping[str, Any]], str]:
    recorded_at = datetime.now(UTC)
    rows: list[Mapping[str, Any]] = []
    for event in events:
        actor = forms.actors.dump_python(event.by, mode="json")
        fact = forms.facts.dump_python(event.what, mode="json")
        own_hash = row_hash(
            number=number,
            seq=event.seq,
            kind=event.what.kind,
            at=event.at,
            recorded_at=recorded_at,
            actor=actor,
            fact=fact,
            prev_hash=prev_hash,
        )
        rows.append(
            {
                "seq": event.seq,
                "kind": event.what.kind,
                "at": forms.spelled_instant(event.at),
                "recorded_at": forms.spelled_instant(recorded_at),
                "actor": actor,
                "fact": fact,
                "prev_hash": prev_hash,
                "hash": own_hash,
            }
        )
        prev_hash = own_hash
    return rows, prev_hash


def _is_taken(error: IntegrityError) -> bool:
    diagnosis = getattr(error.orig, "diag", None)
    return diagnosis is not None and diagnosis.constraint_name in _LOCKS


# The intake stands as row 0, its digest as that row's hash.
_FROM_FORERUNNER = text(
    "SELECT 0 AS seq, NULL AS at, NULL AS actor, NULL AS fact, body ->> 'digest' AS hash FROM intake "
    "WHERE number = :number AND :forerunner = 0 UNION ALL "
    "SELECT seq, at, actor, fact, hash FROM timeline WHERE number = :number AND seq >= :forerunner ORDER BY seq"
)

_ANSWERS = text(
    "SELECT key, number, digest, answer FROM answers WHERE key = CAST(:key AS text) "
    "OR (number = :number AND CAST(answer ->> 'seq' AS integer) >= :first)"
)


def _statement(also_shown: str = "") -> str:
    """One row comes back: where the request stood before, all NULL where it is new."""
    return f"""
WITH given AS (SELECT %(number)s::text AS number, %(summary)s::jsonb AS summary, %(at)s::timestamptz AS at),
told AS (
    INSERT INTO timeline (number, seq, kind, at, recorded_at, actor, fact, prev_hash, hash)
    SELECT given.number, e.seq, e.kind, e.at, e.recorded_at, e.actor, e.fact, e.prev_hash, e.hash
    FROM given, jsonb_populate_recordset(NULL::timeline, %(rows)s::jsonb) AS e
),
shown AS ({REQUEST_UPSERT} RETURNING old.state, old.level, old.entered_at),
legs_shown AS ({LEGS_UPSERT}),{also_shown}
answered AS (
    INSERT INTO answers (key, number, digest, answer, at)
    SELECT %(key)s::text, given.number, %(digest)s::text, %(answer)s::jsonb, given.at FROM given
    WHERE %(key)s::text IS NOT NULL
),
noticed AS (
    INSERT INTO notices (key, number, seq, at, recipient, subject, text_zh, text_en)
    SELECT n.key, n.number, n.seq, n.at, n.recipient, n.subject, n.text_zh, n.text_en
    FROM jsonb_populate_recordset(NULL::notices, %(notices)s::jsonb) AS n ON CONFLICT (key) DO NOTHING
),
started AS (DELETE FROM waiting_intake WHERE number = %(number)s::text AND %(first)s::integer = 1)
SELECT shown.state, shown.level, shown.entered_at, pg_notify('{CHANNEL}', %(note)s::text)
FROM given LEFT JOIN shown ON true
"""  # noqa: S608  # all that is put in are our own tables' names


_APPEND = _statement()
# Few requests ever have a whistle; the others' statement stays as short as it was.
_APPEND_WITH_SUMMONSES = _statement(f"\nsummonses_shown AS ({SUMMONSES_UPSERT}),")
