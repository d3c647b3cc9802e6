"""The rules of return and arbitration (退单、改派、裁定), one by one: who may object, how often, who rules."""

from __future__ import annotations

from datetime import timedelta

from domain.commands import Dispatch, FirstContact, Reassign, Rule, StartJoint, SubmitReply
from domain.events import (
    AlarmRaised,
    ApplicationDecided,
    DeadlineFired,
    DisputeRuled,
    LegDispatched,
    LegReturned,
)
from domain.exceptions.applications import ApplicationStatus, ExceptionKind
from domain.exceptions.terms import DutyAmendment
from domain.levels import Level
from domain.limits.clock import ClockKind
from domain.limits.deadlines import next_due
from domain.limits.policy import Urgency
from domain.request import LegEnd, State
from domain.time.durations import Duration
from domain.units import Role, Unit
from tests.support.builders import UNITS, actor, application, policy
from tests.support.courses import (
    ARBITER,
    COMMUNITY,
    DISPATCHER,
    MINUTE,
    OTHER_BUREAU,
    OTHER_DISTRICT,
    OTHER_TOWN,
    Course,
    head,
    of,
)

HOUR = timedelta(hours=1)
RETURN, DISPUTE = ExceptionKind.RETURN, ExceptionKind.DISPUTE
CITY_ARBITER = actor(Role.ARBITER, person="arbiter of the city", level=Level.CITY)


def urgent() -> Course:
    """An urgent matter on which half of the sign limit is twenty minutes."""
    return Course.of(policy(sign="40min", urgency=Urgency.URGENT))


def returned_twice() -> Course:
    """A request that two units have rightly returned; a third one holds it."""
    course = Course.of().dispatched()
    for suggested in (OTHER_TOWN, OTHER_BUREAU):
        lead = course.state.lead
        assert lead is not None
        course.asks(of(lead.unit), RETURN, unit=suggested).rules(DISPATCHER, granted=True)
        course.dispatched()
    return course


def disputed() -> Course:
    """A signed request whose unit objects in vain, and whose head disputes the matter."""
    course = Course.of().signed().asks(COMMUNITY, RETURN).rules(DISPATCHER, granted=False)
    return course.asks(head(Level.COMMUNITY), DISPUTE)


def test_an_upheld_return_ends_the_leg_and_the_request_waits_to_be_dispatched() -> None:
    course = Course.of().dispatched().asks(COMMUNITY, RETURN).rules(DISPATCHER, granted=True)
    assert course.state.state is State.PENDING_DISPATCH
    assert course.state.legs[0].end is LegEnd.RETURNED
    assert course.state.reassignments == 1
    assert course.story.facts(LegReturned)[0].leg == "1"


def test_a_refused_return_leaves_the_request_where_it_was_and_is_remembered_as_wrongful() -> None:
    for course, state in (
        (Course.of().dispatched(), State.PENDING_SIGN),
        (Course.of().signed(), State.IN_PROGRESS),
    ):
        course.asks(COMMUNITY, RETURN).rules(DISPATCHER, granted=False)
        assert course.state.state is state
        assert course.last.status is ApplicationStatus.REFUSED
        assert course.state.reassignments == 0


def test_rule_1_a_unit_applies_once_per_leg() -> None:
    course = Course.of().dispatched().asks(COMMUNITY, RETURN).rules(DISPATCHER, granted=False)
    assert course.refusal(COMMUNITY, application(RETURN)) == "quota_used_up"


def test_rule_1_an_urgent_matter_is_returned_within_half_of_the_sign_limit() -> None:
    in_time, late = urgent().dispatched().wait(18 * MINUTE), urgent().dispatched().wait(20 * MINUTE)
    grid = of(UNITS[Level.GRID])
    assert in_time.asks(grid, RETURN, unit=OTHER_TOWN).last.status is ApplicationStatus.OPEN
    assert late.refusal(grid, application(RETURN)) == "window_passed"


def test_rule_1_half_of_the_sign_limit_is_over_though_the_unit_has_signed() -> None:
    course = urgent().signed().wait(20 * MINUTE)
    assert course.refusal(of(UNITS[Level.GRID]), application(RETURN)) == "window_passed"


def test_rule_1_an_ordinary_matter_is_returned_within_four_working_hours() -> None:
    dispatched = Course.of().dispatched()
    # From 10:01 to 16:01, the lunch hours not counted.
    assert (
        dispatched.wait(6 * HOUR - 2 * MINUTE).asks(COMMUNITY, RETURN).last.status is ApplicationStatus.OPEN
    )
    assert Course.of().signed().wait(6 * HOUR).refusal(COMMUNITY, application(RETURN)) == "window_passed"


