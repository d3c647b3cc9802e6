"""The tree of a city's divisions, from the city down to its grids.

A division is named by its *area*: its published code without trailing zeros, of one width per level. So one
division lies inside another exactly when its area begins with the other's, and an area alone says its level.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cities.grids import SERIAL_DIGITS, grid_code
from cities.schemas import GridScheme
from domain.levels import Level


@dataclass(frozen=True, slots=True)
class Division:
    """One division. ``name_en`` is its code where it has no settled English name; grids are ``synthetic``."""

    area: str
    level: Level
    kind: str
    name_zh: str
    name_en: str
    synthetic: bool = False


class Divisions:
    """All divisions of a city, found by area; grids are made when asked for."""

    def __init__(
        self,
        divisions: Mapping[str, Division],
        widths: Mapping[Level, int],
        grid_counts: Mapping[str, int],
        scheme: GridScheme | None,
    ) -> None:
        self._divisions = dict(divisions)
        self._widths = dict(widths)
        self._levels = {width: level for level, width in widths.items()}
        self._grid_counts = dict(grid_counts)
        self._scheme = scheme
        self._children: dict[str, list[str]] = {}
        for area in sorted(self._divisions):
            above = self._above(area)
            if above:
                self._children.setdefault(above[-1], []).append(area)
        self._root = min(self._divisions, key=len)

    @property
    def root(self) -> str:
        """The area that holds all others."""
        return self._root

    def __contains__(self, area: str) -> bool:
        return area in self._divisions or self._is_grid(area)

    def get(self, area: str) -> Division | None:
        """The division of that area, ``None`` if there is none."""
        known = self._divisions.get(area)
        return self._grid(area) if known is None and self._is_grid(area) else known

    def level_of(self, area: str) -> Level | None:
        """The level whose divisions have areas of that length."""
        return self._levels.get(len(area))

    def at(self, level: Level, area: str) -> str | None:
        """The division of that level in which the area lies; ``None`` if coarser or outside the city."""
        width = self._widths.get(level)
        if width is None or len(area) < width:
            return None
        cut = area[:width]
        return cut if cut in self else None

    def children(self, area: str) -> tuple[str, ...]:
        """The divisions directly inside, in the order of their codes."""
        count = self._grid_counts.get(area, 0)
        if count:
            return tuple(grid_code(area, serial) for serial in range(1, count + 1))
        return tuple(self._children.get(area, ()))

    def ancestors(self, area: str) -> tuple[str, ...]:
        """The divisions that hold this one, from the nearest to the city."""
        return tuple(reversed(self._above(area)))

    def count(self, level: Level) -> int:
        """How many divisions the level has."""
        if level is Level.GRID:
            return sum(self._grid_counts.values())
        return sum(division.level is level for division in self._divisions.values())

    def areas(self, level: Level) -> Iterator[str]:
        """The areas of a level in the order of their codes."""
        if level is Level.GRID:
            for community in sorted(self._grid_counts):
                yield from self.children(community)
        else:
            width = self._widths.get(level)
            yield from (area for area in sorted(self._divisions) if len(area) == width)

    def _above(self, area: str) -> list[str]:
        return [
            area[:width]
            for width in sorted(self._widths.values())
            if width < len(area) and area[:width] in self._divisions
        ]

    def _is_grid(self, area: str) -> bool:
        community, serial = area[:-SERIAL_DIGITS], area[-SERIAL_DIGITS:]
        count = self._grid_counts.get(community, 0)
        return count > 0 and serial.isascii() and serial.isdecimal() and 1 <= int(serial) <= count

    def _grid(self, area: str) -> Division | None:
        community = self._divisions[area[:-SERIAL_DIGITS]]
        if self._scheme is None:
            return None
        name = community.name_zh
        for suffix in self._scheme.dropped_suffixes:
            if name.endswith(suffix):
                name = name.removesuffix(suffix)
                break
        serial = area[-SERIAL_DIGITS:]
        name_zh = self._scheme.name_zh.replace("{community}", name).replace("{serial}", serial)
        return Division(area, Level.GRID, "grid", name_zh, area, synthetic=True)
