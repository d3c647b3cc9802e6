"""Acts of the whistle: the call, the departments' coming, the plan, the end, and the ratings of both sides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from domain.units import Unit
from domain.whistles import Decision, Mode, Post, Spot, Summoned, WhistleTerms


@dataclass(frozen=True, slots=True)
class BlowWhistle:
    """Call departments to a place (吹哨).

    ``town`` is the unit that calls; ``attend_at`` (UTC) names the time instead of the terms' limit; ``session`` is the
    online session that may be joined instead of coming. What is not on the whistle list only a duty leader calls for.
    """

    terms: WhistleTerms
    town: Unit
    summoned: tuple[Summoned, ...]
    reason: str
    address: str = ""
    spot: Spot | None = None
    session: str = ""
    attend_at: datetime | None = None
    act: Literal["whistle"] = "whistle"


@dataclass(frozen=True, slots=True)
class AcknowledgeWhistle:
    """Confirm that the department has heard the call (应哨)."""

    whistle: str
    act: Literal["acknowledge_whistle"] = "acknowledge_whistle"


@dataclass(frozen=True, slots=True)
class AttendWhistle:
    """Check in at the place, or join the online session (报到)."""

    whistle: str
    mode: Mode
    attendee: str
    post: Post
    spot: Spot | None = None
    act: Literal["attend_whistle"] = "attend_whistle"


@dataclass(frozen=True, slots=True)
class ObjectToWhistle:
    """Object to the call while attending, on a legal basis; an arbiter hears of it after the case."""

    whistle: str
    legal_basis: str
    text: str
    act: Literal["object_to_whistle"] = "object_to_whistle"


@dataclass(frozen=True, slots=True)
class AgreePlan:
    """Write down the plan: who does what within which limit; the lead may go to a department whose power it is.

    ``keeps_shares``: a unit that still owes a binding share is not decided upon, and no limit is longer than a quarter.
    Plans of earlier releases were not asked for either: their decision took the place of the share.
    """

    whistle: str
    minutes: str
    decisions: tuple[Decision, ...]
    lead: str | None = None
    """Code of the department that takes the lead."""
    keeps_shares: bool = False
    act: Literal["agree_plan"] = "agree_plan"


@dataclass(frozen=True, slots=True)
class EndWhistle:
    """End the whistle with its result (销哨)."""

    whistle: str
    resolved: bool
    text: str
    act: Literal["end_whistle"] = "end_whistle"


@dataclass(frozen=True, slots=True)
class RateWhistle:
    """Rate one department after the whistle: came in time, cooperated, solved; each 1 to 5."""

    whistle: str
    unit: str
    in_time: int
    cooperated: int
    solved: int
    text: str = ""
    act: Literal["rate_whistle"] = "rate_whistle"


@dataclass(frozen=True, slots=True)
class RateCall:
    """Rate the call as a department: was it justified, 1 to 5."""

    whistle: str
    justified: int
    text: str = ""
    act: Literal["rate_call"] = "rate_call"


@dataclass(frozen=True, slots=True)
class ConfirmUnjustified:
    """Confirm for the district that the whistle should not have been blown; it counts against the town."""

    whistle: str
    reason: str
    act: Literal["confirm_unjustified"] = "confirm_unjustified"
