"""From state to state: ``evolve`` says what a fact changes, and lets the clocks speak that the state names.

It is total: every fact of the union is known, and nothing is refused here. What was refused never became a
fact."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from domain.changes import (
    applying,
    closing,
    elsewhere,
    field_tasks,
    handling,
    merging,
    neighbours,
    opening,
    passing_time,
    reopening,
    sharing,
    steering,
    whistling,
    words,
)
from domain.changes.edits import Change
from domain.events import Event
from domain.limits.clock import Clock
from domain.limits.deadlines import may_speak
from domain.request import RequestState

CHANGES: dict[type[Any], Change] = {
    **opening.CHANGES,
    **handling.CHANGES,
    **sharing.CHANGES,
    **elsewhere.CHANGES,
    **neighbours.CHANGES,
    **field_tasks.CHANGES,
    **whistling.CHANGES,
    **words.CHANGES,
    **applying.CHANGES,
    **closing.CHANGES,
    **merging.CHANGES,
    **reopening.CHANGES,
    **steering.CHANGES,
    **passing_time.CHANGES,
}
"""Every kind of fact with what it changes."""


def evolve(state: RequestState, event: Event) -> RequestState:
    """The state after the event."""
    after = CHANGES[type(event.what)](state, event.what, event)
    moved = after.state is not state.state
    return replace(
        after,
        seq=event.seq,
        as_of=event.at,
        entered_at=event.at if moved else after.entered_at,
        clocks=tuple(_speaking(after, clock, event.at) for clock in after.clocks),
    )


def _speaking(state: RequestState, clock: Clock, at: datetime) -> Clock:
    """The clock held if the state does not name it, and else with the instant since when it may fire."""
    speaks = clock.is_running and may_speak(state, clock)
    if speaks == (clock.live_since is not None):
        return clock
    return replace(clock, live_since=max(at, clock.started_at) if speaks else None)
