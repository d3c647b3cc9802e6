"""Who is let go when a request ends: units that still held a leg of it, and departments that a whistle had called.

The unit that answered hears nothing of the end: that its reply was good is the straight course.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from domain import events as happened
from domain.events import Event
from domain.field_tasks import FieldTaskState
from domain.notices.recipients import Words
from domain.request import LegEnd, LegRole, RequestState, State
from domain.whistles import WhistleEnd

ENDS = (
    happened.Closed,
    happened.PutIntoBacklog,
    happened.Withdrawn,
    happened.Merged,
    happened.TransferredOut,
    happened.Voided,
)
"""The facts with which a request ends that units may still be at work on."""

_WHY = {
    State.CLOSED: ("已办结", "it is closed"),
    State.WITHDRAWN: ("诉求人已撤诉", "its caller has withdrawn it"),
    State.MERGED: ("已与其他诉求合并办理", "it is handled together with another request"),
    State.TRANSFERRED_OUT: ("已转出", "it was passed on to another channel"),
    State.VOIDED: ("已作废", "it was voided"),
}

_LET_GO = frozenset({LegEnd.RELEASED, LegEnd.WITHDRAWN})


def words_of_an_end(state: RequestState, event: Event) -> Iterator[Words]:
    """One message for each unit that need do nothing more; ``state`` is the state after the event."""
    if not isinstance(event.what, ENDS):
        return
    over: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for unit, zh, en in (*_legs(state), *_whistles(state), *_field_tasks(state)):
        over[unit].append((zh, en))
    why_zh, why_en = _WHY[state.state]
    for unit, parts in over.items():
        zh, en = "；".join(part[0] for part in parts), "; ".join(part[1] for part in parts)
        yield Words(unit, f"{why_zh}：{zh}", f"{why_en}: {en}")


def _legs(state: RequestState) -> Iterator[tuple[str, str, str]]:
    for leg in state.legs:
        if leg.ended_at != state.ended_at or leg.end not in _LET_GO:
            continue
        if leg.role is LegRole.JOINT:
            yield leg.unit.code, "你单位协办终止", "your joint share ends"
        elif state.state is not State.CLOSED:
            yield leg.unit.code, "请停止办理", "please stop working on it"


def _whistles(state: RequestState) -> Iterator[tuple[str, str, str]]:
    for whistle in state.whistles:
        if whistle.ended_at != state.ended_at or whistle.end is not WhistleEnd.CANCELLED:
            continue
        for each in whistle.summonses:
            yield (
                each.unit.code,
                f"吹哨 {whistle.id} 取消，无需报到",
                f"whistle {whistle.id} is cancelled, nobody need come",
            )
        yield whistle.town.code, f"吹哨 {whistle.id} 取消", f"whistle {whistle.id} is cancelled"


def _field_tasks(state: RequestState) -> Iterator[tuple[str, str, str]]:
    """The field party itself is reached only through the unit that sent it."""
    if state.last_lead is None:
        return
    for task in state.field_tasks:
        if task.state is FieldTaskState.LAPSED and task.ended_at == state.ended_at:
            yield (
                state.last_lead.unit.code,
                f"现场任务 {task.id} 终止，请告知{task.name}",
                f"field task {task.id} ends, please tell {task.name}",
            )
