"""Disputes over responsibility (职责争议): the unit that holds the leg goes on with what is urgent, and an arbiter
names who leads. The ruling is final for the request, and may add an entry to the duty list so that it need not recur.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from domain.chapters.exceptions.asking import one_above, usual_seat
from domain.chapters.exceptions.returning import MOST_REASSIGNMENTS
from domain.chapters.exceptions.verdicts import Verdict
from domain.chapters.handling import lead_of, must_handle, next_leg
from domain.commands import Apply
from domain.events import AlarmRaised, DisputeRuled, Fact, LegDispatched
from domain.exceptions.applications import Application, ApplicationStatus, ExceptionKind
from domain.exceptions.rulings import is_ruled
from domain.levels import Level
from domain.refusals import Refused
from domain.request import Leg, LegRole, RequestState
from domain.units import Actor, Role, Unit


def may_dispute(state: RequestState, act: Apply, leg: Leg | None, by: Actor, now: datetime) -> None:
    """A unit's head after a refused return or when the reassignments are used up; a dispatcher at any time.

    Raises:
        Refused: ``ruling_is_final`` or ``dispute_too_early``.
    """
    del act, now
    if is_ruled(state):
        raise Refused(
            "ruling_is_final", "reason", "a ruling has named who leads this request", "handling by that unit"
        )
    if by.role is Role.DISPATCHER or state.reassignments >= MOST_REASSIGNMENTS:
        return
    if not any(_is_refused_return(asked, leg) for asked in state.applications):
        raise Refused(
            "dispute_too_early", "reason", "the unit's return has not been refused", "apply for return first"
        )


def seat_of(state: RequestState, act: Apply, leg: Leg | None) -> Level | None:
    """Between units of two districts the city rules."""
    if act.unit is not None and _lies_in_another_district(state, act.unit):
        return Level.CITY
    return usual_seat(state, act.terms, leg)


def ruled(state: RequestState, asked: Application, verdict: Verdict, now: datetime) -> Iterator[Fact]:
    """The arbiter names the one unit that leads; another unit than the present one gets a leg of its own.

    Raises:
        Refused: ``unit_missing``, ``level_does_not_handle``, or ``seat_too_low`` for a unit of another district.
    """
    del now
    unit = _named(state, verdict)
    lead = lead_of(state)
    entry = f"R-{state.number}-{asked.id}"
    yield DisputeRuled(asked.id, lead.id, unit, entry, verdict.amendment)
    if unit.code != lead.unit.code:
        yield LegDispatched(next_leg(state), LegRole.LEAD, unit, entry, state.cycle, "ruled", verdict.note)


def kept(state: RequestState, asked: Application, verdict: Verdict, now: datetime) -> Iterator[Fact]:
    """The unit that holds the leg keeps it: by ruling, or because nobody ruled, which is told one level up."""
    del now
    lead = lead_of(state)
    if not verdict.silent:
        yield DisputeRuled(asked.id, lead.id, lead.unit, f"R-{state.number}-{asked.id}", verdict.amendment)
        return
    post = f"{one_above(asked.seat or lead.level)}_duty_leader"
    yield AlarmRaised("not_ruled", post, f"dispute {asked.id}: {lead.unit.code} keeps the request")


def _is_refused_return(asked: Application, leg: Leg | None) -> bool:
    refused = asked.kind is ExceptionKind.RETURN and asked.status is ApplicationStatus.REFUSED
    return refused and leg is not None and asked.leg == leg.id


def _named(state: RequestState, verdict: Verdict) -> Unit:
    unit = verdict.unit
    if unit is None:
        raise Refused("unit_missing", "unit", "the ruling names nobody", "the one unit that leads")
    must_handle(unit)
    level = verdict.by.level or Level.CITY
    if _lies_in_another_district(state, unit) and level is not Level.CITY:
        raise Refused(
            "seat_too_low", "by", f"{unit.code} belongs to another district", "an arbiter of the city"
        )
    return unit


def _lies_in_another_district(state: RequestState, unit: Unit) -> bool:
    area = _district_of(state)
    return area is not None and not unit.area.startswith(area)


def _district_of(state: RequestState) -> str | None:
    ladder = state.snapshot.ladder if state.snapshot is not None else None
    rung = ladder.at(Level.DISTRICT) if ladder is not None else None
    return rung.unit.area if rung is not None and rung.unit is not None else None
