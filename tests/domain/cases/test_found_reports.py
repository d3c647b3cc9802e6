"""What a partner found, as the request hears of it: every number once, told to its unit and whoever holds the case."""

from __future__ import annotations

from domain.acts.neighbours import ReportFound
from domain.commands import Adopt, Disown, Merge, Withdraw
from domain.events import AlarmRaised, MattersFound
from domain.partners import Partner
from domain.request import State
from domain.units import SYSTEM
from tests.domain.cases.test_cases import (
    CITIZEN,
    CORRECTED,
    FIRST,
    NUMBER,
    PARENT,
    Course,
    adopting,
    beside,
    case_of,
    closed,
    errands,
    handed,
    handing,
    merged,
    notices,
    reported,
)
from tests.support.builders import AFFAIR, PATROL
from tests.support.courses import COMMUNITY, DISPATCHER

ONE, OTHER = "20260303-0000001", "20260303-0000002"


def found(course: Course, *numbers: str, case: str = FIRST) -> Course:
    return course.act(SYSTEM, ReportFound(case, numbers))


def test_the_numbers_stand_with_the_case_each_once() -> None:
    course = found(found(found(handed(), ONE), ONE), ONE, OTHER)
    assert case_of(course).found == (ONE, OTHER)
    assert [fact.numbers for fact in course.story.facts(MattersFound)] == [(ONE,), (OTHER,)]


def test_what_was_found_leaves_the_case_and_the_wait_for_it_as_they_are() -> None:
    course = handed()
    before = case_of(course)
    found(course, ONE)
    assert course.state.state is State.AWAITING_PARTNER
    assert (case_of(course).status, case_of(course).version) == (before.status, before.version)


def test_the_unit_reads_the_new_numbers_and_the_citizen_does_not() -> None:
    course = found(beside(PATROL), ONE, OTHER)
    (notice,) = notices(course, "matters_found")
    assert notice.recipient == COMMUNITY.unit
    assert f"志愿服务案件 {FIRST} 发现新问题，已登记为诉求 {ONE}、{OTHER}" in notice.text_zh
    assert f"registered as {ONE}, {OTHER}" in notice.text_en


def test_a_bad_review_after_the_end_is_told_to_the_unit_that_answered_and_alarms_nobody() -> None:
    course = closed(reported(beside(AFFAIR), CORRECTED))
    found(course, ONE)
    (notice,) = notices(course, "matters_found")
    assert "收到差评" in notice.text_zh
    assert "was badly reviewed" in notice.text_en
    assert (course.state.state, course.story.facts(AlarmRaised)) == (State.CLOSED, [])


def test_a_case_that_the_request_does_not_have_brings_it_nothing() -> None:
    assert handed().refusal(SYSTEM, ReportFound(f"{NUMBER}-p7", (ONE,))) == "case_unknown"


def test_news_that_misses_the_move_to_another_request_is_passed_on() -> None:
    child = found(merged(), ONE)
    assert notices(child, "matters_found") == []
    passed_on = errands(child)[-1]
    assert (passed_on.number, passed_on.act) == (PARENT, ReportFound(FIRST, (ONE,)))
    parent = adopting().act(SYSTEM, passed_on.act)
    assert case_of(parent).found == (ONE,)
    assert len(notices(parent, "matters_found")) == 1


def test_a_request_that_goes_alone_again_learns_what_was_found_meanwhile() -> None:
    parent = found(adopting(), ONE).act(SYSTEM, Disown(NUMBER))
    news = [errand for errand in errands(parent) if isinstance(errand.act, ReportFound)]
    assert [(errand.number, errand.act) for errand in news] == [(NUMBER, ReportFound(FIRST, (ONE,)))]


def test_what_was_found_before_goes_along_when_the_request_follows_another() -> None:
    course = found(beside(), ONE).act(DISPATCHER, Merge(PARENT, State.IN_PROGRESS))
    (errand,) = errands(course)
    assert isinstance(errand.act, Adopt)
    assert [case.found for case in errand.act.cases] == [(ONE,)]


def test_a_request_that_has_ended_hears_of_it_still() -> None:
    course = found(beside().act(CITIZEN, Withdraw()), ONE)
    assert (course.state.state, case_of(course).found) == (State.WITHDRAWN, (ONE,))


def test_every_partner_has_words_for_what_came_of_its_case() -> None:
    for handover, partner in ((AFFAIR, Partner.AFFAIRS), (PATROL, Partner.VOLUNTEERS)):
        course = found(handed(handing(handover, waits=False)), ONE)
        assert case_of(course).partner is partner
        assert len(notices(course, "matters_found")) == 1