def test_rule_1_a_reason_of_the_list_and_a_suggested_unit_are_needed() -> None:
    course = Course.of().dispatched()
    assert course.refusal(COMMUNITY, application(RETURN, reason="too_hot")) == "unknown_reason"
    assert course.refusal(COMMUNITY, application(RETURN, unit=None)) == "particulars_missing"
    assert course.refusal(COMMUNITY, application(RETURN, explanation=" ")) == "text_missing"


def test_rule_2_no_decision_in_time_means_refused() -> None:
    limits = {Urgency.CRITICAL: 5 * MINUTE, Urgency.URGENT: 30 * MINUTE}
    for urgency, limit in limits.items():
        course = Course.of(policy(sign="2h", urgency=urgency)).dispatched()
        course.asks(of(UNITS[Level.GRID]), RETURN)
        assert course.wait(limit - MINUTE).last.status is ApplicationStatus.OPEN
        assert course.wait(MINUTE).last.status is ApplicationStatus.REFUSED
        assert course.story.facts(ApplicationDecided)[0].silent
        assert course.state.state is State.PENDING_SIGN


def test_rule_2_an_ordinary_matter_is_decided_within_two_working_hours() -> None:
    course = Course.of().dispatched().wait(HOUR + 57 * MINUTE).asks(COMMUNITY, RETURN)
    # Asked at 11:59; the office closes at 12:00 and opens again at 14:00.
    assert course.wait(3 * HOUR + 59 * MINUTE).last.status is ApplicationStatus.OPEN
    assert course.wait(MINUTE).last.status is ApplicationStatus.REFUSED


def test_rule_3_two_reassignments_are_all_and_the_third_objection_is_a_dispute() -> None:
    course = returned_twice()
    assert course.state.reassignments == 2
    assert course.refusal(of(OTHER_BUREAU), application(RETURN)) == "reassignments_used_up"
    assert course.refusal(DISPATCHER, Reassign(OTHER_TOWN, "theirs")) == "reassignments_used_up"
    course.asks(of(OTHER_BUREAU, Role.UNIT_HEAD), DISPUTE)
    assert course.state.state is State.IN_DISPUTE


def test_rule_3_a_dispatcher_reassigns_at_most_twice_and_never_to_the_same_unit() -> None:
    course = Course.of().signed()
    assert course.refusal(DISPATCHER, Reassign(UNITS[Level.COMMUNITY], "theirs")) == "same_unit"
    course.act(DISPATCHER, Reassign(OTHER_TOWN, "lies in their area"))
    assert [leg.end for leg in course.state.legs] == [LegEnd.REASSIGNED, None]
    assert course.state.state is State.PENDING_SIGN
    course.act(DISPATCHER, Reassign(OTHER_BUREAU, "their function"))
    assert course.state.reassignments == 2
    assert course.refusal(DISPATCHER, Reassign(OTHER_TOWN, "after all")) == "reassignments_used_up"


def test_rule_3_a_reassignment_needs_a_reason_and_a_level_that_handles() -> None:
    city = Unit("4401-centre", Level.CITY, "4401", "市指挥中心", "city centre")
    course = Course.of().signed()
    assert course.refusal(DISPATCHER, Reassign(OTHER_TOWN, " ")) == "text_missing"
    assert course.refusal(DISPATCHER, Reassign(city, "theirs")) == "level_does_not_handle"


def test_a_dispute_is_opened_only_after_a_refused_return_or_by_a_dispatcher() -> None:
    course = Course.of().signed()
    assert course.refusal(head(Level.COMMUNITY), application(DISPUTE)) == "dispute_too_early"
    assert course.refusal(COMMUNITY, application(DISPUTE)) == "role_not_allowed"
    assert Course.of().signed().asks(DISPATCHER, DISPUTE).state.state is State.IN_DISPUTE
    assert disputed().state.state is State.IN_DISPUTE


def test_rule_4_the_ruling_names_one_lead() -> None:
    course = disputed().rules(ARBITER, granted=True, unit=OTHER_BUREAU)
    assert course.state.state is State.PENDING_SIGN
    assert course.state.lead is not None
    assert course.state.lead.unit == OTHER_BUREAU
    assert course.state.lead.duty_entry == f"R-{course.state.number}-a2"
    assert course.state.legs[0].end is LegEnd.RULED_AWAY


def test_rule_4_a_ruling_for_the_present_unit_changes_nothing_about_its_leg() -> None:
    for granted, unit in ((True, UNITS[Level.COMMUNITY]), (False, None)):
        course = disputed().rules(ARBITER, granted=granted, unit=unit)
        assert course.state.state is State.IN_PROGRESS
        assert [leg.end for leg in course.state.legs] == [None]
        assert course.story.facts(DisputeRuled)[0].unit == UNITS[Level.COMMUNITY]


