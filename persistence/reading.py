"""What the doors read for somebody who does not see everything: the board as one unit sees it, and the feed's start.

A unit sees the requests that it, or a unit of a lower level inside its area, holds or held a leg of, those to which a
whistle called it or over which it whistled, and, until somebody leads them, those begun in its area without a caller.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Row,
    Select,
    Text,
    and_,
    any_,
    bindparam,
    func,
    literal,
    literal_column,
    or_,
    select,
    union,
)
from sqlalchemy.dialects.postgresql import ARRAY

from domain.levels import Level
from domain.lifecycle import fold
from domain.request import RequestState, Visibility, begin
from domain.units import Unit
from persistence import forms
from persistence.engine import ReadConnection
from persistence.pages import Order, Page, limited
from persistence.sight import WHOLE_CITY, Sight, disclosed
from persistence.tables import Instant, intake, legs, requests, summonses
from persistence.timeline import read_events

OWN_INITIATIVE = "own_initiative"
"""The channel of what nobody called in."""

Scope = Literal["open", "ended", "all"]
Sorting = Literal["newest", "oldest", "due"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which requests a board shows. ``q`` is the beginning of a number, or a whole query code."""

    scope: Scope = "all"
    states: Sequence[str] = ()
    levels: Sequence[str] = ()
    lights: Sequence[str] = ()
    district: str | None = None
    category: str | None = None
    unit: str | None = None
    due_before: datetime | None = None
    repeat_of: str | None = None
    q: str | None = None
    seen_by: Sight = WHOLE_CITY
    """Show only what this sight reaches."""


_DUE = func.coalesce(requests.c.total_due_at, literal_column("'infinity'::timestamptz", Instant))
_ORDERS: dict[Sorting, Order] = {
    "newest": Order("newest", (requests.c.received_at, requests.c.number), descending=True),
    "oldest": Order("oldest", (requests.c.received_at, requests.c.number)),
    "due": Order("due", (_DUE, requests.c.number)),
}


async def board(
    connection: ReadConnection,
    wanted: Wanted,
    *,
    sorting: Sorting = "newest",
    cursor: str | None = None,
    limit: int = 50,
) -> Page[Row[Any]]:
    """A page of the board: rows of the projection with the description beside them.

    Raises:
        Refused: ``bad_cursor``.
    """
    order, limit = _ORDERS[sorting], limited(limit)
    query = (
        select(requests, intake.c.description)
        .join(intake, intake.c.number == requests.c.number)
        .where(*_conditions(wanted))
    )
    rows = (await connection.execute(order.page(query, cursor, limit))).all()
    shown = rows[:limit]
    return Page(shown, _cursor(order, shown[-1]) if len(rows) > limit else None)


@dataclass(frozen=True, slots=True)
class Whole:
    """A request as its events make it, with what lies beside its intake."""

    state: RequestState
    description: str
    query_code: str


async def read_whole(connection: ReadConnection, number: str, *, until: int | None = None) -> Whole | None:
    """The request after its last event (or the event ``until``), also while its story has not begun; ``None`` if there
    is none.
    """
    row = (await connection.execute(select(intake).where(intake.c.number == number))).one_or_none()
    if row is None:
        return None
    begun = begin(forms.intakes.validate_python(row.body))
    told = await read_events(connection, number)
    counted = [event for event in told if until is None or event.seq <= until]
    return Whole(fold(begun, counted), row.description, row.query_code)


async def number_of_code(connection: ReadConnection, query_code: str) -> str | None:
    """The request that a citizen's query code belongs to."""
    return await connection.scalar(select(intake.c.number).where(intake.c.query_code == query_code))


async def received(connection: ReadConnection, number: str) -> datetime | None:
    """When the call came in (UTC); ``None`` if there is no such request."""
    return await connection.scalar(select(intake.c.received_at).where(intake.c.number == number))


async def category_of(connection: ReadConnection, number: str) -> str | None:
    """What the request is about; ``None`` if nobody has said so yet, or there is no such request."""
    return await connection.scalar(select(requests.c.category).where(requests.c.number == number))


async def leading_unit(connection: ReadConnection, number: str) -> str | None:
    """The unit that leads the request, or led it last; ``None`` if none ever did."""
    return await connection.scalar(select(requests.c.unit).where(requests.c.number == number))


async def caller_of(connection: ReadConnection, number: str) -> tuple[bool, str | None]:
    """Whether there is such a request, and the reference to its caller's identity, if one was given."""
    row = (
        await connection.execute(select(intake.c.caller_ref).where(intake.c.number == number))
    ).one_or_none()
    return (False, None) if row is None else (True, row.caller_ref)


async def is_seen(connection: ReadConnection, number: str, sight: Sight) -> bool:
    """Whether the sight reaches the request; one whose story has not begun is nobody's but the command centre's."""
    if sight.unit is not None:
        given = {"number": number, "sealed": sight.sealed, **_reach(sight.unit)}
        if await connection.scalar(_SEEN, given) is not None:
            return True
        if await connection.scalar(_CALLED, {"number": number, "unit": sight.unit.code}) is not None:
            return True
        its_own = requests.c.number == number, _begun_by_itself(sight.unit)
        return await connection.scalar(select(requests.c.number).where(*its_own)) is not None
    return sight.sealed or await _visibility(connection, number) is not Visibility.SEALED


