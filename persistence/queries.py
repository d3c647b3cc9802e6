"""What boards, inboxes and citizens read: plain queries over the projections, page by page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, Row, and_, func, or_, select, update

from domain.notices.telling import Notice
from domain.request import Intake
from domain.summary import LegSummary, RequestSummary
from persistence import forms
from persistence.engine import ReadConnection, WriteConnection
from persistence.pages import Order, Page, limited
from persistence.sight import WHOLE_CITY, Sight, disclosed
from persistence.tables import intake, legs, notices, requests, waiting_intake

Scope = Literal["open", "ended", "all"]


@dataclass(frozen=True, slots=True)
class RequestDetail:
    """A request with what it began with; ``summary`` is ``None`` while its story has not begun."""

    intake: Intake
    description: str
    query_code: str
    summary: RequestSummary | None


@dataclass(frozen=True, slots=True)
class LegRow:
    """One line of an inbox: the leg, and the request it belongs to."""

    leg: LegSummary
    request: RequestSummary
    description: str


@dataclass(frozen=True, slots=True)
class KeptNotice:
    """A notice in somebody's inbox."""

    notice: Notice
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class OpenCount:
    """How many open requests stand alike."""

    state: str
    level: str | None
    light: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LegFilter:
    """Which legs an inbox shows: of one unit, or of every unit that serves a part of the area; of requests that
    ``sight`` reaches.
    """

    scope: Scope = "open"
    states: Sequence[str] = ()
    roles: Sequence[str] = ()
    unit: str | None = None
    area: str | None = None
    sight: Sight = WHOLE_CITY


_INBOX = Order("inbox", (legs.c.dispatched_at, legs.c.number, legs.c.leg))
_NOTICES = Order("notices", (notices.c.at, notices.c.key), descending=True)


async def list_legs(
    connection: ReadConnection, wanted: LegFilter, *, cursor: str | None = None, limit: int = 50
) -> Page[LegRow]:
    """A page of an inbox, the longest waiting first."""
    limit = limited(limit)
    query = select(legs).where(*_leg_conditions(wanted))
    rows = (await connection.execute(_INBOX.page(query, cursor, limit))).all()
    shown = rows[:limit]
    found = await _requests_by_number(connection, {row.number for row in shown})
    items = [LegRow(_leg_summary(row), *found[row.number]) for row in shown]
    last = shown[-1] if len(rows) > limit else None
    return Page(
        items,
        None if last is None else _INBOX.cursor(last.dispatched_at.isoformat(), last.number, last.leg),
    )


async def find_leg(connection: ReadConnection, number: str, leg: str) -> LegRow | None:
    """One leg of one request."""
    row = (
        await connection.execute(select(legs).where(legs.c.number == number, legs.c.leg == leg))
    ).one_or_none()
    if row is None:
        return None
    found = await _requests_by_number(connection, {number})
    return LegRow(_leg_summary(row), *found[number])


async def find_summary(connection: ReadConnection, number: str) -> RequestSummary | None:
    """The projection of one request; ``None`` if there is none, or if its story has not begun."""
    rows = (await connection.execute(select(requests).where(requests.c.number == number))).all()
    return (await _with_legs(connection, rows)).get(number)


async def find_request(connection: ReadConnection, number: str) -> RequestDetail | None:
    """A request with all that is known of it; also one that waits to be started."""
    row = (await connection.execute(select(intake).where(intake.c.number == number))).one_or_none()
    if row is None:
        return None
    begun = forms.intakes.validate_python(row.body)
    return RequestDetail(begun, row.description, row.query_code, await find_summary(connection, number))


