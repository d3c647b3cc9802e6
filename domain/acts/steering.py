"""Acts of steering from above."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from domain.request import Card, PolicySnapshot
from domain.time.calendar import WorkingCalendar


@dataclass(frozen=True, slots=True)
class Urge:
    """Urge the handling unit; a citizen at most once a local day."""

    note: str = ""
    act: Literal["urge"] = "urge"


@dataclass(frozen=True, slots=True)
class Supervise:
    """Put the request under supervision, with a card if wanted."""

    reason: str
    card: Card | None = None
    act: Literal["supervise"] = "supervise"


@dataclass(frozen=True, slots=True)
class CancelCard:
    """Take a card back from a leg; only the level that issued it, or a higher one."""

    leg: str
    card: Card
    reason: str
    act: Literal["cancel_card"] = "cancel_card"


@dataclass(frozen=True, slots=True)
class RaiseCard:
    """Add the red card to the yellow one of a leg: its unit has had two yellow cards within a month."""

    leg: str
    reason: str
    act: Literal["raise_card"] = "raise_card"


@dataclass(frozen=True, slots=True)
class Recalculate:
    """Count the request's deadlines in a corrected calendar."""

    calendar: WorkingCalendar
    reason: str
    act: Literal["recalculate"] = "recalculate"


@dataclass(frozen=True, slots=True)
class MovePolicy:
    """Put the request under another version of its policy, or under another policy.

    ``seen``: code and version of the policy under which the request was looked at; it is moved from no other one.
    """

    snapshot: PolicySnapshot
    reason: str
    seen: tuple[str, int] | None = None
    act: Literal["move_policy"] = "move_policy"
