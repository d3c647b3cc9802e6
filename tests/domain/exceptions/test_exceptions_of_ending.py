"""Exceptions that end a request or change what it counts for: commitment, transfer, voiding, findings, appeals."""

from __future__ import annotations

from datetime import timedelta

from domain.commands import Callback, Dispatch, Redo, ReviewPass, Rule, SubmitReply, Withdraw
from domain.events import (
    ApplicationDecided,
    ApplicationLapsed,
    Closed,
    ExclusionLifted,
    ExclusionMarked,
    PutIntoBacklog,
    TransferredOut,
    Voided,
)
from domain.exceptions.applications import ApplicationStatus, ExceptionKind, Silence
from domain.levels import Level
from domain.limits.clock import ClockKind
from domain.limits.deadlines import is_over, next_due
from domain.request import Exclusion, LegEnd, State
from domain.simulator import Simulation
from domain.units import Role
from tests.support.builders import MONDAY_MORNING, actor, application, policy, terms, unclassified
from tests.support.courses import (
    AGENT,
    CITIZEN,
    COMMUNITY,
    DISPATCHER,
    DUTY_LEADER,
    Course,
    head,
)

DAY = timedelta(days=1)
BACKLOG, TRANSFER, VOID = ExceptionKind.BACKLOG, ExceptionKind.TRANSFER_OUT, ExceptionKind.VOID
UNREASONABLE, MALICIOUS, APPEAL = (
    ExceptionKind.UNREASONABLE,
    ExceptionKind.MALICIOUS,
    ExceptionKind.APPEAL,
)
OTHER_LEADER = actor(Role.DUTY_LEADER, person="another duty leader", level=Level.DISTRICT)
TOWN_LEADER = actor(Role.DUTY_LEADER, person="leader of the town", level=Level.TOWN)


def marked() -> Course:
    """A request that was found unreasonable."""
    return Course.of().signed().asks(COMMUNITY, UNREASONABLE).rules(DUTY_LEADER, granted=True)


def test_a_commitment_closes_the_request_with_its_plan_and_date() -> None:
    course = Course.of().signed().asks(head(Level.COMMUNITY), BACKLOG).rules(DUTY_LEADER, granted=True)
    assert course.state.state is State.CLOSED
    assert course.state.ended_how == "backlog"
    assert course.state.commitment_due == MONDAY_MORNING + 200 * DAY
    assert course.story.facts(PutIntoBacklog)[0].plan == "rebuilt with next year's budget"
    assert course.state.legs[0].end is LegEnd.RELEASED
    assert next_due(course.state) is None
    assert not any(clock.is_running for clock in course.state.clocks)


def test_a_commitment_is_asked_by_the_head_of_the_unit_with_a_plan_and_a_date() -> None:
    course = Course.of().signed()
    chief = head(Level.COMMUNITY)
    assert course.refusal(COMMUNITY, application(BACKLOG)) == "role_not_allowed"
    assert course.refusal(chief, application(BACKLOG, plan="")) == "particulars_missing"
    assert course.refusal(chief, application(BACKLOG, until=None)) == "particulars_missing"


def test_a_commitment_lies_ahead_and_within_a_year() -> None:
    course, chief = Course.of().signed(), head(Level.COMMUNITY)
    passed, far = application(BACKLOG, until=course.now), application(BACKLOG, until=course.now + 366 * DAY)
    assert course.refusal(chief, passed) == "commitment_date_passed"
    assert course.refusal(chief, far) == "commitment_too_late"
    course.act(chief, application(BACKLOG, until=course.now + 365 * DAY))
    assert course.last.status is ApplicationStatus.OPEN


def test_a_commitment_whose_date_has_passed_meanwhile_is_not_granted() -> None:
    course, chief = Course.of().signed(), head(Level.COMMUNITY)
    course.act(chief, application(BACKLOG, until=course.now + timedelta(hours=1))).wait(timedelta(hours=2))
    order = Rule("a1", granted=True, note="so be it")
    assert course.refusal(DUTY_LEADER, order) == "commitment_date_passed"


def test_what_has_become_impossible_is_not_granted_by_silence_either_and_time_goes_on() -> None:
    generous = terms(BACKLOG, silence=Silence.GRANTED)
    course, chief = Course.of().signed(), head(Level.COMMUNITY)
    soon = application(BACKLOG, terms=generous, until=course.now + timedelta(hours=1))
    course.act(chief, soon).wait(4 * DAY)
    assert course.last.status is ApplicationStatus.REFUSED
    assert course.state.state is State.IN_PROGRESS


