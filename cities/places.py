"""Where divisions lie, in WGS-84: outlines and points that the pack has, synthetic points for the rest.

A synthetic point is drawn from a hash of the code inside the district's outline, around the point of the
division above; it serves maps and rehearsals and decides nothing about a real border.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from cities.divisions import Divisions
from domain.levels import Level

_KM_PER_DEGREE = 111.32
_DRAWS = 64

Ring = tuple[tuple[float, float], ...]
"""A closed line of (longitude, latitude) pairs."""


@dataclass(frozen=True, slots=True)
class Point:
    """A point in WGS-84 degrees; ``synthetic`` if it was drawn, not measured."""

    latitude: float
    longitude: float
    synthetic: bool = False


@dataclass(frozen=True)
class Outline:
    """A district's outline: rings by the even-odd rule, and a point sure to lie inside."""

    rings: tuple[Ring, ...]
    inside: Point

    def holds(self, latitude: float, longitude: float) -> bool:
        """Whether the point lies inside."""
        west, south, east, north = self._box
        if not (west <= longitude <= east and south <= latitude <= north):
            return False
        inside = False
        for ring in self.rings:
            for (x1, y1), (x2, y2) in pairwise(ring):
                if (y1 > latitude) != (y2 > latitude):
                    inside ^= longitude < (x2 - x1) * (latitude - y1) / (y2 - y1) + x1
        return inside

    def draw(self, seed: str) -> Point:
        """A point inside, drawn from the seed."""
        west, south, east, north = self._box
        for attempt in range(_DRAWS):
            u, v = _drawn(seed, attempt)
            latitude, longitude = south + v * (north - south), west + u * (east - west)
            if self.holds(latitude, longitude):
                return Point(round(latitude, 6), round(longitude, 6), synthetic=True)
        return Point(self.inside.latitude, self.inside.longitude, synthetic=True)

    def draw_near(self, seed: str, centre: Point, radius_km: float) -> Point:
        """A point inside and within the radius around the centre, drawn from the seed."""
        stretch = math.cos(math.radians(centre.latitude))
        for attempt in range(_DRAWS):
            u, v = _drawn(seed, attempt)
            reach, angle = radius_km * math.sqrt(u) / _KM_PER_DEGREE, 2 * math.pi * v
            latitude = centre.latitude + reach * math.sin(angle)
            longitude = centre.longitude + reach * math.cos(angle) / stretch
            if self.holds(latitude, longitude):
                return Point(round(latitude, 6), round(longitude, 6), synthetic=True)
        return Point(centre.latitude, centre.longitude, synthetic=True)

    @cached_property
    def square_km(self) -> float:
        """About how much the rings enclose, for choosing radii."""
        stretch = math.cos(math.radians(self.inside.latitude))
        degrees = sum(abs(_shoelace(ring)) for ring in self.rings)
        return degrees * _KM_PER_DEGREE**2 * stretch

    @cached_property
    def _box(self) -> tuple[float, float, float, float]:
        xs = [x for ring in self.rings for x, _ in ring]
        ys = [y for ring in self.rings for _, y in ring]
        return min(xs), min(ys), max(xs), max(ys)


class Places:
    """The points of all divisions, each worked out when first asked for."""

    def __init__(
        self, divisions: Divisions, outlines: Mapping[str, Outline], points: Mapping[str, Point]
    ) -> None:
        self._divisions = divisions
        self._outlines = dict(outlines)
        self._points = dict(points)

    @property
    def outlines(self) -> Mapping[str, Outline]:
        """The outlines by district."""
        return self._outlines

    def point(self, area: str) -> Point | None:
        """A point of the division; ``None`` outside the outlines that the pack holds."""
        known = self._points.get(area)
        if known is None and area in self._divisions:
            known = self._draw(area)
            if known is not None:
                self._points[area] = known
        return known

    def district_of(self, latitude: float, longitude: float) -> str | None:
        """The district whose outline holds the point (its lines are good to some hundred metres)."""
        holding = (area for area, outline in self._outlines.items() if outline.holds(latitude, longitude))
        return next(holding, None)

    def locate(self, latitude: float, longitude: float) -> str | None:
        """A proposal for a place known by its coordinates alone: in its district, the nearest town's nearest
        community's nearest grid. Below the district it rests on synthetic points: a person confirms it."""
        area = self.district_of(latitude, longitude)
        while area is not None:
            inside = [
                (child, point) for child in self._divisions.children(area) if (point := self.point(child))
            ]
            if not inside:
                return area
            area = _nearest(latitude, longitude, inside)
        return None

    def _draw(self, area: str) -> Point | None:
        district = self._divisions.at(Level.DISTRICT, area)
        outline = None if district is None else self._outlines.get(district)
        if outline is None or district is None:
            return None
        if area == district:
            return outline.inside
        above = self._divisions.ancestors(area)[0]
        centre = self.point(above)
        if above == district or centre is None:
            return outline.draw(area)
        share = outline.square_km
        for holder in self._divisions.ancestors(area)[1:]:
            share /= max(1, len(self._divisions.children(holder)))
            if holder == district:
                break
        return outline.draw_near(area, centre, math.sqrt(share / math.pi))


def _nearest(latitude: float, longitude: float, among: Iterable[tuple[str, Point]]) -> str:
    stretch = math.cos(math.radians(latitude))
    return min(
        among,
        key=lambda found: math.hypot(
            found[1].latitude - latitude, (found[1].longitude - longitude) * stretch
        ),
    )[0]


def _drawn(seed: str, attempt: int) -> tuple[float, float]:
    """Two numbers in [0, 1) that the seed and the attempt alone decide."""
    digest = hashlib.sha256(f"{seed}/{attempt}".encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32, int.from_bytes(digest[4:8], "big") / 2**32


def _shoelace(ring: Ring) -> float:
    return sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairwise(ring)) / 2
