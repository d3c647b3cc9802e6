"""Whose word binds units of several divisions: the body that stands above them all (共同上级)."""

from __future__ import annotations

from dataclasses import dataclass

from domain.levels import Level

_WIDTHS = ((6, Level.CITY), (9, Level.DISTRICT), (12, Level.TOWN))
"""So many digits of a division code name the district, the town, the community; where they differ, who stands above."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How far somebody's word goes: for which level they speak, and in which division (empty: in the whole city)."""

    level: Level
    area: str


def common_superior(areas: tuple[str, ...]) -> Level:
    """The lowest level with one body above all these areas, given as division codes without trailing zeros.

    An area that holds another does not differ from it, so a town and its own district need nobody above the community.
    """
    for width, above in _WIDTHS:
        if len({area[:width] for area in areas if len(area) >= width}) > 1:
            return above
    return Level.COMMUNITY
