"""The caller of a merged request is answered through another one, asked about it, and may come back with it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from domain.commands import (
    Act,
    Adopt,
    AnswerDirectly,
    Callback,
    ContinueStory,
    Dispatch,
    HearAnswer,
    Merge,
    Reject,
    Reopen,
    ReviewPass,
    Sign,
    SubmitReply,
)
from domain.errands import Errand, errands_of, when_refused
from domain.events import AnsweredThrough, CallbackEnded, Reopened, Supervised
from domain.levels import Level
from domain.lifecycle import fold, possible_acts
from domain.limits.clock import ClockKind
from domain.limits.deadlines import is_over, next_due
from domain.limits.policy import CallbackRule
from domain.request import Rating, ReopenCause, State, begin
from domain.simulator import Simulation, replayed
from domain.standing import ARCHIVED, reopening_ends, standing
from domain.units import SYSTEM, Role
from tests.support.builders import MONDAY_MORNING, actor, common, handler, intake, policy, unclassified
from tests.support.tales import every_notice, refusal_of

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
PARENT, CHILD, OTHER = "20260302-0000001", "20260302-0000002", "20260302-0000003"
AGENT, DISPATCHER = actor(Role.AGENT), actor(Role.DISPATCHER)
DESK = actor(Role.CALLBACK_AGENT)
HAPPY = Callback(contacted=True, truthful=True, solved=True, satisfied=True)
UNHAPPY = Callback(contacted=True, solved=False, satisfied=False, attributable=True)
MERGED_AT = MONDAY_MORNING + HOUR
ANSWERED_AT = MONDAY_MORNING + 40 * DAY
HEARD_AT = ANSWERED_AT + MINUTE


def merged(dispatched: bool = True, **changes: Any) -> Simulation:
    """A request that follows another one."""
    story = Simulation.of(intake(number=CHILD, **changes))
    if dispatched:
        story.act(DISPATCHER, Dispatch(), MONDAY_MORNING + MINUTE)
    story.act(AGENT, Merge(PARENT, State.IN_PROGRESS), MERGED_AT)
    return story


def answered(outcome: str = "solved", **changes: Any) -> Simulation:
    """One that has heard of its parent's answer."""
    story = merged(**changes)
    story.act(SYSTEM, HearAnswer(PARENT, ANSWERED_AT, outcome), HEARD_AT)
    return story


def family(**changes: Any) -> Simulation:
    """A parent that two requests follow, one of them merged by an earlier release."""
    story = Simulation.of(intake(number=PARENT, policy=policy(callback=CallbackRule.NONE), **changes))
    story.act(SYSTEM, Adopt(CHILD, has_contact=True, awaits_answer=True), MONDAY_MORNING + MINUTE)
    story.act(SYSTEM, Adopt(OTHER, has_contact=True), MONDAY_MORNING + MINUTE)
    return story


def errands(story: Simulation) -> list[Errand]:
    state, out = begin(story.state.intake), list[Errand]()
    for event in story.timeline:
        state = fold(state, (event,))
        out.extend(errands_of(state, event))
    return out


def replied_and_closed(story: Simulation) -> Simulation:
    grid = handler(Level.GRID)
    steps = ((DISPATCHER, Dispatch()), (grid, Sign("1")), (grid, SubmitReply("1", "solved", "mended")))
    for place, (by, act) in enumerate((*steps, (actor(Role.REVIEWER), ReviewPass())), start=2):
        story.act(by, act, MONDAY_MORNING + place * MINUTE)
    return story


def test_a_parent_that_closes_tells_each_request_that_waits_for_it() -> None:
    story = replied_and_closed(family())
    assert story.state.state is State.CLOSED
    heard = HearAnswer(PARENT, story.state.ended_at, "solved")
    assert errands(story) == [Errand(f"{PARENT}:answer:{CHILD}:1", CHILD, heard)]
    assert when_refused(errands(story)[0]) is None


