"""What the facts of sharing the work change: joint legs come and go, and nothing else moves."""

from __future__ import annotations

from typing import Any

from domain import events as happened
from domain.changes.edits import Change, end_leg
from domain.events import Event
from domain.request import LegEnd, RequestState


def _joint_declined(state: RequestState, fact: happened.JointDeclined, event: Event) -> RequestState:
    return end_leg(state, fact.leg, LegEnd.DECLINED, event.at)


def _joint_removed(state: RequestState, fact: happened.JointRemoved, event: Event) -> RequestState:
    leg = state.leg(fact.leg)
    was_asked = leg is not None and bool(leg.task)
    return end_leg(state, fact.leg, LegEnd.REMOVED if was_asked else LegEnd.RELEASED, event.at)


CHANGES: dict[type[Any], Change] = {
    happened.JointDeclined: _joint_declined,
    happened.JointRemoved: _joint_removed,
}
