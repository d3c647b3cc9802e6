"""The whistle: a town calls departments, they come or are missed, a plan is carried out, and both sides rate."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.commands import (
    AcknowledgeWhistle,
    AgreePlan,
    AttendWhistle,
    BlowWhistle,
    Callback,
    ConfirmUnjustified,
    EndWhistle,
    MarkConfidential,
    ObjectToWhistle,
    RateCall,
    RateWhistle,
    RemoveJoint,
    ReviewPass,
    Rule,
    Sign,
    StartJoint,
    SubmitReply,
    Withdraw,
)
from domain.events import (
    AlarmRaised,
    AttendanceMissed,
    DeadlineFired,
    DistrictJoined,
    LegDispatched,
    Supervised,
    WhistleAttended,
)
from domain.exceptions.applications import ExceptionKind
from domain.levels import Level
from domain.lifecycle import possible_acts
from domain.limits.clock import WHISTLE_CLOCKS, ClockKind
from domain.limits.deadlines import next_due
from domain.limits.explain import explain
from domain.request import Body, Card, LegEnd, LegRole, Matter, State, Visibility
from domain.responsibility.routing import Place
from domain.time.durations import Duration
from domain.units import Actor, Role, Unit
from domain.whistles import (
    Decision,
    Mode,
    Post,
    Spot,
    Summons,
    WhistleEnd,
    WhistleKind,
    WhistleStanding,
    rating_ends,
    whistle_standing,
)
from tests.support.builders import MONDAY_MORNING, SQUARE, UNITS, actor, handler, whistle
from tests.support.courses import (
    CITIZEN,
    DISPATCHER,
    DUTY_LEADER,
    OTHER_BUREAU,
    OTHER_DISTRICT,
    OTHER_TOWN,
    Course,
    head,
    of,
    working,
)
from tests.support.tales import every_notice

URBAN = UNITS[Level.DISTRICT]
TOWN = handler(Level.TOWN)
REVIEWER, CALLBACK_AGENT = actor(Role.REVIEWER), actor(Role.CALLBACK_AGENT)
SUPERVISOR = actor(Role.SUPERVISOR, level=Level.DISTRICT)
FOUR_HUNDRED_METRES_NORTH = Spot(SQUARE.latitude + 0.0036, SQUARE.longitude)
DAY = timedelta(days=1)
CLEAR = Decision(URBAN, "clear the stalls", Duration.parse("2wd"))


def at_the_town() -> Course:
    """A matter of office time that its town has signed on Monday at 10:02 local time."""
    return Course.of(working(dwell={"town": "10wd", "district": "10wd"})).signed()


def blown(*summoned: Unit, **changes: Any) -> Course:
    """The town has called, by default the urban management bureau alone."""
    return at_the_town().act(TOWN, whistle(summoned=summoned or (URBAN,), **changes))


def here(post: Post = Post.DEPUTY_HEAD, spot: Spot | None = SQUARE) -> AttendWhistle:
    """A check-in at the place."""
    return AttendWhistle("w1", Mode.ON_SITE, "Officer Li", post, spot)


def attended(*summoned: Unit, **changes: Any) -> Course:
    """Everybody who was called has come."""
    course = blown(*summoned, **changes)
    for unit in summoned or (URBAN,):
        course.act(of(unit), here())
    return course


def ended(*summoned: Unit, resolved: bool = True) -> Course:
    """The whistle is over."""
    return attended(*summoned).act(TOWN, EndWhistle("w1", resolved, "cleared together"))


def standing(course: Course, at: datetime | None = None) -> WhistleStanding:
    """Where the whistle stands."""
    begun = [leg.id for leg in course.state.legs if leg.signed_at or leg.ended_at]
    return whistle_standing(course.state.whistles[-1], begun, course.state.calendar, at or course.now)


def part(course: Course, unit: Unit = URBAN) -> Summons:
    """A department's part in the last whistle."""
    found = course.state.whistles[-1].summons_of(unit.code)
    assert found is not None
    return found


def told(course: Course, kind: str) -> set[str]:
    """Who was told of the events of a kind."""
    return {notice.recipient for notice in every_notice(course.story) if notice.subject == kind}


# Rules 1 and 2: only a town, only its own departments, and only for a power on the list


