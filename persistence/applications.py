"""Applications for exceptions as the doors read them: whole, of one request, and those that wait for a decision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from domain.events import ApplicationDecided, ApplicationMade, Event
from domain.exceptions.applications import ExceptionKind
from domain.lifecycle import fold
from domain.request import RequestState, begin
from persistence import forms
from persistence.engine import ReadConnection
from persistence.pages import Order, Page, limited
from persistence.reading import visible
from persistence.sight import WHOLE_CITY, Sight
from persistence.tables import intake, requests, timeline
from persistence.timeline import event_of

_ORDER = Order("undecided", (requests.c.received_at, requests.c.number))


@dataclass(frozen=True, slots=True)
class Asked:
    """A request with what was asked of it: the words of each application and of each decision, by application."""

    state: RequestState
    made: Mapping[str, ApplicationMade]
    decided: Mapping[str, ApplicationDecided]


async def read_asked(connection: ReadConnection, numbers: Sequence[str]) -> Sequence[Asked]:
    """The requests of these numbers, in their order; what does not exist is left out."""
    begun = await connection.execute(
        select(intake.c.number, intake.c.body).where(intake.c.number.in_(numbers))
    )
    told = await connection.execute(
        select(timeline).where(timeline.c.number.in_(numbers)).order_by(timeline.c.number, timeline.c.seq)
    )
    stories: dict[str, list[Event]] = {}
    for row in told:
        stories.setdefault(row.number, []).append(event_of(row))
    asked = {
        row.number: _asked(
            fold(begin(forms.intakes.validate_python(row.body)), stories.get(row.number, ())),
            stories.get(row.number, ()),
        )
        for row in begun
    }
    return [asked[number] for number in numbers if number in asked]


async def waiting_for_decisions(
    connection: ReadConnection,
    *,
    kinds: Sequence[ExceptionKind] = (),
    seen_by: Sight = WHOLE_CITY,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[str]:
    """A page of the numbers of requests with an undecided application (of one of the kinds), oldest call first.

    ``seen_by`` leaves out what this sight does not reach.

    Raises:
        Refused: ``bad_cursor``.
    """
    query = select(requests).where(requests.c.applications != "")
    if kinds:
        listed = func.string_to_array(requests.c.applications, ",")
        query = query.where(listed.op("&&")(func.string_to_array(",".join(kinds), ",")))
    query = query.where(*visible(seen_by))
    rows = (await connection.execute(_ORDER.page(query, cursor, limit))).all()
    shown = rows[: limited(limit)]
    more = len(rows) > len(shown)
    last = _ORDER.cursor(shown[-1].received_at.isoformat(), shown[-1].number) if more else None
    return Page([row.number for row in shown], last)


def _asked(state: RequestState, events: Iterable[Event]) -> Asked:
    facts = [event.what for event in events]
    return Asked(
        state,
        {fact.application: fact for fact in facts if isinstance(fact, ApplicationMade)},
        {fact.application: fact for fact in facts if isinstance(fact, ApplicationDecided)},
    )
