"""Facts of many callers with one matter, and of matters taken up again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from domain.request import (
    ReopenCause,
    State,
)


@dataclass(frozen=True, slots=True)
class Merged:
    """The request follows another one on the same matter (并案), and is answered through it."""

    parent: str
    reason: str = ""
    kind: Literal["merged"] = "merged"


@dataclass(frozen=True, slots=True)
class Adopted:
    """Another caller's request on the same matter was merged into this one."""

    child: str
    has_contact: bool
    people: int = 1
    kind: Literal["adopted"] = "adopted"


@dataclass(frozen=True, slots=True)
class Disowned:
    """A request that was merged into this one goes its own way again."""

    child: str
    kind: Literal["disowned"] = "disowned"


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
