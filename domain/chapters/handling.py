"""Handling: who holds the lead leg, signing, first contact, and moving the work up and down the ladder."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from domain.chapters.commanding import must_reach
from domain.chapters.exceptions.asking import asked_by_rules
from domain.commands import Dispatch, FirstContact, HandUp, SendDown, Sign
from domain.events import AlarmRaised, Fact, FirstContacted, HandedUp, LegDispatched, LegSigned, SentDown
from domain.exceptions.applications import Application, ExceptionKind
from domain.exceptions.terms import Terms
from domain.levels import Level
from domain.refusals import Refused
from domain.request import Leg, LegEnd, LegRole, LegState, PolicySnapshot, RequestState, State
from domain.responsibility.routing import Rung
from domain.responsibility.superiors import common_superior
from domain.texts import optional_text, required_text
from domain.units import Actor, Role, Unit

Cause = Literal["dispatched", "handed_up", "sent_down", "redo", "reopened", "reassigned", "ruled"]


def dispatch(state: RequestState, act: Dispatch, _by: Actor, _now: datetime) -> Iterator[Fact]:
    """The lead leg goes to the ladder's first unit, or to another one for a reason that is recorded."""
    snapshot = promised(state)
    if act.unit is None:
        yield from first_leg(state, snapshot, optional_text(act.reason, "reason"))
        return
    must_reach(state, act.unit, act.reach)
    rung = snapshot.ladder.at(act.unit.level)
    is_usual = rung is not None and rung.unit == act.unit
    reason = optional_text(act.reason, "reason") if is_usual else required_text(act.reason, "reason")
    yield from given_to(state, act.unit, "dispatched", reason, act.admission)


def sign(state: RequestState, act: Sign, by: Actor, _now: datetime) -> Iterator[Fact]:
    """The unit takes its leg."""
    leg = own_leg(state, by, act.leg)
    if leg.state is not LegState.PENDING_SIGN:
        raise Refused("already_signed", "leg", f"leg {leg.id} has been signed", "nothing more to sign")
    if leg.role is LegRole.LEAD and state.state is not State.PENDING_SIGN:
        raise Refused(
            "not_possible_now",
            "state",
            f"leg {leg.id} cannot be signed while the request is {state.state}",
            State.PENDING_SIGN,
        )
    yield LegSigned(leg.id, automatic=False)


def first_contact(state: RequestState, act: FirstContact, by: Actor, _now: datetime) -> Iterator[Fact]:
    """The unit reached the caller; the call log or message receipt is the proof."""
    leg = own_leg(state, by, act.leg)
    if leg.state is LegState.PENDING_SIGN:
        raise Refused("not_signed", "leg", f"leg {leg.id} has not been signed", "sign first")
    if leg.first_contact_at is not None:
        raise Refused(
            "already_contacted", "leg", f"leg {leg.id} has its first contact", "nothing more to record"
        )
    yield FirstContacted(leg.id, required_text(act.proof, "proof"))


def hand_up(state: RequestState, act: HandUp, by: Actor, _now: datetime) -> Iterator[Fact]:
    """The unit cannot solve it: the next level of the ladder takes the lead, and this unit stays joint unless
    released.
    """
    lead = own_lead(state, by)
    rung, gaps = promised(state).ladder.next_above(lead.level)
    if rung is None:
        raise Refused(
            "top_of_ladder",
            "level",
            f"no level above {lead.level} handles this request",
            "a reply, or supervision",
        )
    yield from move_up(
        state, lead, rung, gaps, "asked", required_text(act.reason, "reason"), release=act.release
    )


def send_down(state: RequestState, act: SendDown, by: Actor, _now: datetime) -> Iterator[Fact]:
    """The work goes to a lower unit of the lead unit's subtree; the sender stays joint. At most once per
    level.
    """
    lead = own_lead(state, by) if by.role is not Role.DISPATCHER else lead_of(state)
    if lead.level in state.sent_down_from:
        raise Refused(
            "sent_down_before",
            "level",
            f"{lead.level} has sent this request down once",
            "a reply, or handing up",
        )
    target, duty_entry = _lower_unit(state, lead, act.unit)
    reason = required_text(act.reason, "reason")
    yield SentDown(lead.id, lead.level, reason)
    yield LegDispatched(next_leg(state), LegRole.LEAD, target, duty_entry, state.cycle, "sent_down", reason)
    yield from admission_asked(state, target, act.admission)


