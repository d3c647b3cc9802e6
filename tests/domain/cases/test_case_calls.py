"""What a case asks of its partner, what falls due, and what its request can want of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.acts.neighbours import ReportCase
from domain.cases.calls import Call, No, confirmed, irrevocable, opened, refused, wanted, withdrawn
from domain.cases.deadlines import ahead, next_instant, pass_time
from domain.cases.receiving import LAST_LOOK, receive, receive_all
from domain.cases.state import CaseState, Step, begin_case
from domain.cases.wishes import follow, look, settle, take_back
from domain.partners import CaseStatus, Partner
from tests.support.builders import MONDAY_MORNING
from tests.support.partners import brief, said

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def handed_over(partner: Partner = Partner.ENFORCEMENT) -> CaseState:
    """A case that its partner has."""
    return opened(begin_case(brief(partner)), "n-1", MONDAY_MORNING).state


def reports(step: Step) -> list[ReportCase]:
    return [report.act for report in step.reports if isinstance(report.act, ReportCase)]


def later(hours: float) -> datetime:
    return MONDAY_MORNING + timedelta(hours=hours)


def test_a_case_is_opened_first_and_then_waits() -> None:
    begun = begin_case(brief())
    assert wanted(begun) is Call.OPEN
    step = opened(begun, "n-1", MONDAY_MORNING)
    assert wanted(step.state) is None
    assert [(told.status, told.kind, told.number) for told in reports(step)] == [
        (CaseStatus.HANDED_OVER, "handed_over", "n-1")
    ]


def test_a_message_that_overtakes_the_receipt_is_not_taken_back_by_it() -> None:
    filed = receive(begin_case(brief()), said("case_filed", 1, number="案-1"), MONDAY_MORNING).state
    assert wanted(filed) is Call.OPEN
    step = opened(filed, "n-1", MONDAY_MORNING)
    assert wanted(step.state) is None
    assert (step.state.status, step.state.number, step.reports) == (CaseStatus.UNDER_WAY, "案-1", ())


def test_a_partner_that_will_not_take_the_case_ends_it_with_its_reason_and_unit() -> None:
    no = No("not_competent", "a matter of the town", "440106012-town_office")
    step = refused(begin_case(brief()), Call.OPEN, no, MONDAY_MORNING)
    assert step.state.is_over
    [told] = reports(step)
    assert (told.status, told.code, told.text, told.unit) == (
        CaseStatus.REFUSED,
        "not_competent",
        "a matter of the town",
        "440106012-town_office",
    )


def test_a_silent_partner_is_asked_and_asked_again_a_while_after_the_answer() -> None:
    case = handed_over()
    assert next_instant(case) == later(1)
    asked = pass_time(case, later(1)).state
    assert wanted(asked) is Call.READ
    assert next_instant(asked) == asked.brief.due_at
    waiting = refused(asked, Call.READ, No("busy", "come back"), later(1)).state
    assert (wanted(waiting), waiting.read_at, waiting.note) == (None, later(2), "busy: come back")


def test_a_case_over_its_time_is_told_once_and_asked_daily() -> None:
    case = replace(handed_over(), read_at=later(200))
    step = pass_time(case, case.brief.due_at)
    assert [told.kind for told in reports(step)] == ["overdue"]
    assert step.state.is_open
    assert not reports(pass_time(step.state, case.brief.due_at + HOUR))
    heard = receive(step.state, said("clue_received", 1), later(130)).state
    assert heard.read_at == later(154)


def test_a_case_that_is_not_opened_yet_is_told_to_be_overdue_too() -> None:
    begun = begin_case(brief())
    step = pass_time(begun, begun.brief.due_at)
    assert [told.kind for told in reports(step)] == ["overdue"]
    assert wanted(step.state) is Call.OPEN


def test_a_task_that_too_few_claimed_is_taken_back_as_unclaimed() -> None:
    task = handed_over(Partner.VOLUNTEERS)
    due = pass_time(replace(task, read_at=later(99)), later(20)).state
    assert wanted(due) is Call.WITHDRAW
    step = withdrawn(due, later(20))
    [told] = reports(step)
    assert (told.status, told.kind, told.code) == (CaseStatus.WITHDRAWN, "unclaimed", "unclaimed")
    assert step.state.is_over


def test_a_task_that_enough_people_claimed_goes_on() -> None:
    claimed = receive(handed_over(Partner.VOLUNTEERS), said("sign_up", 1, people=1), later(2)).state
    assert wanted(pass_time(replace(claimed, read_at=later(99)), later(20)).state) is None


def test_before_a_task_counts_as_unclaimed_the_partner_is_asked_once_more() -> None:
    silent = replace(handed_over(Partner.VOLUNTEERS), brief=brief(Partner.VOLUNTEERS, poll_every=DAY))
    asked = receive_all(silent, (), later(1)).state
    last_look = later(20) - LAST_LOOK
    assert next_instant(asked) == last_look
    looking = pass_time(asked, last_look).state
    assert wanted(looking) is Call.READ
    claimed = receive_all(looking, (said("sign_up", 1, people=1),), later(19.95)).state
    assert wanted(pass_time(claimed, later(20)).state) is None


def test_a_task_that_too_many_signed_off_from_is_unclaimed_after_all() -> None:
    claimed = receive(handed_over(Partner.VOLUNTEERS), said("sign_up", 1, people=1), later(2)).state
    left = receive(claimed, said("sign_off", 2, people=0), later(3)).state
    assert wanted(pass_time(replace(left, read_at=later(99)), later(20)).state) is Call.WITHDRAW


def test_a_task_that_began_in_spite_of_being_unclaimed_goes_on_quietly() -> None:
    due = pass_time(handed_over(Partner.VOLUNTEERS), later(20)).state
    step = irrevocable(due)
    assert step.state.is_open
    assert not step.reports
    assert wanted(replace(step.state, read_asked=False)) is None


def test_a_document_that_nobody_fetches_ends_the_case_after_its_date() -> None:
    case = handed_over(Partner.AFFAIRS)
    for nth, kind in enumerate(("affair_accepted", "affair_decided", "ready_for_collection"), start=1):
        until = later(48) if kind == "ready_for_collection" else None
        case = receive(case, said(kind, nth, code="granted", until=until), MONDAY_MORNING).state
    assert pass_time(case, later(47)).state.is_open
    step = pass_time(case, later(48))
    [told] = reports(step)
    assert (told.status, told.kind) == (CaseStatus.DONE, "uncollected")
    assert wanted(step.state) is Call.CONFIRM


@pytest.mark.parametrize("opening", [True, False])
def test_a_case_is_taken_back_from_wherever_it_is(opening: bool) -> None:
    case = begin_case(brief()) if opening else handed_over()
    asked = take_back(case, "the citizen withdrew").state
    assert wanted(asked) is Call.WITHDRAW
    step = withdrawn(asked, later(1))
    assert [(told.status, told.kind) for told in reports(step)] == [(CaseStatus.WITHDRAWN, "withdrawn")]
    assert wanted(step.state) is None


def test_a_case_that_never_reached_its_partner_is_taken_back_by_its_not_being_known() -> None:
    asked = take_back(begin_case(brief()), "merged").state
    step = refused(asked, Call.WITHDRAW, No("unknown_case", "never heard of it"), later(1))
    assert step.state.status is CaseStatus.WITHDRAWN


def test_a_case_that_has_gone_too_far_goes_on_and_its_request_hears_so() -> None:
    asked = take_back(handed_over(), "reassigned").state
    step = irrevocable(asked)
    assert [(told.code, told.status) for told in reports(step)] == [("irrevocable", CaseStatus.HANDED_OVER)]
    assert wanted(step.state) is None
    again = take_back(step.state, "the citizen withdrew").state
    assert wanted(again) is Call.WITHDRAW


def test_a_withdrawal_that_is_refused_leaves_the_case_where_it_is_with_the_reason() -> None:
    asked = take_back(handed_over(), "reassigned").state
    [told] = reports(refused(asked, Call.WITHDRAW, No("closed_on_mondays", "come back"), later(1)))
    assert (told.code, told.text) == ("irrevocable", "closed_on_mondays: come back")


def test_an_end_that_comes_before_the_answer_to_a_withdrawal_counts() -> None:
    asked = take_back(handed_over(), "reassigned").state
    ended = receive(asked, said("on_site_result", 1), later(1)).state
    assert wanted(ended) is Call.CONFIRM
    assert withdrawn(ended, later(2)) == Step(ended)
    assert not irrevocable(ended).reports
    assert take_back(ended, "once more") == Step(ended)


def test_a_case_that_the_partner_lost_is_handed_over_once_more() -> None:
    asked = look(handed_over()).state
    lost = refused(asked, Call.READ, No("unknown_case", "never heard of it"), later(1)).state
    assert wanted(lost) is Call.OPEN
    step = opened(lost, "n-2", later(1))
    assert (wanted(step.state), step.state.status, step.reports) == (None, CaseStatus.HANDED_OVER, ())


def test_a_case_that_its_partner_has_on_paper_only_is_not_handed_over_behind_its_back() -> None:
    on_paper = settle(begin_case(brief()), CaseStatus.UNDER_WAY, "by letter", "案-7", later(1)).state
    asked = pass_time(on_paper, later(1)).state
    unknown = refused(asked, Call.READ, No("unknown_case", "never heard of it"), later(1)).state
    assert wanted(unknown) is None


def test_a_request_that_wants_back_what_nobody_claimed_is_told_so() -> None:
    unclaimed = pass_time(handed_over(Partner.VOLUNTEERS), later(20)).state
    asked = take_back(unclaimed, "the citizen withdrew").state
    assert wanted(asked) is Call.WITHDRAW
    assert [told.code for told in reports(irrevocable(asked))] == ["irrevocable"]
    assert take_back(asked, "once more") == Step(asked)


def test_whoever_holds_the_case_from_now_on_is_told_how_it_stands() -> None:
    filed = receive(handed_over(), said("case_filed", 1, number="案-1"), MONDAY_MORNING).state
    step = follow(filed, "R-2")
    assert [report.number for report in step.reports] == ["R-2"]
    assert [(told.kind, told.number) for told in reports(step)] == [("case_filed", "案-1")]
    assert follow(step.state, "R-2") == Step(step.state)
    assert not follow(begin_case(brief()), "R-2").reports


def test_what_people_typed_in_ends_the_case_without_telling_its_request_again() -> None:
    step = settle(handed_over(), CaseStatus.DONE, "by telephone", "案-7", later(1))
    assert (step.state.is_over, step.state.number, step.reports) == (True, "案-7", ())
    under_way = settle(handed_over(), CaseStatus.UNDER_WAY, "by telephone", "案-7", later(1)).state
    assert under_way.is_open
    assert next_instant(under_way) == later(1)
    assert settle(step.state, CaseStatus.REFUSED, "a mistake", "", later(2)) == Step(step.state)


def test_what_people_typed_in_stands_alone_and_is_what_another_request_hears() -> None:
    filed = receive(handed_over(), said("case_filed", 1, code="ordinary", text="2026-03-02"), later(1)).state
    assert (filed.code, filed.text) == ("ordinary", "2026-03-02")
    step = settle(filed, CaseStatus.UNDER_WAY, "a hearing is held, by letter", "", later(2))
    assert (step.state.code, step.state.unit, step.state.text) == ("", "", "a hearing is held, by letter")
    assert (step.state.last_kind, step.state.applied) == ("case_filed", 1)
    [told] = reports(follow(step.state, "R-2"))
    assert (told.code, told.text) == ("", "a hearing is held, by letter")
    closed = receive(step.state, said("case_closed", 2, text="fined"), later(3)).state
    assert (closed.status, closed.text) == (CaseStatus.DONE, "fined")


def test_a_confirmation_that_is_refused_is_noted_and_asked_for_no_more() -> None:
    done = receive(handed_over(), said("on_site_result", 1), later(1)).state
    step = refused(done, Call.CONFIRM, No("gone", "archived"), later(1))
    assert (step.state.is_over, step.state.note) == (True, "gone: archived")


def test_a_story_that_began_once_more_waits_for_what_is_missing() -> None:
    done = confirmed(receive(handed_over(), said("on_site_result", 1), later(1)).state).state
    held = receive(done, said("case_closed", 3), later(99)).state
    assert not held.is_over
    assert next_instant(held) == later(123)
    step = pass_time(held, later(123))
    assert step.state.is_over
    assert [told.kind for told in reports(step)] == ["case_closed"]


@given(
    st.lists(st.sampled_from(["sign_up", "check_in", "report", "unclaimed"]), max_size=4), st.integers(0, 400)
)
def test_time_always_comes_to_rest(kinds: list[str], hours: int) -> None:
    case = handed_over(Partner.VOLUNTEERS)
    for nth, kind in enumerate(kinds):
        case = receive(case, said(kind, 2 * nth + 1), later(nth)).state
    passed = pass_time(case, later(hours)).state
    assert all(due.at > later(hours) for due in ahead(passed))
