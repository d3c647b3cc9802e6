"""The working calendar: golden vectors, properties, summer time, refusals, horizon."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from time import perf_counter
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from domain.time.calendar import CalendarRefused, WorkdayMode, WorkingCalendar
from domain.time.durations import Duration, Unit

OFFICE = "09:00-12:00,14:00-18:00"
SHANGHAI = "Asia/Shanghai"
NEW_YORK = "America/New_York"

HOLIDAYS = (
    ("2024-02-10", "2024-02-17"), ("2024-09-15", "2024-09-17"), ("2024-10-01", "2024-10-07"),
    ("2025-01-28", "2025-02-04"), ("2025-10-01", "2025-10-08"),
)  # fmt: skip
MAKE_UP_DAYS = (
    "2024-02-04", "2024-02-18", "2024-09-14", "2024-09-29", "2024-10-12",
    "2025-01-26", "2025-02-08", "2025-09-28", "2025-10-11",
)  # fmt: skip


def _days(first: str, last: str) -> Iterator[date]:
    day = date.fromisoformat(first)
    while day <= date.fromisoformat(last):
        yield day
        day += timedelta(days=1)


def a_calendar(
    week: tuple[str, ...] = (OFFICE,) * 5 + ("", ""),
    exceptions: tuple[tuple[date, str], ...] = (),
    *,
    zone: str = SHANGHAI,
    mode: WorkdayMode = WorkdayMode.CLOSE,
    known_until: date = date(2025, 12, 31),
) -> WorkingCalendar:
    return WorkingCalendar("a", zone, week, tuple(sorted(exceptions)), mode, known_until)


CHINA = a_calendar(
    exceptions=(
        *((day, "") for span in HOLIDAYS for day in _days(*span)),
        *((date.fromisoformat(day), OFFICE) for day in MAKE_UP_DAYS),
    )
)
BOSTON = a_calendar(
    ("08:30-17:00",) * 5 + ("", ""),
    ((date(2015, 1, 1), ""), (date(2015, 1, 19), ""), (date(2015, 12, 25), "")),
    zone=NEW_YORK,
    mode=WorkdayMode.SAME_TIME,
)
NIGHT_SHIFT = a_calendar(("00:00-06:00,22:00-24:00",) * 7, zone=NEW_YORK)
ROUND_THE_CLOCK = a_calendar(("00:00-24:00",) * 7, zone=NEW_YORK)


def local(text: str, calendar: WorkingCalendar = CHINA, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(calendar.zone), fold=fold)


def due(calendar: WorkingCalendar, start: str, limit: str, fold: int = 0) -> str:
    at = calendar.due(local(start, calendar, fold), Duration.parse(limit)).at
    assert at.tzinfo is UTC
    return at.astimezone(ZoneInfo(calendar.zone)).strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("start", "limit", "end"),
    [
        ("2024-09-27 16:30", "3wd", "2024-10-08 18:00"),
        ("2024-09-27 16:30", "4wh", "2024-09-29 11:30"),
        ("2024-09-30 17:30", "2wh", "2024-10-08 10:30"),
        ("2024-10-01 10:00", "1wd", "2024-10-08 18:00"),
        ("2024-10-01 10:00", "1wh", "2024-10-08 10:00"),
        ("2025-01-26 11:00", "2wd", "2025-02-05 18:00"),
        ("2025-01-27 17:00", "2wd", "2025-02-06 18:00"),
        ("2025-01-27 17:00", "4wh", "2025-02-05 12:00"),
        ("2025-03-05 12:30", "1wh", "2025-03-05 15:00"),
        ("2025-03-05 08:00", "5wh", "2025-03-05 16:00"),
        ("2025-03-07 18:00", "1wh", "2025-03-10 10:00"),
        ("2025-03-08 23:10", "5wd", "2025-03-14 18:00"),
        ("2025-10-08 09:00", "7wh", "2025-10-09 18:00"),
        ("2025-09-27 15:00", "10wd", "2025-10-16 18:00"),
        ("2024-02-09 17:59", "1wh", "2024-02-18 09:59"),
    ],
)
def test_the_golden_vectors_hold(start: str, limit: str, end: str) -> None:
    assert due(CHINA, start, limit) == end


@pytest.mark.parametrize(
    ("start", "limit", "end"),
    [
        ("2015-01-06 10:15", "1wd", "2015-01-07 10:15"),
        ("2015-01-02 12:00", "1wd", "2015-01-05 12:00"),
        ("2015-01-06 08:29", "1wd", "2015-01-07 08:30"),
        ("2015-01-06 17:00", "1wd", "2015-01-08 08:30"),
        ("2015-01-16 20:00", "1wd", "2015-01-21 08:30"),
        ("2015-01-01 00:25", "10wd", "2015-01-16 08:30"),
        ("2015-03-06 12:00", "1wd", "2015-03-09 12:00"),
        ("2015-03-01 10:00", "30d", "2015-03-31 10:00"),
    ],
)
def test_working_days_at_the_same_time_start_at_the_next_opening(start: str, limit: str, end: str) -> None:
    assert due(BOSTON, start, limit) == end


def test_the_same_time_is_kept_inside_the_hours_of_a_shorter_day() -> None:
    calendar = a_calendar(("08:00-18:00", "10:00-16:00", *[""] * 5), mode=WorkdayMode.SAME_TIME)
    assert due(calendar, "2025-03-03 09:00", "1wd") == "2025-03-04 10:00"
    assert due(calendar, "2025-03-03 17:00", "1wd") == "2025-03-04 16:00"
    assert due(calendar, "2025-03-03 12:00", "1wd") == "2025-03-04 12:00"


@pytest.mark.parametrize(
    ("start", "fold", "limit", "end"),
    [
        ("2015-03-07 02:30", 0, "1d", "2015-03-08 03:00"),  # 02:30 is skipped: the instant of the jump
        ("2015-10-31 01:30", 0, "1d", "2015-11-01 01:30"),
        ("2015-11-01 01:30", 1, "1d", "2015-11-02 01:30"),
        ("2015-03-07 12:00", 0, "24h", "2015-03-08 13:00"),
        ("2015-03-07 12:00", 0, "1440min", "2015-03-08 13:00"),
        ("2015-03-07 12:00", 0, "86400s", "2015-03-08 13:00"),
    ],
)
def test_days_go_by_the_wall_and_hours_by_elapsed_time(start: str, fold: int, limit: str, end: str) -> None:
    assert due(BOSTON, start, limit, fold) == end


def test_a_shift_across_a_clock_change_counts_the_time_that_passes() -> None:
    spring, autumn = "2015-03-08", "2015-11-01"
    for day, hours in ((spring, 7), (autumn, 9), ("2015-06-01", 8)):
        midnight = local(day, NIGHT_SHIFT)
        assert NIGHT_SHIFT.working_between(midnight, midnight + timedelta(days=1)) == timedelta(hours=hours)
    assert due(NIGHT_SHIFT, f"{spring} 00:00", "3wh") == f"{spring} 04:00"
    assert due(NIGHT_SHIFT, f"{autumn} 00:00", "3wh") == f"{autumn} 02:00"


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("America/St_Johns", "2009-11-01"),  # back at 00:01 into the day before
        ("America/Havana", "2015-03-08"),  # midnight is skipped
        ("Pacific/Apia", "2011-12-29"),  # the next day is skipped
        ("Africa/Casablanca", "2025-02-23"),  # the clocks move in Ramadan
        ("Australia/Lord_Howe", "2025-04-06"),  # by half an hour
    ],
)
def test_round_the_clock_is_elapsed_time_in_every_zone(zone: str, day: str) -> None:
    calendar = a_calendar(("00:00-24:00",) * 7, zone=zone)
    first = datetime.fromisoformat(f"{day}T00:00+00:00") - timedelta(days=1)
    instants = [first + timedelta(minutes=7) * step for step in range(700)]
    for before, after in pairwise(instants):
        assert calendar.working_between(before, after) == after - before
        assert calendar.add_working(before, after - before) == after
        assert calendar.next_opening(before) == before


def test_a_limit_that_ends_with_a_shift_does_not_move_to_the_next() -> None:
    assert due(CHINA, "2025-03-05 10:00", "2wh") == "2025-03-05 12:00"
    assert due(CHINA, "2025-03-07 17:00", "1wh") == "2025-03-07 18:00"


def test_no_working_time_added_stays_where_it_is() -> None:
    sunday = local("2025-03-09 10:00")
    assert CHINA.add_working(sunday, timedelta()) == sunday


def test_one_microsecond_counts() -> None:
    evening = local("2025-03-07 20:00")
    assert CHINA.add_working(evening, timedelta(microseconds=1)) == local("2025-03-10 09:00:00.000001")


def test_openings_are_found() -> None:
    assert CHINA.next_opening(local("2025-03-05 10:00")) == local("2025-03-05 10:00")
    assert CHINA.next_opening(local("2025-03-05 12:00")) == local("2025-03-05 14:00")
    assert CHINA.next_opening(local("2025-03-07 18:00")) == local("2025-03-10 09:00")
    assert CHINA.next_opening(local("2025-01-28 03:00")) == local("2025-02-05 09:00")
    assert CHINA.next_working_day_opening(local("2025-03-05 00:00")) == local("2025-03-06 09:00")
    assert CHINA.next_working_day_opening(local("2025-01-25 23:59")) == local("2025-01-26 09:00")


def test_working_days_and_the_office_day_are_told() -> None:
    assert CHINA.is_working_day(date(2025, 1, 26))
    assert not CHINA.is_working_day(date(2025, 1, 28))
    assert CHINA.office_day == timedelta(hours=7)
    assert a_calendar(("09:00-17:00",) * 4 + ("09:00-15:00", "", "")).office_day == timedelta(hours=8)


def test_only_working_time_beyond_the_days_on_file_is_provisional() -> None:
    late = local("2025-12-31 17:30")
    assert not CHINA.due(late, Duration(30, Unit.MIN)).provisional
    assert not CHINA.due(late, Duration(30, Unit.D)).provisional
    assert CHINA.due(late, Duration(1, Unit.WD)).provisional
    assert CHINA.is_provisional(local("2026-01-01 00:00"))
    assert not CHINA.is_provisional(local("2025-12-31 23:59"))


INSTANTS = st.datetimes(
    datetime.fromisoformat("2014-01-01"), datetime.fromisoformat("2027-01-01"), timezones=st.just(UTC)
)
CALENDARS = st.sampled_from([CHINA, BOSTON, NIGHT_SHIFT, ROUND_THE_CLOCK])
HOURS = st.sampled_from(["", OFFICE, "08:30-17:00", "00:00-24:00", "01:30-02:30,22:00-24:00", "13:13-13:14"])


@st.composite
def random_calendars(draw: st.DrawFn) -> WorkingCalendar:
    week = tuple(draw(st.lists(HOURS, min_size=7, max_size=7)))
    assume(any(week))
    dates = st.dates(date(2014, 12, 1), date(2017, 1, 31))
    return a_calendar(
        week,
        tuple(draw(st.dictionaries(dates, HOURS, max_size=12)).items()),
        zone=draw(st.sampled_from([SHANGHAI, NEW_YORK, "Africa/Casablanca"])),
        mode=draw(st.sampled_from(WorkdayMode)),
    )


@given(CALENDARS | random_calendars(), INSTANTS, st.timedeltas(timedelta(microseconds=1), timedelta(days=40)))
def test_adding_then_measuring_gives_the_amount_back(
    calendar: WorkingCalendar, start: datetime, amount: timedelta
) -> None:
    # Forty days of working time, at a minute a week, lie beyond the horizon.
    assume(calendar.office_day > timedelta(minutes=1))
    end = calendar.add_working(start, amount)
    assert calendar.working_between(start, end) == amount
    assert calendar.working_between(end, start) == -amount
    before = end - timedelta(microseconds=1)
    assert calendar.working_between(start, before) == amount - timedelta(microseconds=1)


@given(CALENDARS | random_calendars(), INSTANTS, INSTANTS, INSTANTS)
def test_working_time_adds_up_and_never_exceeds_elapsed_time(
    calendar: WorkingCalendar, a: datetime, b: datetime, c: datetime
) -> None:
    a, b, c = sorted((a, b, c))
    assert timedelta() <= calendar.working_between(a, b) <= b - a
    assert calendar.working_between(a, c) == calendar.working_between(a, b) + calendar.working_between(b, c)


@settings(max_examples=50)
@given(CALENDARS | random_calendars(), INSTANTS, st.timedeltas(timedelta(), timedelta(days=120)))
def test_intervals_sum_to_working_time_in_order(
    calendar: WorkingCalendar, a: datetime, span: timedelta
) -> None:
    intervals = list(calendar.working_intervals(a, a + span))
    assert sum((end - start for start, end in intervals), timedelta()) == calendar.working_between(
        a, a + span
    )
    bounds = [bound for interval in intervals for bound in interval]
    assert bounds == sorted(bounds)
    assert all(start < end for start, end in intervals)


LIMITS = st.builds(Duration, st.integers(1, 200), st.sampled_from(Unit))


@given(CALENDARS | random_calendars(), INSTANTS, st.timedeltas(timedelta(), timedelta(days=9)), LIMITS)
@example(CHINA, datetime(2025, 1, 27, 9, tzinfo=UTC), timedelta(hours=1), Duration(1, Unit.WD))
def test_an_earlier_start_is_never_due_later(
    calendar: WorkingCalendar, start: datetime, later: timedelta, limit: Duration
) -> None:
    # Wall-clock days, and times of day kept, repeat themselves in the hour that the zone lives twice.
    by_wall = limit.unit is Unit.D or (limit.unit is Unit.WD and calendar.mode is WorkdayMode.SAME_TIME)
    assume(not (by_wall and calendar.zone != SHANGHAI))
    assert calendar.due(start, limit).at <= calendar.due(start + later, limit).at


@given(CALENDARS | random_calendars(), INSTANTS, LIMITS)
def test_a_longer_limit_is_due_later(calendar: WorkingCalendar, start: datetime, limit: Duration) -> None:
    one_more = Duration(limit.amount + 1, limit.unit)
    assert start < calendar.due(start, limit).at <= calendar.due(start, one_more).at


@given(
    random_calendars(),
    st.dates(date(2015, 1, 1), date(2016, 6, 30)),
    st.timedeltas(timedelta(), timedelta(days=99)),
    LIMITS,
)
def test_an_extract_answers_alike_from_its_first_day(
    calendar: WorkingCalendar, since: date, after: timedelta, limit: Duration
) -> None:
    extract = calendar.extract(since)
    start = datetime.combine(since, time(), ZoneInfo(calendar.zone)).astimezone(UTC) + after
    assert len(extract.exceptions) <= len(calendar.exceptions)
    assert extract.due(start, limit) == calendar.due(start, limit)
    assert extract.next_opening(start) == calendar.next_opening(start)


@given(CALENDARS | random_calendars(), INSTANTS)
def test_the_next_opening_is_open_and_nothing_before_it(calendar: WorkingCalendar, instant: datetime) -> None:
    opening = calendar.next_opening(instant)
    assert calendar.working_between(instant, opening) == timedelta()
    assert calendar.working_between(opening, opening + timedelta(microseconds=1)) == timedelta(microseconds=1)


def by_the_minute(calendar: WorkingCalendar, start: datetime, minutes: int) -> int:
    """The working minutes counted one by one by what the clock on the wall shows."""
    zone, exceptions, count = ZoneInfo(calendar.zone), dict(calendar.exceptions), 0
    for step in range(minutes):
        wall = (start + timedelta(minutes=step)).astimezone(zone)
        hours = exceptions.get(wall.date(), calendar.week[wall.weekday()])
        shown = wall.strftime("%H:%M")
        count += any(shift[:5] <= shown < shift[6:] for shift in hours.split(",") if shift)
    return count


@pytest.mark.parametrize("calendar", [CHINA, BOSTON, NIGHT_SHIFT])
@pytest.mark.parametrize("day", ["2015-01-01", "2015-03-06", "2015-10-30", "2024-02-09", "2025-01-25"])
def test_working_time_agrees_with_counting_minute_by_minute(calendar: WorkingCalendar, day: str) -> None:
    start = local(f"{day} 23:17", calendar).astimezone(UTC)
    minutes = 4 * 24 * 60
    counted = calendar.working_between(start, start + timedelta(minutes=minutes))
    assert counted == timedelta(minutes=by_the_minute(calendar, start, minutes))


@pytest.mark.parametrize("calendar", [CHINA, BOSTON, NIGHT_SHIFT, ROUND_THE_CLOCK])
def test_a_calendar_survives_its_journey_as_json(calendar: WorkingCalendar) -> None:
    adapter = TypeAdapter(WorkingCalendar)
    assert adapter.validate_json(adapter.dump_json(calendar)) == calendar


def test_a_bad_calendar_is_refused_on_its_way_from_json() -> None:
    adapter = TypeAdapter(WorkingCalendar)
    with pytest.raises(ValidationError, match="no zone of the time zone database"):
        adapter.validate_json(adapter.dump_json(CHINA).replace(b"Asia/Shanghai", b"Asia/Atlantis"))


@pytest.mark.parametrize(
    ("week", "exceptions", "code", "field"),
    [
        ((OFFICE,) * 6, (), "not_seven_days", "week"),
        (("",) * 7, (), "never_open", "week"),
        (("",) * 7, ((date(2025, 1, 1), OFFICE),), "never_open", "week"),
        (("12:00-09:00",) * 7, (), "bad_hours", "week[0]"),
        (("09:00-09:00",) * 7, (), "bad_hours", "week[0]"),
        ((OFFICE, "09:00-12:00,11:59-13:00", *[""] * 5), (), "bad_hours", "week[1]"),
        ((OFFICE, "14:00-18:00,09:00-12:00", *[""] * 5), (), "bad_hours", "week[1]"),
        (("9:00-12:00",) * 7, (), "bad_hours", "week[0]"),
        (("09:00-24:01",) * 7, (), "bad_hours", "week[0]"),
        (("24:00-24:00",) * 7, (), "bad_hours", "week[0]"),
        (("closed",) * 7, (), "bad_hours", "week[0]"),
        (("09:00-12:00,",) * 7, (), "bad_hours", "week[0]"),
        ((OFFICE,) * 7, ((date(2025, 1, 1), "x"),), "bad_hours", "exceptions[2025-01-01]"),
        (
            (OFFICE,) * 7,
            ((date(2025, 1, 1), ""), (date(2025, 1, 1), OFFICE)),
            "duplicate_date",
            "exceptions[2025-01-01]",
        ),
        (
            (OFFICE,) * 7,
            ((date(2025, 1, 2), ""), (date(2025, 1, 1), "")),
            "unsorted_dates",
            "exceptions[2025-01-01]",
        ),
    ],
)
def test_a_degenerate_calendar_is_refused_by_field(
    week: tuple[str, ...], exceptions: tuple[tuple[date, str], ...], code: str, field: str
) -> None:
    with pytest.raises(CalendarRefused) as refused:
        WorkingCalendar("a", SHANGHAI, week, exceptions, WorkdayMode.CLOSE, date(2025, 12, 31))
    assert (refused.value.code, refused.value.field) == (code, field)


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "Asia", "../etc/passwd", "/etc/passwd", "a\x00b"])
def test_an_unknown_zone_is_refused(zone: str) -> None:
    with pytest.raises(CalendarRefused) as refused:
        a_calendar(zone=zone)
    assert refused.value.code == "unknown_zone"


def test_a_shift_may_end_at_midnight_and_touch_the_next() -> None:
    calendar = a_calendar(("00:00-12:00,12:00-24:00",) * 7)
    assert due(calendar, "2025-03-05 12:00", "48wh") == "2025-03-07 12:00"


def test_instants_without_a_zone_and_negative_amounts_are_refused() -> None:
    with pytest.raises(CalendarRefused, match="no zone"):
        CHINA.next_opening(datetime(2025, 1, 1))  # noqa: DTZ001
    with pytest.raises(CalendarRefused, match="negative"):
        CHINA.add_working(local("2025-01-01 10:00"), -timedelta(seconds=1))


@pytest.mark.parametrize("unit", Unit)
@pytest.mark.parametrize("calendar", [CHINA, BOSTON, NIGHT_SHIFT])
@pytest.mark.parametrize("amount", [36_500, 365_250, 999_999_999])
def test_limits_of_centuries_are_answered_or_refused_at_once(
    calendar: WorkingCalendar, unit: Unit, amount: int
) -> None:
    start = local("2025-03-05 10:00", calendar)
    began = perf_counter()
    try:
        at = calendar.due(start, Duration(amount, unit)).at
    except CalendarRefused as refused:
        assert refused.code == "beyond_horizon"  # noqa: PT017
    else:
        assert start < at < datetime(2300, 1, 1, tzinfo=UTC)
        assert calendar.working_between(start, at) <= at - start
    assert perf_counter() - began < 0.25  # a walk over the days would take seconds


@pytest.mark.parametrize("year", [1, 1969, 2300, 9999])
def test_instants_outside_the_horizon_are_refused(year: int) -> None:
    outside = datetime(year, 6, 1, tzinfo=UTC)
    for question in (CHINA.next_opening, CHINA.next_working_day_opening):
        with pytest.raises(CalendarRefused) as refused:
            question(outside)
        assert refused.value.code == "beyond_horizon"


def test_the_same_limit_crosses_the_turn_of_centuries_exactly() -> None:
    a, b = local("2095-01-03 09:00"), local("2105-01-05 09:00")
    days = sum((date(2095, 1, 3) + timedelta(days=n)).weekday() < 5 for n in range((b - a).days))
    assert CHINA.working_between(a, b) == days * CHINA.office_day
    assert CHINA.add_working(a, days * CHINA.office_day + timedelta(hours=1)) == b + timedelta(hours=1)
