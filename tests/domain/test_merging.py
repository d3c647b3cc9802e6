"""Many callers, one matter (合并办理): the rules of families of requests, without a clock on the wall."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.chapters.merging import LARGEST_FAMILY
from domain.commands import (
    Adopt,
    Callback,
    Disown,
    Dispatch,
    Merge,
    Reopen,
    ReviewPass,
    Sign,
    SubmitReply,
    Withdraw,
)
from domain.errands import Errand, errands_of, when_refused
from domain.events import Adopted, Disowned, Event, GroupFlagged, Merged, OwnInitiative, Withdrawn
from domain.levels import Level
from domain.lifecycle import fold
from domain.limits.policy import CallbackRule, Urgency
from domain.notices.telling import CITIZEN
from domain.refusals import Refused
from domain.request import Child, LegEnd, ReopenCause, State, begin
from domain.simulator import Simulation
from domain.units import SYSTEM, Role
from tests.support.builders import MONDAY_MORNING, UNITS, actor, handler, intake, policy, unclassified
from tests.support.tales import every_notice

MINUTE = timedelta(minutes=1)
PARENT, CHILD = "20260302-0000001", "20260302-0000002"
AGENT, DISPATCHER, CITIZEN_ACTOR = actor(Role.AGENT), actor(Role.DISPATCHER), actor(Role.CITIZEN)


def child_story(**changes: Any) -> Simulation:
    return Simulation.of(intake(number=CHILD, **changes))


def parent_with(*children: Child, **changes: Any) -> Simulation:
    story = Simulation.of(intake(number=PARENT, **changes))
    for place, child in enumerate(children, start=1):
        adopt = Adopt(child.number, child.has_contact, child.people)
        story.act(SYSTEM, adopt, MONDAY_MORNING + place * timedelta(seconds=1))
    return story


def errands(story: Simulation) -> list[Errand]:
    """Every errand of the story."""
    state, out = begin(story.state.intake), list[Errand]()
    for event in story.timeline:
        state = fold(state, (event,))
        out.extend(errands_of(state, event))
    return out


def last(story: Simulation) -> Event:
    return story.timeline[-1]


def test_a_merged_request_ends_names_its_parent_and_releases_its_units() -> None:
    story = child_story()
    story.act(DISPATCHER, Dispatch(), MONDAY_MORNING + MINUTE)
    story.act(DISPATCHER, Merge(PARENT, State.IN_PROGRESS, "the same lamp"), MONDAY_MORNING + 2 * MINUTE)
    assert (story.state.state, story.state.parent, story.state.ended_how) == (State.MERGED, PARENT, "merged")
    assert [leg.end for leg in story.state.legs] == [LegEnd.RELEASED]
    assert story.state.reassignments == 0
    assert not any(clock.is_running for clock in story.state.clocks)
    to_the_caller, to_the_unit = every_notice(story)[-2:]
    assert to_the_caller.text_en.endswith(f"handled together with request {PARENT} from now on")
    assert to_the_unit.text_en.endswith("please stop working on it")


def test_merging_sends_one_errand_with_what_the_parent_must_know() -> None:
    story = child_story(has_contact=False, people=4)
    story.act(AGENT, Merge(PARENT, State.PENDING_SIGN), MONDAY_MORNING + MINUTE)
    adopt = Adopt(CHILD, has_contact=False, people=4, awaits_answer=True)
    assert errands(story) == [Errand(f"{CHILD}:adopt:{PARENT}:1", PARENT, adopt)]


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (Merge(CHILD, State.IN_PROGRESS), "own_parent"),
        (Merge(PARENT, None), "parent_unknown"),
        (Merge(PARENT, State.CLOSED), "parent_ended"),
        (Merge(PARENT, State.MERGED), "parent_ended"),
    ],
)
def test_a_parent_must_be_another_open_request(act: Merge, code: str) -> None:
    with pytest.raises(Refused) as refusal:
        child_story().act(DISPATCHER, act, MONDAY_MORNING + MINUTE)
    assert refusal.value.code == code


def test_a_request_that_others_follow_follows_nobody() -> None:
    story = parent_with(Child(CHILD, has_contact=True))
    with pytest.raises(Refused) as refusal:
        story.act(DISPATCHER, Merge("20260302-0000009", State.IN_PROGRESS), MONDAY_MORNING + MINUTE)
    assert refusal.value.code == "has_children"


def test_a_family_has_its_largest_size() -> None:
    story = parent_with(Child(CHILD, has_contact=True))
    others = (Child(f"20260303-{n:07}", has_contact=True) for n in range(LARGEST_FAMILY - 1))
    story.state = replace(story.state, children=(*story.state.children, *others))
    with pytest.raises(Refused) as refusal:
        story.act(SYSTEM, Adopt("20260304-0000001", has_contact=True), MONDAY_MORNING + MINUTE)
    assert refusal.value.code == "family_full"
    assert story.act(SYSTEM, Adopt(CHILD, has_contact=True), MONDAY_MORNING + MINUTE) == ()


def test_an_ended_parent_lets_go_of_its_children_too() -> None:
    story = parent_with(Child(CHILD, has_contact=True))
    story.state = replace(story.state, state=State.CLOSED, ended_at=story.state.as_of)
    (event,) = story.act(SYSTEM, Disown(CHILD), MONDAY_MORNING + MINUTE)
    assert event.what == Disowned(CHILD)
    assert (story.state.children, story.state.state) == ((), State.CLOSED)


def test_whom_a_parent_sent_on_does_not_follow_it_when_it_is_opened_again() -> None:
    story = parent_with(Child(CHILD, has_contact=True))
    story.act(CITIZEN_ACTOR, Withdraw(), MONDAY_MORNING + MINUTE)
    story.act(AGENT, Reopen("withdrawn by mistake", ReopenCause.WRONGLY_ENDED), MONDAY_MORNING + 2 * MINUTE)
    assert story.state.children == ()
    answered = parent_with(Child(CHILD, has_contact=True))
    answered.state = replace(answered.state, state=State.CLOSED, ended_at=answered.state.as_of)
    answered.act(AGENT, Reopen("it is dark again"), MONDAY_MORNING + 2 * MINUTE)
    assert answered.state.children == (Child(CHILD, has_contact=True),)


def test_adopting_twice_and_letting_a_stranger_go_change_nothing() -> None:
    story = parent_with(Child(CHILD, has_contact=True))
    assert story.act(SYSTEM, Adopt(CHILD, has_contact=True), MONDAY_MORNING + MINUTE) == ()
    assert story.act(SYSTEM, Disown("20260302-0000009"), MONDAY_MORNING + MINUTE) == ()
    story.act(SYSTEM, Disown(CHILD), MONDAY_MORNING + MINUTE)
    assert isinstance(last(story).what, Disowned)
    assert story.state.children == ()


def test_the_fifth_caller_makes_a_group_and_the_town_is_told_once() -> None:
    children = [Child(f"20260302-000001{place}", has_contact=True) for place in range(6)]
    story = parent_with(*children)
    assert story.facts(GroupFlagged) == [GroupFlagged(callers=5, people=5)]
    assert story.state.group_matter
    flagged = [notice.recipient for notice in every_notice(story) if notice.subject == "group_flagged"]
    assert flagged == ["post:duty_leader", UNITS[Level.TOWN].code]


def test_thirty_persons_make_a_group_whoever_speaks_for_them() -> None:
    assert not parent_with(Child(CHILD, has_contact=True, people=28)).state.group_matter
    assert parent_with(Child(CHILD, has_contact=True, people=29)).state.group_matter
    alone = Simulation.of(unclassified(people=30))
    assert alone.facts(GroupFlagged) == [GroupFlagged(callers=1, people=30)]
    assert not Simulation.of(unclassified(people=29)).facts(GroupFlagged)


def test_when_the_parent_closes_every_child_is_answered_under_its_own_number() -> None:
    story = parent_with(
        Child(CHILD, has_contact=True),
        Child("20260302-0000003", has_contact=False),
        policy=policy(callback=CallbackRule.NONE),
    )
    grid = handler(Level.GRID)
    for place, (by, act) in enumerate(
        (
            (DISPATCHER, Dispatch()),
            (grid, Sign("1")),
            (grid, SubmitReply("1", "solved", "mended")),
            (actor(Role.REVIEWER), ReviewPass()),
        ),
        start=1,
    ):
        story.act(by, act, MONDAY_MORNING + place * MINUTE)
    assert story.state.state is State.CLOSED
    answered = [notice for notice in every_notice(story) if notice.subject == "closed"]
    assert [(notice.number, notice.recipient) for notice in answered] == [
        (PARENT, CITIZEN),
        (CHILD, CITIZEN),
        ("20260302-0000003", CITIZEN),
    ]
    assert len({notice.key for notice in answered}) == 3
    assert errands(story) == []


def test_a_parent_without_an_answer_sends_its_children_on() -> None:
    story = parent_with(Child(CHILD, has_contact=True), Child("20260302-0000003", has_contact=True))
    story.act(CITIZEN_ACTOR, Withdraw(), MONDAY_MORNING + MINUTE)
    sent = errands(story)
    assert [errand.number for errand in sent] == [CHILD, "20260302-0000003"]
    reopen = Reopen(f"request {PARENT} is gone", ReopenCause.PARENT_GONE, PARENT)
    assert {errand.act for errand in sent} == {reopen}
    assert len({errand.key for errand in sent}) == 2


def test_who_is_not_taken_in_goes_on_alone_and_other_refusals_mean_nothing() -> None:
    adopt, disown = (
        Errand("k", PARENT, Adopt(CHILD, has_contact=True)),
        Errand("k", PARENT, Disown(CHILD)),
    )
    alone = when_refused(adopt)
    assert alone is not None
    assert (alone.cause, alone.parent) == (ReopenCause.PARENT_GONE, PARENT)
    assert when_refused(disown) is None


def test_a_child_with_a_contact_is_called_back_for_an_anonymous_parent() -> None:
    def after_review(*children: Child) -> State:
        story = parent_with(*children, has_contact=False)
        grid = handler(Level.GRID)
        story.act(DISPATCHER, Dispatch(), MONDAY_MORNING + MINUTE)
        story.act(grid, Sign("1"), MONDAY_MORNING + 2 * MINUTE)
        story.act(grid, SubmitReply("1", "solved", "mended"), MONDAY_MORNING + 3 * MINUTE)
        story.act(actor(Role.REVIEWER), ReviewPass(), MONDAY_MORNING + 4 * MINUTE)
        return story.state.state

    assert after_review() is State.CLOSED
    assert after_review(Child(CHILD, has_contact=False)) is State.CLOSED
    assert after_review(Child(CHILD, has_contact=True)) is State.PENDING_CALLBACK


def test_a_matter_of_public_safety_goes_on_without_the_caller_who_withdrew() -> None:
    story = Simulation.of(intake(policy=policy(urgency=Urgency.CRITICAL)))
    story.act(DISPATCHER, Dispatch(), MONDAY_MORNING + MINUTE)
    story.act(CITIZEN_ACTOR, Withdraw("never mind"), MONDAY_MORNING + 2 * MINUTE)
    assert story.state.state is State.PENDING_SIGN
    assert story.facts(OwnInitiative) == [OwnInitiative("never mind")]
    assert not story.facts(Withdrawn)
    with pytest.raises(Refused) as refusal:
        story.act(CITIZEN_ACTOR, Withdraw(), MONDAY_MORNING + 3 * MINUTE)
    assert refusal.value.code == "withdrawn_before"
    grid = handler(Level.GRID)
    story.act(grid, Sign("1"), MONDAY_MORNING + 4 * MINUTE)
    story.act(grid, SubmitReply("1", "solved", "sealed off"), MONDAY_MORNING + 5 * MINUTE)
    story.act(actor(Role.REVIEWER), ReviewPass(), MONDAY_MORNING + 6 * MINUTE)
    assert (story.state.state, story.state.ended_how) == (State.CLOSED, "not_called")
    assert [n.subject for n in every_notice(story) if n.recipient == CITIZEN] == [
        "accepted",
        "own_initiative",
    ]


def test_the_parent_counts_once_and_its_children_are_listed() -> None:
    story = parent_with(Child(CHILD, has_contact=True, people=2))
    assert story.facts(Adopted) == [Adopted(CHILD, has_contact=True, people=2)]
    assert story.state.children == (Child(CHILD, has_contact=True, people=2),)
    follower = child_story()
    follower.act(AGENT, Merge(PARENT, State.REGISTERED), MONDAY_MORNING + MINUTE)
    assert follower.facts(Merged) == [Merged(PARENT, awaits_answer=True)]
    with pytest.raises(Refused) as refusal:
        follower.act(actor(Role.CALLBACK_AGENT), Callback(contacted=False), MONDAY_MORNING + 2 * MINUTE)
    assert refusal.value.code == "request_ended"
