"""What departments and towns read of whistles: who was called, and how far each part is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import ColumnElement, Row, select

from domain.summary import SummonsSummary
from persistence.engine import ReadConnection
from persistence.pages import Order, Page, limited
from persistence.queries import Scope
from persistence.sight import WHOLE_CITY, Sight, disclosed
from persistence.tables import requests, summonses


@dataclass(frozen=True, slots=True)
class SummonsRow:
    """One line of a department's whistles, with what it must know of the request."""

    number: str
    summons: SummonsSummary
    category: str | None
    area: str | None
    lead: str | None
    """Code of the unit that leads the request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SummonsFilter:
    """Which summonses are shown: to one department, from one town; of requests that ``sight`` reaches."""

    scope: Scope = "open"
    unit: str | None = None
    town: str | None = None
    sight: Sight = WHOLE_CITY


_CALLED = Order("whistles", (summonses.c.called_at, summonses.c.number, summonses.c.summons), descending=True)


async def list_summonses(
    connection: ReadConnection, wanted: SummonsFilter, *, cursor: str | None = None, limit: int = 50
) -> Page[SummonsRow]:
    """A page of summonses, the newest first.

    Raises:
        Refused: ``bad_cursor``.
    """
    limit = limited(limit)
    query = (
        select(summonses, requests.c.category, requests.c.area.label("place"), requests.c.unit.label("lead"))
        .join(requests, requests.c.number == summonses.c.number)
        .where(*_conditions(wanted))
    )
    rows = (await connection.execute(_CALLED.page(query, cursor, limit))).all()
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(
        [_row(row) for row in rows[:limit]],
        None if last is None else _CALLED.cursor(last.called_at.isoformat(), last.number, last.summons),
    )


def _conditions(wanted: SummonsFilter) -> Iterable[ColumnElement[bool]]:
    if wanted.scope == "open":
        yield summonses.c.ended_at.is_(None)
    elif wanted.scope == "ended":
        yield summonses.c.ended_at.is_not(None)
    if wanted.unit is not None:
        yield summonses.c.unit == wanted.unit
    if wanted.town is not None:
        yield summonses.c.town == wanted.town
    if not wanted.sight.is_unlimited:
        yield disclosed(wanted.sight)


def _row(row: Row[Any]) -> SummonsRow:
    summons = SummonsSummary(*(getattr(row, field.name) for field in fields(SummonsSummary)))
    return SummonsRow(row.number, summons, row.category, row.place, row.lead)
