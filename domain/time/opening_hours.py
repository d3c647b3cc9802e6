"""Opening hours of one day as written in calendars: "09:00-12:00,14:00-18:00", or nothing for a day off."""

import re
from functools import lru_cache

from domain.time.zones import MINUTE

Shift = tuple[int, int]
"""From and to, in microseconds of wall-clock time since midnight."""

_FORM = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-(?:([01][0-9]|2[0-3]):([0-5][0-9])|24:00)")


@lru_cache(maxsize=1024)
def shifts_of(text: str) -> tuple[Shift, ...]:
    """The shifts of a day in order.

    Raises:
        ValueError: a shift that is malformed, reversed, empty, overlapping or out of order; the message says which.
    """
    if not text:
        return ()
    shifts: list[Shift] = []
    for written in text.split(","):
        start, end = _shift_of(written)
        if end <= start:
            raise ValueError(f"{written} ends before it has begun")
        if shifts and start < shifts[-1][1]:
            raise ValueError(f"{written} begins before the shift ahead of it has ended")
        shifts.append((start, end))
    return tuple(shifts)


def length_of(shifts: tuple[Shift, ...]) -> int:
    """The microseconds of wall-clock time that a day's shifts cover."""
    return sum(end - start for start, end in shifts)


def _shift_of(written: str) -> Shift:
    matched = _FORM.fullmatch(written)
    if matched is None:
        raise ValueError(f"{written!r} is not of the form 09:00-12:00 (24:00 is allowed as an end)")
    from_hour, from_minute, to_hour, to_minute = matched.groups()
    end = 24 * 60 if to_hour is None else int(to_hour) * 60 + int(to_minute)
    return (int(from_hour) * 60 + int(from_minute)) * MINUTE, end * MINUTE
