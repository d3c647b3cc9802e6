"""Where an undecided application can be decided, and when the request has moved past it.

Between the two it waits: its limit counts on, and speaks when the request is back where a decision has its effect.
"""

from __future__ import annotations

from collections.abc import Iterator

from domain.exceptions.applications import Application, ApplicationStatus, ExceptionKind
from domain.exceptions.rulings import is_ruled
from domain.request import LegRole, RequestState, State

OF_THE_LEAD = frozenset(
    {
        ExceptionKind.RETURN,
        ExceptionKind.DISPUTE,
        ExceptionKind.ADMISSION,
        ExceptionKind.HAND_UP,
        ExceptionKind.EXTENSION,
        ExceptionKind.SUSPENSION,
        ExceptionKind.BACKLOG,
        ExceptionKind.REMOVAL,
    }
)
"""Kinds that concern the unit that leads: they lapse with its leg, and when it has replied; a return also with a
ruling, which is final.
"""

_WITH_THE_UNIT = frozenset({State.PENDING_SIGN, State.IN_PROGRESS})

_DECIDED_IN: dict[ExceptionKind, frozenset[State]] = {
    ExceptionKind.RETURN: _WITH_THE_UNIT,
    ExceptionKind.DISPUTE: frozenset({State.IN_DISPUTE}),
    ExceptionKind.ADMISSION: frozenset({State.ADMISSION_REVIEW}),
    ExceptionKind.HAND_UP: frozenset({State.IN_PROGRESS}),
    ExceptionKind.SUSPENSION: frozenset({State.IN_PROGRESS}),
    ExceptionKind.BACKLOG: frozenset({State.IN_PROGRESS}),
}

_BEFORE_DISPATCH = frozenset({State.REGISTERED, State.AWAITING_INFO, State.PENDING_DISPATCH})


def can_be_decided(state: RequestState, asked: Application) -> bool:
    """Whether a decision would have its effect in the request's present state."""
    decided_in = _DECIDED_IN.get(asked.kind)
    return asked.status is ApplicationStatus.OPEN and (decided_in is None or state.state in decided_in)


def moved_past(state: RequestState) -> Iterator[Application]:
    """The undecided applications that have lost their object, in the order in which they were made."""
    for asked in state.undecided:
        if _has_moved_past(state, asked):
            yield asked


def _has_moved_past(state: RequestState, asked: Application) -> bool:
    if state.state.is_terminal:
        # The answer to an appeal is owed though the request was closed meanwhile.
        return asked.kind is not ExceptionKind.APPEAL or state.state is not State.CLOSED
    if asked.kind in OF_THE_LEAD:
        lead = state.lead
        settled = (asked.kind is ExceptionKind.RETURN and is_ruled(state)) or _has_contributed(state, asked)
        return settled or lead is None or lead.id != asked.leg or not lead.is_open
    match asked.kind:
        case ExceptionKind.TRANSFER_OUT:
            return state.submitted_at is not None
        case ExceptionKind.VOID:
            return state.state not in _BEFORE_DISPATCH
        case _:
            return False


def _has_contributed(state: RequestState, asked: Application) -> bool:
    """Whether the joint unit that was to be let go is not waited for any more."""
    if asked.kind is not ExceptionKind.REMOVAL or asked.unit is None:
        return False
    held = (leg for leg in state.legs if leg.role is LegRole.JOINT and leg.is_open)
    return all(leg.unit.code != asked.unit.code for leg in held)
