"""Proof of a city's clock: recompute the deadline and verdict of every past request and compare with the city's.

A deadline follows from the pack's rules and calendar alone; the city's own is only compared with. A request is late
when it was closed after our deadline, or is still open at ``as_of`` and that is after our deadline. A request without
a limit has no deadline and is never late.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo

from cities.limits import LimitBook, LimitRow, read_limits
from cities.pack import load_clock, pack_folder
from cities.past_requests import DataRefused, PastRequest, has_targets, read_requests
from domain.time.calendar import CalendarRefused, WorkingCalendar

ANSWER_COLUMNS = ("case_id", "due", "late")


class Outcome(StrEnum):
    """How our deadline compares with the city's: the first two are reproduced, the others each a kind of miss."""

    SAME = "the same deadline"
    NEITHER = "no deadline on either side"
    LATER = "the city's deadline is later"
    EARLIER = "the city's deadline is earlier"
    ONLY_OURS = "the rule sets a deadline, the city's file has none"
    ONLY_THEIRS = "the city's file has a deadline, the rule sets none"
    UNKNOWN = "the city's file has a deadline, the rules do not know the type"


_REPRODUCED = (Outcome.SAME, Outcome.NEITHER)


@dataclass(frozen=True, slots=True)
class Judgement:
    """A past request with our deadline (an instant, ``None`` without a limit) and our verdict."""

    request: PastRequest
    rule: LimitRow | None
    due: datetime | None
    late: bool
    outcome: Outcome

    @property
    def gap(self) -> timedelta:
        """How much later than ours the city's deadline is; nothing where one of them is missing."""
        if self.due is None or self.request.target is None:
            return timedelta()
        return self.request.target - self.due


@dataclass(slots=True)
class Tally:
    """Counts over the requests of one type, or of all."""

    name: str
    outcomes: dict[Outcome, int] = field(default_factory=dict[Outcome, int])
    gaps: dict[Outcome, list[timedelta]] = field(default_factory=dict[Outcome, list[timedelta]])
    examples: dict[Outcome, Judgement] = field(default_factory=dict[Outcome, Judgement])
    notes: list[str] = field(default_factory=list[str])
    verdicts: int = 0
    verdicts_agreed: int = 0

    def add(self, judgement: Judgement) -> None:
        """Count one judgement."""
        outcome, rule = judgement.outcome, judgement.rule
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1
        if outcome not in _REPRODUCED:
            self.examples.setdefault(outcome, judgement)
            self.gaps.setdefault(outcome, []).append(judgement.gap)
        if rule is not None and rule.note and rule.note not in self.notes:
            self.notes.append(rule.note)
        if judgement.request.overdue is not None:
            self.verdicts += 1
            self.verdicts_agreed += judgement.request.overdue == judgement.late

    @property
    def rows(self) -> int:
        """All requests."""
        return sum(self.outcomes.values())

    @property
    def with_target(self) -> int:
        """Requests for which the city's file has a deadline."""
        return self.rows - self.count(Outcome.NEITHER) - self.count(Outcome.ONLY_OURS)

    @property
    def misses(self) -> int:
        """Requests whose deadline, or lack of one, is not reproduced."""
        return self.rows - self.count(Outcome.SAME) - self.count(Outcome.NEITHER)

    @property
    def share(self) -> float | None:
        """The share reproduced of the requests that have a deadline in the city's file; ``None`` without any."""
        return self.count(Outcome.SAME) / self.with_target if self.with_target else None

    @property
    def share_of_all(self) -> float | None:
        """The share reproduced of all requests, those rightly without a deadline among them."""
        return 1 - self.misses / self.rows if self.rows else None

    @property
    def share_of_verdicts(self) -> float | None:
        """The share of the city's verdicts that ours agrees with."""
        return self.verdicts_agreed / self.verdicts if self.verdicts else None

    def count(self, outcome: Outcome) -> int:
        """How many requests came out so."""
        return self.outcomes.get(outcome, 0)


