"""A partner's messages count once and in its own order, however they arrive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.acts.neighbours import ReportCase
from domain.cases.calls import Call, No, opened, refused, wanted
from domain.cases.deadlines import pass_time
from domain.cases.kinds import KINDS, kind_of
from domain.cases.receiving import receive, receive_all
from domain.cases.state import CaseState, Step, begin_case
from domain.partners import CaseMessage, CaseStatus, Partner
from tests.support.builders import MONDAY_MORNING
from tests.support.partners import brief, said

ENFORCEMENT, AFFAIRS, VOLUNTEERS = Partner.ENFORCEMENT, Partner.AFFAIRS, Partner.VOLUNTEERS
DONE, REFUSED, WITHDRAWN = CaseStatus.DONE, CaseStatus.REFUSED, CaseStatus.WITHDRAWN
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)

LIVES: list[tuple[Partner, tuple[str, ...], CaseStatus]] = [
    (ENFORCEMENT, ("clue_received", "case_filed", "case_decided", "case_closed"), DONE),
    (ENFORCEMENT, ("clue_received", "on_site_result"), DONE),
    (ENFORCEMENT, ("clue_refused:not_competent",), REFUSED),
    (ENFORCEMENT, ("clue_received", "case_filed"), CaseStatus.UNDER_WAY),
    (
        AFFAIRS,
        (
            "supplement_required",
            "affair_accepted",
            "affair_progress",
            "affair_decided:granted",
            "ready_for_collection",
            "collected",
        ),
        DONE,
    ),
    (AFFAIRS, ("affair_accepted", "affair_decided:refused"), REFUSED),
    (AFFAIRS, ("affair_accepted", "affair_withdrawn"), WITHDRAWN),
    (
        VOLUNTEERS,
        (
            "sign_up",
            "sign_off",
            "enrolment_closed",
            "check_in",
            "check_in",
            "check_out",
            "report",
            "hours_credited",
        ),
        DONE,
    ),
    (VOLUNTEERS, ("sign_up", "sign_off", "unclaimed:unclaimed"), WITHDRAWN),
    (VOLUNTEERS, ("task_refused:not_suitable",), REFUSED),
    (AFFAIRS, ("affair_accepted", "review_posted", "affair_decided:refused"), REFUSED),
]


def spoken(life: Sequence[str]) -> list[CaseMessage]:
    """The messages of a life, in order."""
    words = [word.partition(":") for word in life]
    return [
        said(kind, nth, code=code, number=f"n-{nth}", people=nth)
        for nth, (kind, _, code) in enumerate(words, start=1)
    ]


def heard(state: CaseState, messages: Sequence[CaseMessage], now: datetime = MONDAY_MORNING) -> Step:
    """The case after the messages arrived one by one."""
    step = Step(state)
    for message in messages:
        following = receive(step.state, message, now)
        step = Step(following.state, (*step.reports, *following.reports))
    return step


def told(step: Step) -> list[str]:
    """What the request was told, by the words of the messages."""
    return [report.act.kind for report in step.reports if isinstance(report.act, ReportCase)]


def test_every_kind_of_every_partner_appears_in_a_life() -> None:
    lived = {(partner, word.partition(":")[0]) for partner, life, _ in LIVES for word in life}
    never = {(partner, kind) for partner, kinds in KINDS.items() for kind in kinds} - lived
    assert never == {(AFFAIRS, "uncollected")}


@pytest.mark.parametrize(("partner", "life", "status"), LIVES)
def test_a_life_leads_where_its_last_word_says(
    partner: Partner, life: tuple[str, ...], status: CaseStatus
) -> None:
    step = heard(begin_case(brief(partner)), spoken(life))
    assert step.state.status is status
    assert step.state.applied == len(life)
    assert step.state.number == f"n-{len(life)}"
    assert (step.state.ended_at is None) == status.is_open
    assert not step.state.held


@given(st.sampled_from(LIVES), st.data())
def test_any_order_and_any_repetition_ends_where_the_right_order_does(
    lived: tuple[Partner, tuple[str, ...], CaseStatus], data: st.DataObject
) -> None:
    partner, life, _ = lived
    messages = spoken(life)
    again = data.draw(st.lists(st.sampled_from(messages), max_size=4))
    arrived = data.draw(st.permutations([*messages, *again]))
    in_order = heard(begin_case(brief(partner)), messages)
    mixed = heard(begin_case(brief(partner)), arrived)
    assert mixed.state == in_order.state
    assert mixed.reports == in_order.reports


@given(st.sampled_from(LIVES), st.data())
def test_a_status_never_goes_back_from_an_end(
    lived: tuple[Partner, tuple[str, ...], CaseStatus], data: st.DataObject
) -> None:
    partner, life, _ = lived
    kinds = data.draw(st.lists(st.sampled_from(sorted(KINDS[partner])), max_size=12))
    state, has_ended, now = begin_case(brief(partner)), False, MONDAY_MORNING
    for nth, kind in enumerate((*life, *kinds), start=1):
        now += 2 * HOUR
        state = receive(state, said(kind.partition(":")[0], nth, code=kind.partition(":")[2]), now).state
        assert not (has_ended and state.is_open)
        has_ended = not state.is_open


def test_a_closure_before_its_filing_waits_for_it() -> None:
    received, filed, decided, closed = spoken(LIVES[0][1])
    first = heard(begin_case(brief()), [received, closed])
    assert first.state.status is CaseStatus.HANDED_OVER
    assert told(first) == ["clue_received"]
    then = heard(first.state, [decided, filed])
    assert told(then) == ["case_filed", "case_decided", "case_closed"]
    assert then.state.status is DONE


def test_a_gap_that_stays_is_stepped_over_when_it_was_held_long_enough() -> None:
    received, _, decided, closed = spoken(LIVES[0][1])
    state = heard(begin_case(brief()), [received, closed]).state
    state = heard(state, [decided], MONDAY_MORNING + 2 * HOUR).state
    assert pass_time(state, MONDAY_MORNING + 23 * HOUR).state.status is CaseStatus.HANDED_OVER
    step = pass_time(state, MONDAY_MORNING + 24 * HOUR)
    assert told(step) == ["case_decided", "case_closed"]
    assert step.state.status is DONE
    assert not step.state.held


def test_the_partner_is_soon_asked_for_what_is_missing_and_then_left_alone_again() -> None:
    received, filed, decided, _ = spoken(LIVES[0][1])
    state = heard(begin_case(brief()), [received, decided]).state
    assert state.read_at == MONDAY_MORNING + MINUTE
    asked = pass_time(state, MONDAY_MORNING + MINUTE).state
    assert asked.read_asked
    step = receive_all(asked, [filed, decided], MONDAY_MORNING + MINUTE)
    assert told(step) == ["case_filed", "case_decided"]
    assert step.state.read_at == MONDAY_MORNING + MINUTE + HOUR


def test_the_partner_is_asked_before_a_short_wait_is_over() -> None:
    state = heard(begin_case(brief(hold_gaps=MINUTE)), [spoken(LIVES[0][1])[1]]).state
    assert state.read_at == MONDAY_MORNING + MINUTE / 4


def test_a_partner_that_cannot_fill_a_gap_is_asked_less_and_less_often() -> None:
    state = heard(begin_case(brief()), spoken(LIVES[0][1])[1:2]).state
    state = opened(state, "n-1", MONDAY_MORNING).state
    asked_after = list[int]()
    while not state.kinds:
        state = pass_time(state, state.read_at).state
        if state.read_asked:
            asked_after.append((state.read_at - MONDAY_MORNING) // MINUTE)
            state = receive_all(state, (), state.read_at).state
    assert asked_after[:8] == [1, 2, 4, 8, 16, 32, 64, 124]
    assert asked_after[-1] - asked_after[-2] == 60, "as often as any partner that is silent"


def test_a_message_before_its_turn_does_not_put_off_what_is_due_earlier() -> None:
    received, _, decided, closed = spoken(LIVES[0][1])
    state = heard(begin_case(brief()), [received, closed]).state
    later = heard(state, [decided], MONDAY_MORNING + MINUTE / 2).state
    assert later.read_at == state.read_at


def test_a_message_whose_gap_was_stepped_over_changes_nothing_when_it_comes_at_last() -> None:
    received, filed, _, closed = spoken(LIVES[0][1])
    state = heard(begin_case(brief()), [received, closed]).state
    over = pass_time(state, MONDAY_MORNING + 24 * HOUR).state
    late = receive(over, filed, MONDAY_MORNING + 25 * HOUR)
    assert replace(late.state, heard_at=over.heard_at) == over
    assert not late.reports


def test_a_filing_under_a_number_too_late_still_waits_for_what_must_come_before() -> None:
    decided, filed = said("case_decided", 1), said("case_filed", 2)
    state = heard(begin_case(brief()), [decided, filed]).state
    assert state.applied == 0
    assert pass_time(state, MONDAY_MORNING + 24 * HOUR).state.status is CaseStatus.UNDER_WAY


def test_a_corrected_result_after_the_end_is_applied_and_told() -> None:
    ended = heard(begin_case(brief(AFFAIRS)), spoken(LIVES[4][1])).state
    refusal = said("affair_decided", 7, code="refused", text="withdrawn by the office")
    step = receive(ended, refusal, MONDAY_MORNING + 48 * HOUR)
    assert step.state.status is REFUSED
    assert step.state.ended_at == ended.ended_at
    assert told(step) == ["affair_decided"]


def test_what_was_taken_back_stays_taken_back_whatever_the_partner_goes_on_with() -> None:
    taken_back = replace(begin_case(brief()), status=WITHDRAWN, ended_at=MONDAY_MORNING)
    step = heard(taken_back, spoken(LIVES[0][1]))
    assert step.state.status is WITHDRAWN
    assert told(step) == ["clue_received", "case_filed", "case_decided", "case_closed"]


def test_what_changes_nothing_for_the_request_is_not_told_to_it() -> None:
    step = heard(begin_case(brief(VOLUNTEERS)), spoken(LIVES[7][1]))
    assert told(step) == ["enrolment_closed", "check_in", "report", "hours_credited"]
    assert step.state.people == 8


def test_a_kind_that_nobody_knows_is_kept_and_told_and_moves_nothing() -> None:
    step = heard(begin_case(brief()), [said("case_filed", 1), said("hearing_held", 2, text="a hearing")])
    assert step.state.status is CaseStatus.UNDER_WAY
    assert told(step) == ["case_filed", "hearing_held"]
    assert kind_of(ENFORCEMENT, "hearing_held").stands is None


def test_every_report_has_a_key_of_its_own_and_goes_to_whoever_holds_the_case() -> None:
    step = heard(replace(begin_case(brief()), request="R-2"), spoken(LIVES[0][1]))
    assert len({report.key for report in step.reports}) == len(step.reports) == 4
    assert {report.number for report in step.reports} == {"R-2"}


def test_what_is_read_counts_like_what_is_sent_and_the_partner_is_left_alone_for_a_while() -> None:
    messages = spoken(LIVES[0][1])
    asked = replace(begin_case(brief()), read_asked=True)
    step = receive_all(asked, messages, MONDAY_MORNING)
    assert step.state.status is DONE
    assert not step.state.read_asked
    assert step.state.read_at == MONDAY_MORNING + HOUR


def test_a_result_is_confirmed_and_a_refusal_is_not() -> None:
    assert heard(begin_case(brief()), spoken(LIVES[0][1])).state.owes_confirmation
    assert not heard(begin_case(brief()), spoken(LIVES[2][1])).state.owes_confirmation
    reported = heard(begin_case(brief(VOLUNTEERS)), spoken(LIVES[7][1])[:7]).state
    assert reported.is_open
    assert reported.owes_confirmation


def test_messages_that_overtake_the_answer_to_the_handing_over_do_not_make_it_unwanted() -> None:
    overtaken = heard(begin_case(brief(VOLUNTEERS)), [said("check_in", 1)]).state
    assert overtaken.status is CaseStatus.UNDER_WAY
    assert wanted(overtaken) is Call.OPEN
    known = opened(overtaken, "ZY-1", MONDAY_MORNING)
    assert (known.state.status, known.state.number) == (CaseStatus.UNDER_WAY, "ZY-1")
    assert (wanted(known.state), known.reports) == (None, ())


def test_a_no_to_the_handing_over_of_a_case_that_is_under_way_ends_nothing() -> None:
    overtaken = heard(begin_case(brief(VOLUNTEERS)), [said("check_in", 1)]).state
    step = refused(overtaken, Call.OPEN, No("duplicate", "known already"), MONDAY_MORNING)
    assert (step.state.status, step.reports) == (CaseStatus.UNDER_WAY, ())
    assert "duplicate" in step.state.note
    assert wanted(step.state) is None
