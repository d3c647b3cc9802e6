"""Facts of the whistle."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from domain.request import Card
from domain.time.durations import Duration
from domain.units import Unit
from domain.whistles import Decision, Mode, Post, Spot, Summoned, WhistleEnd, WhistleKind


@dataclass(frozen=True, slots=True)
class WhistleBlown:
    """Departments were called (吹哨), with everything of the terms that counts later.

    ``attend`` runs from the call, unless the call named the instant ``attend_at``; ``plan`` and ``result`` run from
    the call or that instant.
    """

    whistle: str
    whistle_kind: WhistleKind
    town: Unit
    summoned: tuple[Summoned, ...]
    reason: str
    address: str
    spot: Spot | None
    session: str
    attend_at: datetime | None
    acknowledge: Duration
    attend: Duration
    plan: Duration | None
    result: Duration
    authority_from: Post
    radius: int
    rating_within: Duration
    signed_by: str
    kind: Literal["whistle_blown"] = "whistle_blown"


@dataclass(frozen=True, slots=True)
class WhistleAcknowledged:
    """A department confirmed that it has heard the call (应哨)."""

    whistle: str
    summons: str
    kind: Literal["whistle_acknowledged"] = "whistle_acknowledged"


@dataclass(frozen=True, slots=True)
class WhistleAttended:
    """A department came (报到), ``distance`` metres from the place; without ``authority`` nobody there may decide for
    it.
    """

    whistle: str
    summons: str
    mode: Mode
    attendee: str
    post: Post
    authority: bool
    spot: Spot | None
    distance: int | None
    kind: Literal["whistle_attended"] = "whistle_attended"


@dataclass(frozen=True, slots=True)
class AttendanceMissed:
    """A department had not come when its limit passed (未到哨): the card is the department's, and the miss stands on
    its head's record.
    """

    whistle: str
    summons: str
    card: Card
    kind: Literal["attendance_missed"] = "attendance_missed"


@dataclass(frozen=True, slots=True)
class DistrictJoined:
    """The district's command centre joined the whistle by itself."""

    whistle: str
    cause: Literal["second_miss", "plan_overdue", "result_overdue"]
    kind: Literal["district_joined"] = "district_joined"


@dataclass(frozen=True, slots=True)
class WhistleObjected:
    """A department objected while attending."""

    whistle: str
    summons: str
    legal_basis: str
    text: str
    kind: Literal["whistle_objected"] = "whistle_objected"


@dataclass(frozen=True, slots=True)
class PlanAgreed:
    """The plan was agreed; each decision is a joint leg of its unit, or lies with the leg that leads. ``lead`` is the
    leg by which a department takes the lead.
    """

    whistle: str
    minutes: str
    decisions: tuple[Decision, ...]
    lead: str | None = None
    kind: Literal["plan_agreed"] = "plan_agreed"


@dataclass(frozen=True, slots=True)
class WhistleEnded:
    """The whistle ended with a result (销哨)."""

    whistle: str
    end: WhistleEnd
    text: str
    kind: Literal["whistle_ended"] = "whistle_ended"


@dataclass(frozen=True, slots=True)
class WhistleRated:
    """The town rated a department."""

    whistle: str
    summons: str
    in_time: int
    cooperated: int
    solved: int
    text: str
    kind: Literal["whistle_rated"] = "whistle_rated"


@dataclass(frozen=True, slots=True)
class CallRated:
    """A department rated the call."""

    whistle: str
    summons: str
    justified: int
    text: str
    kind: Literal["call_rated"] = "call_rated"


@dataclass(frozen=True, slots=True)
class CallFoundUnjustified:
    """The district confirmed that the whistle should not have been blown."""

    whistle: str
    reason: str
    kind: Literal["call_found_unjustified"] = "call_found_unjustified"