def test_a_town_calls_the_departments_of_its_district_and_the_clocks_run() -> None:
    course = blown(URBAN, OTHER_BUREAU)
    running = [(clock.kind, clock.leg) for clock in course.state.clocks if clock.kind in WHISTLE_CLOCKS]
    assert running == [
        (ClockKind.WHISTLE_ACK, "w1.1"),
        (ClockKind.WHISTLE_ATTEND, "w1.1"),
        (ClockKind.WHISTLE_ACK, "w1.2"),
        (ClockKind.WHISTLE_ATTEND, "w1.2"),
        (ClockKind.WHISTLE_PLAN, "w1"),
        (ClockKind.WHISTLE_RESULT, "w1"),
    ]
    assert told(course, "whistle_blown") == {URBAN.code, OTHER_BUREAU.code}
    assert standing(course) is WhistleStanding.CALLED


@pytest.mark.parametrize(
    ("by", "act", "code"),
    [
        (handler(Level.DISTRICT), whistle(), "not_your_whistle"),
        (handler(Level.DISTRICT), whistle(town=URBAN), "level_does_not_whistle"),
        (handler(Level.COMMUNITY), whistle(town=UNITS[Level.COMMUNITY]), "level_does_not_whistle"),
        (of(OTHER_TOWN), whistle(), "not_your_whistle"),
        (of(OTHER_TOWN), whistle(town=OTHER_TOWN), "outside_the_area"),
        (of(OTHER_TOWN, Role.DISPATCHER), whistle(), "not_your_whistle"),
        (TOWN, whistle(summoned=(OTHER_DISTRICT,)), "not_to_be_summoned"),
        (TOWN, whistle(summoned=(UNITS[Level.COMMUNITY],)), "not_to_be_summoned"),
        (TOWN, whistle(summoned=()), "nobody_summoned"),
        (TOWN, whistle(summoned=(URBAN, URBAN)), "summoned_twice"),
        (TOWN, whistle(listed=False), "not_on_the_list"),
        (TOWN, whistle(reason=" "), "text_missing"),
        (TOWN, whistle(spot=None), "place_missing"),
    ],
)
def test_others_are_refused(by: Actor, act: BlowWhistle, code: str) -> None:
    assert at_the_town().refusal(by, act) == code


def test_a_community_calls_its_town() -> None:
    course = Course.of().signed()
    call = whistle(town=UNITS[Level.COMMUNITY], summoned=(UNITS[Level.TOWN],), kind=WhistleKind.COMMUNITY)
    course.act(handler(Level.COMMUNITY), call).act(TOWN, here())
    assert standing(course) is WhistleStanding.CONVENED


@pytest.mark.parametrize("by", [DISPATCHER, DUTY_LEADER])
def test_a_command_centre_calls_on_behalf_of_the_town(by: Actor) -> None:
    course = at_the_town().act(by, whistle())
    assert course.state.whistles[0].town == UNITS[Level.TOWN]
    assert course.state.whistles[0].called_by == by.person


def test_what_is_not_listed_a_duty_leader_calls_for_and_so_signs() -> None:
    assert at_the_town().refusal(DISPATCHER, whistle(listed=False)) == "not_on_the_list"
    calling = at_the_town().act(DUTY_LEADER, whistle(listed=False))
    assert calling.state.whistles[0].signed_by == DUTY_LEADER.person


def test_every_summons_names_the_power() -> None:
    call = whistle()
    unnamed = replace(call, summoned=(replace(call.summoned[0], power=" "),))
    assert at_the_town().refusal(TOWN, unnamed) == "text_missing"


def test_nobody_is_called_twice_at_once_but_again_after_the_end() -> None:
    course = blown()
    assert course.refusal(TOWN, whistle()) == "summoned_twice"
    course.act(TOWN, EndWhistle("w1", False, "nobody came")).act(TOWN, whistle())
    assert [each.id for each in course.state.whistles] == ["w1", "w2"]


def test_a_confidential_request_is_shown_to_no_department() -> None:
    course = at_the_town()
    course.act(actor(Role.REVIEWER), MarkConfidential(Visibility.LEAD_ONLY, "the caller fears them"))
    assert course.refusal(TOWN, whistle()) == "confidential"


def test_who_may_not_see_the_request_any_more_need_not_come() -> None:
    course = blown(reason="call 13812345678")
    course.act(actor(Role.REVIEWER), MarkConfidential(Visibility.LEAD_ONLY, "the caller fears them"))
    assert course.state.whistles[0].end is WhistleEnd.CANCELLED
    course.wait(30 * DAY)
    assert not course.story.facts(AttendanceMissed)
    assert not course.story.facts(DistrictJoined)


