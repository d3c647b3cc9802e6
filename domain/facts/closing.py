"""Facts of closing the loop: replies, reviews, callbacks, the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class ReplySubmitted:
    """The lead unit replied (反馈); the total clock is held from here."""

    leg: str
    outcome: str
    text: str
    evidence: tuple[str, ...] = ()
    kind: Literal["reply_submitted"] = "reply_submitted"


@dataclass(frozen=True, slots=True)
class ReplyRefused:
    """A unit's answer met a request that had moved on; the unit is awaited again if its leg is still open."""

    leg: str
    code: str
    reason: str
    kind: Literal["reply_refused"] = "reply_refused"


@dataclass(frozen=True, slots=True)
class Contributed:
    """A joint unit finished its share; this is never the reply."""

    leg: str
    outcome: str
    text: str
    evidence: tuple[str, ...] = ()
    kind: Literal["contributed"] = "contributed"


@dataclass(frozen=True, slots=True)
class ReviewPassed:
    """The reply passed its review (审核通过); automatic after a silence of two review limits."""

    automatic: bool = False
    kind: Literal["review_passed"] = "review_passed"


@dataclass(frozen=True, slots=True)
class ReviewedBack:
    """The reviewer sent the reply back to the same unit (回退重办); the clocks go on as if never stopped."""

    reason: str
    kind: Literal["reviewed_back"] = "reviewed_back"


@dataclass(frozen=True, slots=True)
class CallbackTried:
    """One attempt to call the citizen back (回访), with what was said."""

    contacted: bool
    truthful: bool | None = None
    solved: bool | None = None
    satisfied: bool | None = None
    attributable: bool = False
    note: str = ""
    kind: Literal["callback_tried"] = "callback_tried"


@dataclass(frozen=True, slots=True)
class RedoOrdered:
    """A new cycle begins (重办): a shorter total of its own, the cumulative clock carried on."""

    reason: str
    percent: int
    automatic: bool
    kind: Literal["redo_ordered"] = "redo_ordered"


@dataclass(frozen=True, slots=True)
class Closed:
    """The request ended with an answer (办结). Closed and solved are two things; ``how`` says what closed
    it.
    """

    how: Literal["rated", "unreachable", "callback_silent", "not_called"]
    outcome: str
    kind: Literal["closed"] = "closed"


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The citizen withdrew the request (撤诉)."""

    reason: str
    kind: Literal["withdrawn"] = "withdrawn"


@dataclass(frozen=True, slots=True)
class OwnInitiative:
    """The citizen withdrew from a matter of public safety: it goes on without them (转自行发现), with no callback."""

    reason: str
    kind: Literal["own_initiative"] = "own_initiative"
