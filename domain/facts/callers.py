"""Facts of many callers with one matter, and of matters taken up again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from domain.partners import Case
from domain.request import (
    ReopenCause,
    State,
)


@dataclass(frozen=True, slots=True)
class Merged:
    """The request follows another one on the same matter (并案), and is answered through it."""

    parent: str
    reason: str = ""
    awaits_answer: bool = False
    """Whether the parent's answer will be told to it; an earlier release told nobody."""
    kind: Literal["merged"] = "merged"


@dataclass(frozen=True, slots=True)
class Adopted:
    """Another caller's request on the same matter was merged into this one, with its open ``cases`` with partners."""

    child: str
    has_contact: bool
    people: int = 1
    cases: tuple[Case, ...] = ()
    awaits_answer: bool = False
    kind: Literal["adopted"] = "adopted"


@dataclass(frozen=True, slots=True)
class Disowned:
    """A request that was merged into this one goes its own way again."""

    child: str
    kind: Literal["disowned"] = "disowned"


@dataclass(frozen=True, slots=True)
class AnsweredThrough:
    """The request that this one follows ended with an answer at ``answered_at`` (UTC), which answers this one's caller
    too; ``None``: it was opened again, and the answer does not count any more. ``called_back``: this one's caller is
    asked.
    """

    parent: str
    answered_at: datetime | None
    outcome: str = ""
    called_back: bool = False
    kind: Literal["answered_through"] = "answered_through"


@dataclass(frozen=True, slots=True)
class CallbackEnded:
    """The caller of a merged request was asked about the answer, or could not be; it stays merged."""

    how: Literal["rated", "unreachable", "callback_silent"]
    kind: Literal["callback_ended"] = "callback_ended"


@dataclass(frozen=True, slots=True)
class GroupFlagged:
    """The matter became one of a group (群体性诉求): so many callers, or so many persons they speak for."""

    callers: int
    people: int
    kind: Literal["group_flagged"] = "group_flagged"


@dataclass(frozen=True, slots=True)
class Reopened:
    """An ended request was opened again (重启) in a new cycle, with ``percent`` of its total limit.

    ``to`` is where it goes on, ``left`` the request that it followed until now.
    """

    cause: ReopenCause
    reason: str
    percent: int
    to: State
    left: str | None = None
    kind: Literal["reopened"] = "reopened"