def test_departments_are_told_without_numbers_of_persons() -> None:
    course = blown(reason="ask 13812345678").act(of(URBAN), here())
    course.act(TOWN, EndWhistle("w1", True, "13812345678 is content"))
    course.act(TOWN, RateWhistle("w1", URBAN.code, 5, 5, 5, "as 13812345678 says"))
    texts = [each.text_zh for each in every_notice(course.story) if each.recipient == URBAN.code]
    assert sum("***" in each for each in texts) == 3
    assert not any("13812345678" in each for each in texts)


def test_a_named_time_leaves_the_time_to_acknowledge_and_plan_and_result_count_from_it() -> None:
    course = at_the_town()
    soon, meeting = course.now + timedelta(minutes=20), course.now + 3 * DAY
    assert course.refusal(TOWN, whistle(attend_at=soon)) == "attend_time_unfit"
    emergency = whistle(kind=WhistleKind.EMERGENCY, attend_at=meeting)
    assert course.refusal(TOWN, emergency) == "attend_time_unfit"
    course.act(TOWN, whistle(attend_at=meeting))
    due = {clock.clock: clock.due_at for clock in explain(course.state, course.now)}
    assert due["whistle_attend"] == meeting
    assert due["whistle_plan"] == course.state.calendar.due(meeting, Duration.parse("3wd")).at
    assert due["whistle_result"] == course.state.calendar.due(meeting, Duration.parse("10wd")).at


def test_the_request_s_own_place_is_where_they_come_unless_another_is_named() -> None:
    place = Place("440106012003017", "Jianshe Road 5", 23.1, 113.3)
    matter = Matter("0201", "city_appearance", place)
    course = Course.of(working(dwell={"town": "10wd"}), matter=matter).signed()
    course.act(TOWN, whistle(spot=None))
    assert course.state.whistles[0].spot == Spot(23.1, 113.3)
    assert course.state.whistles[0].address == "Jianshe Road 5"


# Rules 3 and 4: departments come, prove it, and can only object


def test_who_acknowledges_and_comes_is_awaited_no_more() -> None:
    course = blown().act(of(URBAN), AcknowledgeWhistle("w1"))
    assert standing(course) is WhistleStanding.ACKNOWLEDGED
    assert course.refusal(of(URBAN), AcknowledgeWhistle("w1")) == "acknowledged_before"
    course.act(of(URBAN), here())
    assert standing(course) is WhistleStanding.CONVENED
    assert part(course).distance == 0
    running = {
        clock.kind for clock in course.state.clocks if clock.is_running and clock.kind in WHISTLE_CLOCKS
    }
    assert running == {ClockKind.WHISTLE_PLAN, ClockKind.WHISTLE_RESULT}
    assert told(course, "whistle_attended") == {UNITS[Level.TOWN].code}


def test_who_comes_without_a_word_has_heard_the_call() -> None:
    assert part(attended()).acknowledged_at == part(attended()).arrived_at


@pytest.mark.parametrize(
    ("by", "act", "code"),
    [
        (of(URBAN), here(spot=FOUR_HUNDRED_METRES_NORTH), "not_at_the_place"),
        (of(URBAN), here(spot=None), "position_missing"),
        (of(URBAN), AttendWhistle("w1", Mode.ONLINE, "Li", Post.HEAD), "mode_not_offered"),
        (of(URBAN), replace(here(), attendee=""), "text_missing"),
        (of(URBAN), replace(here(), whistle="w9"), "whistle_unknown"),
        (of(OTHER_BUREAU), here(), "not_summoned"),
        (of(OTHER_BUREAU), AcknowledgeWhistle("w1"), "not_summoned"),
        (of(URBAN), ObjectToWhistle("w1", "Regulation 12", "not our power"), "not_attended"),
    ],
)
def test_presence_is_proven(by: Actor, act: AttendWhistle, code: str) -> None:
    assert blown().refusal(by, act) == code


def test_the_online_session_is_joined_without_a_position() -> None:
    course = blown(session="meeting 873-221", spot=None)
    assert course.refusal(of(URBAN), here()) == "mode_not_offered"
    course.act(of(URBAN), AttendWhistle("w1", Mode.ONLINE, "Officer Li", Post.HEAD))
    assert (part(course).mode, part(course).distance) == (Mode.ONLINE, None)