async def list_notices(
    connection: ReadConnection,
    recipients: Sequence[str],
    *,
    unread_only: bool = False,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[KeptNotice]:
    """A page of the notices to some recipients, newest first."""
    limit = limited(limit)
    query = select(notices).where(notices.c.recipient.in_(recipients))
    if unread_only:
        query = query.where(notices.c.read_at.is_(None))
    rows = (await connection.execute(_NOTICES.page(query, cursor, limit))).all()
    items = [
        KeptNotice(Notice(*(getattr(row, field.name) for field in fields(Notice))), row.read_at)
        for row in rows[:limit]
    ]
    last = items[-1].notice if len(rows) > limit else None
    return Page(items, None if last is None else _NOTICES.cursor(last.at.isoformat(), last.key))


async def mark_read(
    connection: WriteConnection, keys: Sequence[str], recipients: Sequence[str], at: datetime
) -> int:
    """Note that notices were read by their recipients, and return how many were new to them."""
    marked = await connection.execute(
        update(notices)
        .where(notices.c.key.in_(keys), notices.c.recipient.in_(recipients), notices.c.read_at.is_(None))
        .values(read_at=at)
    )
    return marked.rowcount


async def open_counts(connection: ReadConnection) -> Sequence[OpenCount]:
    """How the open requests stand, for gauges and the board's head."""
    groups = (requests.c.state, requests.c.level, requests.c.light)
    counted = select(*groups, func.count()).where(requests.c.ended_at.is_(None)).group_by(*groups)
    return [OpenCount(*row) for row in await connection.execute(counted)]


async def count_unstarted(connection: ReadConnection) -> int:
    """How many intakes wait for their story to begin."""
    return await connection.scalar(select(func.count()).select_from(waiting_intake)) or 0


async def count_due_unfired(connection: ReadConnection, grace: timedelta) -> int:
    """How many requests show a deadline that passed more than ``grace`` ago, by the database's clock; after an end
    those are undecided appeals and commitments.

    This looks at the stored instants only, and at no timer that should have fired.
    """
    since = func.clock_timestamp() - grace
    overdue = or_(requests.c.next_due_at < since, requests.c.commitment_due < since)
    counted = select(func.count()).select_from(requests).where(overdue)
    return await connection.scalar(counted) or 0


def _leg_conditions(wanted: LegFilter) -> Iterable[ColumnElement[bool]]:
    yield from _in_scope(wanted.scope, legs.c.ended_at)
    yield from _among(legs.c.state, wanted.states)
    yield from _among(legs.c.role, wanted.roles)
    if wanted.unit is not None:
        yield legs.c.unit == wanted.unit
    if wanted.area is not None:
        yield _inside(legs.c.area, wanted.area)
    if not wanted.sight.is_unlimited:
        yield (
            select(requests.c.number)
            .where(requests.c.number == legs.c.number, disclosed(wanted.sight))
            .exists()
        )


def _in_scope(scope: Scope, ended_at: ColumnElement[Any]) -> Iterable[ColumnElement[bool]]:
    if scope == "open":
        yield ended_at.is_(None)
    elif scope == "ended":
        yield ended_at.is_not(None)


def _among(column: ColumnElement[Any], words: Sequence[str]) -> Iterable[ColumnElement[bool]]:
    if words:
        yield column.in_(words)


def _inside(column: ColumnElement[Any], area: str) -> ColumnElement[bool]:
    """Whether the code begins with the area's: a range that an index serves. No code has a letter beyond ``~``."""
    return and_(column >= area, column < area + "~")


async def _requests_by_number(
    connection: ReadConnection, numbers: Iterable[str]
) -> dict[str, tuple[RequestSummary, str]]:
    rows = (
        await connection.execute(
            select(requests, intake.c.description)
            .join(intake, intake.c.number == requests.c.number)
            .where(requests.c.number.in_(numbers))
        )
    ).all()
    summaries = await _with_legs(connection, rows)
    return {row.number: (summaries[row.number], row.description) for row in rows}


async def _with_legs(connection: ReadConnection, rows: Sequence[Row[Any]]) -> dict[str, RequestSummary]:
    numbers = [row.number for row in rows]
    if not numbers:
        return {}
    # Ids are "1", "2", …, so the shorter one is the earlier one.
    ordered = select(legs).where(legs.c.number.in_(numbers)).order_by(func.length(legs.c.leg), legs.c.leg)
    by_number: dict[str, list[LegSummary]] = {number: [] for number in numbers}
    for leg in await connection.execute(ordered):
        by_number[leg.number].append(_leg_summary(leg))
    plain = [field.name for field in fields(RequestSummary) if field.name not in ("legs", "summonses")]
    return {
        row.number: RequestSummary(
            **{name: getattr(row, name) for name in plain}, legs=tuple(by_number[row.number])
        )
        for row in rows
    }


def _leg_summary(row: Row[Any]) -> LegSummary:
    return LegSummary(*(getattr(row, field.name) for field in fields(LegSummary)))
