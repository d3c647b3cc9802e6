"""Who calls again, who calls too, and what is counted: the rules of repeats, merged requests and groups.

How an earlier request is found is told in ``tests/persistence/test_calling_again.py``; what merging refuses, and which
way a child goes without its parent, in ``test_merging.py`` and ``test_reopening.py``.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.commands import (
    Adopt,
    Callback,
    Comment,
    Dispatch,
    Merge,
    ReviewPass,
    Sign,
    SubmitReply,
    Urge,
)
from domain.events import Closed, GroupFlagged, Registered
from domain.levels import Level
from domain.limits.policy import CallbackRule
from domain.notices.recipients import CITIZEN
from domain.refusals import Refused
from domain.request import Child, State
from domain.simulator import Simulation
from domain.summary import summarize
from domain.units import SYSTEM, Role
from tests.support.builders import MONDAY_MORNING, UNITS, actor, handler, intake, policy
from tests.support.tales import every_notice

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
DISPATCHER, CALLER = actor(Role.DISPATCHER), actor(Role.CITIZEN)
PARENT = "20260302-0000001"

children = st.lists(st.builds(Child, st.just(""), st.booleans(), st.integers(1, 12)), max_size=8).map(
    lambda drawn: [
        Child(f"20260302-00001{place:02}", child.has_contact, child.people)
        for place, child in enumerate(drawn)
    ]
)
"""Callers on the same matter: each may have left a contact, and speaks for some persons."""


def dispatched(**changes: object) -> Simulation:
    """A request that waits for its grid worker."""
    story = Simulation.of(intake(**changes))
    story.act(DISPATCHER, Dispatch(), MONDAY_MORNING + MINUTE)
    return story


def closed(story: Simulation) -> Simulation:
    """The grid worker's answer is reviewed and, where somebody is called back, found good."""
    grid = handler(Level.GRID)
    story.act(grid, Sign("1"), MONDAY_MORNING + 2 * MINUTE)
    story.act(grid, SubmitReply("1", "solved", "mended"), MONDAY_MORNING + 3 * MINUTE)
    story.act(actor(Role.REVIEWER), ReviewPass(), MONDAY_MORNING + 4 * MINUTE)
    if story.state.state is State.PENDING_CALLBACK:
        rated = Callback(contacted=True, solved=True, satisfied=True)
        story.act(actor(Role.CALLBACK_AGENT), rated, MONDAY_MORNING + 5 * MINUTE)
    return story


def with_children(joined: list[Child], **changes: object) -> Simulation:
    """A dispatched request that others follow."""
    story = dispatched(number=PARENT, **changes)
    for child in joined:
        story.act(SYSTEM, Adopt(child.number, child.has_contact, child.people), MONDAY_MORNING + MINUTE)
    return story


def test_a_second_call_on_an_open_matter_reaches_its_unit_with_the_new_words_and_moves_no_deadline() -> None:
    story = dispatched()
    before = story.state
    story.act(CALLER, Urge("now the lamp beside it is dark too"), MONDAY_MORNING + 2 * MINUTE)
    assert (story.state.urge_count, story.state.clocks) == (1, before.clocks)
    assert every_notice(story)[-1].recipient == UNITS[Level.GRID].code
    assert len(story.facts(Registered)) == 1


def test_a_third_call_on_the_same_day_is_kept_as_a_comment_and_the_next_day_it_urges_again() -> None:
    story = dispatched()
    story.act(CALLER, Urge("please"), MONDAY_MORNING + 2 * MINUTE)
    with pytest.raises(Refused, match="urged today"):
        story.act(CALLER, Urge("please!"), MONDAY_MORNING + 3 * MINUTE)
    story.act(CALLER, Comment("please!"), MONDAY_MORNING + 4 * MINUTE)
    assert "please!" in every_notice(story)[-1].text_en
    story.act(CALLER, Urge("please, please"), MONDAY_MORNING + DAY)
    assert story.state.urge_count == 2


@settings(max_examples=40)
@given(children)
def test_whoever_called_is_answered_once_under_the_number_they_know(joined: list[Child]) -> None:
    story = closed(with_children(joined))
    answered = [
        notice.number
        for notice in every_notice(story)
        if (notice.subject, notice.recipient) == ("closed", CITIZEN)
    ]
    assert answered == [PARENT, *(child.number for child in joined)]


@settings(max_examples=40)
@given(children)
def test_a_family_counts_once_for_closure_and_each_call_once_for_volume(joined: list[Child]) -> None:
    parent = closed(with_children(joined))
    rows = [summarize(parent.state)]
    for child in joined:
        follower = Simulation.of(intake(number=child.number))
        follower.act(DISPATCHER, Merge(PARENT, State.IN_PROGRESS), MONDAY_MORNING + MINUTE)
        rows.append(summarize(follower.state))
    assert Counter(row.state for row in rows) == Counter(closed=1, merged=len(joined))
    assert {row.parent for row in rows[1:]} <= {PARENT}
    assert len(parent.facts(Closed)) == 1
    assert {(row.category, row.area) for row in rows} == {(rows[0].category, rows[0].area)}, "one hot spot"


@settings(max_examples=40)
@given(children, st.booleans(), st.sampled_from((CallbackRule.ALL, CallbackRule.NONE)))
def test_a_family_is_called_back_where_any_of_its_callers_can_be(
    joined: list[Child], known: bool, rule: CallbackRule
) -> None:
    story = with_children(joined, has_contact=known, policy=policy(callback=rule))
    reachable = known or any(child.has_contact for child in joined)
    ended = closed(story).state.ended_how
    assert ended == ("rated" if reachable and rule is CallbackRule.ALL else "not_called")


@settings(max_examples=40)
@given(children, st.integers(1, 40))
def test_five_callers_or_thirty_persons_make_a_group_matter_and_its_town_is_told_once(
    joined: list[Child], people: int
) -> None:
    story = with_children(joined, people=people)
    callers, persons = 1 + len(joined), people + sum(child.people for child in joined)
    is_group = callers >= 5 or persons >= 30
    assert story.state.group_matter is is_group
    assert len(story.facts(GroupFlagged)) == int(is_group)
    warned = [notice.recipient for notice in every_notice(story) if notice.subject == "group_flagged"]
    assert warned == (["post:duty_leader", UNITS[Level.TOWN].code] if is_group else [])


def test_a_repeat_is_a_request_of_its_own_that_names_the_one_whose_unit_closed_it() -> None:
    earlier = closed(dispatched(number=PARENT))
    repeat = Simulation.of(
        intake(number="20260312-0000001", repeat_of=PARENT, received_at=MONDAY_MORNING + 10 * DAY)
    )
    row, before = summarize(repeat.state), summarize(earlier.state)
    assert (row.state, row.repeat_of) == (State.PENDING_DISPATCH, before.number)
    assert (before.state, before.unit) == (State.CLOSED, UNITS[Level.GRID].code)
    assert repeat.state.accepted_at == MONDAY_MORNING + 10 * DAY, "its limits begin anew"
