"""A unit that contributes and is given the lead holds one leg: its joint one ends with the step that gave it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from domain.commands import (
    Delegate,
    Dispatch,
    HandUp,
    Order,
    PassTime,
    Reassign,
    RemoveJoint,
    SendDown,
    Sign,
    StartJoint,
    SubmitReply,
)
from domain.events import JointRemoved, LegDispatched
from domain.exceptions.applications import ExceptionKind
from domain.levels import Level
from domain.lifecycle import decide, fold
from domain.request import Leg, LegEnd, LegRole, State
from domain.time.durations import Duration
from domain.units import SYSTEM
from tests.support.builders import UNITS, handler, policy
from tests.support.courses import ARBITER, DISPATCHER, OTHER_BUREAU, Course, working
from tests.support.tales import every_notice

DAY = timedelta(days=1)
WEEK_AND_A_DAY = 8 * DAY
TOWN = handler(Level.TOWN)
COMMUNITY = handler(Level.COMMUNITY)


def asked(course: Course, *levels: Level) -> Course:
    """Units of the ladder are asked to join."""
    for level in levels:
        course.act(DISPATCHER, StartJoint(UNITS[level], "lend a hand"))
    return course


def at_the_community() -> Course:
    return Course.of().signed()


def sent_down_to_the_grid() -> Course:
    course = at_the_community().act(COMMUNITY, Delegate("1", UNITS[Level.GRID], "look at the spot"))
    return course.act(COMMUNITY, SendDown("closer to the spot", UNITS[Level.GRID]))


def sent_down_to_a_unit_that_stayed() -> Course:
    course = at_the_community().act(COMMUNITY, HandUp("needs the town")).signed()
    return course.act(TOWN, SendDown("the committee can do it", UNITS[Level.COMMUNITY]))


def handed_up_to_a_joint_unit() -> Course:
    return asked(at_the_community(), Level.TOWN).act(COMMUNITY, HandUp("needs the town"))


def climbed_to_a_joint_unit() -> Course:
    return asked(at_the_community(), Level.TOWN).wait(WEEK_AND_A_DAY)


def climb_confirmed_by_silence() -> Course:
    course = Course.of(working(confirm_hand_up=Duration.parse("4wh"))).signed()
    return asked(course, Level.TOWN).wait(WEEK_AND_A_DAY + DAY)


def reassigned_to_a_joint_unit() -> Course:
    course = asked(at_the_community(), Level.TOWN)
    return course.act(DISPATCHER, Reassign(UNITS[Level.TOWN], "theirs"))


def ruled_to_a_joint_unit() -> Course:
    course = at_the_community().act(DISPATCHER, StartJoint(OTHER_BUREAU, "measure the noise"))
    course.asks(DISPATCHER, ExceptionKind.DISPUTE)
    return course.rules(ARBITER, granted=True, unit=OTHER_BUREAU)


def returned_and_dispatched_to_a_joint_unit() -> Course:
    course = asked(at_the_community(), Level.TOWN)
    course.asks(COMMUNITY, ExceptionKind.RETURN).rules(DISPATCHER, granted=True)
    return course.act(DISPATCHER, Dispatch())


def returned_and_dispatched_by_time_to_a_joint_unit() -> Course:
    course = asked(at_the_community(), Level.TOWN)
    course.asks(COMMUNITY, ExceptionKind.RETURN).rules(DISPATCHER, granted=True)
    return course.wait(WEEK_AND_A_DAY)


WAYS = [
    sent_down_to_the_grid,
    sent_down_to_a_unit_that_stayed,
    handed_up_to_a_joint_unit,
    climbed_to_a_joint_unit,
    climb_confirmed_by_silence,
    reassigned_to_a_joint_unit,
    ruled_to_a_joint_unit,
    returned_and_dispatched_to_a_joint_unit,
    returned_and_dispatched_by_time_to_a_joint_unit,
]


def open_legs_of(course: Course, unit: str) -> list[Leg]:
    return [leg for leg in course.state.legs if leg.unit.code == unit and leg.is_open]


@pytest.mark.parametrize("way", WAYS)
def test_whichever_way_the_lead_comes_the_unit_holds_that_leg_alone(way: Callable[[], Course]) -> None:
    course = way()
    [(removed, fact)] = [
        (event, event.what) for event in course.story.timeline if isinstance(event.what, JointRemoved)
    ]
    let_go = course.state.leg(fact.leg)
    assert let_go is not None
    [left] = open_legs_of(course, let_go.unit.code)
    given, dispatched = next(
        (event, event.what)
        for event in course.story.timeline
        if isinstance(event.what, LegDispatched) and event.what.leg == left.id
    )
    assert dispatched.role is LegRole.LEAD
    assert removed.by == SYSTEM
    assert removed.at == given.at, "the same step"
    assert let_go.end is (LegEnd.REMOVED if let_go.task else LegEnd.RELEASED)


def test_the_unit_is_told_once_that_it_leads_now() -> None:
    told = [
        notice.text_en
        for notice in every_notice(handed_up_to_a_joint_unit().story)
        if notice.recipient == UNITS[Level.TOWN].code and notice.subject == "joint_removed"
    ]
    assert len(told) == 1
    assert "you lead now" in told[0]


def test_it_holds_after_a_climb_that_nobody_looked_at_for_long() -> None:
    course = asked(Course.of(policy()).signed(), Level.COMMUNITY, Level.TOWN)
    events = decide(course.state, Order("", SYSTEM, PassTime()), course.now + timedelta(days=30))
    state = fold(course.state, events)
    assert [event.what.leg for event in events if isinstance(event.what, JointRemoved)] == ["2"]
    assert [(leg.id, leg.level) for leg in state.legs if leg.is_open] == [
        ("1", Level.GRID),
        ("3", Level.TOWN),
        ("4", Level.COMMUNITY),
    ]


def test_the_freed_leg_takes_no_answer_and_the_new_one_does() -> None:
    course = handed_up_to_a_joint_unit()
    assert course.refusal(TOWN, Sign("2")) == "leg_ended"
    assert course.refusal(DISPATCHER, RemoveJoint("2", "twice")) == "leg_ended"
    course.act(TOWN, Sign("3")).act(TOWN, SubmitReply("3", "solved", "done"))
    assert course.state.state is State.PENDING_REVIEW


def test_what_other_units_contribute_goes_on() -> None:
    course = asked(at_the_community(), Level.TOWN, Level.GRID)
    course.act(COMMUNITY, HandUp("needs the town"))
    assert [leg.id for leg in course.state.legs if leg.is_open] == ["1", "3", "4"]
