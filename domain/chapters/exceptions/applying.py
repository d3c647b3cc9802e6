"""Asking for an exception: whatever the terms of its kind demand is checked here, once for all kinds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from domain.chapters.exceptions.asking import HURRIED, asked_by_person, urgency_of
from domain.chapters.exceptions.granting import ASKED, EFFECTS
from domain.chapters.exceptions.ruling import decided
from domain.chapters.exceptions.verdicts import Verdict
from domain.commands import Apply
from domain.events import ApplicationLapsed, Event, Fact
from domain.evidence import bounded
from domain.evolution import evolve
from domain.exceptions.applications import Application, ApplicationStatus
from domain.exceptions.terms import Reason, Terms, Window
from domain.exceptions.undecided import OF_THE_LEAD, moved_past
from domain.limits import clock as clocks
from domain.limits.clock import ClockKind
from domain.refusals import Refused
from domain.request import Leg, RequestState
from domain.standing import has_ended
from domain.texts import optional_text, required_text
from domain.units import HANDS, Actor

_OF_A_LEG = frozenset({ClockKind.SIGN, ClockKind.FIRST_CONTACT, ClockKind.DWELL})


def apply(state: RequestState, act: Apply, by: Actor, now: datetime) -> Iterator[Fact]:
    """An exception is asked for; its clock of decision starts, and all others run on. What takes effect at once is
    granted in the same breath.

    Raises:
        Refused: ``request_ended``, ``role_not_allowed``, ``not_possible_now``, ``unknown_reason``, ``not_for_hurried``,
            ``particulars_missing``, ``already_asked``, ``quota_used_up``, ``window_passed``, or a code of the kind.
    """
    terms = act.terms
    _check_not_ended(terms, state)
    _check_role(terms, by)
    _check_state(terms, state)
    leg = _asking_leg(state, act, by)
    reason = _reason(state, act)
    _check_particulars(act)
    _check_quota(state, terms, leg)
    _check_window(state, terms, leg, now)
    effect = EFFECTS[terms.kind]
    effect.allowed(state, act, leg, by, now)
    made = asked_by_person(
        state,
        act,
        reason,
        leg,
        seat=effect.seat(state, act, leg),
        length=effect.length(state, act, now),
    )
    yield made
    if reason.at_once:
        after = evolve(state, Event(state.seq + 1, now, by, made))
        verdict = Verdict(granted=True, by=by, note="takes effect at once")
        yield from decided(after, after.applications[-1], verdict, now)


def lapsed(state: RequestState) -> Iterator[Fact]:
    """The undecided applications that the request has moved past."""
    for asked in moved_past(state):
        yield ApplicationLapsed(asked.id, asked.kind)


def _check_role(terms: Terms, by: Actor) -> None:
    if by.role not in terms.asked_by:
        raise Refused(
            "role_not_allowed",
            "role",
            f"{by.role} may not apply for {terms.kind}",
            f"one of: {', '.join(sorted(terms.asked_by))}",
        )


def _check_not_ended(terms: Terms, state: RequestState) -> None:
    if state.state.is_terminal and state.state not in terms.states:
        raise has_ended(state)


def _check_state(terms: Terms, state: RequestState) -> None:
    if state.state not in terms.states:
        raise Refused(
            "not_possible_now",
            "state",
            f"{terms.kind} cannot be asked for while the request is {state.state}",
            f"one of: {', '.join(sorted(terms.states))}",
        )


def _asking_leg(state: RequestState, act: Apply, by: Actor) -> Leg | None:
    """The leg that asks: of a unit its own leg, which must lead; of others the lead leg where the kind concerns it."""
    of_the_lead = act.terms.kind in OF_THE_LEAD
    if by.role not in HANDS and not of_the_lead:
        return None
    leg = state.leg(act.leg) if act.leg else state.lead
    if leg is None:
        raise Refused(
            "leg_unknown",
            "leg",
            f"request {state.number} has no leg {act.leg or 'that leads'}",
            ", ".join(each.id for each in state.legs) or "no leg yet",
        )
    if by.role in HANDS and by.unit != leg.unit.code:
        raise Refused("not_your_leg", "leg", f"leg {leg.id} is held by {leg.unit.code}", leg.unit.code)
    lead = state.lead
    if lead is None or leg.id != lead.id:
        expected = f"leg {lead.id}" if lead is not None else "no leg leads"
        raise Refused("not_the_lead", "leg", f"leg {leg.id} does not lead", expected)
    return leg


def _reason(state: RequestState, act: Apply) -> Reason:
    reason = act.terms.reason(act.reason)
    if reason is None:
        raise Refused(
            "unknown_reason",
            "reason",
            f"{act.reason} is not a reason for {act.terms.kind}",
            ", ".join(each.code for each in act.terms.reasons),
        )
    if urgency_of(state) in HURRIED and not reason.for_hurried:
        hurried = [each.code for each in act.terms.reasons if each.for_hurried]
        raise Refused(
            "not_for_hurried",
            "reason",
            f"{act.reason} is no reason for a {urgency_of(state)} matter",
            ", ".join(hurried) or f"{act.terms.kind} is not for {urgency_of(state)} matters",
        )
    return reason


def _check_particulars(act: Apply) -> None:
    required_text(act.explanation, "explanation")
    for field in ("legal_basis", "plan", "channel"):
        optional_text(getattr(act, field), field)
    bounded(act.evidence)
    for field in act.terms.needs:
        given = getattr(act, field)
        if not (given.strip() if isinstance(given, str) else given):
            raise Refused(
                "particulars_missing",
                field,
                f"{act.terms.kind} needs {field}",
                f"all of: {', '.join(act.terms.needs)}",
            )


def _check_quota(state: RequestState, terms: Terms, leg: Leg | None) -> None:
    of_kind = [asked for asked in state.applications if asked.kind is terms.kind]
    if any(asked.status is ApplicationStatus.OPEN for asked in of_kind):
        raise Refused("already_asked", "kind", f"{terms.kind} has been asked for", "the decision on it")
    of_leg = [asked for asked in of_kind if leg is not None and asked.leg == leg.id]
    spent_by = EFFECTS[terms.kind].spent_by
    _check_count(terms, [asked for asked in of_leg if asked.status in ASKED], terms.per_leg, "leg")
    _check_count(
        terms, [asked for asked in of_kind if asked.status in spent_by], terms.per_request, "request"
    )


def _check_count(terms: Terms, asked: list[Application], quota: int | None, of: str) -> None:
    if quota is not None and len(asked) >= quota:
        raise Refused(
            "quota_used_up",
            "kind",
            f"{terms.kind} has been asked for {len(asked)} times",
            f"at most {quota} in one {of}",
        )


def _check_window(state: RequestState, terms: Terms, leg: Leg | None, now: datetime) -> None:
    window = terms.hurried_window if urgency_of(state) in HURRIED else terms.window
    for end in _ends(state, window, leg):
        if now >= end:
            raise Refused(
                "window_passed",
                "kind",
                f"{terms.kind} could be asked for until {end.isoformat()}",
                "the ordinary way: handling and reply",
            )


def _ends(state: RequestState, window: Window | None, leg: Leg | None) -> Iterator[datetime]:
    if window is None:
        return
    if window.clock is not None:
        clock = state.clock(window.clock, leg.id if leg is not None and window.clock in _OF_A_LEG else None)
        end = clocks.promised(clock, window.percent, state.calendar) if clock is not None else None
        if end is not None:
            yield end
    if window.since_dispatch is not None and leg is not None:
        yield state.calendar.due(leg.dispatched_at, window.since_dispatch).at