def test_a_commitment_is_decided_in_the_district_and_silence_refuses_it() -> None:
    course = Course.of().signed().asks(head(Level.COMMUNITY), BACKLOG)
    assert course.refusal(TOWN_LEADER, Rule("a1", granted=True, note="well")) == "seat_too_low"
    course.wait(4 * DAY)
    assert course.last.status is ApplicationStatus.REFUSED
    assert course.state.state is State.IN_PROGRESS


def test_a_hurried_matter_is_never_put_off() -> None:
    course = Course.of(policy(dwell={"community": "8h"}, sign="1h")).signed()
    assert course.refusal(head(Level.COMMUNITY), application(BACKLOG)) == "not_for_hurried"


def test_what_belongs_to_the_police_is_transferred_at_once() -> None:
    course = Course.of().asks(AGENT, TRANSFER, reason="police_110")
    assert course.state.state is State.TRANSFERRED_OUT
    assert course.state.ended_how == "police_110"
    assert course.story.facts(TransferredOut)[0].channel == "110"
    decided = course.story.facts(ApplicationDecided)
    assert [(fact.granted, fact.silent) for fact in decided] == [(True, False)]


def test_other_transfers_are_decided_by_the_duty_leader_and_the_request_goes_on_meanwhile() -> None:
    course = Course.of().asks(AGENT, TRANSFER, reason="petition", channel="petition office")
    course.act(DISPATCHER, Dispatch())
    assert course.last.status is ApplicationStatus.OPEN
    course.rules(DUTY_LEADER, granted=True)
    assert course.state.state is State.TRANSFERRED_OUT
    assert course.state.legs[0].end is LegEnd.RELEASED


def test_a_transfer_needs_its_channel_and_lapses_with_the_reply() -> None:
    course = Course.of().signed()
    assert (
        course.refusal(AGENT, application(TRANSFER, reason="petition", channel="")) == "particulars_missing"
    )
    course.asks(AGENT, TRANSFER, reason="petition")
    course.act(COMMUNITY, SubmitReply("1", "solved", "done"))
    assert course.last.status is ApplicationStatus.LAPSED


def test_a_request_that_nobody_has_judged_yet_is_transferred_and_voided_too() -> None:
    for kind, end in ((TRANSFER, State.TRANSFERRED_OUT), (VOID, State.VOIDED)):
        course = Course(Simulation.of(unclassified()), MONDAY_MORNING)
        course.act(AGENT, application(kind, reason="petition" if kind is TRANSFER else "test_record"))
        assert course.rules(DUTY_LEADER, granted=True).state.state is end


def test_a_test_record_is_voided_by_the_duty_leader_never_by_who_asked() -> None:
    course = Course.of().asks(AGENT, VOID)
    assert course.refusal(AGENT, Rule("a1", granted=True, note="mine")) == "role_not_allowed"
    course.rules(DUTY_LEADER, granted=True)
    assert course.state.state is State.VOIDED
    assert course.story.facts(Voided)[0].reason == "test_record"


def test_voiding_lapses_when_the_request_is_dispatched() -> None:
    course = Course.of().asks(AGENT, VOID).act(DISPATCHER, Dispatch())
    assert course.last.status is ApplicationStatus.LAPSED
    assert course.refusal(AGENT, application(VOID)) == "not_possible_now"


def test_a_finding_marks_the_request_which_is_answered_all_the_same() -> None:
    for kind, exclusion in ((UNREASONABLE, Exclusion.UNREASONABLE), (MALICIOUS, Exclusion.MALICIOUS)):
        course = Course.of().signed().asks(COMMUNITY, kind).rules(DUTY_LEADER, granted=True)
        assert course.state.exclusion is exclusion
        assert course.state.state is State.IN_PROGRESS
        assert course.story.facts(ExclusionMarked)[0].exclusion is exclusion


def test_a_finding_needs_its_legal_basis_and_is_made_by_the_duty_leader() -> None:
    course = Course.of().signed()
    assert course.refusal(COMMUNITY, application(MALICIOUS, legal_basis="")) == "particulars_missing"
    course.asks(COMMUNITY, MALICIOUS)
    assert course.refusal(DISPATCHER, Rule("a1", granted=True, note="yes")) == "role_not_allowed"
    assert course.refusal(COMMUNITY, application(UNREASONABLE)) == "already_asked"


def test_a_finding_can_be_asked_for_with_the_reply_and_decided_during_the_review() -> None:
    course = Course.of().signed().asks(COMMUNITY, UNREASONABLE)
    course.act(COMMUNITY, SubmitReply("1", "explained_only", "the law forbids it"))
    assert course.rules(DUTY_LEADER, granted=True).state.exclusion is Exclusion.UNREASONABLE


