"""Small edits of a state, out of which the changes are made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from domain.cases.open_cases import ENDS_WITHOUT_ANSWER
from domain.events import Event
from domain.field_tasks import FieldTask, FieldTaskState
from domain.limits import clock as clocks
from domain.limits.clock import WHISTLE_CLOCKS, Clock, ClockKind
from domain.limits.deadlines import is_of_a_share
from domain.limits.policy import ClockMode, comparable
from domain.partners import Case
from domain.request import LegEnd, LegRole, LegState, PolicySnapshot, RequestState, State, Visibility
from domain.sampling import spread
from domain.time.durations import Duration
from domain.whistles import Whistle, WhistleEnd

Change = Callable[[RequestState, Any, Event], RequestState]
"""What one kind of fact changes."""


def promised(state: RequestState) -> PolicySnapshot:
    """The promise of an accepted request."""
    assert state.snapshot is not None, "an accepted request has a snapshot"
    return state.snapshot


def change_leg(state: RequestState, leg_id: str, /, **changes: Any) -> RequestState:
    """The state with one leg changed."""
    return replace(
        state, legs=tuple(replace(leg, **changes) if leg.id == leg_id else leg for leg in state.legs)
    )


def end_leg(state: RequestState, leg_id: str, end: LegEnd, at: datetime) -> RequestState:
    """The leg ended, its clocks stopped."""
    ended = change_leg(state, leg_id, state=LegState.ENDED, end=end, ended_at=at)
    for kind in (ClockKind.SIGN, ClockKind.FIRST_CONTACT, ClockKind.DWELL, ClockKind.JOINT):
        ended = stop_clock(ended, at, kind, leg_id)
    return ended


def stay_joint(state: RequestState, leg_id: str, at: datetime) -> RequestState:
    """The leg goes on as a joint one; its dwell, as the lead leg's, ends here."""
    joint = change_leg(state, leg_id, role=LegRole.JOINT)
    for kind in (ClockKind.FIRST_CONTACT, ClockKind.DWELL):
        joint = stop_clock(joint, at, kind, leg_id)
    return joint


def end(state: RequestState, terminal: State, how: str, at: datetime) -> RequestState:
    """Closing releases the open legs, scored as they stand, and stops every clock: the total where the reply
    was submitted.
    """
    for leg in state.legs:
        if leg.state is not LegState.ENDED:
            state = end_leg(state, leg.id, LegEnd.RELEASED, at)
    state = stop_clock(state, state.submitted_at or at, ClockKind.TOTAL)
    return replace(
        stop_all_clocks(state, at),
        state=terminal,
        ended_at=at,
        ended_how=how,
        partner=None,
        field_tasks=tuple(_lapsed(task, at) for task in state.field_tasks),
        whistles=tuple(_cancelled(each, at) for each in state.whistles),
        cases=tuple(_handed_back(state, case) for case in state.cases)
        if terminal in ENDS_WITHOUT_ANSWER
        else state.cases,
    )


def _handed_back(state: RequestState, case: Case) -> Case:
    """A case of a request that followed this one goes with it when it goes on alone."""
    return case if case.request == state.number else replace(case, held_by=case.request)


def _cancelled(whistle: Whistle, at: datetime) -> Whistle:
    return replace(whistle, ended_at=at, end=WhistleEnd.CANCELLED) if whistle.is_open else whistle


def _lapsed(task: FieldTask, at: datetime) -> FieldTask:
    if task.state is not FieldTaskState.GIVEN:
        return task
    return replace(task, state=FieldTaskState.LAPSED, ended_at=at)


def start_clock(
    state: RequestState,
    kind: ClockKind,
    limit: Duration,
    at: datetime,
    *,
    leg: str | None = None,
    percent: int = 100,
) -> RequestState:
    """The state with a limit started at ``at``."""
    started = clocks.start(
        kind, limit, at, state.calendar, leg=leg, percent=percent, spread=spread(state.number, 1000)
    )
    return replace(state, clocks=(*state.clocks, started))


def stop_clock(state: RequestState, at: datetime, kind: ClockKind, leg: str | None = None) -> RequestState:
    """The state with the clocks of that kind (of that leg) stopped where they run."""
    return replace(
        state,
        clocks=tuple(
            _stopped(clock, at) if clock.kind is kind and clock.leg == leg else clock
            for clock in state.clocks
        ),
    )


