"""Why a deadline is what it is: every stretch of counted time, every pause, and the policy row that set the
limit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from domain.exceptions.applications import Application, ApplicationStatus, ExceptionKind
from domain.limits.clock import WHISTLE_CLOCKS, Clock, ClockKind, promised, used
from domain.limits.deadlines import is_reminder, may_speak, thresholds_of
from domain.limits.policy_moves import limit_under
from domain.request import RequestState

MOST_INTERVALS = 200
"""So many intervals are listed for one clock; the counted sums hold for all."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A stretch of time in UTC."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class ThresholdExplained:
    """One threshold: its share of the limit, its instant (``None`` while the clock is paused short of it),
    whether it fired.
    """

    percent: int
    due_at: datetime | None
    reminder: bool
    fired: bool


@dataclass(frozen=True, slots=True)
class ClockExplained:
    """One clock with everything that made its deadline.

    ``amount_seconds`` is the whole limit as counted time (M), ``used_seconds`` what has been counted;
    ``counted`` are the working (or natural) intervals from the start to the due instant, ``pauses`` the
    stretches cut out. ``held`` clocks count on in silence."""

    clock: str
    leg: str | None
    cycle_percent: int
    limit: str
    rule: str
    calendar: str
    working_time: bool
    started_at: datetime
    due_at: datetime | None
    provisional: bool
    amount_seconds: float
    used_seconds: float
    running: bool
    held: bool
    thresholds: tuple[ThresholdExplained, ...]
    counted: tuple[Interval, ...]
    pauses: tuple[Interval, ...]
    more_intervals: bool


def explain(state: RequestState, now: datetime) -> tuple[ClockExplained, ...]:
    """Every clock the request has had, in the order of their start, as of ``now``."""
    return tuple(_explained(state, clock, now) for clock in state.clocks)


def _explained(state: RequestState, clock: Clock, now: datetime) -> ClockExplained:
    calendar = state.calendar
    due_at = promised(clock, 100, calendar)
    counted = list(islice(_counted(state, clock, due_at or now), MOST_INTERVALS + 1))
    return ClockExplained(
        clock=clock.kind,
        leg=clock.leg,
        cycle_percent=clock.percent,
        limit=str(clock.limit),
        rule=_rule(state, clock),
        calendar=calendar.name,
        working_time=clock.working,
        started_at=clock.started_at,
        due_at=due_at,
        provisional=due_at is not None and clock.working and calendar.is_provisional(due_at),
        amount_seconds=clock.amount.total_seconds(),
        used_seconds=used(clock, now, calendar).total_seconds(),
        running=clock.is_running,
        held=clock.is_running and not may_speak(state, clock),
        thresholds=tuple(_threshold(state, clock, percent) for percent in thresholds_of(state, clock.kind)),
        counted=tuple(counted[:MOST_INTERVALS]),
        pauses=_pauses(clock),
        more_intervals=len(counted) > MOST_INTERVALS,
    )


def _threshold(state: RequestState, clock: Clock, percent: int) -> ThresholdExplained:
    reminder = is_reminder(state, clock.kind, percent)
    due_at = promised(clock, percent, state.calendar, reminder=reminder)
    return ThresholdExplained(percent, due_at, reminder, percent in clock.fired)


_COMMON = frozenset(
    {
        ClockKind.REGISTRATION,
        ClockKind.AWAITING_INFO,
        ClockKind.DELIBERATION,
        ClockKind.PARTNER,
        ClockKind.INTERIM,
    }
)
"""Clocks whose limit no policy sets."""


def _rule(state: RequestState, clock: Clock) -> str:
    if (asked := _application_of(state, clock)) is not None:
        if clock.kind is ClockKind.RESUME:
            return f"suspension {asked.id} for {asked.reason}, longest = {clock.limit}"
        source = "policy, confirmation" if asked.kind is ExceptionKind.HAND_UP else "terms"
        return f"{source} of {asked.kind}, decision of {asked.id} = {clock.limit}"
    if clock.kind in WHISTLE_CLOCKS:
        return f"terms of whistle {clock.leg}, {clock.kind} = {clock.limit}"
    policy = state.snapshot.policy if state.snapshot else None
    leg = state.leg(clock.leg) if clock.leg else None
    share = "" if clock.percent == 100 else f" x {clock.percent} %"
    if clock.kind is ClockKind.JOINT:
        return f"what leg {clock.leg} was given for its share = {clock.limit}{share}"
    field = f"{clock.kind}.{leg.level}" if clock.kind == "dwell" and leg else str(clock.kind)
    if policy is None or clock.kind in _COMMON:
        return f"common limits, {field} = {clock.limit}"
    if limit_under(policy, state, clock) not in (None, clock.limit):
        return f"an earlier policy of the request, {field} = {clock.limit}"
    longer = "".join(_extensions(state, clock))
    return f"policy {policy.code} version {policy.version}, {field} = {clock.limit}{share}{longer}"


def _application_of(state: RequestState, clock: Clock) -> Application | None:
    """The application that started the clock: its decision is waited for, or it was a suspension that was granted."""
    match clock.kind:
        case ClockKind.DECISION:
            return state.application(clock.leg) if clock.leg else None
        case ClockKind.RESUME:
            return next(
                (
                    asked
                    for asked in _granted(state, ExceptionKind.SUSPENSION)
                    if asked.decided_at == clock.started_at
                ),
                None,
            )
        case _:
            return None


def _extensions(state: RequestState, clock: Clock) -> Iterator[str]:
    """What was added to the limit since it started, with the application that brought it."""
    if clock.kind not in (ClockKind.TOTAL, ClockKind.DWELL):
        return
    for asked in _granted(state, ExceptionKind.EXTENSION):
        since = asked.decided_at is not None and asked.decided_at >= clock.started_at
        if since and clock.leg in (None, asked.leg):
            yield f" + {asked.length} (extension {asked.id})"


def _granted(state: RequestState, kind: ExceptionKind) -> Iterator[Application]:
    for asked in state.applications:
        if asked.kind is kind and asked.status is ApplicationStatus.GRANTED:
            yield asked


def _counted(state: RequestState, clock: Clock, until: datetime) -> Iterator[Interval]:
    for segment in clock.segments:
        end = min(segment.end or until, until) if until > segment.start else segment.start
        if end <= segment.start:
            continue
        if clock.working:
            for start, stop in state.calendar.working_intervals(segment.start, end):
                yield Interval(start, stop)
        else:
            yield Interval(segment.start, end)


def _pauses(clock: Clock) -> tuple[Interval, ...]:
    ends = [segment.end for segment in clock.segments[:-1]]
    starts = [segment.start for segment in clock.segments[1:]]
    return tuple(
        Interval(end, start)
        for end, start in zip(ends, starts, strict=True)
        if end is not None and start - end > timedelta()
    )
