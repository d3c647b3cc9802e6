"""What reopening changes: a new cycle begins, and nothing of what was counted before is forgotten."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from domain import events as happened
from domain.changes.edits import Change, owe_interim_report, promised, start_clock
from domain.clock import ClockKind
from domain.events import Event
from domain.request import Light, RequestState, State

_SENT_ON = frozenset({State.WITHDRAWN, State.TRANSFERRED_OUT})
"""Ends without an answer: whoever followed the request goes on alone from then on."""


def _reopened(state: RequestState, fact: happened.Reopened, event: Event) -> RequestState:
    state = replace(
        state,
        state=fact.to,
        cycle=state.cycle + 1,
        ended_at=None,
        ended_how=None,
        submitted_at=None,
        reply=None,
        rating=None,
        callback_tries=(),
        light=Light.GREEN,
        parent=None,
        children=() if state.state in _SENT_ON else state.children,
        commitment_due=None,
        partner=None,
    )
    if fact.to is State.REGISTERED:
        return start_clock(state, ClockKind.REGISTRATION, state.intake.common.registration, event.at)
    policy = promised(state).policy
    state = start_clock(state, ClockKind.TOTAL, policy.total, event.at, percent=fact.percent)
    state = owe_interim_report(state, event.at, fact.percent)
    if fact.to is State.PENDING_DISPATCH:
        return start_clock(state, ClockKind.DISPATCH, policy.dispatch, event.at)
    return state


CHANGES: dict[type[Any], Change] = {happened.Reopened: _reopened}
