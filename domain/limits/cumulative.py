"""The cumulative clock (累计用时): what a request has taken in all its cycles together.

Each cycle has a total limit of its own; the citizen waits through all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.limits.clock import ClockKind, used
from domain.request import RequestState


@dataclass(frozen=True, slots=True)
class Cumulative:
    """The time counted by the total clocks of ``cycles`` cycles, in working time or in elapsed time."""

    cycles: int
    used: timedelta
    working: bool


def cumulative(state: RequestState, now: datetime) -> Cumulative:
    """What has been counted until ``now``; between an end and a reopening nothing is."""
    totals = [clock for clock in state.clocks if clock.kind is ClockKind.TOTAL]
    spent = sum((used(clock, now, state.calendar) for clock in totals), timedelta())
    return Cumulative(state.cycle, spent, bool(totals) and totals[-1].working)
