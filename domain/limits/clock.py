"""The clock: one limit from its start to the last threshold, on the one axis of time.

At its start a limit becomes an amount of time M, from the start to the due instant. Threshold k (in per cent)
falls where the clock has run k/100 of M. Pausing cuts running time out; the rest is added from the instant of
resuming, unrounded. Working time is counted in the calendar, critical and urgent matters in natural time.
Nothing here is stored as a deadline: every instant is computed from the running segments and the frozen
limit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from domain.time.calendar import WorkingCalendar
from domain.time.durations import Duration, Unit

LONGEST_JITTER = timedelta(minutes=1)
LARGEST_JITTER_PERCENT = 2
"""A reminder comes a minute early at most, and by no more than so much of its limit, so that the order is kept. Early,
because late would be after the close of office, and so on the next working day.
"""


class ClockKind(StrEnum):
    """What a clock limits."""

    REGISTRATION = "registration"
    AWAITING_INFO = "awaiting_info"
    DISPATCH = "dispatch"
    SIGN = "sign"
    FIRST_CONTACT = "first_contact"
    DWELL = "dwell"
    TOTAL = "total"
    REVIEW = "review"
    CALLBACK = "callback"
    REMINDER = "reminder"
    DECISION = "decision"
    RESUME = "resume"
    DELIBERATION = "deliberation"
    PARTNER = "partner"
    INTERIM = "interim"
    JOINT = "joint"
    FIELD_TASK = "field_task"
    WHISTLE_ACK = "whistle_ack"
    WHISTLE_ATTEND = "whistle_attend"
    WHISTLE_PLAN = "whistle_plan"
    WHISTLE_RESULT = "whistle_result"


WHISTLE_CLOCKS = frozenset(
    {ClockKind.WHISTLE_ACK, ClockKind.WHISTLE_ATTEND, ClockKind.WHISTLE_PLAN, ClockKind.WHISTLE_RESULT}
)
"""The limits of a whistle, which nothing pauses: ``leg`` names the whistle, or the summons of one department."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch in which the clock ran; open at the end while it still runs."""

    start: datetime
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Clock:
    """A started limit. ``leg`` is the leg it belongs to, or the application whose decision it limits.

    ``amount`` is M for the whole limit, extensions included; ``working`` tells whether it is working or
    elapsed time. ``live_since`` is the instant from which the clock may fire (``None`` while it is held: it
    goes on counting but stays silent). ``jitter`` (per mille of M) moves reminders, never legal deadlines, so
    that they do not all fall on one second."""

    kind: ClockKind
    leg: str | None
    limit: Duration
    percent: int
    started_at: datetime
    amount: timedelta
    working: bool
    segments: tuple[Segment, ...]
    fired: tuple[int, ...] = ()
    live_since: datetime | None = None
    jitter: timedelta = timedelta()
    paused: bool = False
    """Whether it stands still only for a while and waits to run on; a clock that has stopped does not."""

    @property
    def is_running(self) -> bool:
        """Whether time counts at present."""
        return self.segments[-1].end is None


def start(
    kind: ClockKind,
    limit: Duration,
    at: datetime,
    calendar: WorkingCalendar,
    *,
    leg: str | None = None,
    percent: int = 100,
    spread: int = 0,
) -> Clock:
    """Start a clock at ``at``. ``percent`` shortens the limit, as a redo does; ``spread`` (0 to 999) is the
    request's place among those whose reminders would fall together.

    Raises:
        CalendarRefused: the limit reaches beyond the calendar's horizon.
    """
    working = limit.unit in (Unit.WH, Unit.WD)
    due = calendar.due(at, limit).at
    amount = (calendar.working_between(at, due) if working else due - at) * percent / 100
    return Clock(
        kind=kind,
        leg=leg,
        limit=limit,
        percent=percent,
        started_at=at,
        amount=amount,
        working=working,
        segments=(Segment(at),),
        live_since=at,
        jitter=min(LONGEST_JITTER, amount * LARGEST_JITTER_PERCENT / 100) * spread / 1000,
    )


def threshold(
    clock: Clock, percent: int, calendar: WorkingCalendar, *, reminder: bool = False
) -> datetime | None:
    """The instant at which the clock has run ``percent`` of its amount.

    ``None`` while that cannot be known: the clock is paused or stopped short of it.
    """
    need = clock.amount * percent / 100
    if reminder:
        need = max(timedelta(), need - clock.jitter)
    for segment in clock.segments:
        if segment.end is None:
            return _later(clock, segment.start, need, calendar)
        ran = _span(clock, segment.start, segment.end, calendar)
        if need <= ran:
            return _later(clock, segment.start, need, calendar)
        need -= ran
    return None


