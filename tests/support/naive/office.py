"""An office that is asked minute by minute whether it is open."""

from __future__ import annotations

DAY = 24 * 60
HORIZON = 1_000
"""So many days are looked at."""


class Office:
    """A week of open minutes, with dated exceptions: the day's number and the minutes open on it."""

    def __init__(self, exceptions: dict[int, set[int]]) -> None:
        self._usual = set(range(9 * 60, 12 * 60)) | set(range(14 * 60, 18 * 60))
        self._exceptions = exceptions
        self._minutes = [minute % DAY in self.hours(minute // DAY) for minute in range(HORIZON * DAY)]
        self._open = [minute for minute, is_open in enumerate(self._minutes) if is_open]
        self._before = [0]
        for is_open in self._minutes:
            self._before.append(self._before[-1] + is_open)

    def hours(self, day: int) -> set[int]:
        """The open minutes of a day, counted from midnight."""
        if day in self._exceptions:
            return self._exceptions[day]
        return self._usual if day % 7 < 5 else set()

    def is_open(self, minute: int) -> bool:
        """Whether work is done in the minute that begins then."""
        return self._minutes[minute]

    def close_after(self, minute: int, days: int) -> int:
        """The close of office on the so-manieth open day after this one."""
        day = minute // DAY
        while days:
            day += 1
            days -= 1 if self.hours(day) else 0
        return day * DAY + max(self.hours(day)) + 1

    def worked(self, begin: int, end: int) -> int:
        """How many open minutes lie between."""
        return self._before[end] - self._before[begin]

    def later(self, minute: int, open_minutes: int) -> int:
        """When so many open minutes have passed since then."""
        return self._open[self._before[minute] + open_minutes - 1] + 1 if open_minutes else minute