def test_the_citizen_appeals_once_and_another_leader_lifts_the_finding() -> None:
    course = marked().asks(CITIZEN, APPEAL)
    assert course.refusal(DUTY_LEADER, Rule("a2", granted=True, note="well")) == "same_person"
    course.rules(OTHER_LEADER, granted=True)
    assert course.state.exclusion is None
    assert len(course.story.facts(ExclusionLifted)) == 1
    assert course.refusal(COMMUNITY, application(UNREASONABLE)) == "appeal_is_final"


def test_an_appeal_that_was_refused_or_met_with_silence_is_not_repeated() -> None:
    refused = marked().asks(CITIZEN, APPEAL).rules(OTHER_LEADER, granted=False)
    silent = marked().asks(CITIZEN, APPEAL).wait(4 * DAY)
    for course in (refused, silent):
        assert course.last.status is ApplicationStatus.REFUSED
        assert course.state.exclusion is Exclusion.UNREASONABLE
        assert course.refusal(CITIZEN, application(APPEAL)) == "quota_used_up"


def closed() -> Course:
    """A request that was found unreasonable, answered and closed."""
    course = marked().act(COMMUNITY, SubmitReply("1", "explained_only", "the law forbids it"))
    return answered(course)


def answered(course: Course) -> Course:
    """The reply passes its review, and the citizen is called back."""
    course.act(actor(Role.REVIEWER, person="reviewer"), ReviewPass())
    return course.act(actor(Role.CALLBACK_AGENT, person="caller"), Callback(contacted=True))


def test_an_appeal_is_heard_after_the_request_was_closed_too() -> None:
    course = closed()
    assert course.state.state is State.CLOSED
    assert is_over(course.state)
    course.asks(CITIZEN, APPEAL)
    assert next_due(course.state) is not None
    course.rules(OTHER_LEADER, granted=True)
    assert course.state.exclusion is None
    assert course.state.state is State.CLOSED
    assert is_over(course.state)


def test_an_appeal_that_nobody_decides_is_refused_though_the_request_is_closed() -> None:
    course = closed().asks(CITIZEN, APPEAL).wait(9 * DAY)
    assert course.last.status is ApplicationStatus.REFUSED
    assert is_over(course.state)


def test_an_appeal_that_was_made_before_the_end_outlives_it_and_nothing_else_does() -> None:
    course = marked().asks(CITIZEN, APPEAL).asks(COMMUNITY, ExceptionKind.EXTENSION)
    answered(course.act(COMMUNITY, SubmitReply("1", "explained_only", "the law forbids it")))
    assert course.statuses()[1:] == [ApplicationStatus.OPEN, ApplicationStatus.LAPSED]
    assert {clock.kind for clock in course.state.clocks if clock.is_running} == {ClockKind.DECISION}
    assert not is_over(course.state)


def test_an_appeal_comes_within_the_time_in_which_a_request_may_be_opened_again() -> None:
    assert closed().wait(31 * DAY).refusal(CITIZEN, application(APPEAL)) == "window_passed"
    assert closed().refusal(COMMUNITY, application(UNREASONABLE)) == "request_ended"


def test_an_undecided_application_keeps_its_limit_through_a_new_cycle() -> None:
    course = Course.of().signed().asks(COMMUNITY, UNREASONABLE)
    course.act(COMMUNITY, SubmitReply("1", "explained_only", "the law forbids it"))
    course.act(actor(Role.REVIEWER, person="reviewer"), ReviewPass())
    course.act(DUTY_LEADER, Redo("explain it better"))
    assert course.last.status is ApplicationStatus.OPEN
    assert course.wait(4 * DAY).last.status is ApplicationStatus.REFUSED


def test_without_a_finding_there_is_nothing_to_appeal_and_no_second_finding_beside_one() -> None:
    assert Course.of().signed().refusal(CITIZEN, application(APPEAL)) == "nothing_to_appeal"
    assert marked().refusal(COMMUNITY, application(MALICIOUS)) == "excluded_already"


def test_whatever_is_undecided_lapses_when_the_citizen_withdraws() -> None:
    course = Course.of().signed().asks(COMMUNITY, UNREASONABLE).asks(COMMUNITY, ExceptionKind.EXTENSION)
    course.act(CITIZEN, Withdraw("settled"))
    assert course.statuses() == [ApplicationStatus.LAPSED] * 2
    assert [fact.application for fact in course.story.facts(ApplicationLapsed)] == ["a1", "a2"]
    assert course.state.state is State.WITHDRAWN
    assert course.story.facts(Closed) == []
