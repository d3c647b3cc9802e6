"""Typed durations of time limits: an amount and the unit that says which clock counts it."""

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

LONGEST_AMOUNT = 999_999_999
_LONGEST_TEXT = 16
_FORM = re.compile(r"([0-9]{1,9})(s|min|h|d|wh|wd)")
_EXPECTED = "a whole number from 1 and one of the units s, min, h, d, wh, wd, as in 80min, 2wh or 15wd"


class DurationRefused(ValueError):
    """A text or an amount that is no duration; the message says what would be right."""

    def __init__(self, given: str) -> None:
        super().__init__(f"{given} is not a duration; expected {_EXPECTED}")
        self.given = given
        self.expected = _EXPECTED


class Unit(StrEnum):
    """The unit of a limit: elapsed time (s, min, h), wall-clock days (d), working hours and working days."""

    S = "s"
    MIN = "min"
    H = "h"
    D = "d"
    WH = "wh"
    WD = "wd"


_ELAPSED = {Unit.S: timedelta(seconds=1), Unit.MIN: timedelta(minutes=1), Unit.H: timedelta(hours=1)}


@dataclass(frozen=True, slots=True)
class Duration:
    """A positive amount of one unit; raises DurationRefused for anything else."""

    amount: int
    unit: Unit

    def __post_init__(self) -> None:
        if not 1 <= self.amount <= LONGEST_AMOUNT:
            raise DurationRefused(f"{self.amount}{self.unit}")

    @classmethod
    def parse(cls, text: str) -> "Duration":
        """Read a duration such as "2wh"; refuse zero, signs, fractions, unknown units and overlong texts."""
        if len(text) > _LONGEST_TEXT:
            raise DurationRefused(f"{text[:_LONGEST_TEXT]!r}…")
        matched = _FORM.fullmatch(text)
        if matched is None or int(matched[1]) == 0:
            raise DurationRefused(repr(text))
        return cls(int(matched[1]), Unit(matched[2]))

    def __str__(self) -> str:
        return f"{self.amount}{self.unit}"

    @property
    def is_working(self) -> bool:
        """Whether the working calendar counts this duration (wh and wd)."""
        return self.unit in (Unit.WH, Unit.WD)

    @property
    def elapsed(self) -> timedelta:
        """The elapsed time of a duration in s, min or h; DurationRefused for d, wh and wd, which need a calendar."""
        one = _ELAPSED.get(self.unit)
        if one is None:
            raise DurationRefused(f"{self} counted without a calendar")
        return self.amount * one
