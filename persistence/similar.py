"""Open requests that a new call may be about as well: the same kind of matter, near by, of the last days.

A suggestion for the person at the desk, never a decision. It shows no identity, and nothing of a request that only its
lead unit or named officers may see. One statement over two partial indexes finds it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import cos, radians
from typing import Any

from sqlalchemy import text

from domain.request import Visibility
from domain.responsibility.routing import Place
from persistence.engine import ReadConnection
from persistence.reading import seen_among
from persistence.sight import Sight

WITHIN_DAYS = timedelta(days=14)
"""An older request is rarely what somebody calls about."""
WITHIN_METRES = 200.0
MOST_SHOWN = 5
MOST_LOOKED_AT = 200
"""Where a whole quarter calls about one matter, only so many are compared."""
METRES_OF_A_DEGREE = 111_320.0
"""Of latitude, and of longitude at the equator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """What is compared: matter and place of a call that came in at ``at``.

    ``neighbourhood`` is the division in which requests count as near. It ``is_small`` if it is a community or lies in
    one: then everything inside it is near; otherwise only what is known no better, and of the very same category.
    """

    category: str
    group: str
    place: Place
    neighbourhood: str
    is_small: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Similar:
    """One suggestion. ``distance_m`` in metres, where both places are known by coordinates."""

    number: str
    state: str
    category: str
    area: str
    received_at: datetime
    distance_m: float | None


async def similar_to(connection: ReadConnection, wanted: Matching, sight: Sight) -> Sequence[Similar]:
    """The likeliest first: the same category before its group, the nearer before the farther, the earlier first.

    At most one more than is shown, since the call itself may be among them. Only what the sight reaches is shown.
    """
    rows = await connection.execute(_SIMILAR, parameters(wanted, sight))
    return await as_seen(connection, [Similar(*row) for row in rows], sight)


async def as_seen(connection: ReadConnection, found: Sequence[Similar], sight: Sight) -> Sequence[Similar]:
    """Those of the found that the sight reaches."""
    if sight.unit is not None and found:
        seen = await seen_among(connection, [each.number for each in found], sight)
        found = [each for each in found if each.number in seen]
    return found[: MOST_SHOWN + 1]


def parameters(wanted: Matching, sight: Sight) -> dict[str, Any]:
    """The parameters of ``SIMILAR``."""
    latitude, longitude = wanted.place.latitude, wanted.place.longitude
    if latitude is None or longitude is None:
        latitude = longitude = None
    metres_of_longitude = max(cos(radians(latitude or 0.0)), 0.01) * METRES_OF_A_DEGREE
    return {
        "group": wanted.group,
        "category": wanted.category,
        "is_small": wanted.is_small,
        "neighbourhood": wanted.neighbourhood,
        # No code has a letter beyond "~".
        "neighbourhood_end": wanted.neighbourhood + ("~" if wanted.is_small else ""),
        "since": wanted.at - WITHIN_DAYS,
        "latitude": latitude,
        "longitude": longitude,
        "tall": WITHIN_METRES / METRES_OF_A_DEGREE,
        "metres_of_longitude": metres_of_longitude,
        "shown": MOST_SHOWN + 1 if sight.unit is None else MOST_LOOKED_AT,
    }


_OPEN_OF_THE_GROUP = f"""
    SELECT number, state, category, area, received_at, visibility, latitude, longitude FROM requests
    WHERE ended_at IS NULL AND category_group = :group AND received_at > :since
    AND visibility IN ('{Visibility.PUBLIC}', '{Visibility.PARTY}')
"""  # noqa: S608  # only two words of a closed list are put in

SIMILAR = f"""
WITH here AS (
    SELECT CAST(:latitude AS double precision) AS latitude, CAST(:longitude AS double precision) AS longitude
),
inside AS (
    {_OPEN_OF_THE_GROUP} AND area >= :neighbourhood AND area <= :neighbourhood_end
    AND (:is_small OR category = :category) ORDER BY area, received_at LIMIT {MOST_LOOKED_AT}
),
around AS (
    {_OPEN_OF_THE_GROUP} AND latitude IS NOT NULL
    AND latitude BETWEEN CAST(:latitude AS double precision) - :tall AND CAST(:latitude AS double precision) + :tall
    LIMIT {MOST_LOOKED_AT}
),
measured AS (
    SELECT near.*, sqrt(power((near.latitude - here.latitude) * {METRES_OF_A_DEGREE}, 2)
        + power((near.longitude - here.longitude) * :metres_of_longitude, 2)) AS distance
    FROM here, (SELECT inside.*, true AS is_inside FROM inside UNION ALL SELECT around.*, false FROM around
        WHERE around.number NOT IN (SELECT number FROM inside)) AS near
)
SELECT number, state, category, area, received_at, distance AS distance_m FROM measured
WHERE is_inside OR distance <= {WITHIN_METRES}
ORDER BY (category = :category) DESC, distance NULLS LAST, received_at, number LIMIT :shown
"""  # noqa: S608  # only constants of ours are put in
"""The columns of :class:`Similar`."""

_SIMILAR = text(SIMILAR)