def test_a_person_without_power_to_decide_is_present_without_authority_until_one_with_it_comes() -> None:
    course = blown().act(of(URBAN), here(Post.SECTION_HEAD))
    assert part(course).authority is False
    assert standing(course) is WhistleStanding.CONVENED
    first_came = part(course).arrived_at
    assert course.refusal(of(URBAN), here(Post.STAFF)) == "attended_before"
    course.act(of(URBAN), here(Post.HEAD))
    assert (part(course).authority, part(course).post) == (True, Post.HEAD)
    assert part(course).arrived_at == first_came
    assert course.refusal(of(URBAN), here(Post.HEAD)) == "attended_before"


def test_in_an_emergency_whoever_comes_may_decide() -> None:
    course = blown(kind=WhistleKind.EMERGENCY).act(of(URBAN), here(Post.STAFF))
    assert part(course).authority is True


def test_an_objection_stops_nothing_and_goes_to_the_arbiter_after_the_case() -> None:
    course = attended().act(of(URBAN), ObjectToWhistle("w1", "Regulation 12", "not our power"))
    again = ObjectToWhistle("w1", "Regulation 13", "once more")
    assert course.refusal(of(URBAN), again) == "objected_before"
    assert not course.story.facts(AlarmRaised)
    course.act(TOWN, EndWhistle("w1", True, "cleared together"))
    [alarm] = course.story.facts(AlarmRaised)
    assert (alarm.what, alarm.to) == ("whistle_objection", "arbiter")
    assert alarm.detail == f"w1.1 {URBAN.code}: Regulation 12: not our power"


# Rules 7 and 9: silence has a meaning, each limit speaks once


def test_who_does_not_acknowledge_is_alarmed_once() -> None:
    course = blown().wait(timedelta(hours=5))
    [alarm] = course.story.facts(AlarmRaised)
    assert (alarm.what, alarm.to) == ("whistle_not_acknowledged", "duty_leader")
    assert told(course, "deadline_fired") == {URBAN.code, UNITS[Level.TOWN].code}
    course.act(of(URBAN), AcknowledgeWhistle("w1"))
    assert part(course).missed_at is None


def test_one_of_two_does_not_come_and_gets_a_card_that_its_district_hears_of() -> None:
    course = blown(URBAN, OTHER_BUREAU, kind=WhistleKind.EMERGENCY).act(of(URBAN), here())
    course.wait(timedelta(minutes=31))
    assert course.story.facts(AttendanceMissed) == [AttendanceMissed("w1", "w1.2", Card.YELLOW)]
    assert told(course, "attendance_missed") == {
        OTHER_BUREAU.code,
        "body:district",
        UNITS[Level.TOWN].code,
    }
    assert part(course, OTHER_BUREAU).missed_at is not None
    assert not course.story.facts(DistrictJoined)
    assert standing(course) is WhistleStanding.CONVENED


def test_who_comes_late_has_missed_it_all_the_same() -> None:
    course = blown(kind=WhistleKind.EMERGENCY).wait(timedelta(minutes=31)).act(of(URBAN), here())
    assert part(course).missed_at is not None
    assert part(course).arrived_at is not None
    assert len(course.story.facts(WhistleAttended)) == 1


def test_the_district_joins_at_the_second_miss() -> None:
    course = blown(URBAN, OTHER_BUREAU, kind=WhistleKind.EMERGENCY).wait(timedelta(minutes=31))
    assert len(course.story.facts(AttendanceMissed)) == 2
    assert course.story.facts(DistrictJoined) == [DistrictJoined("w1", "second_miss")]
    assert course.state.supervised_by is Body.DISTRICT
    assert [fact.cause for fact in course.story.facts(Supervised)] == ["whistle"]
    assert told(course, "district_joined") == {"body:district", UNITS[Level.TOWN].code}


def test_a_miss_of_an_earlier_whistle_counts() -> None:
    course = blown(kind=WhistleKind.EMERGENCY).wait(timedelta(minutes=31))
    course.act(TOWN, EndWhistle("w1", False, "nobody came"))
    course.act(TOWN, whistle(kind=WhistleKind.EMERGENCY)).wait(timedelta(minutes=31))
    assert course.story.facts(DistrictJoined) == [DistrictJoined("w2", "second_miss")]


