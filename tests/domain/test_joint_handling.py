"""Joint handling: each unit has its own limit, the citizen one promise, and the reply waits for whom the rule says."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.commands import (
    Act,
    AgreePlan,
    AttendWhistle,
    Callback,
    DeclineJoint,
    Delegate,
    DeliberationResult,
    Dispatch,
    HandUp,
    MarkConfidential,
    Reassign,
    Recalculate,
    ReferDeliberation,
    RemoveJoint,
    Resume,
    ReviewBack,
    ReviewPass,
    SetJoinRule,
    Sign,
    StartJoint,
    SubmitReply,
    Supervise,
)
from domain.events import DeadlineFired, JoinRuleSet, JointRemoved, LegSigned, Supervised
from domain.exceptions.applications import ApplicationStatus, ExceptionKind
from domain.joining import Join, JoinRule
from domain.levels import Level
from domain.lifecycle import possible_acts
from domain.limits.clock import ClockKind, promised
from domain.limits.explain import explain
from domain.refusals import Refused
from domain.request import Body, Card, Leg, LegEnd, State, Visibility
from domain.responsibility.superiors import Reach, common_superior
from domain.simulator import replayed
from domain.summary import summarize
from domain.time.durations import Duration
from domain.units import Role, Unit
from domain.whistles import Decision, Mode, Post
from tests.support.builders import SQUARE, UNITS, actor, application, calendar, policy, terms, whistle
from tests.support.courses import (
    COMMUNITY,
    DISPATCHER,
    MINUTE,
    OTHER_BUREAU,
    OTHER_DISTRICT,
    OTHER_TOWN,
    Course,
    of,
    working,
)
from tests.support.tales import every_notice

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
TOWN, BUREAU, ECOLOGY = UNITS[Level.TOWN], UNITS[Level.DISTRICT], OTHER_BUREAU
ALL = JoinRule(Join.ALL)
CLIMBING = policy(dwell={"community": "2h", "town": "2h", "district": "4h"}, total="20h", sign="10min")
"""Natural time; the community has two hours, so a share that nobody limits has one."""


def at_work() -> Course:
    """Signed by the community two minutes after the call."""
    return Course.of(CLIMBING).signed()


def asks(course: Course, unit: Unit = TOWN, **changes: Any) -> Course:
    """The community asks a unit to contribute within half of its own stay, unless it is said otherwise."""
    wanted: dict[str, Any] = {"mandatory": True, "share": 50, **changes}
    return course.act(COMMUNITY, StartJoint(unit, "lend a lorry", **wanted))


def contributes(course: Course, unit: Unit, leg: str) -> Course:
    """The joint unit signs and contributes."""
    course.act(of(unit), Sign(leg))
    return course.act(of(unit), SubmitReply(leg, "solved", "the lorry was there", ("photo:7",)))


def leg_of(course: Course, leg: str) -> Leg:
    found = course.state.leg(leg)
    assert found is not None
    return found


REPLY = SubmitReply("1", "solved", "cleared together")


def test_the_screen_offers_what_a_share_waits_for() -> None:
    course, of_a_share = at_work(), {"decline_joint", "remove_joint"}
    held = {Role.HANDLER, Role.DISPATCHER}
    assert not of_a_share.intersection(possible_acts(course.state, held))
    assert of_a_share.issubset(possible_acts(asks(course).state, held))


# The limit of a share -------------------------------------------------------------------------------------------


def test_a_share_without_a_limit_of_its_own_has_half_of_the_leads_stay() -> None:
    course = asks(at_work())
    clock = course.state.clock(ClockKind.JOINT, "2")
    assert clock is not None
    assert (clock.limit, clock.percent, clock.amount) == (Duration.parse("2h"), 50, HOUR)
    assert summarize(course.state).legs[1].joint_due_at == course.now + HOUR


def test_a_share_may_have_a_limit_of_its_own_in_the_time_that_its_policy_counts_in() -> None:
    course = asks(Course.of().signed(), within=Duration.parse("2wd"))
    clock = course.state.clock(ClockKind.JOINT, "2")
    assert clock is not None
    assert clock.working
    other_time = StartJoint(BUREAU, "help", within=Duration.parse("2h"))
    assert course.refusal(COMMUNITY, other_time) == "limit_of_other_time"
    for too_long in ("21wd", "99999wd"):
        asked = StartJoint(BUREAU, "help", within=Duration.parse(too_long))
        assert course.refusal(COMMUNITY, asked) == "limit_too_long"


def test_a_delegated_share_has_a_limit_too_and_counts_where_it_is_mandatory() -> None:
    grid = UNITS[Level.GRID]
    course = at_work().act(COMMUNITY, Delegate("1", grid, "look", Duration.parse("30min"), mandatory=True))
    course.act(COMMUNITY, SetJoinRule(ALL, "look first")).wait(31 * MINUTE)
    assert leg_of(course, "2").late == (ClockKind.SIGN, ClockKind.JOINT)
    assert course.refusal(COMMUNITY, REPLY) == "contributions_missing"


def test_at_its_sign_limit_a_joint_leg_is_signed_for_its_unit_and_that_counts_as_late() -> None:
    course = asks(at_work()).wait(10 * MINUTE)
    (signed,) = [fact for fact in course.story.facts(LegSigned) if fact.automatic]
    assert signed.leg == "2"
    share = leg_of(course, "2")
    assert (share.auto_signed_at, share.late) == (course.now, (ClockKind.SIGN,))
    assert course.state.state is State.IN_PROGRESS


def test_a_joint_unit_is_reminded_then_late_and_a_mandatory_share_brings_a_yellow_card() -> None:
    course = asks(at_work()).act(of(TOWN), Sign("2")).wait(HOUR)
    fired = [fact for fact in course.story.facts(DeadlineFired) if fact.clock is ClockKind.JOINT]
    assert [(fact.percent, fact.leg, fact.level) for fact in fired] == [
        (90, "2", Level.TOWN),
        (100, "2", Level.TOWN),
    ]
    share = leg_of(course, "2")
    assert (share.late, share.cards, share.cards_from) == (
        (ClockKind.JOINT,),
        (Card.YELLOW,),
        (Body.DISTRICT,),
    )
    assert course.state.card is Card.YELLOW
    told = [(note.recipient, note.text_zh) for note in every_notice(course.story) if "协办" in note.text_zh]
    assert [recipient for recipient, _ in told] == [TOWN.code, TOWN.code, UNITS[Level.COMMUNITY].code]
    assert "协办逾期" in told[-1][1]


def test_a_joint_unit_signs_and_contributes_or_declines_while_the_reply_is_under_review() -> None:
    course = asks(asks(at_work()), BUREAU, mandatory=False).act(COMMUNITY, REPLY)
    contributes(course, TOWN, "2").act(of(BUREAU), DeclineJoint("3", "not ours"))
    assert [leg.end for leg in course.state.legs] == [None, LegEnd.CONTRIBUTED, LegEnd.DECLINED]
    assert course.state.state is State.PENDING_REVIEW
    course.act(actor(Role.REVIEWER), ReviewBack("say when")).wait(DAY)
    assert Card.YELLOW not in leg_of(course, "2").cards


def test_what_the_auditor_looks_for_next_is_the_limit_of_a_share_where_that_comes_first() -> None:
    course = asks(at_work()).act(of(TOWN), Sign("2")).wait(56 * MINUTE)
    assert summarize(course.state).next_due_at == leg_of(course, "2").dispatched_at + HOUR


def test_a_share_that_is_not_mandatory_is_late_without_a_card() -> None:
    course = asks(at_work(), mandatory=False).wait(HOUR)
    assert leg_of(course, "2").late == (ClockKind.SIGN, ClockKind.JOINT)
    assert not course.story.facts(Supervised)


def test_the_card_of_a_joint_unit_hides_no_higher_one_of_the_request() -> None:
    supervisor = actor(Role.SUPERVISOR)
    course = asks(at_work()).act(supervisor, Supervise("watched by the mayor", Card.RED)).wait(HOUR)
    assert leg_of(course, "2").cards == (Card.YELLOW,)
    assert course.state.card is Card.RED


def test_an_overdue_share_moves_neither_the_leads_stay_nor_the_promise() -> None:
    alone, shared = at_work(), asks(at_work())
    for course in (alone, shared):
        course.wait(DAY)
    own = (ClockKind.TOTAL, ClockKind.DWELL, ClockKind.REMINDER)

    def instants(course: Course) -> list[object]:
        return [
            (event.at, event.what.clock, event.what.percent)
            for event in course.story.timeline
            if isinstance(event.what, DeadlineFired) and event.what.clock in own
        ]

    assert instants(shared) == instants(alone)


def test_who_led_and_stayed_has_no_new_limit() -> None:
    course = at_work().act(COMMUNITY, HandUp("needs the town"))
    assert course.state.clock(ClockKind.JOINT, "1") is None
    course.wait(HOUR)
    assert leg_of(course, "1").late == ()


def test_the_limit_of_a_share_stands_still_with_the_request() -> None:
    course = asks(Course.of().signed())
    due = summarize(course.state).legs[1].joint_due_at
    course.asks(COMMUNITY, ExceptionKind.SUSPENSION).rules(DISPATCHER, granted=True).wait(HOUR)
    assert course.state.state is State.SUSPENDED
    course.act(COMMUNITY, Resume("the owner is back"))
    later = summarize(course.state).legs[1].joint_due_at
    assert due is not None
    assert later is not None
    assert later - due == HOUR + MINUTE
    course.act(COMMUNITY, ReferDeliberation("residents' hall", "where?")).wait(30 * DAY)
    assert leg_of(course, "2").late == ()
    course.act(COMMUNITY, DeliberationResult("beside the gate", agreed=True)).wait(7 * DAY)
    assert ClockKind.JOINT in leg_of(course, "2").late


def test_a_share_that_runs_out_under_review_is_late_only_if_the_reply_comes_back() -> None:
    course = asks(at_work()).act(COMMUNITY, REPLY).wait(HOUR)
    assert leg_of(course, "2").late == ()
    course.act(actor(Role.REVIEWER, person="reviewer"), ReviewBack("a photograph is missing"))
    course.wait(timedelta(0))
    assert leg_of(course, "2").late == (ClockKind.SIGN, ClockKind.JOINT)
    assert [fact.lateness_seconds for fact in course.story.facts(DeadlineFired)][-1] == 0


def test_the_limit_of_a_share_runs_on_when_the_citizen_wants_it_done_again() -> None:
    course = asks(at_work(), join=ALL).act(DISPATCHER, SetJoinRule(JoinRule(), "the town is slow"))
    course.act(COMMUNITY, REPLY).act(actor(Role.REVIEWER, person="reviewer"), ReviewPass())
    course.act(actor(Role.CALLBACK_AGENT), Callback(contacted=True, satisfied=False, attributable=True))
    assert (course.state.cycle, leg_of(course, "2").late) == (2, ())
    course.wait(HOUR).signed()
    assert leg_of(course, "2").late == (ClockKind.SIGN, ClockKind.JOINT)
    assert leg_of(course, "2").cards == (Card.YELLOW,)


def test_who_may_not_see_the_request_any_more_is_let_go_and_not_late() -> None:
    course = at_work().act(COMMUNITY, HandUp("too big"))
    course.act(DISPATCHER, StartJoint(BUREAU, "lend a lorry", mandatory=True, share=50, join=ALL))
    course.act(actor(Role.AGENT), MarkConfidential(Visibility.LEAD_ONLY, "the caller is afraid"))
    share, stayed = leg_of(course, "3"), leg_of(course, "1")
    assert (share.end, stayed.end) == (LegEnd.REMOVED, None)
    course.act(of(TOWN), Sign("2")).act(of(TOWN), SubmitReply("2", "solved", "done"))
    course.wait(DAY)
    assert (leg_of(course, "3").late, leg_of(course, "3").cards) == ((), ())


def test_a_contribution_is_kept_with_its_unit_and_stops_its_limit() -> None:
    course = contributes(asks(at_work()), TOWN, "2").wait(HOUR)
    share = leg_of(course, "2")
    assert (share.end, share.late) == (LegEnd.CONTRIBUTED, ())
    assert (share.outcome, share.contribution, share.evidence) == (
        "solved",
        "the lorry was there",
        ("photo:7",),
    )
    row = summarize(course.state).legs[1]
    assert (row.outcome, row.mandatory, row.replied_at) == ("solved", True, share.replied_at)
    lead = summarize(course.state).legs[0]
    assert (lead.outcome, lead.mandatory, lead.joint_due_at) == (None, None, None)


def test_the_limit_of_a_share_is_explained_and_follows_a_corrected_calendar() -> None:
    course = asks(Course.of().signed(), within=Duration.parse("2wd"))
    before = summarize(course.state).legs[1].joint_due_at
    holiday = calendar(exceptions=((course.now.date() + DAY, ""),))
    course.act(actor(Role.DUTY_LEADER), Recalculate(holiday, "a stop of work"))
    after = summarize(course.state).legs[1].joint_due_at
    assert before is not None
    assert after == before + DAY
    (shown,) = [clock for clock in explain(course.state, course.now) if clock.clock == ClockKind.JOINT]
    assert shown.rule == "what leg 2 was given for its share = 2wd"
    assert (shown.due_at, shown.held) == (after, False)


# The join rule --------------------------------------------------------------------------------------------------


def test_unless_a_rule_was_set_the_lead_decides_when_to_reply() -> None:
    course = asks(at_work()).act(COMMUNITY, REPLY)
    assert course.state.state is State.PENDING_REVIEW


def test_under_all_the_reply_waits_for_every_mandatory_contribution() -> None:
    course = asks(at_work(), join=ALL)
    asks(course, BUREAU)
    asks(course, ECOLOGY, mandatory=False)
    with pytest.raises(Refused) as refusal:
        course.act(COMMUNITY, REPLY)
    assert refusal.value.code == "contributions_missing"
    assert f"leg 2 ({TOWN.code}), leg 3 ({BUREAU.code})" in refusal.value.reason
    contributes(course, TOWN, "2")
    assert course.refusal(COMMUNITY, REPLY) == "contributions_missing"
    assert course.refusal(of(BUREAU), DeclineJoint("3", "no lorry")) == "mandatory_share"
    course.act(DISPATCHER, RemoveJoint("3", "it has no lorry"))
    course.act(COMMUNITY, REPLY)
    assert course.state.state is State.PENDING_REVIEW
    assert replayed(course.state.intake, course.story.timeline) == course.state


def test_under_a_quorum_so_many_contributions_are_enough() -> None:
    course = asks(at_work(), join=JoinRule(Join.QUORUM, 2))
    asks(course, BUREAU)
    asks(course, ECOLOGY)
    contributes(course, TOWN, "2")
    assert course.refusal(COMMUNITY, REPLY) == "contributions_missing"
    contributes(course, ECOLOGY, "4")
    course.act(COMMUNITY, REPLY)
    assert course.state.state is State.PENDING_REVIEW


def test_a_quorum_that_can_no_longer_be_reached_holds_nobody_up() -> None:
    course = asks(at_work(), join=JoinRule(Join.QUORUM, 2))
    course.act(DISPATCHER, RemoveJoint("2", "not needed"))
    course.act(COMMUNITY, REPLY)
    assert course.state.state is State.PENDING_REVIEW


@pytest.mark.parametrize("rule", [JoinRule(Join.QUORUM), JoinRule(Join.QUORUM, 0), JoinRule(Join.ALL, 2)])
def test_a_rule_whose_number_does_not_fit_is_refused(rule: JoinRule) -> None:
    assert at_work().refusal(COMMUNITY, SetJoinRule(rule, "as agreed")) == "not_a_quorum"
    assert at_work().refusal(COMMUNITY, StartJoint(TOWN, "help", join=rule)) == "not_a_quorum"


def test_the_first_request_for_a_contribution_sets_the_rule_and_later_ones_do_not_change_it() -> None:
    course = asks(at_work(), join=ALL)
    asks(course, BUREAU, join=ALL)
    assert len(course.story.facts(JoinRuleSet)) == 1
    other = StartJoint(ECOLOGY, "measure the noise", join=JoinRule(Join.LEAD_DECIDES))
    assert course.refusal(COMMUNITY, other) == "join_rule_set"
    course.act(COMMUNITY, SetJoinRule(JoinRule(Join.LEAD_DECIDES), "the town cannot come"))
    assert course.state.join_rule.join is Join.LEAD_DECIDES


def test_what_a_dispatcher_set_only_a_dispatcher_takes_back() -> None:
    course = asks(at_work()).act(DISPATCHER, SetJoinRule(ALL, "the mayor asked for it"))
    (note,) = [each for each in every_notice(course.story) if each.subject == "join_rule_set"]
    assert note.recipient == UNITS[Level.COMMUNITY].code
    looser = SetJoinRule(JoinRule(Join.LEAD_DECIDES), "too slow")
    assert course.refusal(COMMUNITY, looser) == "set_by_dispatcher"
    assert course.refusal(of(TOWN), looser) == "not_your_leg"
    course.act(DISPATCHER, looser).act(COMMUNITY, REPLY)
    assert course.state.state is State.PENDING_REVIEW


# Removal by approval --------------------------------------------------------------------------------------------


def removal(unit: Unit = TOWN) -> Act:
    return application(ExceptionKind.REMOVAL, unit=unit)


def test_an_overdue_joint_unit_is_let_go_by_approval_and_stays_late() -> None:
    course = asks(at_work(), join=ALL)
    assert course.refusal(COMMUNITY, removal()) == "not_overdue"
    assert course.refusal(COMMUNITY, removal(BUREAU)) == "nothing_to_remove"
    course.wait(HOUR).act(COMMUNITY, removal()).rules(DISPATCHER, granted=True)
    share = leg_of(course, "2")
    assert (share.end, ClockKind.JOINT in share.late) == (LegEnd.REMOVED, True)
    course.act(COMMUNITY, REPLY)
    assert course.state.state is State.PENDING_REVIEW


def test_silence_on_a_removal_refuses_it_and_the_reply_goes_on_waiting() -> None:
    course = asks(at_work(), join=ALL).wait(HOUR).act(COMMUNITY, removal())
    course.wait(30 * MINUTE)
    assert course.statuses() == [ApplicationStatus.REFUSED]
    assert course.refusal(COMMUNITY, REPLY) == "contributions_missing"


def test_a_removal_lapses_when_the_unit_contributes_after_all() -> None:
    course = asks(at_work(), join=ALL).wait(HOUR).act(COMMUNITY, removal())
    course.act(of(TOWN), SubmitReply("2", "solved", "late but done"))
    assert course.statuses() == [ApplicationStatus.LAPSED]
    assert not course.story.facts(JointRemoved)
    course.act(COMMUNITY, REPLY)
    assert course.state.state is State.PENDING_REVIEW


def test_only_the_lead_asks_for_a_removal_and_never_decides_it() -> None:
    course = asks(at_work()).wait(HOUR)
    assert course.refusal(of(TOWN), removal()) == "not_your_leg"
    hasty = terms(ExceptionKind.REMOVAL, decided_by=(Role.DISPATCHER,))
    assert hasty.needs == ("unit",)
    course.act(COMMUNITY, removal())
    assert course.last.deciders == (Role.DISPATCHER,)


def test_what_the_plan_of_a_whistle_says_is_not_declined() -> None:
    course = Course.of(working(dwell={"town": "10wd", "district": "10wd"})).signed()
    course.act(of(TOWN), whistle(summoned=(BUREAU,)))
    course.act(of(BUREAU), AttendWhistle("w1", Mode.ON_SITE, "Officer Li", Post.DEPUTY_HEAD, SQUARE))
    plan = (Decision(BUREAU, "clear the stalls", Duration.parse("2wd")),)
    course.act(of(TOWN), AgreePlan("w1", "agreed on the spot", plan))
    share = course.state.legs[-1]
    assert (share.unit, share.mandatory) == (BUREAU, True)
    assert course.refusal(of(BUREAU), DeclineJoint(share.id, "not ours")) == "mandatory_share"
    course.wait(3 * DAY)
    assert ClockKind.JOINT in leg_of(course, share.id).late


# The common superior --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("areas", "level"),
    [
        (("440106012", "440105004"), Level.CITY),
        (("440106012", "440106019"), Level.DISTRICT),
        (("440106012003", "440106012004"), Level.TOWN),
        (("440106012003001", "440106012003002"), Level.COMMUNITY),
        (("440106012", "440106"), Level.COMMUNITY),
        (("4401", "440106012", "440106019"), Level.DISTRICT),
        (("", "440106"), Level.COMMUNITY),
    ],
)
def test_the_common_superior_is_the_lowest_body_above_all_areas(areas: tuple[str, ...], level: Level) -> None:
    assert common_superior(areas) is level
    assert common_superior(tuple(reversed(areas))) is level


IN_TOWN = Reach(Level.TOWN, TOWN.area)
IN_DISTRICT = Reach(Level.DISTRICT, "440106")
IN_CITY = Reach(Level.CITY, "4401")


@pytest.mark.parametrize(
    ("unit", "reach", "may"),
    [
        (OTHER_DISTRICT, IN_CITY, True),
        (OTHER_DISTRICT, IN_DISTRICT, False),
        (OTHER_DISTRICT, IN_TOWN, False),
        (OTHER_TOWN, IN_DISTRICT, True),
        (OTHER_TOWN, IN_TOWN, False),
        (OTHER_TOWN, Reach(Level.DISTRICT, "440105"), False),
        (BUREAU, IN_TOWN, True),
        (TOWN, IN_TOWN, True),
        (OTHER_DISTRICT, None, True),
    ],
)
def test_the_lead_goes_across_divisions_only_by_the_word_of_who_stands_above_both(
    unit: Unit, reach: Reach | None, may: bool
) -> None:
    dispatch = Dispatch(unit, "as the leader wished", reach=reach)
    reassign = Reassign(unit, "as the leader wished", reach=reach)
    waiting, working = Course.of(), Course.of().signed()
    for course, act in ((waiting, dispatch), (working, reassign)):
        if may:
            course.act(DISPATCHER, act)
            assert course.state.lead is not None
            assert course.state.lead.unit == unit
        else:
            assert course.refusal(DISPATCHER, act) == "not_common_superior"


def test_a_returned_request_goes_into_another_district_only_when_somebody_names_the_unit() -> None:
    course = Course.of(CLIMBING).dispatched()
    course.asks(COMMUNITY, ExceptionKind.RETURN, unit=OTHER_DISTRICT).rules(DISPATCHER, granted=True)
    course.act(DISPATCHER, Dispatch())
    assert course.state.lead is not None
    assert course.state.lead.unit == TOWN


@pytest.mark.parametrize("unit", [OTHER_TOWN, BUREAU], ids=["across a boundary", "above"])
def test_anybody_may_be_asked_but_bound_only_by_whose_word_reaches_so_far(unit: Unit) -> None:
    course = at_work()
    asked = StartJoint(unit, "lend a lorry", reach=IN_TOWN)
    assert course.refusal(COMMUNITY, replace(asked, mandatory=True)) == "not_common_superior"
    course.act(COMMUNITY, asked)
    assert (course.state.legs[-1].unit, course.state.legs[-1].mandatory) == (unit, False)


def test_a_department_of_the_district_is_bound_by_the_district_s_word() -> None:
    course = at_work().act(DISPATCHER, StartJoint(BUREAU, "lend a lorry", mandatory=True, reach=IN_DISTRICT))
    assert course.state.legs[-1].mandatory


# Whatever happens -----------------------------------------------------------------------------------------------

HELPERS = (TOWN, BUREAU, ECOLOGY, OTHER_TOWN)


@settings(max_examples=40)
@given(
    limits=st.lists(st.integers(5, 200), min_size=1, max_size=len(HELPERS)),
    answering=st.sets(st.integers(0, len(HELPERS) - 1)),
    after=st.integers(1, 300),
    rule=st.sampled_from([ALL, JoinRule(Join.QUORUM, 1), JoinRule(Join.QUORUM, 3), JoinRule()]),
)
def test_each_threshold_of_a_share_fires_once_and_the_reply_waits_exactly_as_the_rule_says(
    limits: list[int], answering: set[int], after: int, rule: JoinRule
) -> None:
    course = Course.of(policy(dwell={"community": "12h"}, total="20h")).signed()
    for unit, minutes in zip(HELPERS, limits, strict=False):
        course.act(COMMUNITY, StartJoint(unit, "help", Duration.parse(f"{minutes}min"), mandatory=True))
    course.act(COMMUNITY, SetJoinRule(rule, "as agreed")).wait(after * MINUTE)
    given = [place for place in sorted(answering) if place < len(limits)]
    for place in given:
        leg = leg_of(course, str(place + 2))
        if leg.signed_at is None and leg.auto_signed_at is None:
            course.act(of(HELPERS[place]), Sign(leg.id), timedelta(0))
        course.act(of(HELPERS[place]), SubmitReply(leg.id, "solved", "done"))
    fired = [
        (fact.leg, fact.clock, fact.percent)
        for fact in course.story.facts(DeadlineFired)
        if fact.clock in (ClockKind.JOINT, ClockKind.SIGN)
    ]
    assert len(fired) == len(set(fired))
    needed = {Join.ALL: len(limits), Join.QUORUM: min(rule.quorum or 0, len(limits))}.get(rule.join, 0)
    if len(given) >= needed:
        course.act(COMMUNITY, REPLY)
        assert course.state.state is State.PENDING_REVIEW
    else:
        assert course.refusal(COMMUNITY, REPLY) == "contributions_missing"
    for leg in course.state.legs[1:]:
        clock = course.state.clock(ClockKind.JOINT, leg.id)
        assert clock is not None
        due = promised(clock, 100, course.state.calendar)
        done = leg.replied_at or course.now
        assert (ClockKind.JOINT in leg.late) == (due is not None and due <= done)
    assert replayed(course.state.intake, course.story.timeline) == course.state
