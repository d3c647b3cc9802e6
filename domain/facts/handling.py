"""Facts of handling: legs, their signatures and where they move."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from domain.joining import JoinRule
from domain.levels import Level
from domain.request import (
    LegRole,
)
from domain.time.durations import Duration
from domain.units import Unit


@dataclass(frozen=True, slots=True)
class LegDispatched:
    """A leg was given to a unit (派单). ``duty_entry`` is the basis, ``reason`` why a person chose
    otherwise; of a joint leg, what its unit is asked to do. ``delegated_by`` is the leg whose unit passed it down.
    A joint leg has ``percent`` of the limit ``within`` for its share (``None``: no limit), and ``mandatory`` says
    whether the reply may have to wait for it.
    """

    leg: str
    role: LegRole
    unit: Unit
    duty_entry: str
    attempt: int
    cause: Literal[
        "dispatched",
        "handed_up",
        "sent_down",
        "redo",
        "reassigned",
        "ruled",
        "reopened",
        "joined",
        "delegated",
        "whistle",
    ]
    reason: str = ""
    percent: int = 100
    delegated_by: str | None = None
    within: Duration | None = None
    mandatory: bool = False
    kind: Literal["leg_dispatched"] = "leg_dispatched"


@dataclass(frozen=True, slots=True)
class LegSigned:
    """The unit signed (签收), or the system did on its behalf at the limit."""

    leg: str
    automatic: bool
    kind: Literal["leg_signed"] = "leg_signed"


@dataclass(frozen=True, slots=True)
class FirstContacted:
    """The unit reached the caller for the first time (首次联系)."""

    leg: str
    proof: str
    kind: Literal["first_contacted"] = "first_contacted"


@dataclass(frozen=True, slots=True)
class HandedUp:
    """Handling moves up (上报); the lower leg stays joint unless it is released."""

    leg: str
    cause: Literal["asked", "dwell", "whistle"]
    reason: str
    release: bool
    kind: Literal["handed_up"] = "handed_up"


@dataclass(frozen=True, slots=True)
class SentDown:
    """Handling was sent down (下沉); the sender stays joint."""

    leg: str
    level: Level
    reason: str
    kind: Literal["sent_down"] = "sent_down"


@dataclass(frozen=True, slots=True)
class LegReassigned:
    """A dispatcher took the lead leg away to give it to another unit (改派)."""

    leg: str
    reason: str
    kind: Literal["leg_reassigned"] = "leg_reassigned"


@dataclass(frozen=True, slots=True)
class JointDeclined:
    """A joint unit declined before it signed (谢绝协办)."""

    leg: str
    reason: str
    kind: Literal["joint_declined"] = "joint_declined"


@dataclass(frozen=True, slots=True)
class JointRemoved:
    """A joint unit was let go (解除协办); one that had led is *released*."""

    leg: str
    reason: str
    kind: Literal["joint_removed"] = "joint_removed"


@dataclass(frozen=True, slots=True)
class JoinRuleSet:
    """It was said which contributions the reply waits for (会办规则)."""

    rule: JoinRule
    reason: str = ""
    kind: Literal["join_rule_set"] = "join_rule_set"
