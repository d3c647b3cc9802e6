"""What the facts of governed exceptions change: the applications themselves, and what each kind brings about."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from domain import events as happened
from domain.changes.edits import (
    Change,
    end,
    end_leg,
    pause_clocks,
    place_of,
    promised,
    replaced,
    resume_clocks,
    start_clock,
    stop_clock,
)
from domain.events import Event
from domain.exceptions.applications import ASKED_BY_THE_RULES, Application, ApplicationStatus, ExceptionKind
from domain.limits import clock as clocks
from domain.limits.clock import ClockKind
from domain.request import LegEnd, LegState, RequestState, State
from domain.units import SYSTEM


def _application_made(state: RequestState, fact: happened.ApplicationMade, event: Event) -> RequestState:
    by = SYSTEM if fact.exception in ASKED_BY_THE_RULES else event.by
    asked = Application(
        id=fact.application,
        kind=fact.exception,
        leg=fact.leg,
        reason=fact.reason,
        asked_at=event.at,
        asked_by=by.person,
        asked_role=by.role,
        asked_unit=by.unit,
        reason_zh=fact.reason_zh,
        reason_en=fact.reason_en,
        deciders=fact.deciders,
        seat=fact.seat,
        silence=fact.silence,
        unit=fact.unit,
        until=fact.until,
        plan=fact.plan,
        channel=fact.channel,
        length=fact.length,
    )
    state = replace(state, applications=(*state.applications, asked))
    state = start_clock(state, ClockKind.DECISION, fact.within, event.at, leg=asked.id)
    match fact.exception:
        case ExceptionKind.DISPUTE:
            return replace(state, state=State.IN_DISPUTE)
        case ExceptionKind.ADMISSION:
            # The community's own limits begin when it has taken the matter.
            return replace(pause_clocks(state, event.at, fact.leg), state=State.ADMISSION_REVIEW)
        case _:
            return state


def _refusal_proposed(state: RequestState, fact: happened.RefusalProposed, event: Event) -> RequestState:
    return _change(state, fact.application, refusal_proposed_by=event.by.person)


def _application_decided(
    state: RequestState, fact: happened.ApplicationDecided, event: Event
) -> RequestState:
    status = ApplicationStatus.GRANTED if fact.granted else ApplicationStatus.REFUSED
    state = _settled(state, fact.application, status, event)
    return _back_with_its_unit(state) if fact.exception is ExceptionKind.DISPUTE else state


def _application_lapsed(state: RequestState, fact: happened.ApplicationLapsed, event: Event) -> RequestState:
    return _settled(state, fact.application, ApplicationStatus.LAPSED, event)


def _leg_returned(state: RequestState, fact: happened.LegReturned, event: Event) -> RequestState:
    state = replace(state, reassignments=state.reassignments + 1)
    return _to_be_dispatched(end_leg(state, fact.leg, LegEnd.RETURNED, event.at), event.at)


def _leg_reassigned(state: RequestState, fact: happened.LegReassigned, event: Event) -> RequestState:
    state = replace(state, reassignments=state.reassignments + 1)
    return end_leg(state, fact.leg, LegEnd.REASSIGNED, event.at)


def _dispute_ruled(state: RequestState, fact: happened.DisputeRuled, event: Event) -> RequestState:
    leg = state.leg(fact.leg)
    if leg is None or leg.unit.code == fact.unit.code:
        return state
    return end_leg(state, fact.leg, LegEnd.RULED_AWAY, event.at)


def _admitted(state: RequestState, fact: happened.Admitted, event: Event) -> RequestState:
    return replace(resume_clocks(state, event.at, fact.leg), state=State.PENDING_SIGN)


def _not_admitted(state: RequestState, fact: happened.NotAdmitted, event: Event) -> RequestState:
    return _to_be_dispatched(end_leg(state, fact.leg, LegEnd.NOT_ADMITTED, event.at), event.at)


def _deadline_extended(state: RequestState, fact: happened.DeadlineExtended, event: Event) -> RequestState:
    for kind, leg in ((ClockKind.TOTAL, None), (ClockKind.DWELL, fact.leg)):
        if state.clock(kind, leg) is None:
            continue
        place = place_of(state, kind, leg)
        longer = clocks.extend(state.clocks[place], fact.extra, event.at, state.calendar)
        state = replace(state, clocks=replaced(state.clocks, place, longer))
    return state


def _suspended(state: RequestState, fact: happened.Suspended, event: Event) -> RequestState:
    state = pause_clocks(state, event.at)
    return replace(start_clock(state, ClockKind.RESUME, fact.longest, event.at), state=State.SUSPENDED)


def _resumed(state: RequestState, fact: happened.Resumed, event: Event) -> RequestState:
    del fact
    state = stop_clock(state, event.at, ClockKind.RESUME)
    return replace(resume_clocks(state, event.at), state=State.IN_PROGRESS)


def _put_into_backlog(state: RequestState, fact: happened.PutIntoBacklog, event: Event) -> RequestState:
    state = replace(state, commitment_due=fact.commitment_due)
    return end(state, State.CLOSED, "backlog", event.at)


def _exclusion_marked(state: RequestState, fact: happened.ExclusionMarked, event: Event) -> RequestState:
    del event
    return replace(state, exclusion=fact.exclusion)


def _exclusion_lifted(state: RequestState, fact: happened.ExclusionLifted, event: Event) -> RequestState:
    del fact, event
    return replace(state, exclusion=None)


def _transferred_out(state: RequestState, fact: happened.TransferredOut, event: Event) -> RequestState:
    return end(state, State.TRANSFERRED_OUT, fact.reason, event.at)


def _voided(state: RequestState, fact: happened.Voided, event: Event) -> RequestState:
    return end(state, State.VOIDED, fact.reason, event.at)


def _settled(state: RequestState, application: str, status: ApplicationStatus, event: Event) -> RequestState:
    state = _change(state, application, status=status, decided_at=event.at, decided_by=event.by.person)
    return stop_clock(state, event.at, ClockKind.DECISION, application)


def _change(state: RequestState, application: str, /, **changes: Any) -> RequestState:
    return replace(
        state,
        applications=tuple(
            replace(asked, **changes) if asked.id == application else asked for asked in state.applications
        ),
    )


def _back_with_its_unit(state: RequestState) -> RequestState:
    lead = state.lead
    signed = lead is not None and lead.state is LegState.IN_PROGRESS
    return replace(state, state=State.IN_PROGRESS if signed else State.PENDING_SIGN)


def _to_be_dispatched(state: RequestState, at: datetime) -> RequestState:
    state = start_clock(state, ClockKind.DISPATCH, promised(state).policy.dispatch, at)
    return replace(state, state=State.PENDING_DISPATCH)


CHANGES: dict[type[Any], Change] = {
    happened.ApplicationMade: _application_made,
    happened.RefusalProposed: _refusal_proposed,
    happened.ApplicationDecided: _application_decided,
    happened.ApplicationLapsed: _application_lapsed,
    happened.LegReturned: _leg_returned,
    happened.LegReassigned: _leg_reassigned,
    happened.DisputeRuled: _dispute_ruled,
    happened.Admitted: _admitted,
    happened.NotAdmitted: _not_admitted,
    happened.DeadlineExtended: _deadline_extended,
    happened.Suspended: _suspended,
    happened.Resumed: _resumed,
    happened.PutIntoBacklog: _put_into_backlog,
    happened.ExclusionMarked: _exclusion_marked,
    happened.ExclusionLifted: _exclusion_lifted,
    happened.TransferredOut: _transferred_out,
    happened.Voided: _voided,
}
