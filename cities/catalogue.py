"""The catalogue of matters: groups of categories, each with its lead unit, its policy and its route level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cities.faults import FaultLog
from cities.schemas import CategoryRow, GroupRow
from cities.tables import Line, note_repeats
from cities.units import UnitType
from domain.levels import Level
from domain.limits.policy import Policy, Urgency

CATEGORIES = "categories.csv"
GROUPS = "groups.csv"


@dataclass(frozen=True, slots=True)
class Group:
    """A group of categories."""

    code: str
    identifier: str
    name_zh: str
    name_en: str


@dataclass(frozen=True, slots=True)
class Category:
    """A leaf of the catalogue. ``group`` is the group's identifier, ``policy`` and ``lead_unit`` are codes.

    ``links`` names the neighbours that may take a share: E enforcement, A affairs service, V volunteers,
    I sensors.
    """

    code: str
    group: str
    name_zh: str
    name_en: str
    identifier: str
    type: str
    lead_unit: str
    joint: tuple[str, ...]
    urgency: Urgency
    policy: str
    route_level: Level
    links: tuple[str, ...]
    external_codes: tuple[str, ...]


def build_groups(lines: Sequence[Line[GroupRow]], log: FaultLog) -> dict[str, Group]:
    """The groups by identifier."""
    note_repeats(GROUPS, "code", ((line.at, line.row.code) for line in lines), log)
    note_repeats(GROUPS, "identifier", ((line.at, line.row.identifier) for line in lines), log)
    rows = (line.row for line in lines)
    return {row.identifier: Group(row.code, row.identifier, row.zh, row.en) for row in rows}


def build_categories(
    lines: Sequence[Line[CategoryRow]],
    groups: Mapping[str, Group],
    types: Mapping[str, UnitType],
    policies: Mapping[str, Policy],
    log: FaultLog,
) -> dict[str, Category]:
    """The categories by code, after a check against groups, unit types and policies."""
    note_repeats(CATEGORIES, "code", ((line.at, line.row.code) for line in lines), log)
    note_repeats(CATEGORIES, "identifier", ((line.at, line.row.identifier) for line in lines), log)
    if not lines:
        log.add(CATEGORIES, "", "", "the catalogue is empty", "at least one category")
    for line in lines:
        _check_names(line, groups, types, log)
        _check_policy(line, policies, log)
    return {line.row.code: _category(line.row) for line in lines}


def _check_names(
    line: Line[CategoryRow], groups: Mapping[str, Group], types: Mapping[str, UnitType], log: FaultLog
) -> None:
    row = line.row
    if row.group not in groups:
        log.add(CATEGORIES, line.at, "group", f"unknown group {row.group}", "a group of groups.csv")
    if row.lead_unit not in types:
        log.add(
            CATEGORIES, line.at, "lead_unit", f"unknown unit type {row.lead_unit}", "a type of unit_types.csv"
        )
    elif not types[row.lead_unit].levels:
        log.add(CATEGORIES, line.at, "lead_unit", f"{row.lead_unit} never holds a leg", "a type with a level")
    for joint in row.joint:
        if joint not in types:
            log.add(CATEGORIES, line.at, "joint", f"unknown unit type {joint}", "types of unit_types.csv")


def _check_policy(line: Line[CategoryRow], policies: Mapping[str, Policy], log: FaultLog) -> None:
    row = line.row
    policy = policies.get(row.policy)
    if policy is None:
        log.add(CATEGORIES, line.at, "policy", f"unknown policy {row.policy}", "a policy of policies.json")
        return
    if policy.urgency is not row.urgency:
        reason = f"{row.urgency} differs from the urgency of {row.policy}"
        log.add(CATEGORIES, line.at, "urgency", reason, policy.urgency)
    if policy.dwell.at(row.route_level) is None:
        reason = f"{row.policy} has no dwell on the level {row.route_level}"
        log.add(CATEGORIES, line.at, "route_level", reason, " or ".join(policy.dwell.levels()))


def _category(row: CategoryRow) -> Category:
    return Category(
        code=row.code,
        group=row.group,
        name_zh=row.zh,
        name_en=row.en,
        identifier=row.identifier,
        type=row.type,
        lead_unit=row.lead_unit,
        joint=row.joint,
        urgency=row.urgency,
        policy=row.policy,
        route_level=row.route_level,
        links=row.links,
        external_codes=row.external_codes,
    )
