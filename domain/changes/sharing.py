"""What the facts of sharing the work change: joint legs come and go, with limits of their own; nothing else moves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from domain import events as happened
from domain.changes.edits import Change, end_leg, pause_clocks, promised, start_clock
from domain.events import Event
from domain.limits.clock import ClockKind
from domain.request import LegEnd, RequestState, State

_STANDING_STILL = frozenset({State.SUSPENDED, State.IN_DELIBERATION})


def joined(state: RequestState, fact: happened.LegDispatched, event: Event) -> RequestState:
    """The state in which the limits of a joint leg that was just dispatched run; without one nothing waits for it."""
    if fact.within is None:
        return state
    state = start_clock(state, ClockKind.SIGN, promised(state).policy.sign, event.at, leg=fact.leg)
    state = start_clock(state, ClockKind.JOINT, fact.within, event.at, leg=fact.leg, percent=fact.percent)
    return pause_clocks(state, event.at, fact.leg) if state.state in _STANDING_STILL else state


def _joint_declined(state: RequestState, fact: happened.JointDeclined, event: Event) -> RequestState:
    return end_leg(state, fact.leg, LegEnd.DECLINED, event.at)


def _joint_removed(state: RequestState, fact: happened.JointRemoved, event: Event) -> RequestState:
    leg = state.leg(fact.leg)
    was_asked = leg is not None and bool(leg.task)
    return end_leg(state, fact.leg, LegEnd.REMOVED if was_asked else LegEnd.RELEASED, event.at)


def _join_rule_set(state: RequestState, fact: happened.JoinRuleSet, event: Event) -> RequestState:
    return replace(state, join_rule=fact.rule, join_rule_from=event.by.role)


CHANGES: dict[type[Any], Change] = {
    happened.JointDeclined: _joint_declined,
    happened.JointRemoved: _joint_removed,
    happened.JoinRuleSet: _join_rule_set,
}
