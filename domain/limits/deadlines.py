"""Which thresholds lie ahead of a request: the one list that the timer, the board and the auditor's instant
come from.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from domain.exceptions.undecided import can_be_decided
from domain.limits.clock import WHISTLE_CLOCKS, Clock, ClockKind, threshold
from domain.request import LegRole, RequestState, State

_WHOLE = frozenset(
    {
        ClockKind.TOTAL,
        ClockKind.REMINDER,
        ClockKind.INTERIM,
        ClockKind.DECISION,
        ClockKind.FIELD_TASK,
        ClockKind.JOINT,
        *WHISTLE_CLOCKS,
    }
)
"""What runs on wherever the request is in somebody's hands: the promise to the citizen, undecided applications, the
shares of others in the work, and whistles.
"""

LIVE_CLOCKS: dict[State, frozenset[ClockKind]] = {
    State.REGISTERED: frozenset({ClockKind.REGISTRATION, ClockKind.DECISION}),
    State.AWAITING_INFO: frozenset({ClockKind.AWAITING_INFO, ClockKind.DECISION}),
    State.PENDING_DISPATCH: _WHOLE | {ClockKind.DISPATCH},
    State.ADMISSION_REVIEW: _WHOLE,
    State.PENDING_SIGN: _WHOLE | {ClockKind.SIGN},
    State.IN_DISPUTE: _WHOLE,
    State.IN_PROGRESS: _WHOLE | {ClockKind.FIRST_CONTACT, ClockKind.DWELL},
    State.SUSPENDED: WHISTLE_CLOCKS | {ClockKind.RESUME, ClockKind.DECISION},
    State.IN_DELIBERATION: WHISTLE_CLOCKS | {ClockKind.DELIBERATION, ClockKind.DECISION},
    State.AWAITING_PARTNER: _WHOLE | {ClockKind.PARTNER},
    State.PENDING_REVIEW: frozenset({ClockKind.REVIEW, ClockKind.DECISION}),
    State.PENDING_CALLBACK: frozenset({ClockKind.CALLBACK, ClockKind.DECISION}),
    State.CLOSED: frozenset({ClockKind.DECISION}),
    State.MERGED: frozenset({ClockKind.CALLBACK}),
}
"""The clock column of the table of states: a clock not named for a state is held there. It counts on and
stays silent.
"""

FIRST_LIMIT = 100
SECOND_LIMIT = 200
REMINDED_OF_SHARE = 90
"""At so much of its limit a joint unit is reminded of its share."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """One threshold ahead: when it falls, and of which clock."""

    due_at: datetime
    clock: Clock
    percent: int


def pending(state: RequestState) -> list[Deadline]:
    """Every threshold that can still fire in this state, earliest first; total before dwell where they
    coincide.
    """
    if is_over(state):
        return []
    ahead = [
        deadline for clock in state.clocks if _may_fire(state, clock) for deadline in _unfired(state, clock)
    ]
    return sorted(
        ahead, key=lambda deadline: (deadline.due_at, _PRECEDENCE[deadline.clock.kind], deadline.percent)
    )


def is_over(state: RequestState) -> bool:
    """Whether the request has ended, and neither a decision nor a callback is waited for any more."""
    return state.state.is_terminal and not state.undecided and not owes_callback(state)


def owes_callback(state: RequestState) -> bool:
    """Whether the caller of a merged request has still to be asked about the answer that they had through another."""
    callback = state.clock(ClockKind.CALLBACK) if state.state is State.MERGED else None
    return callback is not None and callback.is_running


def next_due(state: RequestState) -> datetime | None:
    """The earliest instant at which something falls due, for the one timer; ``None`` if nothing does."""
    ahead = pending(state)
    return ahead[0].due_at if ahead else None


def thresholds_of(state: RequestState, kind: ClockKind) -> tuple[int, ...]:
    """The percentages at which a clock of that kind speaks, in rising order."""
    marks = state.snapshot.policy.thresholds if state.snapshot else None
    if kind is ClockKind.DWELL and marks:
        return (*marks.reminders, FIRST_LIMIT)
    if kind is ClockKind.TOTAL and marks:
        return (*marks.reminders, marks.yellow_card, marks.red_card, marks.black_list)
    if kind is ClockKind.REVIEW:
        return (FIRST_LIMIT, SECOND_LIMIT)
    if kind is ClockKind.JOINT:
        return (REMINDED_OF_SHARE, FIRST_LIMIT)
    return (FIRST_LIMIT,)


def is_reminder(state: RequestState, kind: ClockKind, percent: int) -> bool:
    """Whether the threshold only reminds, and so may be moved by a jitter."""
    if kind is ClockKind.REMINDER:
        return True
    if kind is ClockKind.JOINT:
        return percent == REMINDED_OF_SHARE
    marks = state.snapshot.policy.thresholds if state.snapshot else None
    return kind in (ClockKind.DWELL, ClockKind.TOTAL) and marks is not None and percent in marks.reminders


_PRECEDENCE = {
    kind: place
    for place, kind in enumerate(
        (ClockKind.TOTAL, *(kind for kind in ClockKind if kind is not ClockKind.TOTAL))
    )
}


def may_speak(state: RequestState, clock: Clock) -> bool:
    """Whether the present state lets the clock speak, should it run; a decision's clock where one can be made."""
    # A joint unit may have to sign while the request is anywhere in somebody's hands.
    kind = ClockKind.JOINT if is_of_a_share(state, clock) else clock.kind
    if kind not in LIVE_CLOCKS.get(state.state, frozenset()):
        return False
    if clock.kind is not ClockKind.DECISION:
        return True
    asked = state.application(clock.leg) if clock.leg else None
    return asked is not None and can_be_decided(state, asked)


def is_of_a_share(state: RequestState, clock: Clock) -> bool:
    """Whether the clock limits what a joint unit owes: its signature, or its contribution."""
    if clock.kind not in _OF_A_SHARE or clock.leg is None:
        return False
    leg = state.leg(clock.leg)
    return leg is not None and leg.role is LegRole.JOINT and leg.is_open


_OF_A_SHARE = frozenset({ClockKind.SIGN, ClockKind.JOINT})


_OF_NO_LEG = WHISTLE_CLOCKS | {ClockKind.DECISION, ClockKind.FIELD_TASK}
"""Clocks whose ``leg`` names something else."""


def _may_fire(state: RequestState, clock: Clock) -> bool:
    if not may_speak(state, clock) or clock.live_since is None:
        return False
    if clock.leg is None or clock.kind in _OF_NO_LEG:
        return True
    lead = state.lead
    return (lead is not None and lead.id == clock.leg) or is_of_a_share(state, clock)


def _unfired(state: RequestState, clock: Clock) -> Iterator[Deadline]:
    for percent in thresholds_of(state, clock.kind):
        if percent in clock.fired:
            continue
        due_at = threshold(clock, percent, state.calendar, reminder=is_reminder(state, clock.kind, percent))
        if due_at is not None:
            yield Deadline(due_at, clock, percent)
