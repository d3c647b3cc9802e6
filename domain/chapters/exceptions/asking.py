"""How an application comes onto the timeline: its number, who decides it, and by when."""

from __future__ import annotations

from domain.commands import Apply
from domain.events import ApplicationMade
from domain.exceptions.terms import Reason, Seat, Terms
from domain.levels import Level
from domain.limits.policy import Urgency
from domain.request import Leg, RequestState
from domain.time.durations import Duration

HURRIED = frozenset({Urgency.CRITICAL, Urgency.URGENT})
"""Matters that cannot wait for office hours, and may ask for less."""


def urgency_of(state: RequestState) -> Urgency:
    """How fast the matter must move; a request that nobody has judged yet is an ordinary one."""
    return state.snapshot.policy.urgency if state.snapshot is not None else Urgency.NORMAL


def next_application(state: RequestState) -> str:
    """The id of the next application: ``a1``, ``a2`` ..."""
    return f"a{len(state.applications) + 1}"


def asked_by_person(
    state: RequestState,
    act: Apply,
    reason: Reason,
    leg: Leg | None,
    *,
    seat: Level | None,
    length: Duration | None,
) -> ApplicationMade:
    """The application as a person makes it, under the terms of its kind."""
    terms = act.terms
    return ApplicationMade(
        application=next_application(state),
        exception=terms.kind,
        leg=leg.id if leg is not None else None,
        reason=reason.code,
        explanation=act.explanation.strip(),
        deciders=terms.decided_by,
        seat=seat,
        within=terms.within.of(urgency_of(state)),
        silence=terms.silence,
        reason_zh=reason.zh,
        reason_en=reason.en,
        evidence=act.evidence,
        unit=act.unit,
        legal_basis=act.legal_basis.strip(),
        until=act.until,
        plan=act.plan.strip(),
        channel=act.channel.strip(),
        length=length,
    )


def asked_by_rules(state: RequestState, terms: Terms, leg_id: str, explanation: str) -> ApplicationMade:
    """The application that nobody makes: the rules put the question, for the first reason of its terms."""
    reason = terms.reasons[0]
    return ApplicationMade(
        application=next_application(state),
        exception=terms.kind,
        leg=leg_id,
        reason=reason.code,
        explanation=explanation,
        deciders=terms.decided_by,
        seat=usual_seat(state, terms, None),
        within=terms.within.of(urgency_of(state)),
        silence=terms.silence,
        reason_zh=reason.zh,
        reason_en=reason.en,
    )


def usual_seat(state: RequestState, terms: Terms, leg: Leg | None) -> Level | None:
    """The lowest level on which those sit who decide; ``None`` where it does not matter."""
    match terms.decided_at:
        case Seat.ANY:
            return None
        case Seat.ABOVE:
            return one_above(leg.level) if leg is not None else None
        case Seat.POLICY:
            extension = state.snapshot.policy.extension if state.snapshot is not None else None
            return extension.approver if extension is not None else None
        case Seat.DISTRICT:
            return Level.DISTRICT
        case Seat.CITY:
            return Level.CITY


def one_above(level: Level) -> Level:
    """The next level of the organisation, the city last."""
    levels = list(Level)
    return levels[min(level.rank + 1, len(levels) - 1)]
