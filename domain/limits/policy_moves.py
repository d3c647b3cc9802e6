"""A running request under another policy: the same clocks read anew, and nothing taken back.

A deadline is made of what happened and of a policy. Here the policy is exchanged and what happened stays: each clock
counts from its own start, with its pauses, its extensions and its share of a redo; a threshold that fired stays fired;
the unit that holds the request keeps it, and only the rungs above come from the new ladder.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from domain.limits import clock as clocks
from domain.limits.clock import Clock, ClockKind
from domain.limits.policy import Policy, Thresholds
from domain.request import Leg, LegState, PolicySnapshot, RequestState
from domain.sampling import spread
from domain.time.durations import Duration

_WITH_MARKS = frozenset({ClockKind.TOTAL, ClockKind.DWELL})
"""The clocks whose thresholds the policy names."""


def moved(state: RequestState, snapshot: PolicySnapshot, at: datetime) -> RequestState:
    """The accepted request as it stands under another promise from ``at`` on; itself if the promise is the same.

    What the new limits bring about in the past counts as late only from ``at``. No clock begins or ends by this: a
    level that the new policy skips keeps the limit it has.

    Raises:
        CalendarRefused: a new limit reaches beyond the calendar's horizon.
    """
    assert state.snapshot is not None, "an accepted request has a snapshot"
    before, after = state.snapshot.policy, snapshot.policy
    read = tuple(
        _read(state, clock, before, after, at) if may_run_on(state, clock) else clock
        for clock in state.clocks
    )
    return replace(state, snapshot=snapshot, clocks=read)


def may_run_on(state: RequestState, clock: Clock) -> bool:
    """Whether the clock counts on, or is only paused: it belongs to the matter as a whole, to the lead leg, or to
    what a joint unit or a field party owes, and what it limits has not been done.
    """
    if state.state.is_terminal or clock != state.clock(clock.kind, clock.leg):
        return False
    if clock.is_running:
        return True
    lead = state.lead
    match clock.kind:
        case ClockKind.TOTAL:
            return True
        case ClockKind.SIGN:
            leg = state.leg(clock.leg) if clock.leg else None
            return leg is not None and leg.state is LegState.PENDING_SIGN
        case ClockKind.FIRST_CONTACT:
            return _is(lead, clock) and lead is not None and lead.first_contact_at is None
        case ClockKind.DWELL:
            return _is(lead, clock)
        case ClockKind.JOINT | ClockKind.FIELD_TASK:
            return clock.paused
        case _:
            return False


def _is(leg: Leg | None, clock: Clock) -> bool:
    return leg is not None and leg.id == clock.leg


def _read(state: RequestState, clock: Clock, before: Policy, after: Policy, at: datetime) -> Clock:
    limit = limit_under(after, state, clock)
    if limit is None:
        return clock
    read = clocks.reread(clock, limit, state.calendar, spread=spread(state.number, 1000))
    if clock.kind in _WITH_MARKS and before.thresholds != after.thresholds:
        read = replace(read, fired=_said_already(clock, before.thresholds, after.thresholds))
    if read == clock or clock.live_since is None:
        return read
    return replace(read, live_since=max(at, clock.live_since))


def limit_under(policy: Policy, state: RequestState, clock: Clock) -> Duration | None:
    """The limit that the policy sets the clock; ``None`` where it sets none."""
    match clock.kind:
        case ClockKind.TOTAL:
            return policy.total
        case ClockKind.DISPATCH:
            return policy.dispatch
        case ClockKind.SIGN:
            return policy.sign
        case ClockKind.FIRST_CONTACT:
            return policy.first_contact
        case ClockKind.DWELL:
            leg = state.leg(clock.leg) if clock.leg else None
            return policy.dwell.at(leg.level) if leg else None
        case ClockKind.REVIEW:
            return policy.review
        case ClockKind.CALLBACK:
            return policy.callback_within
        case ClockKind.REMINDER:
            return policy.reminder_every
        case _:
            return None


def _said_already(clock: Clock, before: Thresholds, after: Thresholds) -> tuple[int, ...]:
    """The new marks that need not be said any more: a card's mark where that card fired, a reminder's where one as
    high has fired.
    """
    highest = max(clock.fired, default=0)
    reminders = [percent for percent in after.reminders if percent <= highest]
    if clock.kind is ClockKind.DWELL:
        return (*reminders, *(percent for percent in clock.fired if percent == _LIMIT))
    cards = ((before.yellow_card, after.yellow_card), (before.red_card, after.red_card))
    marks = (*cards, (before.black_list, after.black_list))
    return (*reminders, *(new for old, new in marks if old in clock.fired))


_LIMIT = 100