def test_rule_4_the_ruling_is_final_for_the_request() -> None:
    course = disputed().rules(ARBITER, granted=True, unit=OTHER_BUREAU)
    assert course.refusal(of(OTHER_BUREAU), application(RETURN)) == "ruling_is_final"
    assert course.refusal(of(OTHER_BUREAU, Role.UNIT_HEAD), application(DISPUTE)) == "ruling_is_final"
    assert course.refusal(DISPATCHER, Reassign(OTHER_TOWN, "theirs")) == "ruling_is_final"


def test_rule_4_a_return_that_is_still_undecided_ends_with_the_ruling() -> None:
    course = Course.of().signed().asks(COMMUNITY, RETURN).act(DISPATCHER, application(DISPUTE))
    course.rules(ARBITER, granted=False)
    assert course.statuses() == [ApplicationStatus.LAPSED, ApplicationStatus.REFUSED]
    assert course.refusal(DISPATCHER, Rule("a1", granted=True, note="well")) == "application_decided"


def test_rule_4_a_ruling_without_a_unit_or_for_the_city_is_refused() -> None:
    course = disputed()
    city = Unit("4401-centre", Level.CITY, "4401", "市指挥中心", "city centre")
    assert course.refusal(ARBITER, Rule("a2", granted=True, note="so be it")) == "unit_missing"
    assert (
        course.refusal(CITY_ARBITER, Rule("a2", granted=True, note="so", unit=city))
        == "level_does_not_handle"
    )


def test_rule_4_silence_leaves_the_request_with_its_unit_and_alarms_one_level_up() -> None:
    course = disputed().wait(timedelta(days=2))
    assert course.state.state is State.IN_PROGRESS
    assert course.last.status is ApplicationStatus.REFUSED
    alarm = next(fact for fact in course.story.facts(AlarmRaised) if fact.what == "not_ruled")
    assert alarm.to == "city_duty_leader"
    assert course.story.facts(DisputeRuled) == []


def test_rule_5_the_total_runs_on_while_in_dispute_and_dwell_and_contact_stay_silent() -> None:
    course = disputed().wait(timedelta(minutes=30))
    total = course.state.clock(ClockKind.TOTAL)
    assert total is not None
    assert total.is_running
    assert total.live_since is not None
    dwell = course.state.clock(ClockKind.DWELL, "1")
    assert dwell is not None
    assert dwell.live_since is None


def test_rule_5_the_unit_that_holds_the_leg_goes_on_where_it_stood() -> None:
    course = disputed().rules(ARBITER, granted=False)
    course.act(COMMUNITY, FirstContact("1", "call log 4"))
    course.act(COMMUNITY, SubmitReply("1", "solved", "fenced off, then repaired"))
    assert course.state.state is State.PENDING_REVIEW


def test_rule_6_the_ruling_keeps_the_entry_that_it_adds_to_the_duty_list() -> None:
    amendment = DutyAmendment("0201", Level.DISTRICT, "440106", "ecology_bureau", "ruling of 2 March")
    course = disputed().rules(ARBITER, granted=True, unit=OTHER_BUREAU, amendment=amendment)
    ruling = course.story.facts(DisputeRuled)[0]
    assert ruling.amendment == amendment
    assert ruling.duty_entry == f"R-{course.state.number}-a2"


def test_rule_6_only_a_ruling_adds_to_the_duty_list() -> None:
    amendment = DutyAmendment("0201", Level.DISTRICT, "440106", "ecology_bureau", "a whim")
    course = Course.of().dispatched().asks(COMMUNITY, RETURN)
    order = Rule("a1", granted=True, note="theirs", amendment=amendment)
    assert course.refusal(DISPATCHER, order) == "amendment_without_dispute"
    named = Rule("a1", granted=True, note="theirs", unit=OTHER_TOWN)
    assert course.refusal(DISPATCHER, named) == "unit_without_dispute"


def test_rule_7_between_districts_the_city_rules() -> None:
    course = Course.of().signed().asks(DISPATCHER, DISPUTE, unit=OTHER_DISTRICT)
    assert course.last.seat is Level.CITY
    order = Rule("a1", granted=True, note="theirs", unit=OTHER_DISTRICT)
    assert course.refusal(ARBITER, order) == "seat_too_low"
    assert course.act(CITY_ARBITER, order).state.state is State.PENDING_SIGN


def test_rule_7_an_arbiter_of_the_district_cannot_burden_another_district() -> None:
    course = disputed()
    order = Rule("a2", granted=True, note="theirs", unit=OTHER_DISTRICT)
    assert course.refusal(ARBITER, order) == "seat_too_low"