@pytest.mark.parametrize(
    "act", [AnswerDirectly("K-1", "at nine"), Reject("outside_area", "elsewhere")], ids=lambda act: act.act
)
def test_a_parent_that_ends_without_a_units_reply_tells_them_that_too(act: Act) -> None:
    story = Simulation.of(unclassified(number=PARENT))
    story.act(SYSTEM, Adopt(CHILD, has_contact=True, awaits_answer=True), MONDAY_MORNING + MINUTE)
    story.act(AGENT, act, MONDAY_MORNING + 2 * MINUTE)
    if not story.state.state.is_terminal:
        leader = actor(Role.DUTY_LEADER, person="leader")
        story.act(leader, act, MONDAY_MORNING + 3 * MINUTE)
    (told,) = errands(story)
    assert told.act == HearAnswer(PARENT, story.state.ended_at, "")


def test_an_answer_that_is_taken_up_again_is_taken_back() -> None:
    story = replied_and_closed(family())
    story.act(AGENT, Reopen("dark again"), MONDAY_MORNING + DAY)
    told = errands(story)[-1]
    assert told == Errand(f"{PARENT}:taken_back:{CHILD}:2", CHILD, HearAnswer(PARENT, None))
    child = answered()
    child.act(SYSTEM, HearAnswer(PARENT, None, "solved"), HEARD_AT + MINUTE)
    assert is_over(child.state)
    assert next_due(child.state) is None
    assert standing(child.state, HEARD_AT + 400 * DAY) == State.MERGED
    child.act(SYSTEM, HearAnswer(PARENT, ANSWERED_AT + DAY, "explained_only"), HEARD_AT + 2 * DAY)
    assert not is_over(child.state)


def test_the_caller_is_owed_a_callback_of_their_own() -> None:
    story = answered()
    assert story.facts(AnsweredThrough) == [AnsweredThrough(PARENT, ANSWERED_AT, "solved", called_back=True)]
    assert (story.state.state, is_over(story.state)) == (State.MERGED, False)
    assert next_due(story.state) == HEARD_AT + DAY
    assert "callback" in possible_acts(story.state, {Role.CALLBACK_AGENT})
    told = every_notice(story)[-1]
    assert told.recipient == "post:callback_agent"
    assert PARENT in told.text_zh


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"has_contact": False}, "solved"),
        ({"policy": policy(callback=CallbackRule.NONE)}, "solved"),
        ({"policy": policy(callback=CallbackRule.SAMPLE), "common": common(sample_one_in=10**9)}, "solved"),
        ({}, ""),
    ],
    ids=["no contact", "no callbacks", "not in the sample", "no reply of a unit"],
)
def test_who_would_not_have_been_asked_is_not_asked_through_another(
    changes: dict[str, Any], outcome: str
) -> None:
    story = answered(outcome, **changes)
    assert is_over(story.state)
    assert "callback" not in possible_acts(story.state, {Role.CALLBACK_AGENT})
    assert refusal_of(story, DESK, HAPPY, HEARD_AT + MINUTE) == "request_ended"
    assert refusal_of(story, SYSTEM, ContinueStory(2), HEARD_AT + MINUTE) == "request_ended"


def test_a_number_in_the_sample_is_asked() -> None:
    numbers = [f"20260302-{n:07}" for n in range(10, 60)]
    asked = list[str]()
    for number in numbers:
        story = Simulation.of(intake(number=number, policy=policy(callback=CallbackRule.SAMPLE)))
        story.act(AGENT, Merge(PARENT, State.IN_PROGRESS), MERGED_AT)
        story.act(SYSTEM, HearAnswer(PARENT, ANSWERED_AT, "solved"), HEARD_AT)
        asked += [number] if not is_over(story.state) else []
    assert 0 < len(asked) < len(numbers)


def test_an_unclear_call_without_a_promise_is_told_and_not_asked() -> None:
    story = Simulation.of(unclassified(number=CHILD))
    story.act(AGENT, Merge(PARENT, State.IN_PROGRESS), MONDAY_MORNING + MINUTE)
    story.act(SYSTEM, HearAnswer(PARENT, ANSWERED_AT, "solved"), HEARD_AT)
    assert is_over(story.state)
    assert story.state.answered_at == ANSWERED_AT


def test_a_caller_who_is_content_leaves_it_merged() -> None:
    story = answered()
    story.act(DESK, HAPPY, HEARD_AT + HOUR)
    assert story.facts(CallbackEnded) == [CallbackEnded("rated")]
    assert (story.state.state, story.state.ended_how) == (State.MERGED, "merged")
    assert story.state.rating == Rating(truthful=True, solved=True, satisfied=True)
    assert is_over(story.state)
    assert refusal_of(story, DESK, HAPPY, HEARD_AT + 2 * HOUR) == "request_ended"
    assert replayed(story.state.intake, story.timeline) == story.state


