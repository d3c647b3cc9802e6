"""Wall-clock times of a time zone turned into instants, in order, whatever the zone does to its clocks.

Instants are whole microseconds since 1970-01-01T00:00Z, days are proleptic Gregorian ordinals. A wall-clock time that
the zone skips means the instant of the jump; one that happens twice means its first occurrence. So later wall-clock
times never mean earlier instants, and the end of a day is the start of the next.
"""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

SECOND = 1_000_000
MINUTE = 60 * SECOND
DAY = 24 * 60 * MINUTE

FIRST_DAY = date(1969, 12, 29).toordinal()
"""The first day of the horizon, a Monday."""
END_DAY = date(2300, 1, 1).toordinal()
"""The day after the last day of the horizon."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = _EPOCH.toordinal()
_MICROSECOND = timedelta(microseconds=1)


def micros_of(instant: datetime) -> int:
    """Microseconds since the epoch of an aware instant."""
    return (instant - _EPOCH) // _MICROSECOND


def instant_of(micros: int) -> datetime:
    """The aware UTC instant of microseconds since the epoch."""
    return _EPOCH + timedelta(microseconds=micros)


def is_within_horizon(micros: int) -> bool:
    """Whether an instant lies in the horizon, a day inside its ends so that no zone leaves it."""
    return (FIRST_DAY - _EPOCH_DAY + 1) * DAY <= micros < (END_DAY - _EPOCH_DAY - 1) * DAY


def wall_to_micros(zone: ZoneInfo, day: int, wall: int) -> int:
    """The instant at which the zone's clocks show `wall` microseconds after the midnight that begins `day`."""
    shown = datetime.fromordinal(day) + timedelta(microseconds=wall)
    before, after = zone.utcoffset(shown), zone.utcoffset(shown.replace(fold=1))
    utc_wall = (day - _EPOCH_DAY) * DAY + wall
    if before == after:
        return utc_wall - _micros(before)
    return _within_jump(zone, utc_wall, _micros(before), _micros(after))


def day_of(zone: ZoneInfo, micros: int) -> int:
    """The day whose midnight is the last one not after the instant."""
    day = instant_of(micros).astimezone(zone).toordinal()
    while micros < _midnight(zone, day):
        day -= 1
    while micros >= _midnight(zone, day + 1):
        day += 1
    return day


@lru_cache(maxsize=16384)
def _midnight(zone: ZoneInfo, day: int) -> int:
    return wall_to_micros(zone, day, 0)


@lru_cache(maxsize=64)
def shifting_days(zone: ZoneInfo) -> frozenset[int]:
    """The days of the horizon on which the zone moves its clocks: their midnight and the next one differ in offset."""
    days: set[int] = set()
    midnight, end, week = datetime.fromordinal(FIRST_DAY), datetime.fromordinal(END_DAY), timedelta(days=7)
    offset = zone.utcoffset(midnight)
    while midnight < end:
        following = midnight + week
        offset_then = zone.utcoffset(following)
        if offset_then != offset:
            days.update(_shifting_days_of(zone, midnight.toordinal()))
            offset = offset_then
        midnight = following
    return frozenset(days)


def _shifting_days_of(zone: ZoneInfo, monday: int) -> list[int]:
    offsets = [zone.utcoffset(datetime.fromordinal(day)) for day in range(monday, monday + 8)]
    return [monday + number for number in range(7) if offsets[number] != offsets[number + 1]]


def _within_jump(zone: ZoneInfo, utc_wall: int, before: int, after: int) -> int:
    """The instant of a wall-clock time that happens twice (the first) or is skipped (the jump, to the second)."""
    if before > after:
        return utc_wall - before
    low, high = (utc_wall - after) // SECOND, -(-(utc_wall - before) // SECOND)
    while high - low > 1:
        middle = (low + high) // 2
        if _micros(instant_of(middle * SECOND).astimezone(zone).utcoffset()) == after:
            high = middle
        else:
            low = middle
    return high * SECOND


def _micros(offset: timedelta | None) -> int:
    return 0 if offset is None else offset // _MICROSECOND