def given_to(
    state: RequestState, unit: Unit, cause: Cause, reason: str, admission: Terms | None
) -> Iterator[Fact]:
    """The lead leg for a unit that a person names, citing the duty-list entry where it is the ladder's own.

    Raises:
        Refused: ``level_does_not_handle``.
    """
    must_handle(unit)
    rung = promised(state).ladder.at(unit.level)
    entry = rung.duty_entry if rung is not None and rung.unit == unit else ""
    yield LegDispatched(next_leg(state), LegRole.LEAD, unit, entry, state.cycle, cause, reason)
    yield from admission_asked(state, unit, admission)


def must_handle(unit: Unit) -> None:
    """The city supervises; only the response levels handle.

    Raises:
        Refused: ``level_does_not_handle``.
    """
    if unit.level is Level.CITY:
        raise Refused(
            "level_does_not_handle",
            "unit",
            "the city supervises and does not handle",
            "a unit of a response level",
        )


def admission_asked(state: RequestState, unit: Unit, admission: Terms | None) -> Iterator[Fact]:
    """A community that has not the matter on its list is asked before it has to sign."""
    if admission is not None and unit.level is Level.COMMUNITY:
        yield asked_by_rules(state, admission, next_leg(state), f"{unit.code} has not the matter on its list")


def first_leg(state: RequestState, snapshot: PolicySnapshot, reason: str) -> Iterator[Fact]:
    """The lead leg for the lowest rung with a unit; gaps below it raise an alarm each.

    After a unit did not take the matter it is the one that the upheld return suggested, or the next rung above.
    """
    refused = state.last_lead
    if refused is not None and refused.end in (LegEnd.RETURNED, LegEnd.NOT_ADMITTED):
        yield from _next_leg_after(state, snapshot, refused, reason)
        return
    rung, gaps = snapshot.ladder.next_above(None)
    yield from alarms_for(gaps)
    if rung is None:
        raise Refused("no_responsible_unit", "place", "no level of the ladder has a unit", "an explicit unit")
    yield leg_for(state, rung, "dispatched", reason)


def _next_leg_after(
    state: RequestState, snapshot: PolicySnapshot, refused: Leg, reason: str
) -> Iterator[Fact]:
    suggested = next(
        (asked.unit for asked in reversed(state.applications) if _names_another(asked, refused)), None
    )
    if suggested is not None and _takes_unasked(snapshot, refused, suggested):
        yield from given_to(state, suggested, "dispatched", reason, None)
        return
    rung, gaps = snapshot.ladder.next_above(refused.level)
    yield from alarms_for(gaps)
    # Above the top there is nobody; somebody must hold the request all the same.
    yield leg_for(state, rung or Rung(refused.level, refused.unit, refused.duty_entry), "dispatched", reason)


def _names_another(asked: Application, refused: Leg) -> bool:
    return asked.kind is ExceptionKind.RETURN and asked.leg == refused.id and asked.unit is not None


def _takes_unasked(snapshot: PolicySnapshot, refused: Leg, unit: Unit) -> bool:
    """Whether the unit can be given the lead without a person: the city never has it, a community that does not stand
    on the ladder would have to be asked for admission first, and into another district the city itself gives it.
    """
    if common_superior((refused.unit.area, unit.area)) is Level.CITY:
        return False
    rung = snapshot.ladder.at(unit.level)
    stands_on_it = rung is not None and rung.unit == unit
    return unit.level is not Level.CITY and (unit.level is not Level.COMMUNITY or stands_on_it)


def move_up(
    state: RequestState,
    lead: Leg,
    rung: Rung,
    gaps: tuple[Rung, ...],
    cause: Literal["asked", "dwell"],
    reason: str,
    *,
    release: bool,
) -> Iterator[Fact]:
    """The facts of handling moving to a higher rung."""
    yield HandedUp(lead.id, cause, reason, release)
    yield from alarms_for(gaps)
    yield leg_for(state, rung, "handed_up", reason)


