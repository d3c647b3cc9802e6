"""Facts of sending somebody outside the platform to the spot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from domain.field_tasks import FieldParty
from domain.time.durations import Duration


@dataclass(frozen=True, slots=True)
class FieldTaskGiven:
    """A field party was sent to the spot (现场任务); it has ``within`` to report."""

    task: str
    party: FieldParty
    name: str
    text: str
    leg: str
    within: Duration
    kind: Literal["field_task_given"] = "field_task_given"


@dataclass(frozen=True, slots=True)
class FieldTaskReported:
    """The field party reported (现场反馈)."""

    task: str
    done: bool
    text: str
    evidence: tuple[str, ...]
    kind: Literal["field_task_reported"] = "field_task_reported"


@dataclass(frozen=True, slots=True)
class FieldTaskRecalled:
    """A field task was taken back (撤回现场任务)."""

    task: str
    reason: str
    kind: Literal["field_task_recalled"] = "field_task_recalled"


@dataclass(frozen=True, slots=True)
class FieldTaskLapsed:
    """Nobody reported on a field task by its limit (现场任务逾期失效)."""

    task: str
    kind: Literal["field_task_lapsed"] = "field_task_lapsed"