def stop_all_clocks(state: RequestState, at: datetime) -> RequestState:
    """The state with every running clock stopped, but for the decisions that are waited for: they end with their own
    facts.
    """
    return replace(
        state,
        clocks=tuple(
            clock if clock.kind is ClockKind.DECISION else _stopped(clock, at) for clock in state.clocks
        ),
    )


def stop_clocks_of_the_cycle(state: RequestState, at: datetime) -> RequestState:
    """The state with every running clock of the cycle stopped, but for the decisions that are waited for, and what
    others owe in the next cycle too: the shares of joint units, and field tasks.
    """
    return replace(
        state,
        clocks=tuple(
            clock if clock.kind in _OWED_BY_OTHERS or is_of_a_share(state, clock) else _stopped(clock, at)
            for clock in state.clocks
        ),
    )


_OWED_BY_OTHERS = frozenset({ClockKind.DECISION, ClockKind.FIELD_TASK})


def _stopped(clock: Clock, at: datetime) -> Clock:
    return replace(clocks.pause(clock, at), paused=False)


def stop_whistle_clocks(state: RequestState, whistle: str, at: datetime) -> RequestState:
    """The state with every limit of the whistle and of its summonses stopped."""
    return replace(
        state,
        clocks=tuple(
            _stopped(clock, at)
            if clock.kind in WHISTLE_CLOCKS and (clock.leg or "").partition(".")[0] == whistle
            else clock
            for clock in state.clocks
        ),
    )


def pause_clocks(state: RequestState, at: datetime, leg: str | None = None) -> RequestState:
    """Every running clock (of one leg, if it is named) stands still until :func:`resume_clocks`, but for the decisions
    that are waited for, and for whistles.
    """
    return replace(
        state,
        clocks=tuple(
            replace(clocks.pause(clock, at), paused=True)
            if clock.is_running and clock.kind not in _NEVER_PAUSED and leg in (None, clock.leg)
            else clock
            for clock in state.clocks
        ),
    )


_NEVER_PAUSED = WHISTLE_CLOCKS | {ClockKind.DECISION}


def resume_clocks(state: RequestState, at: datetime, leg: str | None = None) -> RequestState:
    """The clocks that wait (those of one leg, if it is named) run on."""
    return replace(
        state,
        clocks=tuple(
            replace(clocks.resume(clock, at), paused=False)
            if clock.paused and leg in (None, clock.leg)
            else clock
            for clock in state.clocks
        ),
    )


def drop_clock(state: RequestState, kind: ClockKind) -> RequestState:
    """Forget a repeating clock that has spoken, so that a year of reminders takes no room."""
    return replace(state, clocks=tuple(clock for clock in state.clocks if clock.kind is not kind))


def owe_interim_report(state: RequestState, at: datetime, percent: int = 100) -> RequestState:
    """The citizen is owed a report within the interim interval from ``at``, where the matter may take longer than one.

    Matters counted in natural time never do.
    """
    state = drop_clock(state, ClockKind.INTERIM)
    policy, every = promised(state).policy, state.intake.common.interim_every
    office_day = state.calendar.office_day
    is_long = comparable(policy.total, office_day) * percent / 100 > comparable(every, office_day)
    if policy.clock is not ClockMode.WORKING or not is_long:
        return state
    return start_clock(state, ClockKind.INTERIM, every, at)


def restrict(state: RequestState, visibility: Visibility) -> RequestState:
    """The state seen by nobody beyond that class; what is restricted further stays so."""
    return replace(state, visibility=visibility) if visibility.is_stricter(state.visibility) else state


def place_of(state: RequestState, kind: ClockKind, leg: str | None) -> int:
    """Where the newest clock of that kind (of that leg) stands."""
    return max(place for place, clock in enumerate(state.clocks) if clock.kind is kind and clock.leg == leg)


def replaced(row: tuple[Clock, ...], place: int, changed: Clock) -> tuple[Clock, ...]:
    """The row of clocks with one of them changed."""
    return (*row[:place], changed, *row[place + 1 :])
