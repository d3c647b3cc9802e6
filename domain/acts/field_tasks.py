"""Acts of sending somebody outside the platform to the spot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from domain.field_tasks import FieldParty
from domain.time.durations import Duration


@dataclass(frozen=True, slots=True)
class GiveFieldTask:
    """Send a property firm, a volunteer team or another field party to the spot."""

    party: FieldParty
    name: str
    text: str
    within: Duration
    act: Literal["give_field_task"] = "give_field_task"


@dataclass(frozen=True, slots=True)
class ReportFieldTask:
    """Report what was done on the spot, or that it could not be."""

    task: str
    done: bool
    text: str
    evidence: tuple[str, ...] = ()
    act: Literal["report_field_task"] = "report_field_task"


@dataclass(frozen=True, slots=True)
class RecallFieldTask:
    """Take a field task back."""

    task: str
    reason: str
    act: Literal["recall_field_task"] = "recall_field_task"
