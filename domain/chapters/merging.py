"""Many callers, one matter: a request that follows another one, and the group that grows out of it.

The parent is worked on and counts once; every caller is answered. Merging is neither a return nor a reassignment.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from domain.cases.open_cases import check_still_answers
from domain.chapters.closing import is_called_back
from domain.chapters.reopening import other_parent
from domain.commands import Adopt, Disown, HearAnswer, Merge
from domain.events import Adopted, AnsweredThrough, Disowned, Fact, GroupFlagged, Merged
from domain.refusals import Refused
from domain.request import RequestState
from domain.texts import optional_text
from domain.units import Actor

GROUP_CALLERS = 5
GROUP_PEOPLE = 30
"""From so many callers, or persons they speak for, on a matter is one of a group (群体性诉求)."""

LARGEST_FAMILY = 1000
"""Requests that may follow one: so many it can tell in one run how it ended."""


MOST_CASES_HELD = 200
"""Cases with partners that one request can answer for, its own and those of the requests that follow it."""


def merge(state: RequestState, act: Merge, _by: Actor, _now: datetime) -> Iterator[Fact]:
    """The request ends here and follows the other one, which must be open; families have two generations only."""
    if act.parent == state.number:
        raise Refused(
            "own_parent", "parent", "a request cannot follow itself", "the number of another request"
        )
    if act.parent_state is None:
        raise Refused(
            "parent_unknown", "parent", f"there is no request {act.parent}", "the number of an open request"
        )
    if act.parent_state.is_terminal:
        raise Refused(
            "parent_ended",
            "parent",
            f"request {act.parent} has ended as {act.parent_state}",
            "an open request",
        )
    if state.children:
        raise Refused(
            "has_children",
            "number",
            f"{len(state.children)} requests follow this one",
            f"merge {act.parent} into {state.number} instead",
        )
    check_still_answers(act.parent_state, state.cases)
    yield Merged(act.parent, optional_text(act.reason, "reason"), awaits_answer=True)


def adopt(state: RequestState, act: Adopt, _by: Actor, _now: datetime) -> Iterator[Fact]:
    """The caller of the merged request is kept; enough of them make a group.

    Raises:
        Refused: ``family_full`` or ``case_open``.
    """
    if act.child in (child.number for child in state.children):
        return
    if len(state.children) >= LARGEST_FAMILY or len(state.cases) + len(act.cases) > MOST_CASES_HELD:
        raise Refused(
            "family_full",
            "parent",
            f"{len(state.children)} requests follow {state.number} already, with {len(state.cases)} cases",
            "another request on the matter",
        )
    check_still_answers(state.state, act.cases)
    yield Adopted(act.child, act.has_contact, act.people, act.cases, act.awaits_answer)
    people = state.intake.people + act.people + sum(child.people for child in state.children)
    yield from flagged(state, callers=len(state.children) + 2, people=people)


def disown(state: RequestState, act: Disown, _by: Actor, _now: datetime) -> Iterator[Fact]:
    """The request goes its own way again; its caller is no longer answered through this one."""
    if act.child in (child.number for child in state.children):
        yield Disowned(act.child)


def hear_answer(state: RequestState, act: HearAnswer, _by: Actor, _now: datetime) -> Iterator[Fact]:
    """The caller of the merged request is answered through the other one; where a unit replied, they are called back as
    for an answer of their own.

    Raises:
        Refused: ``other_parent``.
    """
    if act.parent != state.parent:
        raise other_parent(state, act.parent)
    called_back = act.answered_at is not None and bool(act.outcome) and is_called_back(state)
    yield AnsweredThrough(act.parent, act.answered_at, act.outcome, called_back)


def flagged(state: RequestState, *, callers: int, people: int) -> Iterator[Fact]:
    """The flag of a group matter, raised once."""
    if not state.group_matter and (callers >= GROUP_CALLERS or people >= GROUP_PEOPLE):
        yield GroupFlagged(callers, people)
