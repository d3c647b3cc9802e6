"""The duty list (权责清单) and the communities' admission list (准入清单): who answers, without a gap."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from cities.catalogue import Category
from cities.divisions import Divisions
from cities.faults import FaultLog
from cities.schemas import AdmissionRow, DutyRow
from cities.tables import Line, note_repeats
from cities.units import Admission, UnitType
from domain.levels import Level
from domain.limits.policy import Policy
from domain.responsibility.routing import DutyEntry

DUTY_LIST = "duty_list.csv"
ADMISSION_LIST = "admission_list.csv"


@dataclass(frozen=True, slots=True)
class DutyContext:
    """What the entries of a duty list refer to."""

    categories: Mapping[str, Category]
    policies: Mapping[str, Policy]
    types: Mapping[str, UnitType]
    divisions: Divisions


def build_duty_list(
    lines: Sequence[Line[DutyRow]], context: DutyContext, log: FaultLog
) -> tuple[DutyEntry, ...]:
    """The duty list, after a check that it names what exists and leaves no gap."""
    note_repeats(DUTY_LIST, "code", ((line.at, line.row.code) for line in lines), log)
    by_question: dict[tuple[str, Level], list[Line[DutyRow]]] = {}
    for line in lines:
        _check_entry(line, context, log)
        by_question.setdefault((line.row.category, line.row.level), []).append(line)
    for answers in by_question.values():
        _note_overlaps(answers, log)
    for category in context.categories.values():
        for level in levels_of(category, context.policies):
            _note_gap(category, level, by_question.get((category.code, level), []), log)
    return tuple(_entry(line.row) for line in lines)


def build_admissions(
    lines: Sequence[Line[AdmissionRow]], context: DutyContext, log: FaultLog
) -> tuple[Admission, ...]:
    """The admission list, after a check that its categories and areas exist."""
    note_repeats(
        ADMISSION_LIST,
        "category",
        ((line.at, f"{line.row.category} {line.row.area}".strip()) for line in lines),
        log,
    )
    for line in lines:
        if line.row.category not in context.categories:
            reason = f"unknown category {line.row.category}"
            log.add(ADMISSION_LIST, line.at, "category", reason, "a code of categories.csv")
        if line.row.area and line.row.area not in context.divisions:
            log.add(
                ADMISSION_LIST, line.at, "area", f"unknown area {line.row.area}", "an area of divisions.csv"
            )
    return tuple(Admission(line.row.category, line.row.area, line.row.basis) for line in lines)


def levels_of(category: Category, policies: Mapping[str, Policy]) -> tuple[Level, ...]:
    """The levels that a request of the category may stand on: with a dwell, at or above the route level."""
    policy = policies.get(category.policy)
    if policy is None:
        return ()
    return tuple(level for level in policy.dwell.levels() if not category.route_level.is_above(level))


def _check_entry(line: Line[DutyRow], context: DutyContext, log: FaultLog) -> None:
    row = line.row
    if row.category not in context.categories:
        log.add(
            DUTY_LIST, line.at, "category", f"unknown category {row.category}", "a code of categories.csv"
        )
    if row.area and row.area not in context.divisions:
        log.add(DUTY_LIST, line.at, "area", f"unknown area {row.area}", "an area of divisions.csv")
    if row.valid_from and row.valid_to and row.valid_to < row.valid_from:
        log.add(DUTY_LIST, line.at, "valid_to", f"{row.valid_to} is before {row.valid_from}", "a later day")
    if not row.fallback_type:
        log.add(
            DUTY_LIST, line.at, "fallback_type", "the entry has no fallback unit", "a type of unit_types.csv"
        )
    elif row.fallback_type == row.unit_type:
        log.add(DUTY_LIST, line.at, "fallback_type", "the fallback is the unit itself", "another type")
    for field, name in (("unit_type", row.unit_type), ("fallback_type", row.fallback_type)):
        kind = context.types.get(name)
        if name and kind is None:
            log.add(DUTY_LIST, line.at, field, f"unknown unit type {name}", "a type of unit_types.csv")
        elif kind is not None and row.level not in kind.levels:
            log.add(
                DUTY_LIST,
                line.at,
                field,
                f"there is no {name} on the level {row.level}",
                "a type of that level",
            )


def _note_overlaps(answers: Sequence[Line[DutyRow]], log: FaultLog) -> None:
    ordered = sorted(answers, key=lambda line: (line.row.area, line.row.valid_from or date.min))
    for earlier, later in pairwise(ordered):
        if earlier.row.area != later.row.area:
            continue
        begins = later.row.valid_from or date.min
        if earlier.row.valid_to is None or begins <= earlier.row.valid_to:
            reason = f"{later.row.code} overlaps {earlier.row.code}: same category, level, area and days"
            log.add(DUTY_LIST, later.at, "valid_from", reason, "entries that follow each other")


def _note_gap(category: Category, level: Level, answers: Sequence[Line[DutyRow]], log: FaultLog) -> None:
    everywhere = sorted((line.row for line in answers if not line.row.area), key=_first_day)
    if not everywhere:
        reason = f"nobody answers for {category.code} on the level {level}"
        log.add(DUTY_LIST, f"{category.code} {level}", "", reason, "an entry without an area")
        return
    for day in _days_unanswered(everywhere):
        log.add(
            DUTY_LIST, f"{category.code} {level}", "valid_to", f"nobody answers from {day} on", "an entry"
        )


def _days_unanswered(rows: Sequence[DutyRow]) -> Iterator[date]:
    """The first day of every hole after the earliest entry; the list must go on without end."""
    for earlier, later in zip(rows, [*rows[1:], None], strict=True):
        if earlier.valid_to is None:
            return
        following = earlier.valid_to + timedelta(days=1)
        if later is None or _first_day(later) > following:
            yield following


def _first_day(row: DutyRow) -> date:
    return row.valid_from or date.min


def _entry(row: DutyRow) -> DutyEntry:
    return DutyEntry(
        code=row.code,
        category=row.category,
        level=row.level,
        unit_type=row.unit_type,
        fallback_type=row.fallback_type,
        basis=row.basis,
        area=row.area,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
    )
