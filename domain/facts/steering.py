"""Facts of steering from above: urging, supervision, corrections."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from domain.request import (
    Body,
    Card,
    PolicySnapshot,
)
from domain.time.calendar import WorkingCalendar


@dataclass(frozen=True, slots=True)
class Urged:
    """The handling unit was urged (催办)."""

    note: str
    kind: Literal["urged"] = "urged"


@dataclass(frozen=True, slots=True)
class Supervised:
    """Supervision was set or raised (督办), with a card where the leg had none of that colour."""

    leg: str | None
    body: Body
    card: Card | None
    cause: Literal["dwell", "total", "reminder", "redo", "ordered", "two_yellow_cards", "share", "whistle"]
    reason: str = ""
    black_list: bool = False
    kind: Literal["supervised"] = "supervised"


@dataclass(frozen=True, slots=True)
class CardCancelled:
    """A card was taken back from a leg (撤销督办牌)."""

    leg: str
    card: Card
    reason: str
    kind: Literal["card_cancelled"] = "card_cancelled"


@dataclass(frozen=True, slots=True)
class CalendarCorrected:
    """The request's calendar was replaced by an explicit order (a newly published year, a stop of work);
    deadlines follow it.
    """

    calendar: WorkingCalendar
    reason: str
    kind: Literal["calendar_corrected"] = "calendar_corrected"


@dataclass(frozen=True, slots=True)
class PolicyMoved:
    """The request was put under another promise by an explicit order (迁移政策): another version, or the policy of a
    surge; deadlines follow it, what fired stays fired.
    """

    policy: str
    version: int
    from_policy: str
    from_version: int
    snapshot: PolicySnapshot
    reason: str
    kind: Literal["policy_moved"] = "policy_moved"