def test_a_caller_who_is_not_content_has_it_opened_by_itself() -> None:
    story = answered()
    story.act(DESK, UNHAPPY, HEARD_AT + HOUR)
    (opened,) = story.facts(Reopened)
    assert (opened.cause, opened.percent, opened.left) == (ReopenCause.DISSATISFIED, 50, PARENT)
    assert story.facts(Supervised)
    assert (story.state.state, story.state.cycle, story.state.parent) == (State.PENDING_SIGN, 2, None)
    assert errands(story)[-1].key == f"{CHILD}:disown:{PARENT}:2"
    running = {clock.kind for clock in story.state.clocks if clock.is_running}
    assert ClockKind.CALLBACK not in running


def test_only_so_often_as_any_request_is_done_again_by_itself() -> None:
    story = answered()
    story.act(DESK, UNHAPPY, HEARD_AT + HOUR)
    story.act(AGENT, Merge(PARENT, State.IN_PROGRESS), HEARD_AT + 2 * HOUR)
    story.act(SYSTEM, HearAnswer(PARENT, HEARD_AT + 3 * HOUR, "solved"), HEARD_AT + 3 * HOUR)
    story.act(DESK, UNHAPPY, HEARD_AT + 4 * HOUR)
    assert story.facts(CallbackEnded) == [CallbackEnded("rated")]
    assert story.state.state is State.MERGED


def test_a_caller_who_cannot_be_reached_is_tried_as_often_as_any_other() -> None:
    story = answered(policy=policy(callback_within="9d"))
    for days in (0, 1, 2):
        assert not is_over(story.state)
        story.act(DESK, Callback(contacted=False), HEARD_AT + days * DAY + HOUR)
    assert story.facts(CallbackEnded) == [CallbackEnded("unreachable")]
    assert is_over(story.state)


def test_a_callback_that_nobody_makes_ends_by_itself() -> None:
    story = answered()
    story.wait_until(HEARD_AT + 2 * DAY)
    assert story.instants(CallbackEnded) == [HEARD_AT + DAY]
    assert story.facts(CallbackEnded) == [CallbackEnded("callback_silent")]
    assert is_over(story.state)


def test_a_person_who_opens_it_before_it_was_asked_about_ends_the_callback() -> None:
    story = answered()
    story.act(AGENT, Reopen("another lamp", ReopenCause.WRONGLY_ENDED), HEARD_AT + HOUR)
    assert story.state.state is State.PENDING_SIGN
    assert not [c for c in story.state.clocks if c.kind is ClockKind.CALLBACK and c.is_running]
    assert story.state.answered_at is None


def test_it_is_never_archived_while_the_answer_is_to_come() -> None:
    waiting = merged()
    assert reopening_ends(waiting.state) is None
    assert standing(waiting.state, MERGED_AT + 400 * DAY) == State.MERGED
    waiting.act(AGENT, Reopen("another lamp", ReopenCause.WRONGLY_ENDED), MERGED_AT + 400 * DAY)
    assert not waiting.state.state.is_terminal


def test_its_window_and_its_archive_count_from_the_answer() -> None:
    story = answered(policy=policy(callback=CallbackRule.NONE))
    assert story.state.ended_at == MERGED_AT
    until = reopening_ends(story.state)
    assert until is not None
    assert ANSWERED_AT + 29 * DAY < until < ANSWERED_AT + 32 * DAY
    assert standing(story.state, until) == State.MERGED
    assert standing(story.state, until + MINUTE) == ARCHIVED
    assert refusal_of(story, AGENT, Reopen("again"), until + MINUTE) == "appeal_window_over"


def test_news_of_a_request_that_it_does_not_follow_is_refused() -> None:
    story = merged()
    assert refusal_of(story, SYSTEM, HearAnswer(OTHER, ANSWERED_AT, "solved"), HEARD_AT) == "other_parent"
    story.act(AGENT, Reopen("another lamp", ReopenCause.WRONGLY_ENDED), HEARD_AT)
    late = HearAnswer(PARENT, ANSWERED_AT, "solved")
    assert refusal_of(story, SYSTEM, late, HEARD_AT + MINUTE) == "not_possible_now"
