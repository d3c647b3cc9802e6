"""Who hears of an exception: who must decide, who asked, and the citizen of every new date and its reason."""

from __future__ import annotations

from datetime import timedelta

from domain.commands import Dispatch, Reassign, Resume, Rule, Withdraw
from domain.exceptions.applications import ExceptionKind
from domain.levels import Level
from domain.lifecycle import fold
from domain.notices.telling import Notice, notices_of
from domain.request import begin
from domain.units import Role
from tests.support.builders import UNITS, actor, terms
from tests.support.courses import (
    AGENT,
    ARBITER,
    CITIZEN,
    COMMUNITY,
    DISPATCHER,
    DUTY_LEADER,
    OTHER_BUREAU,
    OTHER_TOWN,
    Course,
    head,
)

VILLAGE = UNITS[Level.COMMUNITY].code
OTHER_LEADER = actor(Role.DUTY_LEADER, person="another duty leader", level=Level.DISTRICT)


def told(course: Course, kind: str) -> list[Notice]:
    """The notices of every event of that kind."""
    state, found = begin(course.state.intake), list[Notice]()
    for event in course.story.timeline:
        state = fold(state, (event,))
        found += notices_of(state, event) if event.what.kind == kind else ()
    return found


def recipients(course: Course, kind: str) -> list[str]:
    """Who was told of the events of that kind, in order."""
    return [notice.recipient for notice in told(course, kind)]


def test_every_post_that_may_decide_hears_of_the_question_and_its_reason() -> None:
    course = Course.of().dispatched().asks(COMMUNITY, ExceptionKind.RETURN)
    notice = told(course, "application_made")[0]
    assert notice.recipient == "post:dispatcher"
    assert "退单" in notice.text_zh
    assert "不属于本单位职能" in notice.text_zh
    assert "not a function of the unit" in notice.text_en


def test_a_community_that_must_admit_is_asked_itself_and_the_dispatcher_to_confirm() -> None:
    admission = terms(ExceptionKind.ADMISSION)
    course = Course.of().act(DISPATCHER, Dispatch(UNITS[Level.COMMUNITY], "", admission))
    course.act(COMMUNITY, Rule("a1", granted=False, note="not ours"))
    assert recipients(course, "application_made") == [VILLAGE]
    assert recipients(course, "refusal_proposed") == ["post:dispatcher"]


def test_whoever_asked_hears_the_decision_and_whether_silence_made_it() -> None:
    refused = Course.of().dispatched().asks(COMMUNITY, ExceptionKind.RETURN).rules(DISPATCHER, granted=False)
    silent = Course.of().dispatched().asks(COMMUNITY, ExceptionKind.RETURN).wait(timedelta(days=1))
    for course in (refused, silent):
        assert recipients(course, "application_decided") == [VILLAGE]
    assert "未获同意：as the file shows" in told(refused, "application_decided")[0].text_zh
    assert "nobody decided in time" in told(silent, "application_decided")[0].text_en


def test_a_desk_and_a_citizen_hear_of_what_they_asked_for() -> None:
    transfer = Course.of().asks(AGENT, ExceptionKind.TRANSFER_OUT, reason="petition")
    assert recipients(transfer.rules(DUTY_LEADER, granted=False), "application_decided") == ["post:agent"]
    appeal = Course.of().signed().asks(COMMUNITY, ExceptionKind.UNREASONABLE).rules(DUTY_LEADER, granted=True)
    appeal.asks(CITIZEN, ExceptionKind.APPEAL).rules(OTHER_LEADER, granted=True)
    assert recipients(appeal, "application_decided") == [VILLAGE, "citizen"]
    assert recipients(appeal, "exclusion_marked") == ["citizen"]
    assert recipients(appeal, "exclusion_lifted") == ["citizen"]
    assert "you may appeal once" in told(appeal, "exclusion_marked")[0].text_en


def test_the_citizen_is_told_the_new_date_and_its_reason() -> None:
    course = Course.of().signed().asks(COMMUNITY, ExceptionKind.EXTENSION).rules(DISPATCHER, granted=True)
    notice = told(course, "deadline_extended")[0]
    assert notice.recipient == "citizen"
    # Twenty-five office days after Monday 2 March.
    assert notice.text_zh.endswith("办理期限延长至 2026-04-06，原因：案情复杂")
    assert notice.text_en.endswith("it takes longer, until 2026-04-06, because: the facts are complex")


def test_the_citizen_is_told_of_rest_and_resumption_and_the_unit_that_its_limits_run_on() -> None:
    course = Course.of().signed().asks(COMMUNITY, ExceptionKind.SUSPENSION).rules(DISPATCHER, granted=True)
    course.act(COMMUNITY, Resume("he came"))
    assert "waiting for the citizen" in told(course, "suspended")[0].text_en
    assert recipients(course, "suspended") == ["citizen"]
    assert recipients(course, "resumed") == ["citizen", VILLAGE]


def test_the_citizen_is_told_of_a_commitment_and_of_a_transfer() -> None:
    put_off = Course.of().signed().asks(head(Level.COMMUNITY), ExceptionKind.BACKLOG)
    put_off.rules(DUTY_LEADER, granted=True)
    assert "until 2026-09-18, because: no funds exist now" in told(put_off, "put_into_backlog")[0].text_en
    moved = Course.of().asks(AGENT, ExceptionKind.TRANSFER_OUT, reason="police_110")
    assert "moved to 110" in told(moved, "transferred_out")[0].text_en


def test_a_unit_hears_that_it_lost_the_request() -> None:
    given = Course.of().signed().act(DISPATCHER, Reassign(OTHER_TOWN, "lies in their area"))
    assert recipients(given, "leg_reassigned") == [VILLAGE]
    ruled = Course.of().signed().asks(DISPATCHER, ExceptionKind.DISPUTE)
    ruled.rules(ARBITER, granted=True, unit=OTHER_BUREAU)
    assert recipients(ruled, "dispute_ruled") == [VILLAGE]


def test_what_lapsed_is_told_to_whoever_asked() -> None:
    course = Course.of().signed().asks(COMMUNITY, ExceptionKind.EXTENSION).act(CITIZEN, Withdraw())
    assert recipients(course, "application_lapsed") == [VILLAGE]


def test_no_two_notices_share_a_key() -> None:
    course = Course.of().signed().asks(COMMUNITY, ExceptionKind.SUSPENSION).rules(DISPATCHER, granted=True)
    course.wait(timedelta(days=60))
    state, keys = begin(course.state.intake), list[str]()
    for event in course.story.timeline:
        state = fold(state, (event,))
        keys += [notice.key for notice in notices_of(state, event)]
    assert len(keys) == len(set(keys))
