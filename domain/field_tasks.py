"""Field tasks: what somebody outside the platform does on the spot (property firms, volunteer teams, neighbours).

A field party is told what to do, where and by when, and nothing of who called; it never answers for the request.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.time.durations import Duration


class FieldParty(StrEnum):
    """Who can be sent."""

    PROPERTY_FIRM = "property_firm"
    VOLUNTEER_TEAM = "volunteer_team"
    CONTRACTOR = "contractor"
    RESIDENT_GROUP = "resident_group"


class FieldTaskState(StrEnum):
    """Where a field task stands; ``lapsed``: nobody reported by its limit."""

    GIVEN = "given"
    DONE = "done"
    NOT_DONE = "not_done"
    RECALLED = "recalled"
    LAPSED = "lapsed"


@dataclass(frozen=True, slots=True)
class FieldTask:
    """One task on the spot; ``leg`` is the leg whose unit gave it, ``report`` what the party said in the end."""

    id: str
    party: FieldParty
    name: str
    text: str
    leg: str
    given_at: datetime
    within: Duration
    state: FieldTaskState = FieldTaskState.GIVEN
    report: str = ""
    evidence: tuple[str, ...] = ()
    ended_at: datetime | None = None
