"""The whistle (吹哨报到): a town calls departments to a place, and they must come.

A whistle belongs to a request. Its kind brings the terms, which a city sets; the summonses say which departments are
called and for which power; where a whistle stands follows from what happened and is never stored.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from math import asin, cos, radians, sin, sqrt

from domain.levels import Level
from domain.time.calendar import WorkingCalendar
from domain.time.durations import Duration
from domain.units import Unit


class WhistleKind(StrEnum):
    """What a whistle is blown for (哨种)."""

    EMERGENCY = "emergency"
    ENFORCEMENT = "enforcement"
    DAILY = "daily"
    COMMUNITY = "community"


class Post(StrEnum):
    """The post of who comes for a department, in rising order."""

    STAFF = "staff"
    SECTION_HEAD = "section_head"
    DEPUTY_HEAD = "deputy_head"
    HEAD = "head"

    @property
    def rank(self) -> int:
        """Position in rising order, for comparing only."""
        return list(Post).index(self)


class Mode(StrEnum):
    """How a department attends (报到方式)."""

    ON_SITE = "on_site"
    ONLINE = "online"


class WhistleEnd(StrEnum):
    """How a whistle ended; ``cancelled``: its request ended without it."""

    RESOLVED = "resolved"
    UNRESOLVED = "unresolved"
    CANCELLED = "cancelled"


class WhistleStanding(StrEnum):
    """Where a whistle stands."""

    CALLED = "called"
    ACKNOWLEDGED = "acknowledged"
    CONVENED = "convened"
    PLAN_AGREED = "plan_agreed"
    EXECUTING = "executing"
    RESOLVED = "resolved"
    UNRESOLVED = "unresolved"
    CANCELLED = "cancelled"
    RATED = "rated"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class WhistleTerms:
    """The terms of one kind of whistle: limits, who calls whom, and how presence is proven.

    ``started_by`` and ``summons`` are the levels of the caller and of those who are called. The limits of plan and
    result count from the call, or from the instant that the call names where it ``may_name_time``. A check-in counts
    within ``radius`` metres; who comes with a post below ``authority_from`` has no authority to decide.
    """

    kind: WhistleKind
    zh: str
    en: str
    started_by: Level
    summons: Level
    acknowledge: Duration
    attend: Duration
    plan: Duration | None
    result: Duration
    may_name_time: bool
    authority_from: Post
    radius: int
    rating_within: Duration


@dataclass(frozen=True, slots=True)
class Spot:
    """A point on the map, WGS 84, in degrees."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Summoned:
    """One department that is called, with the power that is needed of it (所需职权); ``listed`` where the whistle list
    names that power for the matter.
    """

    unit: Unit
    power: str
    power_zh: str
    power_en: str
    listed: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """One line of a plan: what a unit does, and within which limit. ``leg`` is the leg that it became."""

    unit: Unit
    action: str
    within: Duration
    leg: str = ""


@dataclass(frozen=True, slots=True)
class TownRating:
    """How the caller rates a department, three times 1 to 5."""

    in_time: int
    cooperated: int
    solved: int
    text: str


@dataclass(frozen=True, slots=True)
class Summons:
    """One department's part in a whistle. ``id`` is ``w1.1``, ``w1.2`` ...; instants in UTC.

    ``authority``: whether who came may decide for the department. ``missed_at`` stays where a department came late.
    ``justified`` is how the department rates the call, 1 to 5.
    """

    id: str
    unit: Unit
    power: str
    power_zh: str
    power_en: str
    listed: bool
    acknowledged_at: datetime | None = None
    arrived_at: datetime | None = None
    mode: Mode | None = None
    attendee: str = ""
    post: Post | None = None
    authority: bool = False
    distance: int | None = None
    missed_at: datetime | None = None
    objection: str = ""
    objected_at: datetime | None = None
    rating: TownRating | None = None
    justified: int | None = None
    justified_text: str = ""


@dataclass(frozen=True, slots=True)
class Whistle:
    """One whistle as the request remembers it. ``id`` is ``w1``, ``w2`` ... within the request; instants in UTC."""

    id: str
    kind: WhistleKind
    town: Unit
    called_at: datetime
    called_by: str
    reason: str
    address: str
    spot: Spot | None
    session: str
    attend_at: datetime | None
    radius: int
    authority_from: Post
    rating_within: Duration
    signed_by: str
    summonses: tuple[Summons, ...]
    minutes: str = ""
    decisions: tuple[Decision, ...] = ()
    plan_agreed_at: datetime | None = None
    lead: str | None = None
    """The leg by which a department took the lead with the plan."""
    ended_at: datetime | None = None
    end: WhistleEnd | None = None
    result: str = ""
    district_joined_at: datetime | None = None
    unjustified_at: datetime | None = None
    """When the district confirmed that it should not have been blown: it counts against the caller."""

    @property
    def is_open(self) -> bool:
        """Whether it has not ended."""
        return self.ended_at is None

    def summons_of(self, unit: str) -> Summons | None:
        """The part of the unit with that code."""
        return next((each for each in self.summonses if each.unit.code == unit), None)

    def summons(self, summons_id: str) -> Summons:
        """The part with that id, which belongs to this whistle."""
        return next(each for each in self.summonses if each.id == summons_id)

    @property
    def came(self) -> tuple[Summons, ...]:
        """The departments that have come."""
        return tuple(each for each in self.summonses if each.arrived_at is not None)

    @property
    def is_rated(self) -> bool:
        """Whether both sides have rated each other."""
        return all(each.rating is not None and each.justified is not None for each in self.summonses)


def rating_ends(whistle: Whistle, calendar: WorkingCalendar) -> datetime | None:
    """Until when both sides may rate (UTC); ``None`` before the end, and where it was cancelled."""
    if whistle.ended_at is None or whistle.end is WhistleEnd.CANCELLED:
        return None
    return calendar.due(whistle.ended_at, whistle.rating_within).at


def whistle_standing(
    whistle: Whistle, begun: Collection[str], calendar: WorkingCalendar, now: datetime
) -> WhistleStanding:
    """Where the whistle stands. ``begun`` are the legs whose units have signed or are done."""
    if whistle.end is not None:
        return _after_the_end(whistle, whistle.end, calendar, now)
    if whistle.plan_agreed_at is not None:
        executing = any(decision.leg in begun for decision in whistle.decisions)
        return WhistleStanding.EXECUTING if executing else WhistleStanding.PLAN_AGREED
    awaited = [each for each in whistle.summonses if each.arrived_at is None and each.missed_at is None]
    if whistle.came and not awaited:
        return WhistleStanding.CONVENED
    if all(each.acknowledged_at is not None for each in whistle.summonses):
        return WhistleStanding.ACKNOWLEDGED
    return WhistleStanding.CALLED


def _after_the_end(
    whistle: Whistle, end: WhistleEnd, calendar: WorkingCalendar, now: datetime
) -> WhistleStanding:
    until = rating_ends(whistle, calendar)
    if until is not None and now > until:
        return WhistleStanding.CLOSED
    return WhistleStanding.RATED if until is not None and whistle.is_rated else WhistleStanding(end)


_EARTH_RADIUS_METRES = 6_371_000


def metres_between(one: Spot, other: Spot) -> int:
    """The distance along the surface, in whole metres."""
    north, east = radians(other.latitude - one.latitude), radians(other.longitude - one.longitude)
    across = cos(radians(one.latitude)) * cos(radians(other.latitude)) * sin(east / 2) ** 2
    return round(2 * _EARTH_RADIUS_METRES * asin(min(1.0, sqrt(sin(north / 2) ** 2 + across))))
