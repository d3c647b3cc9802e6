"""Acts of closing the loop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class SubmitReply:
    """Complete a leg: the lead leg's reply, or a joint leg's contribution."""

    leg: str
    outcome: str
    text: str
    evidence: tuple[str, ...] = ()
    act: Literal["submit_reply"] = "submit_reply"


@dataclass(frozen=True, slots=True)
class RefuseReply:
    """Record that a unit's answer was refused because the request had moved on."""

    leg: str
    code: str
    reason: str
    act: Literal["refuse_reply"] = "refuse_reply"


@dataclass(frozen=True, slots=True)
class ReviewPass:
    """Pass the reply."""

    act: Literal["review_pass"] = "review_pass"


@dataclass(frozen=True, slots=True)
class ReviewBack:
    """Send the reply back to the same unit."""

    reason: str
    act: Literal["review_back"] = "review_back"


@dataclass(frozen=True, slots=True)
class Callback:
    """Record one callback attempt and what the citizen said. ``attributable``: the unit could have done
    better.
    """

    contacted: bool
    truthful: bool | None = None
    solved: bool | None = None
    satisfied: bool | None = None
    attributable: bool = False
    note: str = ""
    act: Literal["callback"] = "callback"


@dataclass(frozen=True, slots=True)
class Redo:
    """Order a new cycle by decision."""

    reason: str
    act: Literal["redo"] = "redo"


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Withdraw the request for the citizen."""

    reason: str = ""
    act: Literal["withdraw"] = "withdraw"
