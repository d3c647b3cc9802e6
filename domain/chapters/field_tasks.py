"""The spot: sending somebody outside the platform there, and hearing from them.

A field task is a help to the unit that gave it. It moves no deadline, and the request waits for none."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from domain.chapters.confidentiality import must_not_be_confidential
from domain.chapters.handling import own_lead
from domain.commands import GiveFieldTask, RecallFieldTask, ReportFieldTask
from domain.events import (
    Fact,
    FieldTaskGiven,
    FieldTaskLapsed,
    FieldTaskRecalled,
    FieldTaskReported,
)
from domain.evidence import bounded
from domain.field_tasks import FieldTask, FieldTaskState
from domain.limits.deadlines import Deadline
from domain.limits.named import must_end_by
from domain.refusals import Refused
from domain.request import RequestState
from domain.texts import required_text
from domain.units import Actor, Role

MOST_FIELD_TASKS = 20
"""Of one request, over all its cycles."""

LONGEST_FIELD_TASK = timedelta(days=30)


def give_field_task(state: RequestState, act: GiveFieldTask, by: Actor, now: datetime) -> Iterator[Fact]:
    """The unit that answers for the request sends a field party; a confidential matter is shown to none."""
    lead = own_lead(state, by)
    must_not_be_confidential(state, "no field party may hear of it")
    if len(state.field_tasks) >= MOST_FIELD_TASKS:
        raise Refused(
            "too_many_field_tasks",
            "task",
            f"the request has had {len(state.field_tasks)} field tasks",
            f"at most {MOST_FIELD_TASKS}",
        )
    longest = f"{LONGEST_FIELD_TASK.days}d"
    must_end_by(now + LONGEST_FIELD_TASK, act.within, now, state.calendar, field="within", at_most=longest)
    task = f"f{len(state.field_tasks) + 1}"
    name, text = required_text(act.name, "name"), required_text(act.text, "text")
    yield FieldTaskGiven(task, act.party, name, text, lead.id, act.within)


def report_field_task(state: RequestState, act: ReportFieldTask, by: Actor, _now: datetime) -> Iterator[Fact]:
    """The field party reports, or the unit writes down what it was told."""
    task = _waiting(state, act.task)
    if by.role is not Role.PARTNER:
        own_lead(state, by)
    evidence = bounded(act.evidence)
    yield FieldTaskReported(task.id, act.done, required_text(act.text, "text"), evidence)


def recall_field_task(state: RequestState, act: RecallFieldTask, by: Actor, _now: datetime) -> Iterator[Fact]:
    """The unit that answers for the request needs the field party no longer."""
    task = _waiting(state, act.task)
    own_lead(state, by)
    yield FieldTaskRecalled(task.id, required_text(act.reason, "reason"))


def not_reported_back(state: RequestState, due: Deadline) -> Iterator[Fact]:
    """The field party stayed silent: the unit goes and looks itself."""
    del state
    assert due.clock.leg is not None, "the clock of a field task names it"
    yield FieldTaskLapsed(due.clock.leg)


def _waiting(state: RequestState, task_id: str) -> FieldTask:
    task = next((each for each in state.field_tasks if each.id == task_id), None)
    if task is None:
        raise Refused(
            "field_task_unknown",
            "task",
            f"request {state.number} has no field task {task_id!r}",
            ", ".join(each.id for each in state.field_tasks) or "no field task yet",
        )
    if task.state is not FieldTaskState.GIVEN:
        raise Refused(
            "field_task_ended", "task", f"field task {task.id} is {task.state}", "a task that waits"
        )
    return task