async def seen_among(connection: ReadConnection, numbers: Iterable[str], sight: Sight) -> frozenset[str]:
    """Those of the requests that the sight reaches, as far as their stories have begun."""
    asked = set(numbers)
    found = select(requests.c.number).where(requests.c.number.in_(asked), *visible(sight))
    if sight.unit is None:
        return frozenset((await connection.scalars(found)).all())
    called = _called_to(summonses.c.number.in_(asked), sight.unit.code)
    return frozenset((await connection.scalars(union(found, called))).all())


def visible(sight: Sight) -> Iterable[ColumnElement[bool]]:
    """The conditions under which a row of ``requests`` is seen."""
    if sight.is_unlimited:
        return
    yield disclosed(sight)
    if sight.unit is not None:
        yield (
            select(legs.c.number).where(legs.c.number == requests.c.number, held_within(sight.unit)).exists()
        )


async def _visibility(connection: ReadConnection, number: str) -> Visibility | None:
    known = await connection.scalar(select(requests.c.visibility).where(requests.c.number == number))
    if known is not None:
        return Visibility(known)
    body = await connection.scalar(select(intake.c.body).where(intake.c.number == number))
    return begin(forms.intakes.validate_python(body)).visibility if body is not None else None


def held_within(unit: Unit) -> ColumnElement[bool]:
    """Legs held by the unit itself, or by a unit of a lower level inside its area.

    Neighbours on one level are not below each other, though their areas may be the same.
    """
    reach = _reach(unit)
    return _held_within(**{**reach, "lower": literal(reach["lower"], ARRAY(Text))})


def _begun_by_itself(unit: Unit) -> ColumnElement[bool]:
    """Matters that nobody called in, inside the area of a unit that may whistle, while nobody leads them: whoever found
    one goes on at once, and waits for no dispatcher.
    """
    if unit.level not in (Level.TOWN, Level.COMMUNITY):
        return literal(False)
    return and_(
        requests.c.channel == OWN_INITIATIVE,
        requests.c.unit.is_(None),
        requests.c.area >= unit.area,
        requests.c.area < unit.area + "~",
        requests.c.visibility.in_((Visibility.PUBLIC, Visibility.PARTY)),
    )


def _held_within(*, unit: Any, area: Any, beyond: Any, lower: Any) -> ColumnElement[bool]:
    return or_(
        legs.c.unit == unit, and_(legs.c.area >= area, legs.c.area < beyond, legs.c.level == any_(lower))
    )


def _reach(unit: Unit) -> dict[str, Any]:
    lower = [level.value for level in Level if unit.level.is_above(level)]
    return {"unit": unit.code, "area": unit.area, "beyond": unit.area + "~", "lower": lower}


# Built once: the doors ask it at each call of a unit.
_HELD_WITHIN = _held_within(
    unit=bindparam("unit"),
    area=bindparam("area"),
    beyond=bindparam("beyond"),
    lower=bindparam("lower", type_=ARRAY(Text)),
)
_SEEN = (
    select(legs.c.number)
    .join(requests, requests.c.number == legs.c.number)
    .where(
        legs.c.number == bindparam("number"),
        _HELD_WITHIN,
        or_(
            requests.c.visibility.in_((Visibility.PUBLIC, Visibility.PARTY)),
            and_(
                requests.c.unit == bindparam("unit"),
                or_(requests.c.visibility != Visibility.SEALED, bindparam("sealed", type_=Boolean)),
            ),
        ),
    )
    .limit(1)
)


def _called_to(which: ColumnElement[bool], unit: Any) -> Select[Any]:
    """Requests to which a whistle called the unit, or over which it whistled, though it holds no leg of them."""
    return (
        select(summonses.c.number)
        .join(requests, requests.c.number == summonses.c.number)
        .where(
            which,
            or_(summonses.c.unit == unit, summonses.c.town == unit),
            requests.c.visibility.in_((Visibility.PUBLIC, Visibility.PARTY)),
        )
    )


_CALLED = _called_to(summonses.c.number == bindparam("number"), bindparam("unit")).limit(1)


def _conditions(wanted: Wanted) -> Iterable[ColumnElement[bool]]:
    if wanted.scope == "open":
        yield requests.c.ended_at.is_(None)
    elif wanted.scope == "ended":
        yield requests.c.ended_at.is_not(None)
    for column, words in (
        (requests.c.state, wanted.states),
        (requests.c.level, wanted.levels),
        (requests.c.light, wanted.lights),
    ):
        if words:
            yield column.in_(words)
    for column, word in (
        (requests.c.district, wanted.district),
        (requests.c.category, wanted.category),
        (requests.c.unit, wanted.unit),
        (requests.c.repeat_of, wanted.repeat_of),
    ):
        if word is not None:
            yield column == word
    if wanted.due_before is not None:
        yield requests.c.total_due_at < wanted.due_before
    if wanted.q:
        yield or_(_begins(requests.c.number, wanted.q), intake.c.query_code == wanted.q.upper())
    yield from visible(wanted.seen_by)


def _begins(column: ColumnElement[Any], beginning: str) -> ColumnElement[bool]:
    """A range that an index serves; no number has a character beyond ``~``."""
    return and_(column >= beginning, column < beginning + "~")


def _cursor(order: Order, last: Row[Any]) -> str:
    if order.name == "due":
        return order.cursor(last.total_due_at.isoformat() if last.total_due_at else "infinity", last.number)
    return order.cursor(last.received_at.isoformat(), last.number)
