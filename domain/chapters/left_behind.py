"""What a request moves past: applications that have lost their object, joint legs of units that lead now, cases with
partners that nobody here answers for any more, and everybody who may not see it any longer.
"""

from __future__ import annotations

from collections.abc import Iterator

from domain.chapters.exceptions.applying import lapsed
from domain.chapters.neighbours import taken_back
from domain.events import Fact, FieldTaskRecalled, JointRemoved, WhistleEnded
from domain.field_tasks import FieldTaskState
from domain.request import LegRole, LegState, RequestState
from domain.whistles import WhistleEnd

_CONFIDENTIAL = "the request has become confidential"


def left_behind(state: RequestState) -> Iterator[Fact]:
    """The facts with which the system clears up after an act, or after what time has brought about."""
    yield from lapsed(state)
    yield from released(state)
    yield from taken_back(state)


def released(state: RequestState) -> Iterator[Fact]:
    """No unit holds two legs: the joint one ends when its unit is given the lead again."""
    held = [leg for leg in state.legs if leg.state is not LegState.ENDED]
    for place, leg in enumerate(held):
        later = next((each for each in held[place + 1 :] if each.unit.code == leg.unit.code), None)
        if leg.role is LegRole.JOINT and later is not None:
            yield JointRemoved(leg.id, f"its unit holds leg {later.id} now")


def shut_out(state: RequestState) -> Iterator[Fact]:
    """Nobody owes a share, an attendance or a report on what they may not see. A unit that led and stayed owes nothing,
    and stays.
    """
    for leg in state.legs:
        if leg.role is LegRole.JOINT and leg.is_open and leg.task:
            yield JointRemoved(leg.id, _CONFIDENTIAL)
    for whistle in state.whistles:
        if whistle.is_open:
            yield WhistleEnded(whistle.id, WhistleEnd.CANCELLED, _CONFIDENTIAL)
    for task in state.field_tasks:
        if task.state is FieldTaskState.GIVEN:
            yield FieldTaskRecalled(task.id, _CONFIDENTIAL)
