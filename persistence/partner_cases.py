"""Where each case with a partner stands: written by the case's own story, read by doors and reconciliation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, Select, func, or_, select
from sqlalchemy.dialects.postgresql import insert

from domain.cases.state import CaseState
from domain.partners import CaseStatus, Partner
from persistence import forms
from persistence.engine import ReadConnection, WriteConnection
from persistence.pages import Order, Page, limited
from persistence.partner_tables import partner_cases


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case as its story last recorded it. Instants are in UTC.

    ``request`` is who holds it now, ``last_sequence`` and ``last_kind`` the last message that counts, ``said`` what it
    said; ``heard_at`` is when the partner was last heard of, ``note`` something for the operators.
    """

    case: str
    request: str
    partner: Partner
    status: CaseStatus
    version: int
    last_sequence: int
    last_kind: str
    number: str
    code: str
    unit: str
    said: str
    people: int
    hours: float
    opened_at: datetime
    due_at: datetime
    overdue: bool
    heard_at: datetime | None
    ended_at: datetime | None
    note: str
    recorded_at: datetime


_SHOWN = (
    partner_cases.c.case_id.label("case"),
    *(column for column in partner_cases.c if column.name not in ("case_id", "state")),
)
_NEWEST_FIRST = Order("cases", (partner_cases.c.opened_at, partner_cases.c.case_id), descending=True)


async def record_case(connection: WriteConnection, state: CaseState) -> None:
    """Write down how a case stands; what is recorded already, or was overtaken, changes nothing."""
    row = _row_of(state)
    given = insert(partner_cases).values(row | {"recorded_at": func.clock_timestamp()})
    newer = given.on_conflict_do_update(
        index_elements=[partner_cases.c.case_id],
        set_={name: given.excluded[name] for name in (*row, "recorded_at") if name != "case_id"},
        where=partner_cases.c.version < given.excluded.version,
    )
    await connection.execute(newer)


async def load_case(connection: ReadConnection, case: str) -> CaseState | None:
    """All that the story of a case knew when it last recorded it; ``None``: there is no such case."""
    stored = await connection.scalar(select(partner_cases.c.state).where(partner_cases.c.case_id == case))
    return None if stored is None else forms.cases.validate_python(stored)


async def find_case(connection: ReadConnection, case: str) -> CaseRow | None:
    """One case; ``None``: there is none of that number."""
    found = await connection.execute(_cases().where(partner_cases.c.case_id == case))
    row = found.mappings().one_or_none()
    return None if row is None else _shown(row)


async def list_cases(
    connection: ReadConnection,
    partner: Partner,
    *,
    statuses: Sequence[CaseStatus] = (),
    cursor: str | None = None,
    limit: int = 50,
) -> Page[CaseRow]:
    """A page of a partner's cases, newest first.

    Raises:
        Refused: ``bad_cursor``.
    """
    limit = limited(limit)
    query = _cases().where(partner_cases.c.partner == partner)
    if statuses:
        query = query.where(partner_cases.c.status.in_(statuses))
    rows = (await connection.execute(_NEWEST_FIRST.page(query, cursor, limit))).mappings().all()
    items = [_shown(row) for row in rows[:limit]]
    more = len(rows) > limit
    return Page(
        items, _NEWEST_FIRST.cursor(items[-1].opened_at.isoformat(), items[-1].case) if more else None
    )


async def cases_to_compare(
    connection: ReadConnection, partner: Partner, since: datetime
) -> Sequence[CaseRow]:
    """The cases that a reconciliation compares: those that are open with the partner, and those ended since then."""
    lately = or_(partner_cases.c.ended_at.is_(None), partner_cases.c.ended_at >= since)
    query = _cases().where(partner_cases.c.partner == partner, lately).order_by(partner_cases.c.case_id)
    return [_shown(row) for row in (await connection.execute(query)).mappings()]


async def count_open_cases(connection: ReadConnection) -> Mapping[tuple[Partner, CaseStatus], int]:
    """How many cases are open, by partner and status."""
    where = partner_cases.c.partner, partner_cases.c.status
    query = select(*where, func.count()).where(partner_cases.c.ended_at.is_(None)).group_by(*where)
    return {(Partner(row[0]), CaseStatus(row[1])): row[2] for row in await connection.execute(query)}


def _cases() -> Select[Any]:
    return select(*_SHOWN)


def _shown(row: RowMapping) -> CaseRow:
    given: dict[str, Any] = {**row, "partner": Partner(row["partner"]), "status": CaseStatus(row["status"])}
    return CaseRow(**given)


def _row_of(state: CaseState) -> dict[str, Any]:
    return {
        "case_id": state.id,
        "request": state.request,
        "partner": state.brief.partner,
        "status": state.status,
        "version": state.version,
        "last_sequence": state.applied,
        "last_kind": state.last_kind,
        "number": state.number,
        "code": state.code,
        "unit": state.unit,
        "said": state.text,
        "people": state.people,
        "hours": state.hours,
        "opened_at": state.brief.opened_at,
        "due_at": state.brief.due_at,
        "overdue": state.overdue,
        "heard_at": state.heard_at,
        "ended_at": state.ended_at,
        "note": state.note,
        "state": forms.cases.dump_python(state, mode="json"),
    }
