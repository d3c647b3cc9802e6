"""Open requests in bulk, for what is to be told or done of all that stand under one policy: counted, named, and folded
from their timelines batch by batch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, not_, select

from domain.evolution import evolve
from domain.request import RequestState, State, begin
from persistence import forms
from persistence.engine import ReadConnection
from persistence.tables import intake, requests, timeline
from persistence.timeline import EVENT_COLUMNS, event_of

_NOT_ACCEPTED_YET = (State.REGISTERED, State.AWAITING_INFO)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Accepted requests that have not ended: under a policy, in one of its versions, in a district, of a category.
    ``already`` leaves out those that stand under that policy and version.
    """

    policy: str | None = None
    version: int | None = None
    district: str | None = None
    category: str | None = None
    already: tuple[str, int] | None = None


async def count_open(connection: ReadConnection, selection: Selection) -> int:
    """How many requests the selection holds now."""
    counted = select(func.count()).select_from(requests).where(*_conditions(selection))
    return (await connection.execute(counted)).scalar_one()


async def open_numbers(
    connection: ReadConnection, selection: Selection, after: str, limit: int
) -> Sequence[str]:
    """The next numbers of the selection, in order."""
    found = select(requests.c.number).where(*_conditions(selection), requests.c.number > after)
    return (await connection.scalars(found.order_by(requests.c.number).limit(limit))).all()


async def load_states(connection: ReadConnection, numbers: Sequence[str]) -> list[RequestState]:
    """The requests after their last events, in the order of their numbers."""
    begun = await connection.execute(
        select(intake.c.number, intake.c.body).where(intake.c.number.in_(numbers)).order_by(intake.c.number)
    )
    states = {row.number: begin(forms.intakes.validate_python(row.body)) for row in begun}
    told = await connection.execute(
        select(timeline.c.number, *(timeline.c[name] for name in EVENT_COLUMNS))
        .where(timeline.c.number.in_(numbers))
        .order_by(timeline.c.number, timeline.c.seq)
    )
    for row in told:
        states[row.number] = evolve(states[row.number], event_of(row))
    return list(states.values())


def _conditions(selection: Selection) -> Iterator[ColumnElement[bool]]:
    yield requests.c.ended_at.is_(None)
    yield requests.c.state.not_in(_NOT_ACCEPTED_YET)
    for column, wanted in (
        (requests.c.policy, selection.policy),
        (requests.c.policy_version, selection.version),
        (requests.c.district, selection.district),
        (requests.c.category, selection.category),
    ):
        if wanted is not None:
            yield column == wanted
    if selection.already is not None:
        code, version = selection.already
        yield not_(and_(requests.c.policy == code, requests.c.policy_version == version))
