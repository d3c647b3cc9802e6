"""What the facts of merging change: who follows whom, and how many callers a matter has."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from domain import events as happened
from domain.changes.edits import Change, end, promised, start_clock, stop_clock
from domain.events import Event
from domain.limits.clock import ClockKind
from domain.partners import Case
from domain.request import Child, RequestState, State


def _merged(state: RequestState, fact: happened.Merged, event: Event) -> RequestState:
    cases = tuple(_held_by(case, fact.parent) if case.is_open else case for case in state.cases)
    merged = end(state, State.MERGED, "merged", event.at)
    return replace(
        merged, parent=fact.parent, cases=cases, awaits_answer=fact.awaits_answer, answered_at=None
    )


def _answered_through(state: RequestState, fact: happened.AnsweredThrough, event: Event) -> RequestState:
    """Every answer is asked about by itself: what was said of an earlier one is not carried over."""
    state = replace(
        stop_clock(state, event.at, ClockKind.CALLBACK),
        awaits_answer=fact.answered_at is None,
        answered_at=fact.answered_at,
        callback_tries=(),
        rating=None,
    )
    if not fact.called_back:
        return state
    return start_clock(state, ClockKind.CALLBACK, promised(state).policy.callback_within, event.at)


def _callback_ended(state: RequestState, fact: happened.CallbackEnded, event: Event) -> RequestState:
    del fact
    return stop_clock(state, event.at, ClockKind.CALLBACK)


def _adopted(state: RequestState, fact: happened.Adopted, event: Event) -> RequestState:
    del event
    child = Child(fact.child, fact.has_contact, fact.people, fact.awaits_answer)
    taken = {case.id: case for case in fact.cases}
    kept = tuple(case for case in state.cases if case.id not in taken)
    return replace(state, children=(*state.children, child), cases=(*kept, *taken.values()))


def _disowned(state: RequestState, fact: happened.Disowned, event: Event) -> RequestState:
    del event
    children = tuple(child for child in state.children if child.number != fact.child)
    cases = tuple(_held_by(case, fact.child) if case.request == fact.child else case for case in state.cases)
    return replace(state, children=children, cases=cases)


def _held_by(case: Case, holder: str) -> Case:
    return replace(case, held_by=holder)


def _group_flagged(state: RequestState, fact: happened.GroupFlagged, event: Event) -> RequestState:
    del fact, event
    return replace(state, group_matter=True)


CHANGES: dict[type[Any], Change] = {
    happened.Merged: _merged,
    happened.AnsweredThrough: _answered_through,
    happened.CallbackEnded: _callback_ended,
    happened.Adopted: _adopted,
    happened.Disowned: _disowned,
    happened.GroupFlagged: _group_flagged,
}