def test_nobody_decides_what_they_asked_for() -> None:
    course = (
        Course.of()
        .signed()
        .act(actor(Role.DISPATCHER, person="both"), application(DISPUTE, unit=OTHER_BUREAU))
    )
    same = actor(Role.ARBITER, person="both", level=Level.DISTRICT)
    order = Rule("a1", granted=True, note="mine", unit=OTHER_BUREAU)
    assert course.refusal(same, order) == "same_person"


def test_a_return_decided_while_the_office_sleeps_does_not_stop_the_total() -> None:
    course = Course.of().dispatched().asks(COMMUNITY, RETURN).rules(DISPATCHER, granted=True)
    total = course.state.clock(ClockKind.TOTAL)
    assert total is not None
    assert total.started_at == course.state.accepted_at
    assert total.is_running
    assert len(total.segments) == 1


def test_after_an_upheld_return_the_duty_list_routes_to_the_suggested_unit_by_itself() -> None:
    course = Course.of().dispatched().asks(COMMUNITY, RETURN, unit=OTHER_TOWN).rules(DISPATCHER, granted=True)
    course.wait(HOUR + MINUTE)
    assert course.story.facts(LegDispatched)[-1].unit == OTHER_TOWN
    assert [fact.what for fact in course.story.facts(AlarmRaised)] == ["not_dispatched"]


def test_a_dispatcher_who_names_nobody_after_a_return_gives_it_to_the_suggested_unit() -> None:
    course = Course.of().dispatched().asks(COMMUNITY, RETURN, unit=OTHER_TOWN).rules(DISPATCHER, granted=True)
    course.act(DISPATCHER, Dispatch())
    assert course.state.lead is not None
    assert course.state.lead.unit == OTHER_TOWN


def test_the_suggested_unit_is_the_one_of_the_return_whoever_else_was_named_meanwhile() -> None:
    course = Course.of().signed()
    course.act(DISPATCHER, StartJoint(OTHER_BUREAU, "measure the noise", within=Duration.parse("1wh")))
    course.asks(COMMUNITY, RETURN, unit=OTHER_TOWN).wait(HOUR)
    course.asks(COMMUNITY, ExceptionKind.REMOVAL, unit=OTHER_BUREAU)
    course.act(DISPATCHER, Rule("a1", granted=True, note="theirs")).act(DISPATCHER, Dispatch())
    assert course.state.lead is not None
    assert course.state.lead.unit == OTHER_TOWN


def test_a_suggested_community_off_the_ladder_is_not_given_the_matter_unasked() -> None:
    elsewhere = Unit(
        "440106012004-community_committee", Level.COMMUNITY, "440106012004", "另一居委会", "another"
    )
    course = Course.of().dispatched().asks(COMMUNITY, RETURN, unit=elsewhere).rules(DISPATCHER, granted=True)
    course.wait(4 * HOUR)
    assert course.state.lead is not None
    assert course.state.lead.unit == UNITS[Level.TOWN]


def test_the_dispatch_limit_starts_anew_after_a_return_and_speaks_once() -> None:
    course = Course.of().dispatched().asks(COMMUNITY, RETURN).rules(DISPATCHER, granted=True)
    due = course.state.calendar.due(course.now, Duration.parse("1wh")).at
    assert next_due(course.state) == due
    course.wait(2 * HOUR)
    told = [fact for fact in course.story.facts(DeadlineFired) if fact.clock is ClockKind.DISPATCH]
    assert [fact.due_at for fact in told] == [due]


def test_a_return_lapses_when_the_unit_replies_after_all() -> None:
    course = Course.of().signed().asks(COMMUNITY, RETURN)
    course.act(COMMUNITY, SubmitReply("1", "solved", "done after all"))
    assert course.last.status is ApplicationStatus.LAPSED
    assert course.refusal(DISPATCHER, Rule("a1", granted=True, note="theirs")) == "application_decided"


def test_a_return_lapses_when_handling_moves_up_by_time() -> None:
    course = Course.of(policy(sign="10h", dwell={"grid": "20min", "town": "2h"}))
    course.signed().asks(of(UNITS[Level.GRID]), RETURN).wait(25 * MINUTE)
    assert course.state.lead is not None
    assert course.state.lead.level is Level.TOWN
    assert course.last.status is ApplicationStatus.LAPSED


def test_another_unit_cannot_return_the_leg_and_a_joint_unit_has_nothing_to_return() -> None:
    course = Course.of().signed()
    assert course.refusal(of(UNITS[Level.TOWN]), application(RETURN)) == "not_your_leg"
    assert course.refusal(COMMUNITY, application(RETURN, leg="9")) == "leg_unknown"
    course.wait(timedelta(days=8))
    assert course.refusal(COMMUNITY, application(RETURN, leg="1")) == "not_the_lead"
