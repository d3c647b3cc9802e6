"""What the facts of handling change: who holds the lead leg, and which limits run for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from domain import events as happened
from domain.changes.edits import Change, change_leg, end_leg, promised, start_clock, stay_joint, stop_clock
from domain.changes.sharing import joined
from domain.events import Event
from domain.limits.clock import ClockKind
from domain.request import Leg, LegEnd, LegRole, LegState, RequestState, State


def _leg_dispatched(state: RequestState, fact: happened.LegDispatched, event: Event) -> RequestState:
    policy = promised(state).policy
    leg = Leg(fact.leg, fact.role, LegState.PENDING_SIGN, fact.unit, fact.duty_entry, fact.attempt, event.at)
    if fact.role is LegRole.JOINT:
        joint = replace(leg, task=fact.reason, delegated_by=fact.delegated_by, mandatory=fact.mandatory)
        return joined(replace(state, legs=(*state.legs, joint)), fact, event)
    state = replace(
        stop_clock(state, event.at, ClockKind.DISPATCH), legs=(*state.legs, leg), state=State.PENDING_SIGN
    )
    state = start_clock(state, ClockKind.SIGN, policy.sign, event.at, leg=leg.id)
    dwell = policy.dwell.at(leg.level)
    if dwell is not None:
        state = start_clock(state, ClockKind.DWELL, dwell, event.at, leg=leg.id, percent=fact.percent)
    return state


def _leg_signed(state: RequestState, fact: happened.LegSigned, event: Event) -> RequestState:
    signed = {"auto_signed_at": event.at} if fact.automatic else {"signed_at": event.at}
    state = change_leg(state, fact.leg, state=LegState.IN_PROGRESS, **signed)
    state = stop_clock(state, event.at, ClockKind.SIGN, fact.leg)
    lead = state.lead
    if lead is None or lead.id != fact.leg or state.state is not State.PENDING_SIGN:
        return state
    state = start_clock(
        state, ClockKind.FIRST_CONTACT, promised(state).policy.first_contact, event.at, leg=fact.leg
    )
    return replace(state, state=State.IN_PROGRESS)


def _first_contacted(state: RequestState, fact: happened.FirstContacted, event: Event) -> RequestState:
    return stop_clock(
        change_leg(state, fact.leg, first_contact_at=event.at), event.at, ClockKind.FIRST_CONTACT, fact.leg
    )


def _handed_up(state: RequestState, fact: happened.HandedUp, event: Event) -> RequestState:
    if fact.release:
        return end_leg(state, fact.leg, LegEnd.HANDED_UP, event.at)
    return stay_joint(state, fact.leg, event.at)


def _sent_down(state: RequestState, fact: happened.SentDown, event: Event) -> RequestState:
    return replace(stay_joint(state, fact.leg, event.at), sent_down_from=(*state.sent_down_from, fact.level))


CHANGES: dict[type[Any], Change] = {
    happened.LegDispatched: _leg_dispatched,
    happened.LegSigned: _leg_signed,
    happened.FirstContacted: _first_contacted,
    happened.HandedUp: _handed_up,
    happened.SentDown: _sent_down,
}
