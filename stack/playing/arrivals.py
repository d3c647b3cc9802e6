"""The stream of arrivals: 47,787 real requests to Boston's 311 from January to May 2015, in the order they came.

Instants and types are real. Where a play begins hangs on the seed alone: at nine on a weekday morning of April or May,
since Guangzhou knows no snow and Boston's winter of 2015 was about little else. A further play on the same data goes on
where the last one stopped; after the last request comes the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import Random

from cities.pack import pack_folder
from stack.errors import StackProblem
from stack.playing.tables import rows_of

_OPENING_HOUR = 9
_FRIDAY = 4
_MONTHS = (4, 5)
_COLUMNS = ("case_id", "open_dt", "type", "source", "neighborhood", "ward", "address")


@dataclass(frozen=True, slots=True)
class Arrival:
    """One real request: which, when (with Boston's offset), of what type, by which source, from where."""

    case: str
    at: datetime
    kind: str
    source: str
    quarter: str
    """Neighbourhood and ward."""
    address: str


def read_stream(file: Path | None = None) -> Sequence[Arrival]:
    """All arrivals in order.

    Raises:
        StackProblem: the file is missing or damaged.
    """
    source = file or pack_folder("boston") / "requests_2015_jan_may.csv.gz"
    try:
        stream = [
            Arrival(
                case=row["case_id"],
                at=datetime.fromisoformat(row["open_dt"]),
                kind=row["type"],
                source=row["source"],
                quarter=f"{row['neighborhood']}/{row['ward']}",
                address=row["address"],
            )
            for row in rows_of(source, *_COLUMNS)
        ]
    except ValueError as error:
        raise StackProblem(f"{source} holds a bad instant ({error}).") from error
    if not stream:
        raise StackProblem(f"{source} holds no arrivals.")
    return sorted(stream, key=lambda arrival: arrival.at)


def first_morning(stream: Sequence[Arrival], seed: int) -> int:
    """Where a first play begins: the place in the stream of the first arrival after nine on the day of the seed."""
    days = sorted(
        {
            arrival.at.date()
            for arrival in stream
            if arrival.at.weekday() <= _FRIDAY and arrival.at.month in _MONTHS
        }
    )
    if not days:
        return 0
    day = Random(seed).choice(days)  # noqa: S311  # a play must be repeatable, not secret
    places = (
        place
        for place, arrival in enumerate(stream)
        if arrival.at.date() == day and arrival.at.hour >= _OPENING_HOUR
    )
    return next(places, 0)


def taken_from(stream: Sequence[Arrival], start: int, count: int) -> list[Arrival]:
    """So many arrivals from that place on, the first coming again after the last."""
    return [stream[(start + step) % len(stream)] for step in range(count)]


def offsets(arrivals: Sequence[Arrival], speed: float) -> list[float]:
    """Seconds from the first arrival to each one, ``speed`` times as fast as they really came.

    Where the stream begins again, arrivals go on at once.
    """
    passed = 0.0
    at: list[float] = []
    for before, arrival in zip([arrivals[0], *arrivals[:-1]], arrivals, strict=True):
        passed += max(0.0, (arrival.at - before.at).total_seconds()) / speed
        at.append(passed)
    return at
