"""What it means that a whistle is not heeded: each limit speaks once.

Whoever does not acknowledge is alarmed; whoever does not come gets a yellow card; at the second miss, or when plan or
result are overdue, the district joins by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from domain.events import AlarmRaised, AttendanceMissed, DistrictJoined, Fact, Supervised
from domain.limits.clock import ClockKind
from domain.limits.deadlines import Deadline
from domain.request import Body, Card, RequestState
from domain.responsibility.ladder import raised
from domain.whistles import Summons, Whistle

MISSES_TO_JOIN = 2
"""The district joins at so many missed attendances within one request."""


def not_acknowledged(state: RequestState, due: Deadline) -> Iterator[Fact]:
    """The department's head is alarmed, and the duty leader with them."""
    _, summons = _called(state, due)
    detail = f"{summons.id} {summons.unit.code}: not acknowledged by {due.due_at.isoformat()}"
    yield AlarmRaised("whistle_not_acknowledged", "duty_leader", detail)


def not_attended(state: RequestState, due: Deadline) -> Iterator[Fact]:
    """The department has missed the whistle."""
    present, summons = _called(state, due)
    yield AttendanceMissed(present.id, summons.id, Card.YELLOW)
    missed = sum(each.missed_at is not None for one in state.whistles for each in one.summonses)
    if missed + 1 >= MISSES_TO_JOIN:
        yield from _district_joins(state, present, "second_miss")


def overdue(state: RequestState, due: Deadline) -> Iterator[Fact]:
    """Neither a plan nor a result by its limit."""
    present = state.whistle(due.clock.leg or "")
    assert present is not None, "a whistle's limit runs for a whistle"
    cause = "plan_overdue" if due.clock.kind is ClockKind.WHISTLE_PLAN else "result_overdue"
    yield from _district_joins(state, present, cause)


def _district_joins(
    state: RequestState, present: Whistle, cause: Literal["second_miss", "plan_overdue", "result_overdue"]
) -> Iterator[Fact]:
    if present.district_joined_at is not None:
        return
    yield DistrictJoined(present.id, cause)
    body = raised(state.supervised_by, Body.DISTRICT)
    if body is not state.supervised_by:
        yield Supervised(None, body, None, "whistle", f"{present.id}: {cause}")


def _called(state: RequestState, due: Deadline) -> tuple[Whistle, Summons]:
    summons_id = due.clock.leg or ""
    present = state.whistle(summons_id.partition(".")[0])
    assert present is not None, "a summons belongs to a whistle"
    return present, present.summons(summons_id)
