"""Reading the skip rules (越级规则): which matters go straight to a higher level, and who gets a copy.

city.json says in ``skip_rules`` where they stand, or null where a city has none; nothing is assumed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator

from cities.catalogue import Category, Group
from cities.divisions import Divisions
from cities.faults import FaultLog
from cities.schemas import CityFile, Levels, OptionalCode, Record, Text
from cities.tables import Line, note_repeats, read_table
from domain.levels import RESPONSE_LEVELS, Level
from domain.limits.policy import Policy, Urgency
from domain.responsibility.skipping import SkipRule


def _blank_to_none(text: object) -> object:
    return None if text == "" else text


class SkipRuleRow(Record):
    """The file of skip rules: what an empty cell leaves out is any; a category and a group exclude each other."""

    code: Text
    area: OptionalCode
    category: OptionalCode
    group: str
    urgency: Annotated[Urgency | None, BeforeValidator(_blank_to_none)]
    start_level: Level
    copies: Levels
    basis: Text


def read_skip_rules(folder: Path, city: CityFile, log: FaultLog) -> list[Line[SkipRuleRow]]:
    """The rows of a pack's skip rules; with a fault in them, which goes to the log, none."""
    if "skip_rules" not in city.model_fields_set:
        expected = "a file, or null where no matter skips a level"
        log.add("city.json", "", "skip_rules", "the pack does not say where its skip rules stand", expected)
    return read_table(folder, city.skip_rules, SkipRuleRow, log) if city.skip_rules else []


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What the rules refer to: categories by code, groups by identifier, policies by code."""

    groups: Mapping[str, Group]
    categories: Mapping[str, Category]
    policies: Mapping[str, Policy]


def build_skip_rules(
    file: str,
    lines: Sequence[Line[SkipRuleRow]],
    catalogue: Catalogue,
    divisions: Divisions,
    log: FaultLog,
) -> tuple[SkipRule, ...]:
    """The rules, after a check that each names what exists and lifts at least one matter that may stand there."""
    note_repeats(file, "code", ((line.at, line.row.code) for line in lines), log)
    note_repeats(file, "category", ((line.at, _key(line.row)) for line in lines), log)
    for line in lines:
        for field, reason, expected in _faults(line.row, catalogue, divisions):
            log.add(file, line.at, field, reason, expected)
    return tuple(_rule(line.row) for line in lines)


def _key(row: SkipRuleRow) -> str:
    """What a rule answers for, as its faults name it."""
    named = (row.category or row.group, row.urgency or "", row.area and f"in {row.area}")
    return " ".join(part for part in named if part) or "every matter"


def _faults(row: SkipRuleRow, catalogue: Catalogue, divisions: Divisions) -> Iterator[tuple[str, str, str]]:
    if row.area and row.area not in divisions:
        yield "area", f"unknown area {row.area}", "an area of divisions.csv"
    if row.category and row.group:
        yield "group", "the rule names a category and a group", "one of the two"
    if row.category and row.category not in catalogue.categories:
        yield "category", f"unknown category {row.category}", "a code of categories.csv"
        return
    if row.group and row.group not in catalogue.groups:
        yield "group", f"unknown group {row.group}", "a group of groups.csv"
        return
    if row.start_level not in RESPONSE_LEVELS:
        yield "start_level", f"the {row.start_level} handles nothing", "a level that handles"
        return
    for level in row.copies:
        if level is row.start_level or level not in RESPONSE_LEVELS:
            yield "copies", f"the {level} needs no copy", "other levels that handle"
    yield from _faults_of_start(row, catalogue)


def _faults_of_start(row: SkipRuleRow, catalogue: Catalogue) -> Iterator[tuple[str, str, str]]:
    lifted = [
        category
        for category in catalogue.categories.values()
        if _covers(row, category) and row.start_level.is_above(category.route_level)
    ]
    if not lifted:
        yield "start_level", f"no matter of the rule begins below the {row.start_level}", "a higher level"
    for category in lifted:
        if catalogue.policies[category.policy].dwell.at(row.start_level) is None:
            reason = f"{category.policy} of {category.code} has no dwell on the level {row.start_level}"
            yield "start_level", reason, "a level with a dwell"


def _covers(row: SkipRuleRow, category: Category) -> bool:
    return (
        row.category in ("", category.code)
        and row.group in ("", category.group)
        and row.urgency in (None, category.urgency)
    )


def _rule(row: SkipRuleRow) -> SkipRule:
    return SkipRule(
        code=row.code,
        start_level=row.start_level,
        copies=row.copies,
        basis=row.basis,
        area=row.area,
        category=row.category,
        group=row.group,
        urgency=row.urgency,
    )