def promised(
    clock: Clock, percent: int, calendar: WorkingCalendar, *, reminder: bool = False
) -> datetime | None:
    """The instant of a threshold as it stood while the clock last ran: what was promised, also after the
    clock stopped.
    """
    last = clock.segments[-1]
    running = replace(clock, segments=(*clock.segments[:-1], Segment(last.start)))
    return threshold(running, percent, calendar, reminder=reminder)


def used(clock: Clock, now: datetime, calendar: WorkingCalendar) -> timedelta:
    """How much time the clock has counted until ``now``."""
    spans = (
        _span(clock, segment.start, min(segment.end or now, now), calendar)
        for segment in clock.segments
        if segment.start < now
    )
    return sum(spans, timedelta())


def pause(clock: Clock, at: datetime) -> Clock:
    """The clock with its running segment ended at ``at``; a clock that does not run is returned as it is."""
    if not clock.is_running:
        return clock
    last = clock.segments[-1]
    return replace(clock, segments=(*clock.segments[:-1], Segment(last.start, max(at, last.start))))


def resume(clock: Clock, at: datetime) -> Clock:
    """The clock running again from ``at``; a running clock is returned as it is."""
    if clock.is_running:
        return clock
    return replace(clock, segments=(*clock.segments, Segment(at)))


def extend(clock: Clock, extra: Duration, at: datetime, calendar: WorkingCalendar) -> Clock:
    """The clock with a longer limit: n working days add n office days of working time.

    Thresholds that fired stay fired; those ahead move.
    """
    if extra.unit is Unit.WD:
        longer = calendar.office_day * extra.amount
    elif extra.unit is Unit.WH:
        longer = timedelta(hours=extra.amount)
    else:
        longer = calendar.due(at, extra).at - at
    return replace(clock, amount=clock.amount + longer)


def recount(clock: Clock, before: WorkingCalendar, after: WorkingCalendar) -> Clock:
    """The clock in a corrected calendar: its limit is measured anew from its start, extensions and shortening
    kept.

    A clock that counts elapsed time is returned as it is; what fired stays fired.
    """
    if not clock.working:
        return clock
    extended = _extension(clock, clock.working, before)
    return replace(clock, amount=_whole(clock, after) * clock.percent / 100 + extended)


def reread(clock: Clock, limit: Duration, calendar: WorkingCalendar, *, spread: int = 0) -> Clock:
    """The clock under another limit, counted anew from its own start: what ran and what was paused, its shortening, its
    extensions and what fired are kept. Working time may become elapsed time and the other way round.

    Raises:
        CalendarRefused: the limit reaches beyond the calendar's horizon.
    """
    if limit == clock.limit:
        return clock
    fresh = start(
        clock.kind, limit, clock.started_at, calendar, leg=clock.leg, percent=clock.percent, spread=spread
    )
    return replace(
        fresh,
        amount=fresh.amount + _extension(clock, fresh.working, calendar),
        segments=clock.segments,
        fired=clock.fired,
        live_since=clock.live_since,
        paused=clock.paused,
    )


def fire(clock: Clock, percent: int) -> Clock:
    """The clock with a threshold marked as fired; it never fires again."""
    return replace(clock, fired=(*clock.fired, percent))


def _whole(clock: Clock, calendar: WorkingCalendar) -> timedelta:
    return _span(clock, clock.started_at, calendar.due(clock.started_at, clock.limit).at, calendar)


def _extension(clock: Clock, working: bool, calendar: WorkingCalendar) -> timedelta:
    """What was added to the limit; counted in the other kind of time, the same stretch of the wall's clock."""
    plain = _whole(clock, calendar) * clock.percent / 100
    if working is clock.working:
        return clock.amount - plain
    plain_due = _later(clock, clock.started_at, plain, calendar)
    due = _later(clock, clock.started_at, clock.amount, calendar)
    return calendar.working_between(plain_due, due) if working else due - plain_due


def _later(clock: Clock, start_at: datetime, amount: timedelta, calendar: WorkingCalendar) -> datetime:
    return calendar.add_working(start_at, amount) if clock.working else start_at + amount


def _span(clock: Clock, begin_at: datetime, end_at: datetime, calendar: WorkingCalendar) -> timedelta:
    return calendar.working_between(begin_at, end_at) if clock.working else end_at - begin_at