def test_the_district_joins_once_where_plan_and_result_are_overdue() -> None:
    course = attended().wait(30 * DAY)
    assert course.story.facts(DistrictJoined) == [DistrictJoined("w1", "plan_overdue")]
    fired = [fact.clock for fact in course.story.facts(DeadlineFired) if fact.clock in WHISTLE_CLOCKS]
    assert fired == [ClockKind.WHISTLE_PLAN, ClockKind.WHISTLE_RESULT]


def test_an_emergency_has_no_plan_to_wait_for() -> None:
    course = attended(kind=WhistleKind.EMERGENCY).wait(DAY + timedelta(minutes=2))
    assert course.story.facts(DistrictJoined) == [DistrictJoined("w1", "result_overdue")]


def test_a_suspension_stops_no_whistle() -> None:
    course = blown(kind=WhistleKind.EMERGENCY)
    course.asks(TOWN, ExceptionKind.SUSPENSION, reason="force_majeure")
    course.act(DISPATCHER, Rule("a1", granted=True, note="a typhoon")).wait(timedelta(minutes=31))
    assert course.state.state is State.SUSPENDED
    assert len(course.story.facts(AttendanceMissed)) == 1


# Rule 5: the town leads, decisions are joint legs, and the lead may go to a department


def test_each_decision_is_a_mandatory_joint_leg_with_its_limit() -> None:
    course = attended(URBAN, OTHER_BUREAU)
    plan = (CLEAR, Decision(OTHER_BUREAU, "measure", Duration.parse("1wd")))
    course.act(TOWN, AgreePlan("w1", "agreed on the spot", plan))
    legs = course.state.legs[1:]
    assert [(leg.role, leg.unit, leg.task, leg.mandatory) for leg in legs] == [
        (LegRole.JOINT, URBAN, "clear the stalls", True),
        (LegRole.JOINT, OTHER_BUREAU, "measure", True),
    ]
    assert [each.leg for each in course.state.whistles[0].decisions] == ["2", "3"]
    assert [str(fact.within) for fact in course.story.facts(LegDispatched)[1:]] == ["2wd", "1wd"]
    assert standing(course) is WhistleStanding.PLAN_AGREED
    course.act(of(URBAN), Sign("2"))
    assert standing(course) is WhistleStanding.EXECUTING


def test_what_the_leading_unit_does_lies_with_its_own_leg() -> None:
    plan = (CLEAR, Decision(UNITS[Level.TOWN], "talk to the vendors", Duration.parse("1wd")))
    course = attended().act(TOWN, AgreePlan("w1", "agreed", plan))
    assert [each.leg for each in course.state.whistles[0].decisions] == ["2", "1"]
    assert [leg.id for leg in course.state.legs] == ["1", "2"]


def test_a_department_takes_the_lead_and_the_town_stays_joint() -> None:
    course = attended(URBAN, OTHER_BUREAU)
    plan = (CLEAR, Decision(OTHER_BUREAU, "measure", Duration.parse("1wd")))
    course.act(TOWN, AgreePlan("w1", "the power lies with the bureau", plan, lead=URBAN.code))
    lead = course.state.lead
    assert lead is not None
    assert (lead.id, lead.unit) == ("2", URBAN)
    assert (course.state.state, course.state.legs[0].role) == (State.PENDING_SIGN, LegRole.JOINT)
    assert [each.leg for each in course.state.whistles[0].decisions] == ["2", "3"]
    assert course.state.whistles[0].lead == "2"


def test_the_town_that_hands_the_lead_over_holds_one_leg_for_what_it_has_to_do_itself() -> None:
    plan = (CLEAR, Decision(UNITS[Level.TOWN], "talk to the vendors", Duration.parse("1wd")))
    course = attended().act(TOWN, AgreePlan("w1", "the power lies with the bureau", plan, lead=URBAN.code))
    assert [(leg.id, leg.end) for leg in course.state.legs] == [
        ("1", LegEnd.RELEASED),
        ("2", None),
        ("3", None),
    ]
    assert [each.leg for each in course.state.whistles[0].decisions] == ["2", "3"]
    assert (course.state.legs[2].unit, course.state.legs[2].mandatory) == (UNITS[Level.TOWN], True)


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (AgreePlan("w1", "agreed", ()), "decisions_missing"),
        (AgreePlan("w1", "agreed", (CLEAR, CLEAR)), "decided_twice"),
        (AgreePlan("w1", " ", (CLEAR,)), "text_missing"),
        (AgreePlan("w1", "agreed", (replace(CLEAR, action=""),)), "text_missing"),
        (AgreePlan("w1", "agreed", (CLEAR,), lead=OTHER_BUREAU.code), "not_summoned"),
        (AgreePlan("w1", "agreed", (replace(CLEAR, unit=OTHER_BUREAU),)), "not_summoned"),
        (AgreePlan("w1", "agreed", (CLEAR,) * 21), "too_many_decisions"),
    ],
)
def test_a_plan_that_decides_nothing_clear_is_refused(act: AgreePlan, code: str) -> None:
    assert attended().refusal(TOWN, act) == code


