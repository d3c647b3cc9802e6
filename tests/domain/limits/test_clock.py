"""The clock on its one axis of time, for any pattern of pauses, resumptions and extensions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

import domain.limits.clock as clocks
from domain.limits.clock import Clock, ClockKind
from domain.time.calendar import WorkingCalendar
from domain.time.durations import Duration
from tests.support.builders import MONDAY_MORNING, OFFICE, calendar

HOLIDAYS = ((date(2026, 3, 9), ""), (date(2026, 3, 14), OFFICE), (date(2026, 4, 6), ""))
CALENDARS = [
    calendar(exceptions=HOLIDAYS),
    calendar(zone="America/New_York", week=("08:30-17:00",) * 5 + ("", "")),
]

LIMITS = st.sampled_from(
    [Duration.parse(text) for text in ("45s", "10min", "2h", "3d", "1wh", "5wh", "1wd", "3wd", "15wd")]
)
STARTS = st.datetimes(datetime(2026, 2, 20), datetime(2026, 4, 20), timezones=st.just(UTC))  # noqa: DTZ001
PERCENTS = st.sampled_from([1, 70, 90, 100, 150, 200])


@dataclass(frozen=True)
class Life:
    """A clock that was started, and then paused and resumed as drawn."""

    clock: Clock
    calendar: WorkingCalendar


@st.composite
def lives(draw: st.DrawFn) -> Life:
    """A clock with up to five pauses."""
    chosen, at = draw(st.sampled_from(CALENDARS)), draw(STARTS)
    clock = clocks.start(ClockKind.TOTAL, draw(LIMITS), at, chosen, spread=draw(st.integers(0, 999)))
    for ran, paused in draw(st.lists(st.tuples(st.integers(0, 90_000), st.integers(0, 400_000)), max_size=5)):
        at += timedelta(seconds=ran)
        clock = clocks.pause(clock, at)
        at += timedelta(seconds=paused)
        clock = clocks.resume(clock, at)
    return Life(clock, chosen)


@given(st.sampled_from(CALENDARS), LIMITS, STARTS)
def test_without_a_pause_the_limit_ends_where_the_calendar_says(
    chosen: WorkingCalendar, limit: Duration, at: datetime
) -> None:
    clock = clocks.start(ClockKind.TOTAL, limit, at, chosen)
    due = chosen.due(at, limit).at
    ends = clocks.threshold(clock, 100, chosen)
    assert ends is not None
    assert chosen.working_between(ends, due) == timedelta() if clock.working else ends == due


@given(lives(), PERCENTS)
def test_a_threshold_falls_where_exactly_its_share_has_been_counted(life: Life, percent: int) -> None:
    at = clocks.threshold(life.clock, percent, life.calendar)
    assert at is not None
    assert clocks.used(life.clock, at, life.calendar) == life.clock.amount * percent / 100


@given(lives())
def test_thresholds_come_in_order_whatever_the_pauses(life: Life) -> None:
    marks = [
        clocks.threshold(life.clock, percent, life.calendar, reminder=percent < 100)
        for percent in (70, 90, 100, 150, 200)
    ]
    assert None not in marks
    assert marks == sorted(marks, key=lambda at: at or MONDAY_MORNING)


@given(lives(), st.integers(0, 500_000))
def test_a_pause_never_brings_a_deadline_forward(life: Life, seconds: int) -> None:
    at = life.clock.segments[-1].start + timedelta(seconds=1)
    later = clocks.resume(clocks.pause(life.clock, at), at + timedelta(seconds=seconds))
    before, after = (clocks.threshold(each, 100, life.calendar) for each in (life.clock, later))
    assert before is not None
    assert after is not None
    assert after >= before


@given(lives())
def test_a_pause_that_lasts_no_time_changes_nothing(life: Life) -> None:
    at = life.clock.segments[-1].start + timedelta(minutes=3)
    touched = clocks.resume(clocks.pause(life.clock, at), at)
    for percent in (70, 100, 200):
        before, after = (clocks.threshold(each, percent, life.calendar) for each in (life.clock, touched))
        assert before is not None
        assert after is not None
        apart = life.calendar.working_between(before, after) if life.clock.working else after - before
        assert apart == timedelta()


def test_pausing_over_a_closed_weekend_changes_nothing() -> None:
    chosen = CALENDARS[0]
    friday_evening = datetime(2026, 3, 6, 12, 0, tzinfo=UTC)
    clock = clocks.start(ClockKind.TOTAL, Duration.parse("10wd"), MONDAY_MORNING, chosen)
    paused = clocks.resume(clocks.pause(clock, friday_evening), friday_evening + timedelta(days=2))
    assert clocks.threshold(paused, 100, chosen) == clocks.threshold(clock, 100, chosen)


@given(lives(), st.integers(1, 20))
def test_an_extension_of_working_days_adds_office_days_of_working_time(life: Life, days: int) -> None:
    clock = clocks.start(ClockKind.TOTAL, Duration.parse("3wd"), life.clock.started_at, life.calendar)
    longer = clocks.extend(clock, Duration.parse(f"{days}wd"), clock.started_at, life.calendar)
    before, after = (clocks.threshold(each, 100, life.calendar) for each in (clock, longer))
    assert before is not None
    assert after is not None
    assert life.calendar.working_between(before, after) == life.calendar.office_day * days


def test_a_paused_clock_does_not_know_what_lies_ahead_and_knows_what_lies_behind() -> None:
    chosen = calendar()
    clock = clocks.start(ClockKind.TOTAL, Duration.parse("100min"), MONDAY_MORNING, chosen)
    paused = clocks.pause(clock, MONDAY_MORNING + timedelta(minutes=80))
    assert clocks.threshold(paused, 70, chosen) == MONDAY_MORNING + timedelta(minutes=70)
    assert clocks.threshold(paused, 90, chosen) is None
    assert clocks.promised(paused, 90, chosen) == MONDAY_MORNING + timedelta(minutes=90)
    resumed = clocks.resume(paused, MONDAY_MORNING + timedelta(minutes=200))
    assert clocks.threshold(resumed, 90, chosen) == MONDAY_MORNING + timedelta(minutes=210)


def test_a_shortened_limit_has_its_share_of_the_time() -> None:
    clock = clocks.start(ClockKind.TOTAL, Duration.parse("2wd"), MONDAY_MORNING, calendar(), percent=50)
    whole = clocks.start(ClockKind.TOTAL, Duration.parse("2wd"), MONDAY_MORNING, calendar())
    assert clock.amount == whole.amount / 2


@pytest.mark.parametrize(("limit", "most"), [("10s", timedelta(seconds=0.2)), ("15wd", timedelta(minutes=1))])
def test_a_reminder_is_moved_by_a_little_and_a_legal_deadline_never(limit: str, most: timedelta) -> None:
    chosen = calendar()
    clock = clocks.start(ClockKind.TOTAL, Duration.parse(limit), MONDAY_MORNING, chosen, spread=999)
    plain = clocks.threshold(clock, 70, chosen)
    moved = clocks.threshold(clock, 70, chosen, reminder=True)
    assert plain is not None
    assert moved is not None
    assert timedelta() < plain - moved <= most
    assert clocks.threshold(clock, 100, chosen) == clocks.promised(clock, 100, chosen)


def test_a_fired_threshold_stays_fired_after_an_extension() -> None:
    chosen = calendar()
    clock = clocks.fire(clocks.start(ClockKind.TOTAL, Duration.parse("10min"), MONDAY_MORNING, chosen), 70)
    longer = clocks.extend(clock, Duration.parse("10min"), MONDAY_MORNING, chosen)
    assert longer.fired == (70,)
    assert clocks.threshold(longer, 100, chosen) == MONDAY_MORNING + timedelta(minutes=20)
