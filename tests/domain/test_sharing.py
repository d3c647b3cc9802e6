"""Sharing the work: delegation and joint legs move nothing of the lead's, and never answer for it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from domain.commands import (
    Act,
    DeclineJoint,
    Delegate,
    Dispatch,
    HandUp,
    MarkConfidential,
    RemoveJoint,
    Sign,
    StartJoint,
    SubmitReply,
    Withdraw,
)
from domain.events import Contributed
from domain.exceptions.applications import ExceptionKind
from domain.levels import Level
from domain.limits.clock import ClockKind
from domain.limits.deadlines import next_due
from domain.notices.telling import notices_of
from domain.request import LegEnd, LegRole, LegState, State, Visibility
from domain.simulator import Simulation, replayed
from domain.summary import summarize
from domain.units import Actor, Role, Unit
from tests.support.builders import MONDAY_MORNING, UNITS, actor, handler, intake, policy
from tests.support.courses import Course
from tests.support.tales import refusal_of

BUREAU = Unit("440106-parks_bureau", Level.DISTRICT, "440106", "园林局", "parks")
OTHER_GRID = Unit("440106012004001-grid_worker", Level.GRID, "440106012004001", "邻格", "another grid")
DISPATCHER = actor(Role.DISPATCHER)
TEN_MINUTES_ON = MONDAY_MORNING + timedelta(minutes=10)


def after(minutes: float) -> datetime:
    return MONDAY_MORNING + timedelta(minutes=minutes)


def at_the_town() -> Simulation:
    """A request signed by its town office four minutes after the call."""
    story = Simulation.of(intake(policy=policy(dwell={"town": "4h", "district": "4h"})))
    story.act(DISPATCHER, Dispatch(), after(1))
    story.act(handler(Level.TOWN), Sign("1"), after(4))
    return story


def refused(story: Simulation, by: Actor, act: Act, at: datetime = TEN_MINUTES_ON) -> str:
    return refusal_of(story, by, act, at)


def test_a_delegating_unit_keeps_lead_deadline_and_score() -> None:
    story = at_the_town()
    before = story.state
    story.act(handler(Level.TOWN), Delegate("1", UNITS[Level.GRID], "look at the spot"), after(10))
    share = story.state.legs[-1]
    assert (share.role, share.delegated_by, share.task) == (LegRole.JOINT, "1", "look at the spot")
    assert story.state.lead == before.lead
    assert story.state.state is State.IN_PROGRESS
    assert story.state.clocks == before.clocks
    assert next_due(story.state) == next_due(before)


def test_the_answer_to_a_delegated_share_is_a_contribution_and_never_the_reply() -> None:
    story = at_the_town()
    story.act(handler(Level.TOWN), Delegate("1", UNITS[Level.GRID], "look at the spot"), after(10))
    story.act(handler(Level.GRID), Sign("2"), after(20))
    story.act(handler(Level.GRID), SubmitReply("2", "solved", "rubbish seen and gone"), after(30))
    assert [fact.leg for fact in story.facts(Contributed)] == ["2"]
    assert story.state.reply is None
    assert story.state.state is State.IN_PROGRESS
    assert story.state.legs[1].end is LegEnd.CONTRIBUTED


@pytest.mark.parametrize(
    ("unit", "code"),
    [
        (UNITS[Level.DISTRICT], "not_in_subtree"),
        (Unit("440106012-legal_office", Level.TOWN, "440106012", "司法所", "legal"), "not_in_subtree"),
        (Unit("440106013001-committee", Level.COMMUNITY, "440106013001", "邻居委", "next"), "not_in_subtree"),
    ],
)
def test_nobody_delegates_upwards_sideways_or_into_another_subtree(unit: Unit, code: str) -> None:
    assert refused(at_the_town(), handler(Level.TOWN), Delegate("1", unit, "help")) == code


def test_nobody_delegates_twice_at_once_to_the_same_unit_but_again_once_it_has_answered() -> None:
    story = at_the_town()
    again = Delegate("1", UNITS[Level.GRID], "look again")
    story.act(handler(Level.TOWN), Delegate("1", UNITS[Level.GRID], "look"), after(10))
    assert refused(story, handler(Level.TOWN), again, after(11)) == "on_the_request_already"
    story.act(handler(Level.GRID), Sign("2"), after(12))
    story.act(handler(Level.GRID), SubmitReply("2", "not_true", "nothing there"), after(13))
    story.act(handler(Level.TOWN), again, after(14))
    assert story.state.legs[-1].id == "3"


def test_only_the_unit_that_answers_for_the_request_delegates() -> None:
    story = at_the_town()
    story.act(DISPATCHER, StartJoint(UNITS[Level.COMMUNITY], "ask around"), after(5))
    story.act(handler(Level.COMMUNITY), Sign("2"), after(6))
    share = Delegate("2", UNITS[Level.GRID], "you go")
    assert refused(story, handler(Level.COMMUNITY), share) == "not_possible_now"
    assert refused(story, handler(Level.DISTRICT), Delegate("1", UNITS[Level.GRID], "go")) == "not_your_leg"


def test_a_joint_leg_waits_for_nothing_and_has_no_limit() -> None:
    story = at_the_town()
    before = story.state
    story.act(handler(Level.TOWN), StartJoint(BUREAU, "lend a lorry"), after(5))
    assert story.state.legs[-1].state is LegState.PENDING_SIGN
    assert not [clock for clock in story.state.clocks if clock.leg == "2"]
    assert next_due(story.state) == next_due(before)
    story.wait_until(after(60 * 24 * 30))
    assert story.state.legs[1].state is LegState.PENDING_SIGN, "nobody signs on a joint unit's behalf"
    assert story.state.legs[1].late == ()


def test_the_lead_may_ask_others_only_after_signing_and_a_dispatcher_at_once() -> None:
    story = Simulation.of(intake())
    story.act(DISPATCHER, Dispatch(), after(1))
    assert refused(story, handler(Level.GRID), StartJoint(BUREAU, "help"), after(2)) == "not_signed"
    story.act(DISPATCHER, StartJoint(BUREAU, "help"), after(3))
    assert story.state.state is State.PENDING_SIGN
    assert story.state.lead is story.state.legs[0]
    assert refused(story, DISPATCHER, StartJoint(BUREAU, "help"), after(4)) == "on_the_request_already"
    city = Unit("4401-city_bureau", Level.CITY, "4401", "市局", "city")
    assert refused(story, DISPATCHER, StartJoint(city, "help"), after(4)) == "level_does_not_handle"


def test_a_joint_unit_may_decline_before_it_signs_and_the_lead_is_told_why() -> None:
    story = at_the_town()
    story.act(handler(Level.TOWN), StartJoint(BUREAU, "lend a lorry"), after(5))
    bureau = actor(Role.HANDLER, unit=BUREAU)
    assert refused(story, handler(Level.GRID), DeclineJoint("2", "not mine")) == "not_your_leg"
    (event,) = story.act(bureau, DeclineJoint("2", "no lorry to lend"), after(11))
    assert story.state.legs[1].end is LegEnd.DECLINED
    (notice,) = notices_of(story.state, event)
    assert notice.recipient == UNITS[Level.TOWN].code
    assert "no lorry to lend" in notice.text_en


def test_what_a_unit_has_signed_it_does_not_decline() -> None:
    story = at_the_town()
    story.act(handler(Level.TOWN), StartJoint(BUREAU, "lend a lorry"), after(5))
    bureau = actor(Role.HANDLER, unit=BUREAU)
    story.act(bureau, Sign("2"), after(6))
    assert refused(story, bureau, DeclineJoint("2", "no")) == "already_signed"
    assert refused(story, handler(Level.TOWN), DeclineJoint("1", "no")) == "not_possible_now"


def test_a_unit_that_was_asked_is_removed_and_one_left_from_climbing_is_released() -> None:
    story = at_the_town()
    story.act(handler(Level.TOWN), StartJoint(BUREAU, "lend a lorry"), after(5))
    story.act(handler(Level.TOWN), HandUp("needs the district"), after(6))
    story.act(DISPATCHER, RemoveJoint("2", "not needed"), after(7))
    story.act(DISPATCHER, RemoveJoint("1", "has done its share"), after(8))
    assert [leg.end for leg in story.state.legs] == [LegEnd.RELEASED, LegEnd.REMOVED, None]
    assert refused(story, DISPATCHER, RemoveJoint("1", "again")) == "leg_ended"
    assert refused(story, DISPATCHER, RemoveJoint("3", "it leads")) == "not_possible_now"
    assert refused(story, DISPATCHER, RemoveJoint("9", "who?")) == "leg_unknown"


def test_what_is_confidential_is_shared_with_nobody() -> None:
    story = at_the_town()
    story.act(actor(Role.AGENT), MarkConfidential(Visibility.LEAD_ONLY, "the caller is afraid"), after(5))
    assert refused(story, DISPATCHER, StartJoint(BUREAU, "help")) == "confidential"
    assert refused(story, handler(Level.TOWN), Delegate("1", UNITS[Level.GRID], "go")) == "confidential"


def test_joint_units_go_on_while_the_lead_waits_and_are_released_when_the_request_ends() -> None:
    story = at_the_town()
    story.act(handler(Level.TOWN), StartJoint(BUREAU, "lend a lorry"), after(5))
    story.act(handler(Level.TOWN), StartJoint(OTHER_GRID, "look from your side"), after(5))
    story.act(handler(Level.TOWN), SubmitReply("1", "solved", "done"), after(6))
    story.act(actor(Role.CITIZEN), Withdraw(), after(7))
    assert {leg.end for leg in story.state.legs} == {LegEnd.WITHDRAWN}
    assert replayed(story.state.intake, story.timeline) == story.state


def test_joint_units_go_on_while_it_is_open_who_leads() -> None:
    course = Course.of().signed().act(DISPATCHER, StartJoint(UNITS[Level.DISTRICT], "send a lorry"))
    course.asks(handler(Level.COMMUNITY), ExceptionKind.RETURN).rules(DISPATCHER, granted=True)
    course.act(handler(Level.DISTRICT), Sign("2"))
    course.act(handler(Level.DISTRICT), SubmitReply("2", "solved", "the lorry was there"))
    assert course.state.legs[1].end is LegEnd.CONTRIBUTED
    assert course.state.state is State.PENDING_DISPATCH


def test_the_inbox_row_says_what_a_joint_unit_is_asked_to_do() -> None:
    story = at_the_town()
    story.act(handler(Level.TOWN), Delegate("1", UNITS[Level.GRID], "look at the spot"), after(10))
    lead, share = summarize(story.state).legs
    assert (lead.task, lead.delegated_by) == ("", None)
    assert (share.task, share.delegated_by) == ("look at the spot", "1")
    assert share.sign_due_at is share.dwell_due_at is None


def test_a_delegated_leg_does_not_hinder_the_climb() -> None:
    story = at_the_town()
    story.act(handler(Level.TOWN), Delegate("1", UNITS[Level.GRID], "look"), after(10))
    story.wait_until(after(60 * 5))
    assert story.state.lead is not None
    assert story.state.lead.level is Level.DISTRICT
    assert ClockKind.DWELL in story.state.legs[0].late, "the delegating unit is scored"
    assert story.state.legs[1].late == ()
