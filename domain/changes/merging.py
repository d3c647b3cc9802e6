"""What the facts of merging change: who follows whom, and how many callers a matter has."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from domain import events as happened
from domain.changes.edits import Change, end
from domain.events import Event
from domain.request import Child, RequestState, State


def _merged(state: RequestState, fact: happened.Merged, event: Event) -> RequestState:
    return replace(end(state, State.MERGED, "merged", event.at), parent=fact.parent)


def _adopted(state: RequestState, fact: happened.Adopted, event: Event) -> RequestState:
    del event
    return replace(state, children=(*state.children, Child(fact.child, fact.has_contact, fact.people)))


def _disowned(state: RequestState, fact: happened.Disowned, event: Event) -> RequestState:
    del event
    return replace(state, children=tuple(child for child in state.children if child.number != fact.child))


def _group_flagged(state: RequestState, fact: happened.GroupFlagged, event: Event) -> RequestState:
    del fact, event
    return replace(state, group_matter=True)


CHANGES: dict[type[Any], Change] = {
    happened.Merged: _merged,
    happened.Adopted: _adopted,
    happened.Disowned: _disowned,
    happened.GroupFlagged: _group_flagged,
}
