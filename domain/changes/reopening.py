"""What reopening changes: a new cycle begins, and nothing of what was counted before is forgotten."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from domain import events as happened
from domain.cases.open_cases import ENDS_WITHOUT_ANSWER
from domain.changes.edits import Change, owe_interim_report, promised, start_clock, stop_clock
from domain.events import Event
from domain.limits.clock import ClockKind
from domain.partners import Case
from domain.request import Light, RequestState, State


def _reopened(state: RequestState, fact: happened.Reopened, event: Event) -> RequestState:
    state = replace(
        stop_clock(state, event.at, ClockKind.CALLBACK),
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
        awaits_answer=False,
        answered_at=None,
        children=() if state.state in ENDS_WITHOUT_ANSWER else state.children,
        commitment_due=None,
        partner=None,
        cases=tuple(_taken_back(state, case) for case in state.cases),
    )
    if fact.to is State.REGISTERED:
        return start_clock(state, ClockKind.REGISTRATION, state.intake.common.registration, event.at)
    policy = promised(state).policy
    state = start_clock(state, ClockKind.TOTAL, policy.total, event.at, percent=fact.percent)
    state = owe_interim_report(state, event.at, fact.percent)
    if fact.to is State.PENDING_DISPATCH:
        return start_clock(state, ClockKind.DISPATCH, policy.dispatch, event.at)
    return state


def _taken_back(state: RequestState, case: Case) -> Case:
    """The cases that a request handed over itself come with it when it goes its own way again."""
    return replace(case, held_by="") if case.request == state.number else case


CHANGES: dict[type[Any], Change] = {happened.Reopened: _reopened}