@pytest.mark.parametrize("within", ["93d", "70wd", "99999wd"])
def test_what_takes_longer_than_a_quarter_is_not_whistled_for(within: str) -> None:
    lasting = replace(CLEAR, within=Duration.parse(within))
    course = attended()
    assert course.refusal(TOWN, AgreePlan("w1", "agreed", (lasting,), keeps_shares=True)) == "limit_too_long"
    course.act(
        TOWN, AgreePlan("w1", "agreed", (replace(CLEAR, within=Duration.parse("92d")),), keeps_shares=True)
    )


def test_nobody_plans_alone_nor_for_another_town_nor_twice() -> None:
    plan = AgreePlan("w1", "agreed", (CLEAR,))
    assert blown().refusal(TOWN, plan) == "nobody_came"
    assert attended().refusal(of(OTHER_TOWN), plan) == "not_your_whistle"
    assert attended().act(TOWN, plan).refusal(TOWN, plan) == "plan_agreed_before"


def after_an_unresolved_one() -> Course:
    """The first plan gave the bureau leg 2; its whistle ended over it, and the bureau has come to a second one."""
    course = attended().act(TOWN, AgreePlan("w1", "agreed", (CLEAR,)))
    course.act(TOWN, EndWhistle("w1", resolved=False, text="not cleared yet"))
    course.act(TOWN, whistle(summoned=(URBAN, OTHER_BUREAU)))
    for unit in (URBAN, OTHER_BUREAU):
        course.act(of(unit), replace(here(), whistle="w2"))
    return course


AGAIN = AgreePlan("w2", "agreed again", (replace(CLEAR, action="fence it off"),), keeps_shares=True)


def test_what_an_earlier_plan_decided_does_not_vanish_under_a_later_one() -> None:
    course = after_an_unresolved_one()
    assert course.refusal(TOWN, AGAIN) == "bound_already"
    others = replace(AGAIN, decisions=(replace(CLEAR, unit=OTHER_BUREAU),))
    course.act(TOWN, others)
    assert [(leg.id, leg.unit, leg.is_open) for leg in course.state.legs[1:]] == [
        ("2", URBAN, True),
        ("3", OTHER_BUREAU, True),
    ]


def test_once_it_is_done_or_let_go_the_unit_is_decided_upon_again() -> None:
    done = after_an_unresolved_one().act(of(URBAN), Sign("2"))
    done.act(of(URBAN), SubmitReply("2", "solved", "cleared"))
    freed = after_an_unresolved_one().act(DISPATCHER, RemoveJoint("2", "not needed"))
    for course, end in ((done, LegEnd.CONTRIBUTED), (freed, LegEnd.REMOVED)):
        course.act(TOWN, AGAIN)
        assert [(leg.id, leg.end) for leg in course.state.legs[1:]] == [("2", end), ("3", None)]


def test_so_does_a_share_that_a_dispatcher_bound_a_unit_to_but_not_one_that_it_was_only_asked_for() -> None:
    plan = AgreePlan("w1", "agreed", (CLEAR,), keeps_shares=True)
    asked = StartJoint(URBAN, "count the stalls", mandatory=True)
    assert attended().act(DISPATCHER, asked).refusal(TOWN, plan) == "bound_already"
    course = attended().act(DISPATCHER, replace(asked, mandatory=False)).act(TOWN, plan)
    assert [(leg.task, leg.end) for leg in course.state.legs[1:]] == [
        ("count the stalls", LegEnd.REMOVED),
        ("clear the stalls", None),
    ]


def test_who_takes_the_lead_answers_for_what_it_owed() -> None:
    course = after_an_unresolved_one().act(TOWN, replace(AGAIN, lead=URBAN.code))
    assert [(leg.id, leg.role, leg.unit, leg.end) for leg in course.state.legs[1:]] == [
        ("2", LegRole.JOINT, URBAN, LegEnd.REMOVED),
        ("3", LegRole.LEAD, URBAN, None),
    ]
    assert [each.leg for each in course.state.whistles[1].decisions] == ["3"]


