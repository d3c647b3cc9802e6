"""What a fired threshold changes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from domain import events as happened
from domain.changes.edits import (
    Change,
    change_leg,
    drop_clock,
    owe_interim_report,
    place_of,
    promised,
    replaced,
    start_clock,
)
from domain.events import Event
from domain.limits import clock as clocks
from domain.limits.clock import ClockKind
from domain.limits.deadlines import FIRST_LIMIT
from domain.request import RequestState
from domain.responsibility.ladder import light_at


def _deadline_fired(state: RequestState, fact: happened.DeadlineFired, event: Event) -> RequestState:
    place = place_of(state, fact.clock, fact.leg)
    state = replace(
        state, clocks=replaced(state.clocks, place, clocks.fire(state.clocks[place], fact.percent))
    )
    leg = state.leg(fact.leg) if fact.leg else None
    if leg is not None and fact.percent == FIRST_LIMIT:
        state = change_leg(state, leg.id, late=(*leg.late, fact.clock))
    match fact.clock:
        case ClockKind.TOTAL:
            return _total_fired(state, fact, event)
        case ClockKind.REMINDER:
            return start_clock(
                drop_clock(state, ClockKind.REMINDER),
                ClockKind.REMINDER,
                promised(state).policy.reminder_every,
                event.at,
            )
        case ClockKind.INTERIM:
            return owe_interim_report(state, event.at)
        case ClockKind.REGISTRATION:
            return start_clock(
                drop_clock(state, ClockKind.REGISTRATION),
                ClockKind.REGISTRATION,
                state.intake.common.registration_again,
                event.at,
            )
        case _:
            return state


def _total_fired(state: RequestState, fact: happened.DeadlineFired, event: Event) -> RequestState:
    policy = promised(state).policy
    marks = policy.thresholds
    lead = state.lead
    if lead is not None and fact.percent == marks.yellow_card:
        state = change_leg(state, lead.id, late=(*lead.late, ClockKind.TOTAL))
    if fact.percent == marks.black_list:
        state = start_clock(state, ClockKind.REMINDER, policy.reminder_every, event.at)
    return replace(state, light=light_at(fact.percent, marks))


CHANGES: dict[type[Any], Change] = {
    happened.DeadlineFired: _deadline_fired,
}
