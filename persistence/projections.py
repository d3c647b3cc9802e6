"""The projections: board rows, inbox rows and whistles, made from a request's summary and from nothing else.

A row carries the number of the event it shows, and an older one never overwrites a newer one. ``rebuild`` makes
the tables again from intake and timeline, while the service runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import Table, delete, func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.evolution import evolve
from domain.request import begin
from domain.summary import RequestSummary, summarize
from persistence import forms
from persistence.engine import WriteConnection, reading, writing
from persistence.tables import intake, legs, requests, summonses, timeline
from persistence.timeline import EVENT_COLUMNS, event_of

BATCH = 500
"""Requests rebuilt in one transaction: short enough that an append to one of them hardly waits."""


def _upsert(table: Table, source: str) -> str:
    keys = [column.name for column in table.primary_key]
    changed = ", ".join(f"{c.name} = excluded.{c.name}" for c in table.columns if c.name not in keys)
    # All names come from our own table definitions. ``made`` is a row of the table's own type, so its columns need no
    # names; the driver keeps statements of up to 4 kB ready, and parses longer ones anew at each use.
    return (
        f"INSERT INTO {table.name} SELECT made.* FROM {source} AS made "  # noqa: S608
        f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {changed} WHERE {table.name}.seq < excluded.seq"
    )


# `given.summary` is the summary as JSON. A leg's row lacks only what its request says: number and seq.
REQUEST_UPSERT = _upsert(requests, "given, jsonb_populate_record(NULL::requests, given.summary)")
LEGS_UPSERT = _upsert(
    legs,
    "given, jsonb_array_elements(given.summary -> 'legs') AS leg_summary, jsonb_populate_record(NULL::legs, "
    "leg_summary || jsonb_build_object('number', given.summary -> 'number', 'seq', given.summary -> 'seq'))",
)

SUMMONSES_UPSERT = _upsert(
    summonses,
    "given, jsonb_array_elements(given.summary -> 'summonses') AS called, jsonb_populate_record(NULL::summonses, "
    "called || jsonb_build_object('number', given.summary -> 'number', 'seq', given.summary -> 'seq'))",
)

_PUT = (
    "WITH given AS (SELECT jsonb_array_elements(CAST(:summaries AS jsonb)) AS summary), "
    f"shown AS ({REQUEST_UPSERT}), called AS ({SUMMONSES_UPSERT}) {LEGS_UPSERT}"
)


def rows_of(summary: RequestSummary) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The board row and the inbox rows of a summary, as plain values by column name."""
    board = {column.name: getattr(summary, column.name) for column in requests.columns}
    shared = {"number": summary.number, "seq": summary.seq}
    inbox = [
        shared
        | {column.name: getattr(leg, column.name) for column in legs.columns if column.name not in shared}
        for leg in summary.legs
    ]
    return board, inbox


def summons_rows_of(summary: RequestSummary) -> list[dict[str, Any]]:
    """The rows of everybody whom the request's whistles called, as plain values by column name."""
    shared = {"number": summary.number, "seq": summary.seq}
    names = [column.name for column in summonses.columns if column.name not in shared]
    return [shared | {name: getattr(each, name) for name in names} for each in summary.summonses]


async def put(connection: WriteConnection, summaries: Iterable[RequestSummary]) -> None:
    """Write the rows of these summaries; rows that show a later event stay."""
    spelled = ",".join(forms.summaries.dump_json(summary).decode() for summary in summaries)
    await connection.execute(text(_PUT), {"summaries": f"[{spelled}]"})


async def rebuild(engine: AsyncEngine, progress: Callable[[int, int], None]) -> int:
    """Make the projections again from intake and timeline, batch by batch, and return how many requests they show.

    The service may run meanwhile: each batch holds its rows, and an append waits for its own row only. Rows of
    requests that have no timeline are removed. ``progress`` hears how many intakes are done, and of how many.
    """
    async with reading(engine) as connection:
        total = await connection.scalar(select(func.count()).select_from(intake)) or 0
    done = shown = 0
    last = ""
    progress(done, total)
    while True:
        async with writing(engine) as connection:
            numbers, made = await _rebuild_after(connection, last)
            await _drop_strays(connection, last, numbers[-1] if numbers else None)
        if not numbers:
            return shown
        last = numbers[-1]
        done, shown = done + len(numbers), shown + made
        progress(done, max(total, done))


async def _rebuild_after(connection: WriteConnection, last: str) -> tuple[list[str], int]:
    stories = select(intake.c.number, intake.c.body).where(intake.c.number > last)
    begun = (await connection.execute(stories.order_by(intake.c.number).limit(BATCH))).all()
    numbers = [row.number for row in begun]
    # Held before the timeline is read: what an append adds from now on, it also shows from now on.
    await connection.execute(
        select(requests.c.number).where(requests.c.number.in_(numbers)).with_for_update()
    )
    states = {row.number: begin(forms.intakes.validate_python(row.body)) for row in begun}
    told = select(timeline.c.number, *(timeline.c[name] for name in EVENT_COLUMNS))
    told = told.where(timeline.c.number.in_(numbers)).order_by(timeline.c.number, timeline.c.seq)
    for row in await connection.execute(told):
        states[row.number] = evolve(states[row.number], event_of(row))
    await connection.execute(delete(legs).where(legs.c.number.in_(numbers)))
    await connection.execute(delete(summonses).where(summonses.c.number.in_(numbers)))
    await connection.execute(delete(requests).where(requests.c.number.in_(numbers)))
    summaries = [summarize(state) for state in states.values() if state.seq > 0]
    if summaries:
        await put(connection, summaries)
    return numbers, len(summaries)


async def _drop_strays(connection: WriteConnection, after: str, until: str | None) -> None:
    for table in (legs, summonses, requests):
        known = select(intake.c.number).where(intake.c.number == table.c.number)
        strays = delete(table).where(table.c.number > after, ~known.exists())
        await connection.execute(strays if until is None else strays.where(table.c.number <= until))
