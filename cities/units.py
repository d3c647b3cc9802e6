"""The units of a city: which kinds of body exist, how each is called, and whose post is filled.

Units are not listed but follow from the divisions: every division has one unit of each type that exists on its
level.
A unit's code is ``<area>-<type>``, as in ``440106-urban_mgmt_bureau`` or ``440106012003013-grid_worker``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from cities.divisions import Division, Divisions
from domain.levels import Level
from domain.units import Unit


@dataclass(frozen=True, slots=True)
class UnitType:
    """A kind of body. Without ``levels`` it may be named in the catalogue but never holds a leg."""

    id: str
    levels: frozenset[Level]
    name_zh: str
    name_en: str
    scope: str


@dataclass(frozen=True, slots=True)
class UnitName:
    """How units of one type, in divisions of one kind, are called; ``zh`` holds ``{place}``."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Vacancy:
    """A post that is not filled, both days included; without ``until`` it lasts."""

    unit: str
    since: date
    until: date | None
    reason: str

    def holds(self, day: date) -> bool:
        """Whether the post is vacant on that day."""
        return self.since <= day and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True)
class Admission:
    """A category that the communities inside ``area`` (empty: all) accept, and why."""

    category: str
    area: str
    basis: str


class CityDirectory:
    """Who exists and whose post is filled; answers :class:`domain.responsibility.routing.Directory`."""

    def __init__(
        self,
        divisions: Divisions,
        types: Mapping[str, UnitType],
        names: Mapping[tuple[str, str], UnitName],
        vacancies: Iterable[Vacancy],
        admissions: Iterable[Admission],
    ) -> None:
        self._divisions = divisions
        self._types = dict(types)
        self._names = dict(names)
        self._vacancies: dict[str, list[Vacancy]] = {}
        for vacancy in vacancies:
            self._vacancies.setdefault(vacancy.unit, []).append(vacancy)
        self._admissions: dict[str, list[str]] = {}
        for admission in admissions:
            self._admissions.setdefault(admission.category, []).append(admission.area)

    def unit(self, unit_type: str, level: Level, area: str, day: date) -> Unit | None:
        """The unit of that type on that level whose area holds the place; ``None`` if missing or vacant."""
        seat = self._divisions.at(level, area)
        found = None if seat is None else self.unit_by_code(f"{seat}-{unit_type}")
        return None if found is None or self.vacancy(found.code, day) else found

    def reaches(self, level: Level, area: str) -> bool:
        """Whether the place is known finely enough to say which division of that level it lies in."""
        return self._divisions.at(level, area) is not None

    def admits(self, community: Unit, category: str) -> bool:
        """Whether the category is on the community's admission list."""
        return any(community.area.startswith(area) for area in self._admissions.get(category, ()))

    def unit_by_code(self, code: str) -> Unit | None:
        """The unit of that code, filled or vacant; ``None`` if no such unit exists."""
        area, _, type_id = code.partition("-")
        kind, seat = self._types.get(type_id), self._divisions.get(area)
        if kind is None or seat is None or seat.level not in kind.levels:
            return None
        name = self._name(kind, seat)
        return Unit(
            code=code,
            level=seat.level,
            area=area,
            name_zh=name.zh.replace("{place}", seat.name_zh),
            name_en=f"{name.en}, {seat.name_en}",
        )

    def vacancy(self, code: str, day: date) -> Vacancy | None:
        """Why the unit's post is not filled on that day; ``None`` if it is."""
        return next((vacancy for vacancy in self._vacancies.get(code, ()) if vacancy.holds(day)), None)

    def seated_in(self, area: str) -> tuple[Unit, ...]:
        """The units of one division itself, without those of the divisions inside it."""
        found = (self.unit_by_code(f"{area}-{type_id}") for type_id in self._types)
        return tuple(unit for unit in found if unit is not None)

    def within(self, area: str) -> Iterator[Unit]:
        """The units of a division and of all divisions inside it, from the top down."""
        yield from self.seated_in(area)
        for inside in self._divisions.children(area):
            yield from self.within(inside)

    def _name(self, kind: UnitType, seat: Division) -> UnitName:
        general = UnitName("{place}" + kind.name_zh, kind.name_en)
        return self._names.get((kind.id, seat.kind)) or self._names.get((kind.id, "")) or general
