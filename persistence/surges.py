"""Surges as they were ordered and ended. Two of them never say something different of one matter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, insert, or_, select, update

from domain.limits.surges import Surge
from domain.refusals import Refused
from persistence.engine import ReadConnection, WriteConnection
from persistence.pages import Order, Page, limited
from persistence.tables import surges


@dataclass(frozen=True, slots=True)
class KeptSurge:
    """A surge with who ordered it and who ended it before its time."""

    surge: Surge
    begun_by: str
    begun_at: datetime
    reason: str
    ended_by: str | None
    ended_at: datetime | None


_NEWEST_FIRST = Order("surges", (surges.c.id,), descending=True)


async def begin_surge(
    connection: WriteConnection,
    *,
    name: str,
    area: str,
    since: datetime,
    until: datetime | None,
    substitutions: Mapping[str, str],
    by: str,
    at: datetime,
    reason: str,
) -> KeptSurge:
    """Order a surge.

    Raises:
        Refused: ``surge_collides``, another one says something of the same policy, place and time.
    """
    # Two who begin one at once must see each other.
    await connection.execute(select(func.pg_advisory_xact_lock(func.hashtext("surges"))))
    wanted = Surge(0, name, area, since, until, substitutions)
    for other in await surges_after(ReadConnection(connection), at):
        if wanted.collides_with(other):
            shared = ", ".join(sorted(wanted.substitutions.keys() & other.substitutions.keys()))
            raise Refused(
                "surge_collides",
                "area",
                f"surge {other.id} ({other.name}) holds for {shared} in {other.area} already",
                "end that one first, or another area, time or policy",
            )
    row = await connection.execute(
        insert(surges)
        .values(
            name=name,
            area=area,
            since=since,
            until=until,
            substitutions=dict(substitutions),
            begun_by=by,
            begun_at=at,
            reason=reason,
        )
        .returning(surges)
    )
    return _kept(row.one())


async def end_surge(connection: WriteConnection, surge_id: int, *, by: str, at: datetime) -> KeptSurge | None:
    """End a surge now; ``None`` if there is none.

    Raises:
        Refused: ``surge_ended``, it has ended already.
    """
    found = select(surges).where(surges.c.id == surge_id).with_for_update()
    row = (await connection.execute(found)).one_or_none()
    if row is None:
        return None
    kept = _kept(row)
    if kept.surge.until is not None and kept.surge.until <= at:
        ended = kept.surge.until.isoformat()
        raise Refused("surge_ended", "surge", f"surge {surge_id} ended at {ended}", "a surge that holds")
    ended_row = await connection.execute(
        update(surges)
        .where(surges.c.id == surge_id)
        .values(until=func.greatest(at, surges.c.since), ended_by=by, ended_at=at)
        .returning(surges)
    )
    return _kept(ended_row.one())


async def find_surge(connection: ReadConnection | WriteConnection, surge_id: int) -> KeptSurge | None:
    """The surge of that id."""
    row = (await connection.execute(select(surges).where(surges.c.id == surge_id))).one_or_none()
    return None if row is None else _kept(row)


async def surges_after(connection: ReadConnection, at: datetime) -> Sequence[Surge]:
    """Every surge that holds at an instant or is to begin later."""
    rows = await connection.execute(
        select(surges).where(or_(surges.c.until.is_(None), surges.c.until > at)).order_by(surges.c.id)
    )
    return [_kept(row).surge for row in rows]


async def list_surges(
    connection: ReadConnection,
    *,
    holding_at: datetime | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[KeptSurge]:
    """A page of the surges, newest first: all of them, or those that hold at an instant.

    Raises:
        Refused: ``bad_cursor``.
    """
    limit = limited(limit)
    query = select(surges)
    if holding_at is not None:
        not_over = or_(surges.c.until.is_(None), surges.c.until > holding_at)
        query = query.where(surges.c.since <= holding_at, not_over)
    rows = (await connection.execute(_NEWEST_FIRST.page(query, cursor, limit))).all()
    items = [_kept(row) for row in rows[:limit]]
    return Page(items, _NEWEST_FIRST.cursor(str(items[-1].surge.id)) if len(rows) > limit else None)


def _kept(row: Row[Any]) -> KeptSurge:
    surge = Surge(row.id, row.name, row.area, row.since, row.until, row.substitutions)
    return KeptSurge(surge, row.begun_by, row.begun_at, row.reason, row.ended_by, row.ended_at)