@dataclass(frozen=True, slots=True)
class Report:
    """What the verification of a file found; ``compared`` is false for a file without the city's deadlines."""

    pack: str
    zone: str
    file: Path
    as_of: datetime
    tolerance: timedelta
    compared: bool
    total: Tally
    types: tuple[Tally, ...]
    unknown_types: tuple[str, ...]

    def worst(self, count: int) -> tuple[Tally, ...]:
        """The types that lose most requests, most first."""
        losing = [tally for tally in self.types if tally.misses]
        return tuple(sorted(losing, key=lambda tally: (-tally.misses, tally.name))[:count])


def verify(
    pack: str | Path, data_file: Path, as_of: datetime | None = None, answers: Path | None = None
) -> Report:
    """Judge every request of a file, row by row; with ``answers`` also write them to a CSV of that name.

    ``as_of`` is the instant at which open requests are judged, by default the one that the pack names.

    Raises:
        PackFaults: the pack has no clock or no limits, or faults in them.
        DataRefused: the file cannot be worked with, or the answers cannot be written (then none are).
    """
    clock = load_clock(pack)
    book = read_limits(pack_folder(pack))
    instant = as_of or book.as_of
    if instant.tzinfo is None:
        raise DataRefused(
            data_file, "", f"as-of {instant} has no offset; give one such as 2016-01-13T00:00:00-05:00"
        )
    compared = has_targets(data_file)
    total, by_type, unknown = Tally("all"), dict[str, Tally](), set[str]()
    with _answers(answers, clock.calendar.zone) as answer:
        for request in read_requests(data_file):
            judgement = judge(request, book, clock.calendar, instant, data_file)
            answer(judgement)
            total.add(judgement)
            by_type.setdefault(request.kind, Tally(request.kind)).add(judgement)
            if judgement.rule is None:
                unknown.add(request.kind)
    types = tuple(sorted(by_type.values(), key=lambda tally: (-tally.rows, tally.name)))
    return Report(
        clock.name,
        clock.calendar.zone,
        data_file,
        instant,
        book.tolerance,
        compared,
        total,
        types,
        tuple(sorted(unknown)),
    )


def judge(
    request: PastRequest, book: LimitBook, calendar: WorkingCalendar, as_of: datetime, file: Path
) -> Judgement:
    """Our deadline and verdict for one request, and how they compare.

    Raises:
        DataRefused: the request lies outside the years that calendars cover.
    """
    rule = book.rule_for(request.kind, request.reason, request.opened)
    limit = rule.limit if rule else None
    try:
        due = calendar.due(request.opened, limit).at if limit else None
    except CalendarRefused as refused:
        raise DataRefused(file, f"case {request.case_id}", refused.reason) from None
    late = due is not None and (request.closed or as_of) > due
    return Judgement(request, rule, due, late, _outcome(request.target, due, rule, book.tolerance))


def _outcome(
    target: datetime | None, due: datetime | None, rule: LimitRow | None, tolerance: timedelta
) -> Outcome:
    if target is None:
        return Outcome.NEITHER if due is None else Outcome.ONLY_OURS
    if due is None:
        return Outcome.UNKNOWN if rule is None else Outcome.ONLY_THEIRS
    if abs(target - due) <= tolerance:
        return Outcome.SAME
    return Outcome.LATER if target > due else Outcome.EARLIER


@contextmanager
def _answers(file: Path | None, zone: str) -> Generator[Callable[[Judgement], object]]:
    """Takes judgements as rows of a file that appears, whole, only if all goes well."""
    if file is None:
        yield lambda _judgement: None
        return
    city, part = ZoneInfo(zone), file.with_name(f"{file.name}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as text:
            rows = csv.writer(text, lineterminator="\n")
            rows.writerow(ANSWER_COLUMNS)
            yield lambda judgement: rows.writerow(_row(judgement, city))
        part.replace(file)
    except OSError as wrong:
        raise DataRefused(file, "", f"the answers cannot be written: {wrong.strerror or wrong}") from None
    finally:
        part.unlink(missing_ok=True)


def _row(judgement: Judgement, city: ZoneInfo) -> tuple[str, str, str]:
    """The deadline to the second with the city's own offset, empty without one; late as true or false."""
    due = judgement.due.astimezone(city).isoformat(timespec="seconds") if judgement.due else ""
    return judgement.request.case_id, due, str(judgement.late).lower()