def leg_for(
    state: RequestState,
    rung: Rung,
    cause: Cause,
    reason: str,
    *,
    percent: int = 100,
    attempt: int | None = None,
) -> LegDispatched:
    """A lead leg for a rung that has a unit, citing the duty-list entry."""
    assert rung.unit is not None
    return LegDispatched(
        next_leg(state),
        LegRole.LEAD,
        rung.unit,
        rung.duty_entry,
        attempt or state.cycle,
        cause,
        reason,
        percent,
    )


def alarms_for(gaps: tuple[Rung, ...]) -> Iterator[Fact]:
    """A vacant post or missing unit is stepped over, loudly."""
    for rung in gaps:
        yield AlarmRaised(
            "post_vacant", "duty_leader", f"{rung.level}: {rung.gap}, duty entry {rung.duty_entry}"
        )


def promised(state: RequestState) -> PolicySnapshot:
    """The snapshot of an accepted request."""
    assert state.snapshot is not None, "an accepted request has a snapshot"
    return state.snapshot


def lead_of(state: RequestState) -> Leg:
    """The leg that answers for a request in handling."""
    assert state.lead is not None, "a request in handling has a lead leg"
    return state.lead


def known_leg(state: RequestState, leg_id: str) -> Leg:
    """The leg of that id, open or not.

    Raises:
        Refused: ``leg_unknown``.
    """
    leg = state.leg(leg_id)
    if leg is None:
        raise Refused(
            "leg_unknown",
            "leg",
            f"request {state.number} has no leg {leg_id}",
            ", ".join(each.id for each in state.legs) or "no leg yet",
        )
    return leg


def own_leg(state: RequestState, by: Actor, leg_id: str) -> Leg:
    """The leg, if it is open and the actor's unit holds it.

    Raises:
        Refused: ``leg_unknown``, ``not_your_leg`` or ``leg_ended``.
    """
    leg = known_leg(state, leg_id)
    if by.unit != leg.unit.code:
        raise Refused("not_your_leg", "leg", f"leg {leg.id} is held by {leg.unit.code}", leg.unit.code)
    must_be_open(leg)
    return leg


def must_be_open(leg: Leg) -> None:
    """The leg still waits for its unit.

    Raises:
        Refused: ``leg_ended``.
    """
    if not leg.is_open:
        raise Refused("leg_ended", "leg", f"leg {leg.id} is {leg.end or leg.state}", "an open leg")


def own_lead(state: RequestState, by: Actor) -> Leg:
    """The lead leg, if the actor's unit holds it.

    Raises:
        Refused: ``not_possible_now`` while no unit leads, ``not_your_leg`` or ``leg_ended``.
    """
    if state.lead is None:
        raise Refused("not_possible_now", "state", "no unit holds the request", "a unit that holds it")
    return own_leg(state, by, state.lead.id)


def _lower_unit(state: RequestState, lead: Leg, asked: Unit | None) -> tuple[Unit, str]:
    if asked is not None:
        if not asked.lies_within(lead.unit) or asked.level is lead.level:
            raise Refused(
                "not_in_subtree",
                "unit",
                f"{asked.code} does not stand below {lead.unit.code}",
                f"a lower unit inside {lead.unit.area}",
            )
        rung = promised(state).ladder.at(asked.level)
        return asked, rung.duty_entry if rung is not None and rung.unit == asked else ""
    below = [
        rung
        for rung in promised(state).ladder.rungs
        if lead.level.is_above(rung.level) and rung.unit is not None
    ]
    if not below:
        raise Refused(
            "bottom_of_ladder",
            "level",
            f"no level below {lead.level} handles this request",
            "name a unit of the subtree",
        )
    unit = below[-1].unit
    assert unit is not None
    return unit, below[-1].duty_entry


def next_leg(state: RequestState) -> str:
    """The id of the next leg: legs are numbered in the order of their dispatch."""
    return str(len(state.legs) + 1)