def test_the_lead_goes_upwards_only() -> None:
    course = Course.of(working(dwell={"district": "10wd"})).signed()
    course.act(TOWN, whistle(summoned=(OTHER_BUREAU,))).act(of(OTHER_BUREAU), here())
    taking = AgreePlan("w1", "agreed", (CLEAR,), lead=OTHER_BUREAU.code)
    assert course.refusal(TOWN, taking) == "not_above_the_lead"


# What a whistle comes to


def test_it_is_resolved_only_when_what_was_decided_is_done() -> None:
    course = attended().act(TOWN, AgreePlan("w1", "agreed", (CLEAR,)))
    done = EndWhistle("w1", resolved=True, text="the stalls are gone")
    assert course.refusal(TOWN, done) == "decisions_open"
    course.act(of(URBAN), Sign("2")).act(of(URBAN), SubmitReply("2", "solved", "cleared"))
    course.act(TOWN, done)
    assert course.state.legs[1].end is LegEnd.CONTRIBUTED
    assert standing(course) is WhistleStanding.RESOLVED
    assert told(course, "whistle_ended") == {URBAN.code}


def test_nothing_is_resolved_where_nobody_came() -> None:
    assert blown().refusal(TOWN, EndWhistle("w1", resolved=True, text="done")) == "nobody_came"


def test_an_unresolved_one_becomes_a_proposal_to_the_district_s_leadership() -> None:
    course = ended(resolved=False)
    [alarm] = course.story.facts(AlarmRaised)
    assert (alarm.what, alarm.to) == ("proposal", "district_leader")
    assert standing(course) is WhistleStanding.UNRESOLVED


def test_the_request_is_not_answered_over_an_open_whistle() -> None:
    course = attended()
    reply = SubmitReply("1", "solved", "all is well")
    assert course.refusal(TOWN, reply) == "whistle_open"
    course.act(TOWN, EndWhistle("w1", True, "cleared together")).act(TOWN, reply)
    assert course.state.state is State.PENDING_REVIEW


def test_an_end_without_an_answer_cancels_it_and_nothing_of_it_runs_on() -> None:
    course = blown().act(CITIZEN, Withdraw("it is gone"))
    assert course.state.whistles[0].end is WhistleEnd.CANCELLED
    assert standing(course) is WhistleStanding.CANCELLED
    assert next_due(course.state) is None
    rating = RateWhistle("w1", URBAN.code, 5, 5, 5)
    assert course.refusal(TOWN, rating) == "whistle_cancelled"


def test_a_whistle_by_appointment_may_end_before_its_time() -> None:
    course = blown(attend_at=MONDAY_MORNING + 3 * DAY).act(
        TOWN, EndWhistle("w1", False, "settled by telephone")
    )
    explained = [each for each in explain(course.state, course.now) if each.clock.startswith("whistle")]
    assert not any(each.running for each in explained)
    assert course.wait(10 * DAY).story.facts(AttendanceMissed) == []


def test_who_came_is_rated_though_the_caller_withdrew() -> None:
    course = ended().act(CITIZEN, Withdraw("it is gone"))
    assert course.state.whistles[0].end is WhistleEnd.RESOLVED
    course.act(TOWN, RateWhistle("w1", URBAN.code, 5, 5, 5))
    assert part(course).rating is not None


def test_what_has_ended_is_over() -> None:
    course = ended()
    assert not [clock for clock in course.state.clocks if clock.is_running and clock.kind in WHISTLE_CLOCKS]
    for by, act in (
        (of(URBAN), AcknowledgeWhistle("w1")),
        (of(URBAN), here()),
        (TOWN, AgreePlan("w1", "agreed", (CLEAR,))),
        (TOWN, EndWhistle("w1", True, "again")),
    ):
        assert course.refusal(by, act) == "whistle_ended"


# Rules 6 and 8: both sides rate once, and what every department and the district find unjustified counts


