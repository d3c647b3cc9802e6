"""Whoever shares in the work hears of what concerns it: what others did, and that nothing more is expected of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.commands import (
    Act,
    AgreePlan,
    AttendWhistle,
    Callback,
    DeclineJoint,
    EndWhistle,
    GiveFieldTask,
    HandUp,
    MarkConfidential,
    Merge,
    ObjectToWhistle,
    PartnerResult,
    RateCall,
    RemoveJoint,
    ReviewPass,
    Sign,
    StartJoint,
    SubmitReply,
    Withdraw,
    WithdrawCase,
)
from domain.exceptions.applications import ExceptionKind
from domain.field_tasks import FieldParty
from domain.levels import Level
from domain.notices.telling import Notice
from domain.request import State, Visibility
from domain.time.durations import Duration
from domain.units import Actor, Role, Unit
from domain.whistles import Decision, Mode, Post, WhistleEnd, WhistleKind
from tests.domain.cases.test_cases import FIRST, beside, handed
from tests.support.builders import SQUARE, UNITS, actor, whistle
from tests.support.courses import AGENT, CITIZEN, COMMUNITY, DISPATCHER, DUTY_LEADER, OTHER_BUREAU, Course, of
from tests.support.tales import every_notice

VILLAGE, TOWN, BUREAU = UNITS[Level.COMMUNITY], UNITS[Level.TOWN], UNITS[Level.DISTRICT]
REVIEWER, CALLBACK_AGENT = actor(Role.REVIEWER), actor(Role.CALLBACK_AGENT)
PARENT = "20260302-0000009"
HERE = AttendWhistle("w1", Mode.ON_SITE, "Officer Li", Post.DEPUTY_HEAD, SQUARE)
SENT = GiveFieldTask(FieldParty.PROPERTY_FIRM, "Court", "Clear it.", Duration.parse("4h"))


def heard(course: Course, unit: Unit, kind: str) -> list[Notice]:
    """What the unit was told of the events of a kind."""
    return [
        each for each in every_notice(course.story) if (each.recipient, each.subject) == (unit.code, kind)
    ]


def only(course: Course, unit: Unit, kind: str) -> Notice:
    """The one message of that kind to the unit."""
    (notice,) = heard(course, unit, kind)
    return notice


def with_everybody() -> Course:
    """The community leads; its town is to contribute, the bureau is on its way, and a property firm was sent."""
    course = Course.of().signed().act(COMMUNITY, StartJoint(TOWN, "lend a lorry"))
    course.act(of(TOWN), whistle(summoned=(BUREAU,)))
    return course.act(COMMUNITY, SENT)


# Among those who work on it


def test_the_unit_that_leads_hears_of_every_contribution() -> None:
    course = Course.of().signed().act(COMMUNITY, StartJoint(TOWN, "lend a lorry")).act(of(TOWN), Sign("2"))
    course.act(of(TOWN), SubmitReply("2", "solved", "the lorry was there"))
    assert only(course, VILLAGE, "contributed").text_zh.endswith(
        f"{TOWN.name_zh}已反馈协办结果：the lorry was there"
    )
    assert TOWN.name_en in only(course, VILLAGE, "contributed").text_en


def test_the_unit_that_leads_hears_who_joins_by_a_dispatcher_s_word_and_who_no_more() -> None:
    course = Course.of().signed().act(DISPATCHER, StartJoint(TOWN, "lend a lorry"))
    assert only(course, VILLAGE, "leg_dispatched").text_en.endswith("joins in: lend a lorry")
    course.act(DISPATCHER, RemoveJoint("2", "the lorry is broken"))
    assert only(course, VILLAGE, "joint_removed").text_en.endswith("joins in no more: the lorry is broken")
    assert only(course, TOWN, "joint_removed").text_en.endswith("you are let go: the lorry is broken")


def test_whom_the_unit_asked_itself_it_need_not_be_told_but_that_it_declined() -> None:
    course = Course.of().signed().act(COMMUNITY, StartJoint(TOWN, "lend a lorry"))
    assert heard(course, VILLAGE, "leg_dispatched") == []
    course.act(of(TOWN), DeclineJoint("2", "no lorry"))
    assert TOWN.name_en in only(course, VILLAGE, "joint_declined").text_en


def test_a_whistle_is_told_to_the_unit_that_leads_because_its_reply_waits_for_it() -> None:
    course = Course.of().signed().act(of(TOWN), whistle(summoned=(BUREAU,)))
    assert "no reply before its end" in only(course, VILLAGE, "whistle_blown").text_en
    assert heard(course, TOWN, "whistle_blown") == []
    course.act(of(TOWN), EndWhistle("w1", False, "nobody came, ring 13812345678"))
    assert only(course, VILLAGE, "whistle_ended").text_en.endswith("ended unresolved: nobody came, ring ***")


def test_what_the_centre_does_on_behalf_of_a_town_the_town_hears() -> None:
    course = Course.of().signed().act(DISPATCHER, whistle(summoned=(BUREAU,)))
    course.act(DISPATCHER, EndWhistle("w1", False, "nobody came"))
    assert only(course, TOWN, "whistle_blown")
    assert only(course, TOWN, "whistle_ended")


def test_what_departments_say_of_a_whistle_names_no_numbers_of_persons() -> None:
    course = Course.of().signed().act(of(TOWN), whistle(summoned=(BUREAU,))).act(of(BUREAU), HERE)
    course.act(of(BUREAU), ObjectToWhistle("w1", "article 3", "she rang from 13812345678"))
    course.act(of(TOWN), EndWhistle("w1", False, "not cleared"))
    course.act(of(BUREAU), RateCall("w1", 2, "ring 13812345678"))
    assert only(course, TOWN, "whistle_objected").text_en.endswith("objects: she rang from ***（article 3）")
    assert only(course, TOWN, "call_rated").text_en.endswith("marks the call 2: ring ***")


def test_the_town_hears_that_the_district_has_joined_and_the_district_then_of_every_limit() -> None:
    course = Course.of().signed().act(of(TOWN), whistle(summoned=(BUREAU, OTHER_BUREAU)))
    course.wait(timedelta(days=30))
    assert only(course, TOWN, "district_joined")
    overdue = [
        each.text_en
        for each in every_notice(course.story)
        if (each.recipient, each.subject) == ("body:district", "deadline_fired")
    ]
    assert [text.partition(": ")[2] for text in overdue] == [
        "the plan of whistle w1 is overdue",
        "the result of whistle w1 is overdue",
    ]


def test_a_case_that_a_dispatcher_takes_back_is_told_to_the_unit_but_not_what_it_asked_for_itself() -> None:
    by_another = beside().act(DISPATCHER, WithdrawCase(FIRST, "handed over twice"))
    assert only(by_another, VILLAGE, "case_withdrawal_asked").text_zh.endswith("申请撤回：handed over twice")
    assert heard(beside().act(COMMUNITY, WithdrawCase(FIRST, "ours")), VILLAGE, "case_withdrawal_asked") == []


def test_the_answer_that_was_waited_for_is_told_in_words() -> None:
    course = handed().act(COMMUNITY, PartnerResult("under_way", "it will take a month"))
    told = only(course, VILLAGE, "partner_answered")
    assert told.text_zh.endswith(f"综合执法案件 {FIRST} 已进入对方程序，继续办理：it will take a month")
    assert told.text_en.endswith("goes on in the partner's own procedure: it will take a month")


def test_a_unit_hears_which_leg_takes_the_place_of_its_share() -> None:
    course = Course.of().signed().act(COMMUNITY, StartJoint(TOWN, "lend a lorry"))
    course.act(COMMUNITY, HandUp("too much for us"))
    assert only(course, TOWN, "joint_removed").text_en.endswith("you lead now, your joint share ends")
    course = Course.of().signed().act(of(TOWN), whistle(summoned=(BUREAU,))).act(of(BUREAU), HERE)
    plan = AgreePlan(
        "w1", "agreed", (Decision(VILLAGE, "watch it", Duration.parse("2wd")),), lead=BUREAU.code
    )
    course.act(of(TOWN), plan)
    assert only(course, VILLAGE, "joint_removed").text_en.endswith(
        "leg 3 takes the place of your joint share"
    )


# When it is over


@pytest.mark.parametrize(
    ("by", "act", "why"),
    [
        (CITIZEN, Withdraw("not needed any more"), "its caller has withdrawn it"),
        (AGENT, Merge(PARENT, State.IN_PROGRESS), "it is handled together with another request"),
    ],
)
def test_whoever_is_at_work_or_on_the_way_hears_that_it_is_over(by: Actor, act: Act, why: str) -> None:
    course = with_everybody().act(by, act)
    assert course.state.whistles[0].end is WhistleEnd.CANCELLED
    assert only(course, VILLAGE, _kind(course)).text_en.endswith(
        f"{why}: please stop working on it; field task f1 ends, please tell Court"
    )
    assert only(course, TOWN, _kind(course)).text_en.endswith(
        f"{why}: your joint share ends; whistle w1 is cancelled"
    )
    assert only(course, BUREAU, _kind(course)).text_zh.endswith("吹哨 w1 取消，无需报到")


def _kind(course: Course) -> str:
    """The kind of the event that ended the request."""
    return next(event.what.kind for event in course.story.timeline if event.at == course.state.ended_at)


def test_who_is_still_joint_when_it_closes_is_let_go_and_who_answered_hears_nothing() -> None:
    course = Course.of().signed().act(COMMUNITY, StartJoint(TOWN, "lend a lorry"))
    course.act(COMMUNITY, SubmitReply("1", "solved", "cleared")).act(REVIEWER, ReviewPass())
    course.act(CALLBACK_AGENT, Callback(contacted=True, satisfied=True))
    assert course.state.state is State.CLOSED
    assert only(course, TOWN, "closed").text_en.endswith("it is closed: your joint share ends")
    assert heard(course, VILLAGE, "closed") == []


def test_what_is_passed_on_is_over_for_its_unit() -> None:
    course = Course.of().signed().asks(AGENT, ExceptionKind.TRANSFER_OUT, reason="petition")
    course.rules(DUTY_LEADER, granted=True)
    assert course.state.state is State.TRANSFERRED_OUT
    assert "please stop working on it" in only(course, VILLAGE, "transferred_out").text_en


def test_who_may_not_see_it_any_more_is_not_sent_to_look_at_it() -> None:
    course = with_everybody().act(AGENT, MarkConfidential(Visibility.LEAD_ONLY, "a report"))
    for unit, kind in ((TOWN, "joint_removed"), (BUREAU, "whistle_ended")):
        assert only(course, unit, kind).text_zh.endswith("已转为保密件，你单位不再参与")
    assert only(course, VILLAGE, "field_task_recalled").text_en.endswith("please look at the request")


def test_a_cancelled_whistle_asks_nobody_for_a_rating() -> None:
    ended = Course.of().signed().act(of(TOWN), whistle(summoned=(BUREAU,), kind=WhistleKind.EMERGENCY))
    ended.act(of(TOWN), EndWhistle("w1", False, "not found"))
    assert "please rate the call" in only(ended, BUREAU, "whistle_ended").text_en
    cancelled = with_everybody().act(AGENT, MarkConfidential(Visibility.LEAD_ONLY, "a report"))
    assert not any("rate the call" in each.text_en for each in every_notice(cancelled.story))
