"""Field tasks: somebody outside the platform goes to the spot, and the request waits for nobody."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.commands import (
    Act,
    Callback,
    GiveFieldTask,
    MarkConfidential,
    RecallFieldTask,
    ReportFieldTask,
    ReviewPass,
    SubmitReply,
)
from domain.exceptions.applications import ExceptionKind
from domain.field_tasks import FieldParty, FieldTask, FieldTaskState
from domain.levels import Level
from domain.notices.telling import notices_of
from domain.request import State, Visibility
from domain.time.durations import Duration
from domain.units import Actor, Role
from tests.support.builders import actor, handler
from tests.support.courses import AGENT, COMMUNITY, DISPATCHER, Course

PARTY = actor(Role.PARTNER)
SEND = GiveFieldTask(FieldParty.PROPERTY_FIRM, "Garden Court", "Clear the stairs.", Duration.parse("4h"))
DONE = ReportFieldTask("f1", True, "The stairs are clear.")


def sent() -> Course:
    """A request whose unit has sent a field party."""
    return Course.of().signed().act(COMMUNITY, SEND)


def the_task(course: Course) -> FieldTask:
    return course.state.field_tasks[-1]


def test_a_field_party_reports_and_the_unit_hears_of_it() -> None:
    course = sent()
    course.act(PARTY, DONE, timedelta(hours=1))
    assert (the_task(course).state, the_task(course).report) == (FieldTaskState.DONE, "The stairs are clear.")
    assert course.state.state is State.IN_PROGRESS
    told = notices_of(course.state, course.story.timeline[-1])
    assert [notice.recipient for notice in told] == [COMMUNITY.unit]


def test_who_stays_silent_is_waited_for_no_longer() -> None:
    course = sent().wait(timedelta(hours=5))
    assert the_task(course).state is FieldTaskState.LAPSED
    assert the_task(course).ended_at == the_task(course).given_at + timedelta(hours=4)
    assert course.refusal(PARTY, DONE) == "field_task_ended"


def test_a_task_is_taken_back_once() -> None:
    course = sent().act(COMMUNITY, RecallFieldTask("f1", "cleared by the residents"))
    assert the_task(course).state is FieldTaskState.RECALLED
    assert course.refusal(COMMUNITY, RecallFieldTask("f1", "again")) == "field_task_ended"


def test_the_request_is_answered_over_an_open_task_which_lapses_at_the_latest_with_it() -> None:
    course = sent().act(COMMUNITY, SubmitReply("1", "solved", "done"))
    course.wait(timedelta(days=60))
    assert course.state.state is State.CLOSED
    assert the_task(course).state is FieldTaskState.LAPSED


def test_a_confidential_matter_is_shown_to_no_field_party() -> None:
    course = Course.of().signed().act(AGENT, MarkConfidential(Visibility.LEAD_ONLY, "fear of the neighbour"))
    assert course.refusal(COMMUNITY, SEND) == "confidential"


def test_what_becomes_confidential_is_done_by_no_field_party() -> None:
    course = sent().act(AGENT, MarkConfidential(Visibility.LEAD_ONLY, "fear of the neighbour"))
    assert the_task(course).state is FieldTaskState.RECALLED
    assert course.refusal(PARTY, DONE) == "field_task_ended"


def test_while_no_unit_leads_only_the_party_itself_reports() -> None:
    course = Course.of().dispatched().asks(COMMUNITY, ExceptionKind.RETURN).signed().act(COMMUNITY, SEND)
    course.rules(DISPATCHER, granted=True)
    assert course.refusal(COMMUNITY, RecallFieldTask("f1", "not ours")) == "not_possible_now"
    assert course.refusal(COMMUNITY, DONE) == "not_possible_now"
    course.act(PARTY, DONE)
    assert the_task(course).state is FieldTaskState.DONE


def test_a_task_has_its_limit_in_the_next_cycle_too() -> None:
    course = sent().act(COMMUNITY, SubmitReply("1", "solved", "done"))
    course.act(actor(Role.REVIEWER, person="reviewer"), ReviewPass())
    course.act(actor(Role.CALLBACK_AGENT), Callback(contacted=True, satisfied=False, attributable=True))
    assert (course.state.cycle, the_task(course).state) == (2, FieldTaskState.GIVEN)
    course.wait(timedelta(hours=5))
    assert the_task(course).state is FieldTaskState.LAPSED


def test_a_field_task_moves_no_clock_of_the_request() -> None:
    alone, helped = Course.of().signed().wait(timedelta(days=3)), sent().wait(timedelta(days=3))
    assert alone.state.clocks == helped.state.clocks[: len(alone.state.clocks)]


@pytest.mark.parametrize(
    ("by", "act", "code"),
    [
        (handler(Level.TOWN), SEND, "not_your_leg"),
        (COMMUNITY, GiveFieldTask(SEND.party, "", "Clear it.", SEND.within), "text_missing"),
        (COMMUNITY, GiveFieldTask(SEND.party, "Court", "Clear it.", Duration.parse("31d")), "limit_too_long"),
        (
            COMMUNITY,
            GiveFieldTask(SEND.party, "Court", "Clear it.", Duration.parse("99999wd")),
            "limit_too_long",
        ),
        (PARTY, ReportFieldTask("f2", True, "done"), "field_task_unknown"),
        (handler(Level.TOWN), DONE, "not_your_leg"),
        (PARTY, ReportFieldTask("f1", True, "done", ("photo",) * 21), "too_much_evidence"),
    ],
)
def test_bad_input_is_refused_with_its_code(by: Actor, act: Act, code: str) -> None:
    assert sent().refusal(by, act) == code


def test_a_request_has_a_bounded_number_of_tasks() -> None:
    course = Course.of().signed()
    for _ in range(20):
        course.act(COMMUNITY, SEND, timedelta(seconds=1))
        course.act(COMMUNITY, RecallFieldTask(the_task(course).id, "not needed"), timedelta(seconds=1))
    assert course.refusal(COMMUNITY, SEND) == "too_many_field_tasks"