def test_both_sides_rate_each_other_once_and_the_district_reads_it() -> None:
    course = ended()
    course.act(TOWN, RateWhistle("w1", URBAN.code, 5, 4, 3, "came at once"))
    assert standing(course) is WhistleStanding.RESOLVED
    course.act(of(URBAN), RateCall("w1", 4, "a hard case"))
    assert standing(course) is WhistleStanding.RATED
    assert told(course, "whistle_rated") == {URBAN.code, "body:district"}
    assert told(course, "call_rated") == {UNITS[Level.TOWN].code, "body:district"}
    assert course.refusal(TOWN, RateWhistle("w1", URBAN.code, 1, 1, 1)) == "rated_already"
    assert course.refusal(of(URBAN), RateCall("w1", 1)) == "rated_already"


def test_they_rate_after_the_request_has_closed_but_not_after_their_time() -> None:
    course = ended().act(TOWN, SubmitReply("1", "solved", "all is well"))
    course.act(REVIEWER, ReviewPass()).act(CALLBACK_AGENT, Callback(contacted=True, satisfied=True))
    assert course.state.state is State.CLOSED
    course.act(TOWN, RateWhistle("w1", URBAN.code, 5, 5, 5))
    until = rating_ends(course.state.whistles[0], course.state.calendar)
    assert until is not None
    course.wait(until - course.now + timedelta(seconds=1))
    assert course.refusal(of(URBAN), RateCall("w1", 5)) == "rating_period_over"
    assert standing(course) is WhistleStanding.CLOSED


@pytest.mark.parametrize(
    ("by", "act", "code"),
    [
        (TOWN, RateWhistle("w1", URBAN.code, 6, 5, 5), "mark_out_of_range"),
        (TOWN, RateWhistle("w1", URBAN.code, 5, 0, 5), "mark_out_of_range"),
        (TOWN, RateWhistle("w1", OTHER_BUREAU.code, 5, 5, 5), "not_summoned"),
        (of(URBAN), RateWhistle("w1", URBAN.code, 5, 5, 5), "not_your_whistle"),
        (of(OTHER_BUREAU), RateCall("w1", 5), "not_summoned"),
        (of(URBAN), RateCall("w1", 0), "mark_out_of_range"),
        (SUPERVISOR, ConfirmUnjustified("w1", "needless"), "call_not_disputed"),
    ],
)
def test_a_rating_is_of_the_other_side_from_one_to_five(by: Actor, act: RateWhistle, code: str) -> None:
    assert ended().refusal(by, act) == code


def test_nobody_rates_what_is_under_way() -> None:
    assert attended().refusal(of(URBAN), RateCall("w1", 5)) == "whistle_open"


def test_what_every_department_disputes_counts_once_the_district_confirms_it() -> None:
    course = ended(URBAN, OTHER_BUREAU).act(of(URBAN), RateCall("w1", 2, "the town's own matter"))
    confirmed = ConfirmUnjustified("w1", "the town could have done it alone")
    assert course.refusal(SUPERVISOR, confirmed) == "call_not_disputed"
    course.act(of(OTHER_BUREAU), RateCall("w1", 1))
    of_the_town = actor(Role.SUPERVISOR, level=Level.TOWN)
    assert course.refusal(of_the_town, confirmed) == "seat_too_low"
    course.act(SUPERVISOR, confirmed)
    assert course.state.whistles[0].unjustified_at == course.now
    assert told(course, "call_found_unjustified") == {UNITS[Level.TOWN].code}
    assert course.refusal(SUPERVISOR, confirmed) == "confirmed_before"


def test_the_screen_offers_what_a_whistle_waits_for() -> None:
    course = at_the_town()
    assert "whistle" in possible_acts(course.state, {Role.HANDLER})
    assert "attend_whistle" not in possible_acts(course.state, {Role.HANDLER})
    course.act(TOWN, whistle())
    assert "attend_whistle" in possible_acts(course.state, {Role.HANDLER})
    assert "rate_call" not in possible_acts(course.state, {Role.HANDLER})
    course.act(head(Level.TOWN), EndWhistle("w1", False, "nobody came"))
    offered = possible_acts(course.state, {Role.HANDLER})
    assert {"rate_whistle", "rate_call"} <= set(offered)
    assert "attend_whistle" not in offered


def test_every_clock_of_a_whistle_is_explained_by_its_terms() -> None:
    course = blown()
    rules = [each.rule for each in explain(course.state, course.now) if each.clock.startswith("whistle")]
    assert rules == [
        "terms of whistle w1.1, whistle_ack = 2wh",
        "terms of whistle w1.1, whistle_attend = 1wd",
        "terms of whistle w1, whistle_plan = 3wd",
        "terms of whistle w1, whistle_result = 10wd",
    ]
