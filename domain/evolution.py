"""From state to state: ``evolve`` says what a fact changes, and lets the clocks speak that the state names.

It is total: every fact of the union is known, and nothing is refused here. What was refused never became a
fact."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from domain.changes import closing, handling, opening, passing_time, steering
from domain.changes.edits import Change
from domain.clock import Clock
from domain.deadlines import LIVE_CLOCKS
from domain.events import Event
from domain.request import RequestState

CHANGES: dict[type[Any], Change] = {
    **opening.CHANGES,
    **handling.CHANGES,
    **closing.CHANGES,
    **steering.CHANGES,
    **passing_time.CHANGES,
}
"""Every kind of fact with what it changes."""


def evolve(state: RequestState, event: Event) -> RequestState:
    """The state after the event."""
    change = CHANGES[type(event.what)]
    after = replace(change(state, event.what, event), seq=event.seq, as_of=event.at)
    if after.state is not state.state:
        after = replace(after, entered_at=event.at)
    return _let_speak(after, event.at)


def _let_speak(state: RequestState, at: datetime) -> RequestState:
    """Hold the clocks that the state does not name, and note since when the others may fire."""
    live = LIVE_CLOCKS.get(state.state, frozenset())
    return replace(
        state,
        clocks=tuple(_tuned(clock, clock.kind in live and clock.is_running, at) for clock in state.clocks),
    )


def _tuned(clock: Clock, speaks: bool, at: datetime) -> Clock:
    if speaks == (clock.live_since is not None):
        return clock
    return replace(clock, live_since=max(at, clock.started_at) if speaks else None)
