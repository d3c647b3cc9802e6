"""How stories begin, and how they end."""

from __future__ import annotations

from dataclasses import dataclass

from domain.cases.state import CaseState
from domain.request import Intake, RequestState


@dataclass(frozen=True, slots=True)
class Story:
    """The input of a run. ``state`` is set when the story goes on from an earlier run, ``recall`` when it had ended:
    then the run first reads what has happened, since the engine may have forgotten it.

    ``continue_after`` is the history length, in events, after which a new run begins; it travels with the
    story so that a replay decides as the first execution did."""

    intake: Intake
    continue_after: int
    run: int = 1
    state: RequestState | None = None
    recall: bool = False


@dataclass(frozen=True, slots=True)
class Ending:
    """How the story ended."""

    number: str
    state: str
    how: str | None
    events: int


@dataclass(frozen=True, slots=True)
class CaseStory:
    """The input of a run of a case with a partner. ``recorded`` is the version that is written down already;
    ``continue_after`` as in :class:`Story`.
    """

    state: CaseState
    continue_after: int
    recorded: int = 0


@dataclass(frozen=True, slots=True)
class CaseEnding:
    """How a case ended."""

    case: str
    status: str
    version: int
