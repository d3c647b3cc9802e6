"""What words on a request change: what waits to be acknowledged, what is attached, who may see it; no deadline, but
for the interim report's own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from domain import events as happened
from domain.changes.edits import Change, owe_interim_report, restrict
from domain.events import Event
from domain.limits.clock import ClockKind
from domain.request import RequestState


def _commented(state: RequestState, fact: happened.Commented, event: Event) -> RequestState:
    del fact, event
    return state


def _instructed(state: RequestState, fact: happened.Instructed, event: Event) -> RequestState:
    del event
    return replace(
        state, instructed=state.instructed + 1, instructions=(*state.instructions, fact.instruction)
    )


def _acknowledged(state: RequestState, fact: happened.Acknowledged, event: Event) -> RequestState:
    del event
    waiting = tuple(each for each in state.instructions if each != fact.instruction)
    return replace(state, instructions=waiting)


def _attached(state: RequestState, fact: happened.Attached, event: Event) -> RequestState:
    del event
    return replace(state, attachments=(*state.attachments, fact.attachment))


def _interim_reported(state: RequestState, fact: happened.InterimReported, event: Event) -> RequestState:
    del fact
    is_owed = state.clock(ClockKind.INTERIM) is not None
    return owe_interim_report(state, event.at) if is_owed else state


def _marked_confidential(
    state: RequestState, fact: happened.MarkedConfidential, event: Event
) -> RequestState:
    del event
    return restrict(state, fact.visibility)


CHANGES: dict[type[Any], Change] = {
    happened.Commented: _commented,
    happened.Instructed: _instructed,
    happened.Acknowledged: _acknowledged,
    happened.Attached: _attached,
    happened.InterimReported: _interim_reported,
    happened.MarkedConfidential: _marked_confidential,
}
