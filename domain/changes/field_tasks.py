"""What the facts of field tasks change: the tasks and their clocks, and nothing of the request's own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from domain import events as happened
from domain.changes.edits import Change, start_clock, stop_clock
from domain.events import Event
from domain.field_tasks import FieldTask, FieldTaskState
from domain.limits.clock import ClockKind
from domain.request import RequestState


def _field_task_given(state: RequestState, fact: happened.FieldTaskGiven, event: Event) -> RequestState:
    task = FieldTask(fact.task, fact.party, fact.name, fact.text, fact.leg, event.at, fact.within)
    given = replace(state, field_tasks=(*state.field_tasks, task))
    return start_clock(given, ClockKind.FIELD_TASK, fact.within, event.at, leg=task.id)


def _field_task_reported(state: RequestState, fact: happened.FieldTaskReported, event: Event) -> RequestState:
    how = FieldTaskState.DONE if fact.done else FieldTaskState.NOT_DONE
    return _ended(state, fact.task, how, event, report=fact.text, evidence=fact.evidence)


def _field_task_recalled(state: RequestState, fact: happened.FieldTaskRecalled, event: Event) -> RequestState:
    return _ended(state, fact.task, FieldTaskState.RECALLED, event)


def _field_task_lapsed(state: RequestState, fact: happened.FieldTaskLapsed, event: Event) -> RequestState:
    return _ended(state, fact.task, FieldTaskState.LAPSED, event)


def _ended(state: RequestState, task_id: str, how: FieldTaskState, event: Event, **said: Any) -> RequestState:
    tasks = tuple(
        replace(task, state=how, ended_at=event.at, **said) if task.id == task_id else task
        for task in state.field_tasks
    )
    return stop_clock(replace(state, field_tasks=tasks), event.at, ClockKind.FIELD_TASK, task_id)


CHANGES: dict[type[Any], Change] = {
    happened.FieldTaskGiven: _field_task_given,
    happened.FieldTaskReported: _field_task_reported,
    happened.FieldTaskRecalled: _field_task_recalled,
    happened.FieldTaskLapsed: _field_task_lapsed,
}
