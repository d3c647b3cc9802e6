"""Callers who call again about the same matter: their earlier request is found by the fingerprint of their number.

The same matter is the same category at the same place, where a division that holds the other counts as the same place:
the second call often knows better where it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

OPEN_WITHIN = timedelta(days=90)
"""An open request registered longer ago is taken for another occurrence."""
MOST_LOOKED_AT = 200
"""The newest calls from one number; behind some stand whole offices."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """The caller's earlier request on the matter; ``is_open`` if it goes on, else it was closed not long ago."""

    number: str
    is_open: bool


def parameters(
    fingerprints: Sequence[bytes], *, category: str, area: str, now: datetime, closed_within: timedelta
) -> dict[str, Any]:
    """The parameters of ``EARLIER``: who calls, about what and where, at the aware instant ``now``."""
    return {
        "fingerprints": list(fingerprints),
        "category": category,
        "area": area,
        "open_since": now - OPEN_WITHIN,
        "closed_since": now - closed_within,
    }


# What has not begun yet stands in its intake alone; only then is that document read. The list is wrapped in a SELECT
# so that its length tells the planner nothing: it would plan the statement anew for each call, which costs more.
EARLIER = f"""
WITH calls AS (
    SELECT caller_ref FROM identity WHERE fingerprint = ANY(CAST((SELECT :fingerprints) AS bytea[]))
    ORDER BY created_at DESC LIMIT {MOST_LOOKED_AT}
),
told AS (
    SELECT intake.number, intake.received_at, requests.state, requests.ended_at,
        coalesce(requests.category, intake.body #>> '{{matter,category}}') AS category,
        coalesce(requests.area, intake.body #>> '{{matter,place,area}}') AS area
    FROM calls JOIN intake ON intake.caller_ref = calls.caller_ref
    LEFT JOIN requests ON requests.number = intake.number
)
SELECT number, ended_at IS NULL AS is_open FROM told
WHERE category = :category AND (starts_with(area, :area) OR starts_with(:area, area))
AND (ended_at IS NULL AND received_at >= :open_since
    OR state IN ('closed', 'merged') AND ended_at >= :closed_since)
ORDER BY is_open DESC, received_at DESC, number DESC LIMIT 1
"""  # noqa: S608  # only a constant of ours is put in
"""The columns of :class:`Earlier`, of the request that the caller most likely means: an open one before a closed one,
the newest first. Closed is what was answered, or went on in another request.
"""
