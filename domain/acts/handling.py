"""Acts of handling: legs, their signatures and where they move."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from domain.exceptions.terms import Terms
from domain.joining import JoinRule
from domain.responsibility.superiors import Reach
from domain.time.durations import Duration
from domain.units import Unit


@dataclass(frozen=True, slots=True)
class Dispatch:
    """Give the lead leg to the unit of the ladder, or to another one with a reason.

    ``admission``: the terms of admission, where the named unit is a community that has not the matter on its list.
    ``reach``: how far the dispatcher's word goes, where a unit is named.
    """

    unit: Unit | None = None
    reason: str = ""
    admission: Terms | None = None
    reach: Reach | None = None
    act: Literal["dispatch"] = "dispatch"


@dataclass(frozen=True, slots=True)
class Sign:
    """Sign for a leg."""

    leg: str
    act: Literal["sign"] = "sign"


@dataclass(frozen=True, slots=True)
class FirstContact:
    """Record that the caller was reached, with the proof (call log, message receipt)."""

    leg: str
    proof: str
    act: Literal["first_contact"] = "first_contact"


@dataclass(frozen=True, slots=True)
class HandUp:
    """Move handling to the next level of the ladder."""

    reason: str
    release: bool = False
    act: Literal["hand_up"] = "hand_up"


@dataclass(frozen=True, slots=True)
class SendDown:
    """Move handling to a lower unit of the lead unit's subtree (the ladder's rung below if none is named).

    ``admission``: the terms of admission, where the named unit is a community that has not the matter on its list.
    """

    reason: str
    unit: Unit | None = None
    admission: Terms | None = None
    act: Literal["send_down"] = "send_down"


@dataclass(frozen=True, slots=True)
class Reassign:
    """Give the lead leg to another unit of the dispatcher's own accord (改派).

    ``admission``: the terms of admission, where the named unit is a community that has not the matter on its list.
    ``reach``: how far the dispatcher's word goes.
    """

    unit: Unit
    reason: str
    admission: Terms | None = None
    reach: Reach | None = None
    act: Literal["reassign"] = "reassign"


@dataclass(frozen=True, slots=True)
class Delegate:
    """Pass a share down to a subordinate unit; the delegating unit keeps the deadline and the score.

    The share has the limit ``within``, else ``share`` per cent of the lead leg's; neither: no limit.
    """

    leg: str
    unit: Unit
    task: str
    within: Duration | None = None
    mandatory: bool = False
    share: int | None = None
    act: Literal["delegate"] = "delegate"


@dataclass(frozen=True, slots=True)
class StartJoint:
    """Ask another unit to contribute.

    The share has the limit ``within``, else ``share`` per cent of the lead leg's; neither: no limit. ``mandatory``: the
    request's join rule counts it, and ``join`` sets that rule where nobody has. ``reach``: how far the author's word
    goes.
    """

    unit: Unit
    task: str
    within: Duration | None = None
    mandatory: bool = False
    share: int | None = None
    join: JoinRule | None = None
    reach: Reach | None = None
    act: Literal["start_joint"] = "start_joint"


@dataclass(frozen=True, slots=True)
class DeclineJoint:
    """Decline a joint leg that is not mandatory, before signing it."""

    leg: str
    reason: str
    act: Literal["decline_joint"] = "decline_joint"


@dataclass(frozen=True, slots=True)
class RemoveJoint:
    """Let a joint unit go."""

    leg: str
    reason: str
    act: Literal["remove_joint"] = "remove_joint"


@dataclass(frozen=True, slots=True)
class SetJoinRule:
    """Say which contributions the reply waits for."""

    rule: JoinRule
    reason: str
    act: Literal["set_join_rule"] = "set_join_rule"
