"""Acts of many callers with one matter, and of matters taken up again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from domain.partners import Case
from domain.request import ReopenCause, State


@dataclass(frozen=True, slots=True)
class Merge:
    """Let the request follow another one on the same matter; its caller is answered through that one.

    ``parent_state`` is where the other request stands, as the door found it; ``None``: there is none.
    """

    parent: str
    parent_state: State | None = None
    reason: str = ""
    act: Literal["merge"] = "merge"


@dataclass(frozen=True, slots=True)
class Adopt:
    """Take in a request that was merged into this one, with its caller and its open cases with partners."""

    child: str
    has_contact: bool
    people: int = 1
    cases: tuple[Case, ...] = ()
    awaits_answer: bool = False
    """Whether it is to be told of this one's answer; one that an earlier release merged is not."""
    act: Literal["adopt"] = "adopt"


@dataclass(frozen=True, slots=True)
class Disown:
    """Let go of a request that was merged into this one and goes its own way again."""

    child: str
    act: Literal["disown"] = "disown"


@dataclass(frozen=True, slots=True)
class HearAnswer:
    """Hear that the request which this one follows was answered at ``answered_at`` (UTC); ``None``: it was opened
    again, and another answer will come. ``outcome`` is that of its unit's reply, empty where it ended without one.
    """

    parent: str
    answered_at: datetime | None
    outcome: str = ""
    act: Literal["hear_answer"] = "hear_answer"


@dataclass(frozen=True, slots=True)
class Reopen:
    """Open an ended request again, in a new cycle. ``parent`` is the one that is gone, where that is the cause."""

    reason: str
    cause: ReopenCause = ReopenCause.DISSATISFIED
    parent: str | None = None
    act: Literal["reopen"] = "reopen"


@dataclass(frozen=True, slots=True)
class RemindOfCommitment:
    """Remind the centre of a commitment whose date lies ahead."""

    act: Literal["remind_of_commitment"] = "remind_of_commitment"
