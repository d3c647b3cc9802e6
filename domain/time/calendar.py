"""The working calendar: when an office is open, and what a limit in working time means on the clock on the wall.

A calendar is small enough to be frozen into every request. All arithmetic is exact to the microsecond and in UTC; the
zone matters only where wall-clock times become instants. Any question is answered or refused in about constant time.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from domain.refusals import Refused
from domain.time.durations import Duration, Unit
from domain.time.open_days import BeyondHorizon, OpenDays
from domain.time.opening_hours import Shift, length_of, shifts_of
from domain.time.zones import (
    END_DAY,
    FIRST_DAY,
    day_of,
    instant_of,
    is_within_horizon,
    micros_of,
    wall_to_micros,
)

_MICROSECOND = timedelta(microseconds=1)


class CalendarRefused(Refused, ValueError):
    """A calendar that makes no sense, or a question that leaves its horizon.

    `field` names the part of the calendar or of the question.
    """

    def __init__(self, code: str, field: str, message: str) -> None:
        super().__init__(code, field, message)


class WorkdayMode(StrEnum):
    """How a limit in working days ends.

    close: the day itself is not counted, the limit ends at the close of office of the n-th working day after it.
    same_time: n working days later at the same time of day; a start outside opening hours counts as the next opening.
    """

    CLOSE = "close"
    SAME_TIME = "same_time"


@dataclass(frozen=True, slots=True)
class Due:
    """When a limit ends (UTC), and whether that may still change because later exceptions are not on file yet."""

    at: datetime
    provisional: bool


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """Opening hours of an office: a week pattern (Monday first), dated exceptions both ways, a zone.

    Hours are written "09:00-12:00,14:00-18:00", a day off is "". An exception replaces the hours of its date: "" for a
    holiday, hours for a make-up working day. `known_until` is the last local day whose exceptions are on file; beyond
    it the week pattern counts and deadlines are provisional. Questions may span the years 1970 to 2299.

    Raises CalendarRefused for a calendar that could not be worked with.
    """

    name: str
    zone: str
    week: tuple[str, ...]
    exceptions: tuple[tuple[date, str], ...]
    mode: WorkdayMode
    known_until: date

    def __post_init__(self) -> None:
        _check(self)
        _index(self)

    def __hash__(self) -> int:
        """A short hash: the whole of the exceptions need not be read each time the index is looked up."""
        return hash((self.name, self.zone, self.known_until, len(self.exceptions)))

    def due(self, start: datetime, limit: Duration) -> Due:
        """When a limit that starts at an aware instant ends.

        s, min and h are elapsed time; d keeps the wall-clock time of the zone; wh runs inside opening hours only; wd
        goes by the calendar's mode. Only wh and wd can be provisional.
        """
        if limit.unit is Unit.WH:
            at = self.add_working(start, timedelta(hours=1) * limit.amount)
        elif limit.unit is Unit.WD:
            at = self._working_days_later(start, limit.amount)
        elif limit.unit is Unit.D:
            at = self._days_later(start, limit.amount)
        else:
            at = _elapsed_later(start, limit.elapsed)
        return Due(at=at, provisional=limit.is_working and self.is_provisional(at))

    def working_between(self, a: datetime, b: datetime) -> timedelta:
        """The working time from a to b; negative where b is before a."""
        return (self._worked_until(b) - self._worked_until(a)) * _MICROSECOND

    def add_working(self, start: datetime, amount: timedelta) -> datetime:
        """The first instant by which `amount` of working time has passed since start; start itself for none.

        An amount that ends exactly where a shift ends, ends there and not at the next opening.
        """
        if amount < timedelta():
            raise CalendarRefused(
                "negative_amount", "amount", f"{amount} is negative; working time only adds up"
            )
        if not amount:
            return _utc(start)
        total = self._worked_until(start) + amount // _MICROSECOND
        index = _index(self)
        try:
            day = index.day_reaching(total)
        except BeyondHorizon:
            raise _beyond("amount") from None
        left = total - index.time_before(day)
        for opening, closing in index.intervals(day):
            if left <= closing - opening:
                return instant_of(opening + left)
            left -= closing - opening
        raise AssertionError(f"day {day} of {self.name} is shorter than its index says")

    def working_intervals(self, a: datetime, b: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The open intervals between two instants, cut to them, in order and in UTC."""
        start, end = micros_of(_utc(a)), micros_of(_utc(b))
        if start >= end:
            return
        last = self._day(end)
        for day in range(self._day(start), last + 1):
            for opening, closing in _index(self).intervals(day):
                if opening < end and closing > start:
                    yield instant_of(max(opening, start)), instant_of(min(closing, end))

    def is_working_day(self, day: date) -> bool:
        """Whether the office opens at all on a local date."""
        return bool(_index(self).shifts(day.toordinal()))

    def next_opening(self, instant: datetime) -> datetime:
        """The instant itself while the office is open, else the next opening (the very end of a shift is closed)."""
        micros = micros_of(_utc(instant))
        day = self._day(micros)
        while True:
            for opening, closing in _index(self).intervals(day):
                if micros < closing:
                    return instant_of(max(micros, opening))
            day = self._nth_open_day_after(day, 1)

    def next_working_day_opening(self, instant: datetime) -> datetime:
        """The opening of the first working day after the local day of an instant."""
        return self.next_opening(instant_of(self._wall(self._day(micros_of(_utc(instant))) + 1, 0)))

    @property
    def office_day(self) -> timedelta:
        """The working time of the usual working day: the longest of the week."""
        return max(length_of(shifts_of(hours)) for hours in self.week) * _MICROSECOND

    def extract(self, since: date) -> "WorkingCalendar":
        """The calendar without the exceptions before a local date; from that date on it answers alike."""
        return replace(self, exceptions=tuple(dated for dated in self.exceptions if dated[0] >= since))

    def is_provisional(self, instant: datetime) -> bool:
        """Whether an instant lies after the last local day whose exceptions are on file."""
        return self._local(instant).date() > self.known_until

    def _worked_until(self, instant: datetime) -> int:
        micros = micros_of(_utc(instant))
        day = self._day(micros)
        index = _index(self)
        today = sum(max(0, min(closing, micros) - opening) for opening, closing in index.intervals(day))
        return index.time_before(day) + today

    def _working_days_later(self, start: datetime, count: int) -> datetime:
        if self.mode is WorkdayMode.CLOSE:
            day = self._nth_open_day_after(self._day(micros_of(_utc(start))), count)
            return instant_of(self._wall(day, _index(self).shifts(day)[-1][1]))
        opened = self.next_opening(start)
        day = self._nth_open_day_after(self._day(micros_of(opened)), count)
        shifts = _index(self).shifts(day)
        return instant_of(self._wall(day, min(max(self._time_of_day(opened), shifts[0][0]), shifts[-1][1])))

    def _days_later(self, start: datetime, count: int) -> datetime:
        local = self._local(start)
        day = local.toordinal() + count
        if not FIRST_DAY <= day < END_DAY:
            raise _beyond("limit")
        return instant_of(self._wall(day, self._time_of_day(local)))

    def _time_of_day(self, instant: datetime) -> int:
        local = self._local(instant).replace(tzinfo=None)
        return (local - datetime.combine(local, time.min)) // _MICROSECOND

    def _local(self, instant: datetime) -> datetime:
        try:
            return _utc(instant).astimezone(ZoneInfo(self.zone))
        except OverflowError:
            raise _beyond("instant") from None

    def _nth_open_day_after(self, day: int, count: int) -> int:
        try:
            return _index(self).nth_open_day_after(day, count)
        except BeyondHorizon:
            raise _beyond("limit") from None

    def _wall(self, day: int, wall: int) -> int:
        return wall_to_micros(ZoneInfo(self.zone), day, wall)

    def _day(self, micros: int) -> int:
        if not is_within_horizon(micros):
            raise _beyond("instant")
        return day_of(ZoneInfo(self.zone), micros)


