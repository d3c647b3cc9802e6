"""Facts that time brings, and the story's own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from domain.levels import Level
from domain.limits.clock import ClockKind


@dataclass(frozen=True, slots=True)
class DeadlineFired:
    """A threshold of a clock passed. ``lateness_seconds`` counts from the due instant, or from the instant at
    which a held clock could speak again, to the event.
    """

    clock: ClockKind
    leg: str | None
    level: Level | None
    percent: int
    due_at: datetime
    lateness_seconds: float
    notify: str
    kind: Literal["deadline_fired"] = "deadline_fired"


@dataclass(frozen=True, slots=True)
class AlarmRaised:
    """Something needs a person's eye: a vacant post, a request nobody judged, a dispatcher's silence."""

    what: Literal[
        "not_judged",
        "not_dispatched",
        "post_vacant",
        "not_reviewed",
        "not_ruled",
        "not_deliberated",
        "partner_silent",
        "case_overdue",
        "case_corrected",
        "case_refused",
        "no_interim_report",
        "commitment_to_review",
        "whistle_not_acknowledged",
        "whistle_objection",
        "proposal",
    ]
    to: str
    detail: str = ""
    kind: Literal["alarm_raised"] = "alarm_raised"


@dataclass(frozen=True, slots=True)
class StoryContinued:
    """The workflow went on in a new run; every open leg is awaited under its next id."""

    run: int
    kind: Literal["story_continued"] = "story_continued"
