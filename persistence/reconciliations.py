"""Reconciliations with partners: asked for by the clock or by a person, done by one worker, kept with what they found.

Of each partner one is under way at most; one that could not be done stays under way and is tried again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, case, func, select, update
from sqlalchemy.dialects.postgresql import distinct_on, insert

from domain.cases.reconciliation import Difference
from domain.partners import Partner
from persistence import forms
from persistence.engine import ReadConnection, WriteConnection
from persistence.pages import Order, Page, limited
from persistence.partner_tables import reconciliations

LEASE = timedelta(minutes=10)
"""How long one worker has for a reconciliation before another may do it anew; doing it twice repairs nothing twice."""

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=15), timedelta(minutes=10)
"""Between tries while the partner is out of reach."""

OVERLAP = timedelta(hours=1)
"""How far a reconciliation reaches back behind the one before it: the partner's clock is not ours."""


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """One reconciliation. ``asked_by`` is ``None`` where the clock asked. ``compared`` counts the cases that both lists
    have together, ``repaired`` the differences that the service saw to itself, ``failure`` says why it was put off.
    """

    id: int
    partner: Partner
    asked_by: str | None
    asked_at: datetime
    begun_at: datetime | None
    ended_at: datetime | None
    compared: int
    differences: tuple[Difference, ...]
    repaired: int
    failure: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Claimed:
    """A reconciliation for one worker to do now. Cases that ended before ``since`` are not compared; ``None``: it is
    the first, and all of them are.
    """

    id: int
    partner: Partner
    since: datetime | None


_NEWEST_FIRST = Order("reconciliations", (reconciliations.c.id,), descending=True)
_UNDER_WAY = reconciliations.c.ended_at.is_(None)


async def ask_for_reconciliation(
    connection: WriteConnection, partner: Partner, *, by: str, at: datetime
) -> Reconciliation:
    """Ask for a reconciliation now. One that is under way is the answer, and is tried at once."""
    now = func.clock_timestamp()
    asked = insert(reconciliations).values(partner=partner, asked_by=by, asked_at=at, free_at=now)
    hurried = asked.on_conflict_do_update(
        index_elements=["partner"],
        index_where=_UNDER_WAY,
        # One that a worker has in hand goes on.
        set_={"free_at": case((reconciliations.c.failure != "", now), else_=reconciliations.c.free_at)},
    )
    return _read((await connection.execute(hurried.returning(reconciliations))).one())


async def ask_when_due(
    connection: WriteConnection, partner: Partner, every: timedelta, now: datetime
) -> None:
    """Ask for the next reconciliation, if the last one is old enough and none is under way."""
    recent = select(reconciliations.c.id).where(
        reconciliations.c.partner == partner,
        _UNDER_WAY | (reconciliations.c.begun_at > now - every),
    )
    if await connection.scalar(recent.limit(1)) is None:
        asked = insert(reconciliations).values(partner=partner, asked_at=now, free_at=func.clock_timestamp())
        await connection.execute(
            asked.on_conflict_do_nothing(index_elements=["partner"], index_where=_UNDER_WAY)
        )


async def claim_reconciliation(
    connection: WriteConnection, partner: Partner, now: datetime
) -> Claimed | None:
    """The reconciliation that waits, for this worker alone until its lease is over; ``None`` if none waits."""
    taken = (
        update(reconciliations)
        .where(
            reconciliations.c.partner == partner,
            _UNDER_WAY,
            reconciliations.c.free_at <= func.clock_timestamp(),
        )
        .values(
            begun_at=now,
            attempts=reconciliations.c.attempts + 1,
            free_at=func.clock_timestamp() + LEASE,
            failure="",
        )
        .returning(reconciliations.c.id)
    )
    claimed = await connection.scalar(taken)
    if claimed is None:
        return None
    last = await connection.scalar(
        select(func.max(reconciliations.c.begun_at)).where(
            reconciliations.c.partner == partner, reconciliations.c.ended_at.is_not(None)
        )
    )
    return Claimed(claimed, partner, None if last is None else last - OVERLAP)


async def end_reconciliation(
    connection: WriteConnection, claimed: Claimed, found: Sequence[Difference], *, compared: int, at: datetime
) -> None:
    """Write down what was found."""
    await connection.execute(
        update(reconciliations)
        .where(reconciliations.c.id == claimed.id, _UNDER_WAY)
        .values(
            ended_at=at,
            since=claimed.since,
            compared=compared,
            differences=forms.difference_lists.dump_python(tuple(found), mode="json"),
            repaired=sum(each.repaired for each in found),
        )
    )


async def put_off(connection: WriteConnection, claimed: Claimed, failure: str) -> None:
    """It could not be done: it is tried again, later each time."""
    doubled = func.power(2, func.least(reconciliations.c.attempts - 1, 10))
    pause = func.make_interval(
        0, 0, 0, 0, 0, 0, func.least(FIRST_PAUSE.total_seconds() * doubled, LONGEST_PAUSE.total_seconds())
    )
    await connection.execute(
        update(reconciliations)
        .where(reconciliations.c.id == claimed.id, _UNDER_WAY)
        .values(free_at=func.clock_timestamp() + pause, failure=failure)
    )


async def last_reconciliations(connection: ReadConnection) -> Mapping[Partner, Reconciliation]:
    """The last reconciliation of each partner that was done."""
    rows = await connection.execute(
        select(reconciliations)
        .ext(distinct_on(reconciliations.c.partner))
        .where(reconciliations.c.ended_at.is_not(None))
        .order_by(reconciliations.c.partner, reconciliations.c.id.desc())
    )
    return {done.partner: done for done in map(_read, rows)}


async def find_reconciliation(
    connection: ReadConnection | WriteConnection, reconciliation_id: int
) -> Reconciliation | None:
    """The reconciliation of that id."""
    found = await connection.execute(select(reconciliations).where(reconciliations.c.id == reconciliation_id))
    row = found.one_or_none()
    return None if row is None else _read(row)


async def list_reconciliations(
    connection: ReadConnection, partner: Partner, *, cursor: str | None = None, limit: int = 50
) -> Page[Reconciliation]:
    """A page of the reconciliations with a partner, newest first.

    Raises:
        Refused: ``bad_cursor``.
    """
    limit = limited(limit)
    query = select(reconciliations).where(reconciliations.c.partner == partner)
    rows = (await connection.execute(_NEWEST_FIRST.page(query, cursor, limit))).all()
    items = [_read(row) for row in rows[:limit]]
    return Page(items, _NEWEST_FIRST.cursor(str(items[-1].id)) if len(rows) > limit else None)


def _read(row: Row[Any]) -> Reconciliation:
    return Reconciliation(
        id=row.id,
        partner=Partner(row.partner),
        asked_by=row.asked_by,
        asked_at=row.asked_at,
        begun_at=row.begun_at,
        ended_at=row.ended_at,
        compared=row.compared,
        differences=forms.difference_lists.validate_python(row.differences),
        repaired=row.repaired,
        failure=row.failure,
        attempts=row.attempts,
    )
