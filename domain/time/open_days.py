"""The index behind a working calendar: how much working time, and how many working days, lie before any day.

A usual week repeats for ever; only days that differ from it are listed: exceptions by date, and days on which summer
time makes a shift longer or shorter. Counting is then one division and one search in that list, whatever the distance.
"""

from bisect import bisect_left
from collections.abc import Mapping
from functools import lru_cache
from itertools import accumulate
from zoneinfo import ZoneInfo

from domain.time.opening_hours import Shift, length_of
from domain.time.zones import END_DAY, FIRST_DAY, shifting_days, wall_to_micros

Interval = tuple[int, int]
"""From and to, in microseconds since the epoch."""

_EVERY_DAY = range(FIRST_DAY, END_DAY + 1)


class BeyondHorizon(Exception):
    """A day or an amount that leaves the years 1970 to 2299."""


class OpenDays:
    """Opening hours of every day of the horizon; days are ordinals, time is in microseconds."""

    def __init__(
        self, zone: ZoneInfo, week: tuple[tuple[Shift, ...], ...], exceptions: Mapping[int, tuple[Shift, ...]]
    ) -> None:
        self._zone = zone
        self._week = week
        self._exceptions = exceptions
        self._time = _Tally([length_of(shifts) for shifts in week], self._unusual_lengths())
        self._days = _Tally(
            [int(bool(shifts)) for shifts in week], {day: int(bool(s)) for day, s in exceptions.items()}
        )

    def shifts(self, day: int) -> tuple[Shift, ...]:
        """The shifts of a day in wall-clock time; none on a day off."""
        exception = self._exceptions.get(day)
        return self._week[(day - 1) % 7] if exception is None else exception

    def intervals(self, day: int) -> tuple[Interval, ...]:
        """The open intervals of a day; a shift that the zone's clocks jump over entirely is none."""
        return _intervals(self._zone, _within_horizon(day), self.shifts(day))

    def time_before(self, day: int) -> int:
        """Working time from the beginning of the horizon to the day's midnight."""
        return self._time.before(_within_horizon(day))

    def day_reaching(self, total: int) -> int:
        """The day in the course of which working time since the beginning of the horizon reaches a positive total."""
        return _within_horizon(self._time.day_reaching(total))

    def nth_open_day_after(self, day: int, count: int) -> int:
        """The count-th working day after a day."""
        total = self._days.before(_within_horizon(day) + 1) + count
        return _within_horizon(self._days.day_reaching(total))

    def _unusual_lengths(self) -> dict[int, int]:
        unusual = {day: length_of(shifts) for day, shifts in self._exceptions.items()}
        for day in shifting_days(self._zone):
            if FIRST_DAY <= day < END_DAY and self.shifts(day):
                unusual[day] = _length(self._zone, day, self.shifts(day))
        return unusual


class _Tally:
    """Running totals of a weekly pattern with unusual days."""

    def __init__(self, week: list[int], unusual: Mapping[int, int]) -> None:
        self._week_total = sum(week)
        self._before_weekday = [0, *accumulate(week)]
        differing = sorted(
            (day, value - week[(day - 1) % 7])
            for day, value in unusual.items()
            if FIRST_DAY <= day < END_DAY and value != week[(day - 1) % 7]
        )
        self._differing_days = [day for day, _ in differing]
        self._differences = [0, *accumulate(difference for _, difference in differing)]
        self._least, self._most = min(self._differences), max(self._differences)

    def before(self, day: int) -> int:
        """The total of all days of the horizon before a day."""
        weeks, weekday = divmod(day - FIRST_DAY, 7)
        usual = weeks * self._week_total + self._before_weekday[weekday]
        return usual + self._differences[bisect_left(self._differing_days, day)]

    def day_reaching(self, total: int) -> int:
        """The day in the course of which a positive total is reached; it may lie outside the horizon."""
        # The usual week alone tells the day but for what all the differences amount to: few days are left to search.
        first = 7 * ((total - self._most) // self._week_total - 1)
        last = 7 * ((total - self._least) // self._week_total + 1)
        low, high = (min(max(0, bound), len(_EVERY_DAY)) for bound in (first, last))
        return bisect_left(_EVERY_DAY, total, low, high, key=self.before) + FIRST_DAY - 1


@lru_cache(maxsize=16384)
def _intervals(zone: ZoneInfo, day: int, shifts: tuple[Shift, ...]) -> tuple[Interval, ...]:
    """Kept, as the clocks of all requests ask for the same days again and again."""
    found = [(wall_to_micros(zone, day, start), wall_to_micros(zone, day, end)) for start, end in shifts]
    return tuple((start, end) for start, end in found if start < end)


def _length(zone: ZoneInfo, day: int, shifts: tuple[Shift, ...]) -> int:
    """The working time of a day on which the clocks move."""
    return sum(end - start for start, end in _intervals(zone, day, shifts))


def _within_horizon(day: int) -> int:
    if not FIRST_DAY <= day < END_DAY:
        raise BeyondHorizon
    return day