@lru_cache(maxsize=512)
def _index(calendar: WorkingCalendar) -> OpenDays:
    exceptions = {day.toordinal(): shifts_of(hours) for day, hours in calendar.exceptions}
    return OpenDays(ZoneInfo(calendar.zone), tuple(map(shifts_of, calendar.week)), exceptions)


def _check(calendar: WorkingCalendar) -> None:
    try:
        ZoneInfo(calendar.zone)
    except (KeyError, ValueError, OSError):
        message = f"{calendar.zone!r} is no zone of the time zone database, such as Asia/Shanghai"
        raise CalendarRefused("unknown_zone", "zone", message) from None
    if len(calendar.week) != 7:
        message = f"a week has 7 entries, Monday first, not {len(calendar.week)}"
        raise CalendarRefused("not_seven_days", "week", message)
    week = [_checked_hours(hours, f"week[{number}]") for number, hours in enumerate(calendar.week)]
    if not any(week):
        raise CalendarRefused(
            "never_open", "week", "no day of the week has opening hours, so no limit would ever end"
        )
    for day, hours in calendar.exceptions:
        _checked_hours(hours, f"exceptions[{day}]")
    for (day, _), (following, _) in pairwise(calendar.exceptions):
        if day == following:
            raise CalendarRefused("duplicate_date", f"exceptions[{day}]", f"{day} is given twice")
        if day > following:
            raise CalendarRefused(
                "unsorted_dates", f"exceptions[{following}]", f"{following} comes after {day}"
            )


def _checked_hours(hours: str, field: str) -> tuple[Shift, ...]:
    try:
        return shifts_of(hours)
    except ValueError as wrong:
        raise CalendarRefused("bad_hours", field, str(wrong)) from None


def _beyond(field: str) -> CalendarRefused:
    return CalendarRefused("beyond_horizon", field, "it leaves the years 1970 to 2299 that calendars cover")


def _utc(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise CalendarRefused("naive_instant", "instant", f"{instant} has no zone; instants carry one")
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise _beyond("instant") from None


def _elapsed_later(start: datetime, elapsed: timedelta) -> datetime:
    try:
        at = _utc(start) + elapsed
    except OverflowError:
        raise _beyond("limit") from None
    if not is_within_horizon(micros_of(at)):
        raise _beyond("limit")
    return at
