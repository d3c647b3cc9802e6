"""Examining the record: whether everything still is what was written, and what was shown or answered follows from it.

A chain of hashes ties each timeline together (:mod:`persistence.chain`). What it cannot know by itself, its newest rows
cut off or a whole request removed, is told by what lies beside it: board, inboxes, stored answers, notices, and the
anchors (:mod:`persistence.anchors`). Each batch is read in one snapshot, so the service may run meanwhile.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.evolution import evolve
from domain.request import RequestState, begin
from domain.summary import summarize
from persistence import forms
from persistence.chain import findings_in, intake_digest
from persistence.engine import ReadConnection
from persistence.findings import Finding, Wrong
from persistence.projections import rows_of, summons_rows_of
from persistence.tables import answers, intake, legs, notices, requests, summonses, timeline, waiting_intake
from persistence.timeline import event_of

BATCH = 200
"""Requests examined at one time: what is held in memory."""

PATIENCE = timedelta(minutes=15)
"""A story that has not begun so long after its intake is looked into by a person: no lease of the starter lasts so
long.
"""

NUMBER_FORM = "^[0-9]{8}-[0-9]{7,}$"

Progress = Callable[[int, int], None]
"""Hears how many intakes are examined, and of how many."""


@dataclass(frozen=True, slots=True)
class Examined:
    """One request as it was found: how many events it has, the hash of the last, and what is wrong."""

    number: str
    rows: int
    head: str
    findings: tuple[Finding, ...]


Columns = dict[str, Any]
"""A row by the names of its columns."""


@dataclass(slots=True)
class _File:
    """Everything that is kept of one request. ``waits_too_long`` is ``None`` where it does not wait to be started."""

    intake: Row[Any] | None = None
    waits_too_long: bool | None = None
    told: list[Row[Any]] = field(default_factory=list[Row[Any]])
    board: Columns | None = None
    inbox: list[Columns] = field(default_factory=list[Columns])
    called: list[Columns] = field(default_factory=list[Columns])
    answers: list[Row[Any]] = field(default_factory=list[Row[Any]])


async def examine(engine: AsyncEngine, number: str) -> Examined | None:
    """One request, examined; ``None`` if nothing is known under the number."""
    async with _snapshot(engine) as connection:
        files = await _files(connection, lambda column: column == number)
    file = files.get(number)
    if file is None:
        return None
    head = file.told[-1].hash if file.told else ""
    return Examined(number, len(file.told), head, tuple(_findings(number, file)))


async def examine_all(engine: AsyncEngine, progress: Progress, *, since: str = "") -> AsyncIterator[Finding]:
    """Everything wrong with any request whose number is greater than ``since``, in the order of their numbers."""
    async with _snapshot(engine) as connection:
        counted = select(func.count()).select_from(intake).where(intake.c.number > since)
        total = await connection.scalar(counted) or 0
    done, last = 0, since
    progress(done, total)
    while True:
        async with _snapshot(engine) as connection:
            numbers = (await connection.scalars(_following(last))).all()
            until = numbers[-1] if len(numbers) == BATCH else None
            files = await _files(connection, _between(last, until))
        for number in sorted(files):
            for finding in _findings(number, files[number]):
                yield finding
        done += len(numbers)
        progress(done, max(total, done))
        if until is None:
            break
        last = until
    async for finding in _removed(engine, since):
        yield finding


async def _removed(engine: AsyncEngine, since: str) -> AsyncIterator[Finding]:
    """Requests of which only the notices are left."""
    elsewhere = [
        ~select(table.c.number).where(table.c.number == notices.c.number).exists()
        for table in (intake, timeline, requests, legs, summonses, answers)
    ]
    told = (notices.c.number > since, notices.c.number.regexp_match(NUMBER_FORM))
    orphans = select(notices.c.number).where(*told, *elsewhere).distinct()
    async with _snapshot(engine) as connection:
        # One pass over all notices takes as long as it takes.
        await connection.execute(text("SET LOCAL statement_timeout = 0"))
        for number in sorted(await connection.scalars(orphans)):
            yield Finding(number, 0, Wrong.INTAKE_MISSING, "notices were sent for it")


def _following(last: str) -> Select[Any]:
    return select(intake.c.number).where(intake.c.number > last).order_by(intake.c.number).limit(BATCH)


Within = Callable[[ColumnElement[str]], ColumnElement[bool]]
"""Which numbers are meant, as a condition on a column of numbers."""


def _between(last: str, until: str | None) -> Within:
    def within(column: ColumnElement[str]) -> ColumnElement[bool]:
        return column > last if until is None else (column > last) & (column <= until)

    return within


async def _files(connection: ReadConnection, within: Within) -> dict[str, _File]:
    files: dict[str, _File] = defaultdict(_File)
    for begun in await connection.execute(select(intake).where(within(intake.c.number))):
        files[begun.number].intake = begun
    for waiting in await connection.execute(_WAITING.where(within(waiting_intake.c.number))):
        files[waiting.number].waits_too_long = waiting.too_long
    told = select(timeline).where(within(timeline.c.number)).order_by(timeline.c.number, timeline.c.seq)
    for event in await connection.execute(told):
        files[event.number].told.append(event)
    for row in (await connection.execute(select(requests).where(within(requests.c.number)))).mappings():
        files[row["number"]].board = dict(row)
    for row in (await connection.execute(select(legs).where(within(legs.c.number)))).mappings():
        files[row["number"]].inbox.append(dict(row))
    for row in (await connection.execute(select(summonses).where(within(summonses.c.number)))).mappings():
        files[row["number"]].called.append(dict(row))
    for answered in await connection.execute(_ANSWERS.where(within(answers.c.number))):
        files[answered.number].answers.append(answered)
    return files


_WAITING = select(
    waiting_intake.c.number,
    (waiting_intake.c.received_at < func.clock_timestamp() - PATIENCE).label("too_long"),
)


# Answers are kept of other deeds too, under the name of what was done: a published policy, a surge.
_ANSWERS = select(answers).where(answers.c.number.regexp_match(NUMBER_FORM))


def _findings(number: str, file: _File) -> Iterator[Finding]:
    if file.intake is None:
        yield Finding(number, 0, Wrong.INTAKE_MISSING, _left_of(file))
        return
    if wrong := _altered_in(file.intake):
        yield Finding(number, 0, Wrong.INTAKE_ALTERED, wrong)
    torn = [*findings_in(number, file.intake.body["digest"], file.told), *_about_the_end(number, file)]
    yield from torn
    if torn or wrong:
        return  # what follows from a damaged story says nothing
    try:
        states = _lived(file.intake, file.told)
    except (ValueError, KeyError, AssertionError) as error:
        yield Finding(number, len(file.told), Wrong.UNREADABLE, type(error).__name__)
        return
    yield from _shown_otherwise(file, states[-1])
    yield from _answered_otherwise(number, file, states)


def _left_of(file: _File) -> str:
    left = {
        "timeline": file.told,
        "board": file.board,
        "inbox": file.inbox,
        "whistles": file.called,
        "answers": file.answers,
        "queue": file.waits_too_long is not None,
    }
    return ", ".join(name for name, there in left.items() if there)


def _altered_in(begun: Row[Any]) -> str:
    """What of an intake is not what its digest was made of; nothing if it is whole."""
    body = begun.body
    digest = intake_digest(body=body, description=begun.description, query_code=begun.query_code)
    if digest != body["digest"]:
        return "content"
    written = forms.intakes.validate_python(body)
    beside = ("number", "received_at", "caller_ref")
    return ", ".join(name for name in beside if getattr(begun, name) != getattr(written, name))


def _about_the_end(number: str, file: _File) -> Iterator[Finding]:
    """Whether rows were cut off or put on at the end: board and answers remember how far the story went."""
    last = file.told[-1].seq if file.told else 0
    shown = file.board["seq"] if file.board else 0
    answered = max((row.answer["seq"] for row in file.answers), default=0)
    remembered = max(shown, answered)
    if remembered > last:
        yield Finding(number, last + 1, Wrong.MISSING, f"the story went on to row {remembered}")
    elif last > shown > 0:
        yield Finding(number, shown + 1, Wrong.SURPLUS, f"the board knows of rows to {shown}")
    elif last and not shown:
        yield Finding(number, last, Wrong.BOARD_DIFFERS, "no row")
    elif not last and file.waits_too_long is None:
        yield Finding(number, 1, Wrong.MISSING, "the whole timeline")
    elif not last and file.waits_too_long:
        yield Finding(number, 0, Wrong.NOT_STARTED)


def _lived(begun: Row[Any], told: Sequence[Row[Any]]) -> list[RequestState]:
    """The state before the first event, and after each."""
    states = [begin(forms.intakes.validate_python(begun.body))]
    for row in told:
        states.append(evolve(states[-1], event_of(row)))
    return states


def _shown_otherwise(file: _File, state: RequestState) -> Iterator[Finding]:
    if state.seq == 0 or file.board is None or file.board["seq"] != state.seq:
        return
    board, inbox = rows_of(summarize(state))
    if wrong := _differing(board, file.board):
        yield Finding(state.number, state.seq, Wrong.BOARD_DIFFERS, wrong)
    shown = {row["leg"]: row for row in file.inbox}
    expected = {leg["leg"]: leg for leg in inbox}
    for leg in sorted(shown.keys() | expected.keys(), key=lambda leg: (len(leg), leg)):
        wrong = _differing(expected.get(leg), shown.get(leg))
        if wrong:
            yield Finding(state.number, state.seq, Wrong.INBOX_DIFFERS, f"leg {leg}: {wrong}")
    called = {row["summons"]: row for row in file.called}
    summoned = {row["summons"]: row for row in summons_rows_of(summarize(state))}
    for summons in sorted(called.keys() | summoned.keys()):
        wrong = _differing(summoned.get(summons), called.get(summons))
        if wrong:
            yield Finding(state.number, state.seq, Wrong.INBOX_DIFFERS, f"summons {summons}: {wrong}")


def _differing(expected: Columns | None, shown: Columns | None) -> str:
    if shown is None:
        return "no row"
    if expected is None:
        return "a row too many"
    return ", ".join(name for name, value in expected.items() if shown[name] != value)


def _answered_otherwise(number: str, file: _File, states: Sequence[RequestState]) -> Iterator[Finding]:
    for row in file.answers:
        seq: int = row.answer["seq"]
        if not 0 < seq < len(states):
            continue  # told already, as missing rows
        if (row.answer["number"], row.answer["state"]) != (number, states[seq].state):
            yield Finding(number, seq, Wrong.ANSWER_DIFFERS, f"key {row.key}")


@asynccontextmanager
async def _snapshot(engine: AsyncEngine) -> AsyncGenerator[ReadConnection]:
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        yield ReadConnection(connection)
