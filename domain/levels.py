"""The five levels of the city's organisation, named and never numbered.

The lower four are the response levels (四级响应) that handle a request; the city supervises above them.
Source: the five-level system 市—区—镇(街)—村(社区)—网格.
"""

from __future__ import annotations

from enum import StrEnum


class Level(StrEnum):
    """A level of the organisation, from the street upwards."""

    GRID = "grid"
    COMMUNITY = "community"
    TOWN = "town"
    DISTRICT = "district"
    CITY = "city"

    @property
    def rank(self) -> int:
        """Position counted from the street: the grid is 0. For comparing only, never for display."""
        return _ASCENDING.index(self)

    def is_above(self, other: Level) -> bool:
        """Whether this level stands higher than the other."""
        return self.rank > other.rank


_ASCENDING = (Level.GRID, Level.COMMUNITY, Level.TOWN, Level.DISTRICT, Level.CITY)

RESPONSE_LEVELS = (Level.GRID, Level.COMMUNITY, Level.TOWN, Level.DISTRICT)
"""The levels that may hold the lead leg of a request, in climbing order."""
