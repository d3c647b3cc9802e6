"""Who hears of a field task: the unit that answers for the request."""

from __future__ import annotations

from collections.abc import Iterator

from domain import events as happened
from domain.events import Event
from domain.notices.recipients import Words, by_another, to_lead
from domain.request import RequestState


def words_of_field_tasks(state: RequestState, event: Event) -> Iterator[Words]:
    """What is said about a field task; ``state`` is the state after the event."""
    match event.what:
        case happened.FieldTaskReported(task=task, done=True, text=text):
            yield from to_lead(state, f"现场任务 {task} 已完成：{text}", f"field task {task} is done: {text}")
        case happened.FieldTaskReported(task=task, text=text):
            yield from to_lead(
                state, f"现场任务 {task} 未能完成：{text}", f"field task {task} could not be done: {text}"
            )
        case happened.FieldTaskLapsed(task=task):
            yield from to_lead(
                state,
                f"现场任务 {task} 逾期无反馈，请自行到场",
                f"nobody reported on field task {task}: please go yourself",
            )
        case happened.FieldTaskRecalled(task=task) if by_another(state, event):
            # The field party has no inbox: whoever sent it must tell it.
            yield from to_lead(
                state,
                f"现场任务 {task} 已撤回，请告知现场人员",
                f"field task {task} is taken back: please tell who was sent",
            )
        case _:
            return
