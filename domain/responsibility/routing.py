"""Responsibility: category and place, by the duty list, to one unit on every level, each with its basis.

Source: 权责清单 (duty list) with a fallback unit for every entry; 社区事务准入制 (community admission list).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from domain.levels import Level
from domain.limits.policy import Policy
from domain.refusals import Refused
from domain.responsibility.skipping import SkipRule
from domain.units import Unit


@dataclass(frozen=True, slots=True)
class Place:
    """Where the matter is: the finest division known, as its code without trailing zeros."""

    area: str
    address: str = ""
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True, slots=True)
class DutyEntry:
    """One line of the duty list: which kind of unit answers for a category on a level, and who else.

    ``area`` limits the entry to one part of the city (empty: everywhere); the longest matching area wins.
    """

    code: str
    category: str
    level: Level
    unit_type: str
    fallback_type: str
    basis: str
    area: str = ""
    valid_from: date | None = None
    valid_to: date | None = None

    def holds(self, category: str, level: Level, area: str, day: date) -> bool:
        """Whether the entry answers the question on that day."""
        begun = self.valid_from is None or self.valid_from <= day
        running = self.valid_to is None or day <= self.valid_to
        here = self.category == category and self.level is level and area.startswith(self.area)
        return here and begun and running


class Directory(Protocol):
    """Who exists and whose post is filled."""

    def unit(self, unit_type: str, level: Level, area: str, day: date) -> Unit | None:
        """The unit of that type on that level whose area holds the place; ``None`` if missing or vacant."""
        ...

    def reaches(self, level: Level, area: str) -> bool:
        """Whether the place is known finely enough to say which division of that level it lies in."""
        ...

    def admits(self, community: Unit, category: str) -> bool:
        """Whether the category is on the community's admission list."""
        ...


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of a request's ladder: who handles it on this level, and why that unit.

    ``unit`` is ``None`` where the level cannot take the request; ``gap`` then says why (``post_vacant``,
    ``not_on_admission_list``, ``place_too_coarse``).
    """

    level: Level
    unit: Unit | None
    duty_entry: str
    fallback: bool = False
    gap: str = ""


@dataclass(frozen=True, slots=True)
class Skip:
    """That a skip rule lifted the start of a ladder, and which units get a copy."""

    rule: str
    copies: tuple[Unit, ...]


@dataclass(frozen=True, slots=True)
class Ladder:
    """Who handles the request on each level from its start level up, frozen at acceptance.

    ``skip`` is set where a skip rule made it begin higher than the catalogue says.
    """

    rungs: tuple[Rung, ...]
    skip: Skip | None = None

    def at(self, level: Level) -> Rung | None:
        """The rung of a level, if the ladder reaches it."""
        return next((rung for rung in self.rungs if rung.level is level), None)

    def next_above(self, level: Level | None) -> tuple[Rung | None, tuple[Rung, ...]]:
        """The next rung with a unit above ``level`` (``None``: from the bottom), and the gaps on the way."""
        gaps: list[Rung] = []
        for rung in self.rungs:
            if level is not None and not rung.level.is_above(level):
                continue
            if rung.unit is not None:
                return rung, tuple(gaps)
            gaps.append(rung)
        return None, tuple(gaps)


DutyIndex = Mapping[tuple[str, Level], Sequence[DutyEntry]]
"""The duty list by category and level, so that routing looks at a handful of entries."""


def index_duty_list(entries: Iterable[DutyEntry]) -> DutyIndex:
    """Arrange a duty list for :func:`ladder_for`."""
    index: dict[tuple[str, Level], list[DutyEntry]] = {}
    for entry in entries:
        index.setdefault((entry.category, entry.level), []).append(entry)
    return index


def ruled_first(duty_list: DutyIndex, ruled: Iterable[DutyEntry]) -> DutyIndex:
    """The duty list with the entries that rulings have added, oldest first in ``ruled``: for the same area the newest
    ruling goes before all else.
    """
    index = {question: list(entries) for question, entries in duty_list.items()}
    for entry in ruled:
        index.setdefault((entry.category, entry.level), []).insert(0, entry)
    return index


def ladder_for(
    category: str,
    route_level: Level,
    place: Place,
    *,
    policy: Policy,
    duty_list: DutyIndex,
    directory: Directory,
    day: date,
    skip_rule: SkipRule | None = None,
) -> Ladder:
    """Build the ladder of one request from the duty list in force on ``day``.

    Only levels with a dwell in the policy become rungs, at or above the category's route level, or above that where
    ``skip_rule`` says so.

    Raises:
        Refused: ``no_responsible_unit`` if not one level has a unit; ``duty_list_gap`` if a level has no
            entry.
    """
    skipping = skip_rule if skip_rule and skip_rule.start_level.is_above(route_level) else None
    start_level = skipping.start_level if skipping else route_level
    levels = [level for level in policy.dwell.levels() if not start_level.is_above(level)]
    if not levels:
        levels = [policy.dwell.levels()[-1]]

    def rung(level: Level) -> Rung:
        return _rung(category, level, place, duty_list=duty_list, directory=directory, day=day)

    rungs = tuple(rung(level) for level in levels)
    if all(rung.unit is None for rung in rungs):
        reason = f"nobody answers for {category} at {place.area or 'no place'}"
        raise Refused("no_responsible_unit", "place.area", reason, "a place inside the city")
    if skipping is None:
        return Ladder(rungs)
    listed = (level for level in skipping.copies if entry_for(category, level, place.area, duty_list, day))
    told = (rung(level).unit for level in listed)
    return Ladder(rungs, Skip(skipping.code, tuple(unit for unit in told if unit is not None)))


def unanswered_levels(
    category: str, route_level: Level, policy: Policy, duty_list: DutyIndex, day: date | None = None
) -> list[Level]:
    """The levels of the policy that a request of the category could come to and for which the duty list has no entry
    that holds everywhere, on ``day`` (without it: on any day).
    """
    levels = [level for level in policy.dwell.levels() if not route_level.is_above(level)]
    return [
        level
        for level in levels or policy.dwell.levels()[-1:]
        if not any(
            entry.holds(category, level, "", day or entry.valid_from or date.min)
            for entry in duty_list.get((category, level), ())
        )
    ]


def entry_for(category: str, level: Level, area: str, duty_list: DutyIndex, day: date) -> DutyEntry | None:
    """The entry that answers on a level: of those that hold, the one for the finest area, and of these the first."""
    listed = duty_list.get((category, level), ())
    holding = (entry for entry in listed if entry.holds(category, level, area, day))
    return max(holding, key=lambda entry: len(entry.area), default=None)


def _rung(
    category: str, level: Level, place: Place, *, duty_list: DutyIndex, directory: Directory, day: date
) -> Rung:
    entry = entry_for(category, level, place.area, duty_list, day)
    if entry is None:
        reason = f"the duty list has no entry for {category} on level {level}"
        raise Refused("duty_list_gap", "category", reason, "an entry for every level")
    if not directory.reaches(level, place.area):
        return Rung(level, None, entry.code, gap="place_too_coarse")
    unit = directory.unit(entry.unit_type, level, place.area, day)
    fallback = unit is None
    if unit is None:
        unit = directory.unit(entry.fallback_type, level, place.area, day)
    if unit is None:
        return Rung(level, None, entry.code, gap="post_vacant")
    if level is Level.COMMUNITY and not directory.admits(unit, category):
        return Rung(level, None, entry.code, gap="not_on_admission_list")
    return Rung(level, unit, entry.code, fallback)
