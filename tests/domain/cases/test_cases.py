"""Cases with partners, on the request's side: who hands over what, what ends the wait, what no request ends over."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.cases.handovers import reworded
from domain.cases.wishes import (
    BeginCase,
    FollowRequest,
    SettleByHand,
    Wish,
    WithdrawFromPartner,
    wishes_of,
)
from domain.chapters.neighbours import MOST_CASES
from domain.commands import (
    Adopt,
    Callback,
    Disown,
    FirstContact,
    HandUp,
    MarkConfidential,
    Merge,
    OpenCase,
    PartnerResult,
    Reassign,
    Redo,
    Reopen,
    ReportCase,
    ReviewPass,
    Rule,
    SettleCase,
    Sign,
    SubmitReply,
    Withdraw,
    WithdrawCase,
)
from domain.errands import Errand, errands_of
from domain.events import (
    AlarmRaised,
    CaseOpened,
    CaseReported,
    CaseSettled,
    CaseWithdrawalAsked,
    PartnerAnswered,
)
from domain.exceptions.applications import ExceptionKind
from domain.levels import Level
from domain.lifecycle import fold, possible_acts
from domain.limits.policy import Urgency
from domain.notices.telling import Notice, notices_of
from domain.partners import (
    IRREVOCABLE,
    Affair,
    Case,
    CaseStatus,
    Clue,
    Handover,
    Partner,
    VolunteerTask,
)
from domain.request import LegState, ReopenCause, RequestState, State, Visibility, begin
from domain.units import SYSTEM, Role
from tests.support.builders import (
    AFFAIR,
    CLUE,
    MONDAY_MORNING,
    PATROL,
    UNITS,
    actor,
    application,
    case_terms,
    policy,
)
from tests.support.courses import (
    AGENT,
    ARBITER,
    CITIZEN,
    COMMUNITY,
    DISPATCHER,
    DUTY_LEADER,
    OTHER_TOWN,
    Course,
    head,
    of,
    working,
)

NUMBER, PARENT = "20260302-0000001", "20260302-0000009"
FIRST, SECOND = f"{NUMBER}-p1", f"{NUMBER}-p2"
REVIEWER = actor(Role.REVIEWER, person="reviewer")
CALLER = actor(Role.CALLBACK_AGENT, person="caller")
DONE, REFUSED, WITHDRAWN = CaseStatus.DONE, CaseStatus.REFUSED, CaseStatus.WITHDRAWN
UNDER_WAY, HANDED_OVER, OPENING = CaseStatus.UNDER_WAY, CaseStatus.HANDED_OVER, CaseStatus.OPENING


def handing(handover: Handover = CLUE, **changes: Any) -> OpenCase:
    """Handing the matter over under a small city's terms."""
    return replace(OpenCase(handover, case_terms(Partner(handover.to))), **changes)


def report(status: CaseStatus, kind: str, *, version: int, case: str = FIRST, **said: Any) -> ReportCase:
    """What a case reports of itself."""
    return ReportCase(case, status, kind, version=version, message_id=f"m{version}", **said)


FILED = report(UNDER_WAY, "case_filed", version=3, number="穗天综执〔2026〕17号")
CORRECTED = report(DONE, "on_site_result", version=4, text="corrected on the spot")


def at_work(**changes: Any) -> Course:
    """A request that its community has signed and contacted."""
    course = Course.of(working(**changes)).signed()
    return course.act(COMMUNITY, FirstContact("1", "call log"))


def handed(act: OpenCase | None = None, **changes: Any) -> Course:
    """A request with a case."""
    return at_work(**changes).act(COMMUNITY, act or handing())


def beside(handover: Handover = CLUE, **changes: Any) -> Course:
    """A request with a case that its unit does not wait for."""
    return handed(handing(handover, waits=False, **changes))


def reported(course: Course, *reports: ReportCase) -> Course:
    for each in reports:
        course.act(SYSTEM, each)
    return course


def answered(course: Course, outcome: str = "solved") -> Course:
    """The unit's reply."""
    assert course.state.lead is not None
    return course.act(of(course.state.lead.unit), SubmitReply(course.state.lead.id, outcome, "text"))


def closed(course: Course, outcome: str = "solved") -> Course:
    answered(course, outcome)
    course.act(REVIEWER, ReviewPass())
    return course.act(CALLER, Callback(contacted=True, satisfied=True))


def case_of(course: Course, case_id: str = FIRST) -> Case:
    case = course.state.case(case_id)
    assert case is not None
    return case


def steps(course: Course) -> list[tuple[RequestState, Any]]:
    """Every event with the state after it."""
    state, found = begin(course.state.intake), list[tuple[RequestState, Any]]()
    for event in course.story.timeline:
        state = fold(state, (event,))
        found.append((state, event))
    return found


def calls(course: Course) -> list[Wish]:
    return [call for state, event in steps(course) for call in wishes_of(state, event)]


def errands(course: Course) -> list[Errand]:
    return [errand for state, event in steps(course) for errand in errands_of(state, event)]


def notices(course: Course, kind: str) -> list[Notice]:
    """The notices of every event of a kind."""
    return [
        notice
        for state, event in steps(course)
        if event.what.kind == kind
        for notice in notices_of(state, event)
    ]


def told_to_citizen(course: Course) -> list[Notice]:
    return [
        notice
        for kind in ("case_reported", "case_settled")
        for notice in notices(course, kind)
        if notice.recipient == "citizen"
    ]


# Handing over


def test_a_matter_is_handed_over_under_a_number_of_our_own_and_the_request_waits() -> None:
    course = handed()
    assert course.state.state is State.AWAITING_PARTNER
    assert course.state.partner is not None
    assert course.state.partner.case == FIRST
    case = case_of(course)
    assert (case.partner, case.status, case.mandatory, case.leg) == (Partner.ENFORCEMENT, OPENING, True, "1")
    assert (
        case.due_at
        == course.state.calendar.due(case.opened_at, case_terms(Partner.ENFORCEMENT).answer_within).at
    )


def test_the_case_begins_with_what_the_partner_needs_and_nothing_of_who_called() -> None:
    (call,) = calls(handed(handing(evidence=("photo-1",))))
    assert isinstance(call, BeginCase)
    brief = call.brief
    assert (brief.case, brief.request, call.case) == (FIRST, NUMBER, FIRST)
    assert (brief.category, brief.place.area) == ("0201", "440106012003017")
    assert (brief.evidence, brief.handover) == (("photo-1",), CLUE)
    assert brief.claim_by is None
    assert "c-1" not in repr(brief)


def test_a_case_beside_lets_the_unit_go_on() -> None:
    course = beside()
    assert course.state.state is State.IN_PROGRESS
    assert course.state.partner is None
    assert case_of(course).status is OPENING


def test_numbers_of_persons_do_not_leave_the_house() -> None:
    said = Clue("Ring 13812345678 first.", "Rule 5", "Mr Wu, 13912345678")
    fact = handed(handing(said)).story.facts(CaseOpened)[0]
    assert isinstance(fact.handover, Clue)
    assert fact.handover.facts == "Ring *** first."
    assert fact.handover.suspect == "Mr Wu, ***"


@pytest.mark.parametrize(
    ("handover", "told"),
    [
        (Clue("facts", "basis", "suspect"), Clue("FACTS", "BASIS", "SUSPECT")),
        (
            Affair("it-1", "facts", "tok-7", ("copy-1",), "window", "no-2"),
            Affair("it-1", "FACTS", "tok-7", ("copy-1",), "WINDOW", "no-2"),
        ),
        (
            VolunteerTask(
                "clean", "facts", MONDAY_MORNING, MONDAY_MORNING, skills=("a", "b"), safety_note="c"
            ),
            VolunteerTask(
                "clean", "FACTS", MONDAY_MORNING, MONDAY_MORNING, skills=("A", "B"), safety_note="C"
            ),
        ),
    ],
)
def test_every_free_text_of_a_handover_is_told_in_one_way_and_codes_stay(
    handover: Handover, told: Handover
) -> None:
    assert reworded(handover, str.upper) == told


def test_the_address_of_the_matter_goes_out_without_numbers_of_persons() -> None:
    [(state, opened)] = [each for each in steps(handed()) if isinstance(each[1].what, CaseOpened)]
    assert state.matter is not None
    place = replace(state.matter.place, address="五山路1号 13812345678")
    written = replace(state, matter=replace(state.matter, place=place))
    [begun] = wishes_of(written, opened)
    assert isinstance(begun, BeginCase)
    assert begun.brief.place == replace(place, address="五山路1号 ***")


def test_only_the_unit_that_leads_hands_over() -> None:
    assert at_work().refusal(of(OTHER_TOWN), handing()) == "not_your_leg"


@pytest.mark.parametrize("visibility", [Visibility.LEAD_ONLY, Visibility.SEALED])
def test_no_partner_hears_of_a_confidential_request(visibility: Visibility) -> None:
    course = at_work().act(AGENT, MarkConfidential(visibility, "the caller is afraid"))
    assert course.refusal(COMMUNITY, handing()) == "confidential"


def test_one_open_case_a_partner_and_another_one_with_another_partner() -> None:
    course = beside()
    assert course.refusal(COMMUNITY, handing()) == "case_open_already"
    course.act(COMMUNITY, handing(AFFAIR, waits=False))
    assert [case.id for case in course.state.open_cases] == [FIRST, SECOND]


def test_cases_are_numbered_over_all_cycles_and_have_an_end() -> None:
    course = at_work()
    for nth in range(1, MOST_CASES + 1):
        course.act(COMMUNITY, handing(waits=False))
        assert course.state.cases[-1].id == f"{NUMBER}-p{nth}"
        course.act(SYSTEM, report(REFUSED, "clue_refused", version=2, case=f"{NUMBER}-p{nth}"))
    assert course.refusal(COMMUNITY, handing()) == "cases_used_up"


def test_too_much_evidence_is_refused() -> None:
    many = tuple(f"photo-{place}" for place in range(21))
    assert at_work().refusal(COMMUNITY, handing(evidence=many)) == "too_much_evidence"


HOUR = timedelta(hours=1)
LONG = "x" * 4001

UNFIT: dict[str, tuple[Handover, str]] = {
    "a clue without facts": (replace(CLUE, facts=" "), "text_missing"),
    "a clue of a book's length": (replace(CLUE, facts=LONG), "text_too_long"),
    "a long legal basis": (replace(CLUE, legal_basis=LONG), "text_too_long"),
    "an affair without an item": (replace(AFFAIR, item_code=""), "text_missing"),
    "an item of a book's length": (replace(AFFAIR, item_code="x" * 101), "text_too_long"),
    "too many materials": (replace(AFFAIR, materials=("m",) * 21), "too_many_entries"),
    "an empty material": (replace(AFFAIR, materials=("",)), "text_missing"),
    "a task that began": (replace(PATROL, starts_at=MONDAY_MORNING), "task_in_the_past"),
    "a task that ends first": (replace(PATROL, ends_at=PATROL.starts_at), "task_ends_first"),
    "a task of next year": (
        replace(PATROL, ends_at=MONDAY_MORNING + timedelta(days=40)),
        "task_too_far_ahead",
    ),
    "a task without a zone": (
        replace(PATROL, starts_at=PATROL.starts_at.replace(tzinfo=None)),
        "naive_instant",
    ),
    "nobody at all": (replace(PATROL, at_least=0), "wrong_number_of_people"),
    "fewer than the least": (replace(PATROL, at_least=5, at_most=4), "wrong_number_of_people"),
    "a crowd": (replace(PATROL, at_most=51), "wrong_number_of_people"),
    "too many skills": (replace(PATROL, skills=("s",) * 21), "too_many_entries"),
}


@pytest.mark.parametrize("name", UNFIT)
def test_what_no_partner_could_work_with_is_refused(name: str) -> None:
    unfit, code = UNFIT[name]
    assert at_work().refusal(COMMUNITY, handing(unfit)) == code


def test_a_task_is_due_after_its_end_and_claimed_before_its_beginning() -> None:
    course = handed(handing(PATROL))
    fact = course.story.facts(CaseOpened)[0]
    due = course.state.calendar.due(PATROL.ends_at, case_terms(Partner.VOLUNTEERS).answer_within).at
    assert (fact.due_at, fact.claim_by) == (due, course.now + timedelta(days=1))
    soon = replace(PATROL, starts_at=MONDAY_MORNING + HOUR, ends_at=MONDAY_MORNING + 3 * HOUR)
    assert handed(handing(soon)).story.facts(CaseOpened)[0].claim_by == soon.starts_at


def test_clues_and_affairs_are_claimed_by_nobody() -> None:
    assert handed(handing(AFFAIR)).story.facts(CaseOpened)[0].claim_by is None


# Waiting, and how it ends


@pytest.mark.parametrize(
    ("ending", "word"),
    [
        (CORRECTED, "done"),
        (report(REFUSED, "clue_refused", version=4, code="not_competent"), "refused"),
        (report(WITHDRAWN, "unclaimed", version=4, code="unclaimed"), "withdrawn"),
    ],
)
def test_the_end_of_its_case_ends_the_wait(ending: ReportCase, word: str) -> None:
    course = reported(handed(), ending)
    assert course.state.state is State.IN_PROGRESS
    assert course.state.partner is None
    assert [fact.word for fact in course.story.facts(PartnerAnswered)] == [word]
    assert case_of(course).ended_at == course.now


def test_news_on_the_way_does_not_end_the_wait() -> None:
    course = reported(handed(), report(HANDED_OVER, "clue_received", version=2), FILED)
    assert course.state.state is State.AWAITING_PARTNER
    assert (case_of(course).status, case_of(course).number) == (UNDER_WAY, "穗天综执〔2026〕17号")


def test_the_end_of_another_case_does_not_end_the_wait() -> None:
    course = beside().act(COMMUNITY, handing(AFFAIR))
    reported(course, CORRECTED)
    assert course.state.state is State.AWAITING_PARTNER


def test_a_silent_partner_alarms_the_duty_leader_and_its_case_stays_open() -> None:
    course = handed().wait(timedelta(days=60))
    assert [fact.word for fact in course.story.facts(PartnerAnswered)] == ["silent"]
    assert "partner_silent" in [alarm.what for alarm in course.story.facts(AlarmRaised)]
    assert case_of(course).is_open


def test_the_unit_may_stop_waiting_and_the_case_stays_open() -> None:
    course = handed().act(COMMUNITY, PartnerResult("under_way", "told by telephone"))
    assert course.state.state is State.IN_PROGRESS
    assert case_of(course).is_open


def test_a_passed_limit_is_for_people_to_settle() -> None:
    course = reported(beside(), report(HANDED_OVER, "overdue", version=2))
    assert [(alarm.what, alarm.to) for alarm in course.story.facts(AlarmRaised)] == [
        ("case_overdue", "duty_leader")
    ]


# What a request cannot end over


def test_no_reply_over_an_open_mandatory_case() -> None:
    course = beside()
    assert course.refusal(COMMUNITY, SubmitReply("1", "solved", "text")) == "case_open"
    reported(course, report(HANDED_OVER, "clue_received", version=2), CORRECTED)
    assert answered(course).state.state is State.PENDING_REVIEW


def test_an_answer_may_say_that_the_case_was_filed_once_it_has_a_number() -> None:
    course = beside()
    filing = SubmitReply("1", "filed_for_enforcement", "It was filed.")
    assert course.refusal(COMMUNITY, filing) == "case_open"
    reported(course, replace(FILED, number=""))
    assert course.refusal(COMMUNITY, filing) == "case_open"
    reported(course, replace(FILED, version=4, message_id="m4"))
    assert course.refusal(COMMUNITY, replace(filing, outcome="affair_opened")) == "case_open"
    assert course.act(COMMUNITY, filing).state.state is State.PENDING_REVIEW


def test_an_affair_that_was_opened_is_an_answer_of_its_own() -> None:
    course = reported(beside(AFFAIR), report(UNDER_WAY, "affair_accepted", version=2, number="A-9"))
    assert course.refusal(COMMUNITY, SubmitReply("1", "filed_for_enforcement", "text")) == "case_open"
    assert answered(course, "affair_opened").state.state is State.PENDING_REVIEW


def test_volunteers_under_way_are_waited_for() -> None:
    course = reported(beside(PATROL), report(UNDER_WAY, "check_in", version=2, number="T-1"))
    assert course.refusal(COMMUNITY, SubmitReply("1", "volunteer_done", "text")) == "case_open"
    reported(course, report(DONE, "hours_credited", version=3))
    assert answered(course, "volunteer_done").state.state is State.PENDING_REVIEW


def test_a_case_that_is_not_mandatory_holds_nothing_up() -> None:
    assert closed(beside(mandatory=False)).state.state is State.CLOSED


def test_a_joint_unit_contributes_over_an_open_case() -> None:
    course = beside().act(COMMUNITY, HandUp("too much for us"))
    town = of(UNITS[Level.TOWN])
    course.act(town, Sign("2"))
    assert course.refusal(town, SubmitReply("2", "solved", "text")) == "case_open"
    course.act(COMMUNITY, SubmitReply("1", "solved", "the stall is gone"))
    leg = course.state.leg("1")
    assert leg is not None
    assert leg.state is LegState.ENDED


def test_nothing_is_put_off_over_an_open_mandatory_case() -> None:
    course = beside()
    assert course.refusal(head(Level.COMMUNITY), application(ExceptionKind.BACKLOG)) == "case_open"
    asked = at_work().asks(head(Level.COMMUNITY), ExceptionKind.BACKLOG).act(COMMUNITY, handing(waits=False))
    granting = Rule(asked.last.id, granted=True, note="no funds")
    assert asked.refusal(DUTY_LEADER, granting) == "case_open"
    reported(asked, CORRECTED)
    assert asked.act(DUTY_LEADER, granting).state.ended_how == "backlog"


# Taking back, and what is left behind


def test_a_case_is_asked_back_once() -> None:
    course = beside().act(COMMUNITY, WithdrawCase(FIRST, "we settle it ourselves"))
    assert calls(course)[-1] == WithdrawFromPartner(FIRST, "we settle it ourselves")
    assert course.refusal(COMMUNITY, WithdrawCase(FIRST, "again")) == "withdrawal_asked"
    assert course.refusal(COMMUNITY, SubmitReply("1", "solved", "text")) == "case_open"
    reported(course, report(WITHDRAWN, "withdrawn", version=3))
    assert answered(course).state.state is State.PENDING_REVIEW
    assert not [fact for fact in course.story.facts(AlarmRaised) if fact.what == "case_corrected"]


def test_what_has_gone_too_far_stays_on_the_request() -> None:
    course = beside().act(DISPATCHER, WithdrawCase(FIRST, "a mistake"))
    reported(course, FILED, report(UNDER_WAY, IRREVOCABLE, version=4, code=IRREVOCABLE))
    assert (case_of(course).withdrawal, case_of(course).status) == ("irrevocable", UNDER_WAY)
    assert course.refusal(COMMUNITY, WithdrawCase(FIRST, "again")) == "case_irrevocable"


@pytest.mark.parametrize("act", [WithdrawCase(FIRST, "why"), SettleCase(FIRST, DONE, "told", "scan-1")])
def test_only_the_lead_and_a_dispatcher_see_to_a_case(act: Any) -> None:
    course = beside()
    assert course.refusal(of(OTHER_TOWN), act) == "not_your_leg"
    assert course.refusal(COMMUNITY, replace(act, case=SECOND)) == "case_unknown"
    course.act(DISPATCHER, act)
    reported(course, CORRECTED)
    assert course.refusal(COMMUNITY, act) == "case_ended"


def test_a_withdrawn_request_takes_its_open_cases_back() -> None:
    course = beside().act(COMMUNITY, handing(AFFAIR, waits=False))
    reported(course, report(DONE, "collected", version=2, case=SECOND))
    course.act(CITIZEN, Withdraw())
    assert [(fact.case, fact.cause) for fact in course.story.facts(CaseWithdrawalAsked)] == [
        (FIRST, "request_ended")
    ]
    assert [event.by for event in course.story.timeline if isinstance(event.what, CaseWithdrawalAsked)] == [
        SYSTEM
    ]


def test_a_request_moved_to_another_channel_takes_its_open_cases_back() -> None:
    course = beside().asks(AGENT, ExceptionKind.TRANSFER_OUT, reason="police_110")
    assert course.state.state is State.TRANSFERRED_OUT
    assert isinstance(calls(course)[-1], WithdrawFromPartner)


def test_the_unit_that_loses_the_lead_loses_its_case() -> None:
    for take_away in (_reassigned, _returned, _ruled_away):
        course = take_away(beside())
        (asked,) = course.story.facts(CaseWithdrawalAsked)
        assert (asked.case, asked.cause) == (FIRST, "leg_taken_away"), take_away
        course.wait(timedelta(days=3))
        assert len(course.story.facts(CaseWithdrawalAsked)) == 1, take_away


def test_a_case_that_cannot_be_taken_back_waits_for_the_new_unit() -> None:
    course = _reassigned(beside())
    reported(course, FILED, report(UNDER_WAY, IRREVOCABLE, version=4, code=IRREVOCABLE))
    course.act(of(OTHER_TOWN), Sign("2"))
    assert course.refusal(of(OTHER_TOWN), SubmitReply("2", "solved", "text")) == "case_open"
    assert answered(course, "filed_for_enforcement").state.state is State.PENDING_REVIEW


def _reassigned(course: Course) -> Course:
    return course.act(DISPATCHER, Reassign(OTHER_TOWN, "theirs"))


def _returned(course: Course) -> Course:
    return course.asks(COMMUNITY, ExceptionKind.RETURN).rules(DISPATCHER, granted=True)


def _ruled_away(course: Course) -> Course:
    return course.asks(DISPATCHER, ExceptionKind.DISPUTE).rules(ARBITER, granted=True, unit=OTHER_TOWN)


def test_handing_up_keeps_the_case() -> None:
    course = beside().act(COMMUNITY, HandUp("too much for us"))
    assert not course.story.facts(CaseWithdrawalAsked)
    course.act(of(UNITS[Level.TOWN]), Sign("2"))
    assert course.refusal(COMMUNITY, WithdrawCase(FIRST, "why")) == "not_your_leg"
    course.act(of(UNITS[Level.TOWN]), WithdrawCase(FIRST, "not needed"))


def test_a_passed_dwell_keeps_the_case() -> None:
    course = beside().wait(timedelta(days=12))
    assert course.state.lead is not None
    assert course.state.lead.level is Level.TOWN
    assert not course.story.facts(CaseWithdrawalAsked)


# Typing in by hand


def test_what_was_told_by_telephone_is_typed_in_with_its_document() -> None:
    course = handed().act(COMMUNITY, SettleCase(FIRST, DONE, "fined, ring 13812345678", "scan-1", "17"))
    case = case_of(course)
    assert (case.status, case.document, case.number) == (DONE, "scan-1", "17")
    assert case.note == "fined, ring ***"
    assert course.state.state is State.IN_PROGRESS
    assert calls(course)[-1] == SettleByHand(FIRST, DONE, "fined, ring ***", "17")


def test_a_case_under_way_is_typed_in_with_its_number() -> None:
    course = handed()
    under_way = SettleCase(FIRST, UNDER_WAY, "filed", "scan-1")
    assert course.refusal(COMMUNITY, under_way) == "text_missing"
    course.act(COMMUNITY, replace(under_way, case_number="17"))
    assert course.state.state is State.AWAITING_PARTNER
    course.act(COMMUNITY, PartnerResult("under_way", "filed"))
    assert answered(course, "filed_for_enforcement").state.state is State.PENDING_REVIEW


@pytest.mark.parametrize("status", [OPENING, HANDED_OVER])
def test_no_answer_is_no_result(status: CaseStatus) -> None:
    assert handed().refusal(COMMUNITY, SettleCase(FIRST, status, "told", "scan-1")) == "unknown_word"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"document": " "}, "text_missing"),
        ({"document": "x" * 201}, "text_too_long"),
        ({"note": ""}, "text_missing"),
        ({"case_number": "x" * 201}, "text_too_long"),
    ],
)
def test_a_result_typed_in_has_its_proof(changes: dict[str, str], code: str) -> None:
    settling = replace(SettleCase(FIRST, DONE, "told", "scan-1"), **changes)
    assert handed().refusal(COMMUNITY, settling) == code


def test_the_last_unit_may_type_in_what_comes_after_the_closing() -> None:
    course = closed(reported(beside(), FILED), "filed_for_enforcement")
    assert course.refusal(of(OTHER_TOWN), SettleCase(FIRST, DONE, "fined", "scan-1")) == "not_your_leg"
    course.act(COMMUNITY, SettleCase(FIRST, DONE, "fined", "scan-1"))
    assert (course.state.state, case_of(course).status) == (State.CLOSED, DONE)
    assert "fined" in told_to_citizen(course)[-1].text_en


@pytest.mark.parametrize("kind", ["handed_over", "clue_received", "case_filed", "case_decided"])
def test_the_way_there_takes_no_result_s_place_that_was_typed_in(kind: str) -> None:
    course = closed(beside().act(COMMUNITY, SettleCase(FIRST, DONE, "fined", "scan-1")))
    told = told_to_citizen(course)
    reported(course, report(HANDED_OVER if kind == "handed_over" else DONE, kind, version=2, text="team 3"))
    assert (case_of(course).status, case_of(course).note, case_of(course).message) == (DONE, "fined", "")
    assert told_to_citizen(course) == told
    reported(course, CORRECTED)
    assert not course.story.facts(AlarmRaised)


def test_that_a_case_was_received_is_no_news_once_it_has_been_taken_back() -> None:
    course = beside().act(COMMUNITY, WithdrawCase(FIRST, "ours"))
    reported(course, report(WITHDRAWN, "withdrawn", version=2, text="ours")).act(CITIZEN, Withdraw())
    before = course.state
    reported(course, report(WITHDRAWN, "clue_received", version=3, text="team 3"))
    assert course.state == before
    reported(course, report(WITHDRAWN, "case_filed", version=4, number="17"))
    assert case_of(course).number == "17", "the partner goes on all the same: that is news"


def test_nor_that_of_a_case_typed_in_as_under_way_but_what_comes_of_it_counts() -> None:
    course = handed().act(COMMUNITY, SettleCase(FIRST, UNDER_WAY, "filed", "scan-1", "17"))
    reported(course, report(HANDED_OVER, "handed_over", version=2))
    assert (case_of(course).note, case_of(course).number) == ("filed", "17")
    reported(course, report(UNDER_WAY, "case_decided", version=3, text="a fine of 200"), CORRECTED)
    assert (case_of(course).status, case_of(course).note) == (DONE, "corrected on the spot")


def test_a_document_can_be_fetched_though_the_end_was_typed_in() -> None:
    course = beside(AFFAIR).act(COMMUNITY, SettleCase(FIRST, DONE, "issued", "scan-1"))
    reported(course, report(DONE, "ready_for_collection", version=4, code="7788", text="window 3"))
    assert "code 7788" in told_to_citizen(course)[-1].text_en


def test_the_partners_own_words_confirm_what_was_typed_in() -> None:
    course = closed(beside().act(COMMUNITY, SettleCase(FIRST, DONE, "told", "scan-1")))
    reported(course, CORRECTED)
    assert not course.story.facts(AlarmRaised)
    reported(course, report(REFUSED, "clue_refused", version=5))
    assert [alarm.what for alarm in course.story.facts(AlarmRaised)] == ["case_corrected"]


# Reports: late, twice, out of order, after the end


def test_what_is_not_newer_changes_nothing() -> None:
    course = reported(beside(), FILED)
    before = course.state
    reported(course, FILED, report(HANDED_OVER, "clue_received", version=2), replace(FILED, version=9))
    assert course.state == before


def test_an_end_is_never_taken_back() -> None:
    course = reported(beside(), CORRECTED, replace(FILED, version=5, message_id="m5"))
    assert case_of(course).status is DONE
    assert [fact.status for fact in course.story.facts(CaseReported)] == [DONE, DONE]


def test_a_procedure_never_becomes_a_mere_clue_again() -> None:
    course = reported(beside(), FILED, report(HANDED_OVER, "clue_received", version=4))
    assert case_of(course).status is UNDER_WAY
    assert case_of(course).number


def test_a_message_that_came_when_the_case_was_over_counts_once() -> None:
    late = replace(CORRECTED, version=0, message_id="m9")
    course = reported(beside(), replace(CORRECTED, text="warned"), late)
    (_, fact) = course.story.facts(CaseReported)
    assert (fact.text, fact.corrects, case_of(course).version) == ("corrected on the spot", True, 4)
    before = course.state
    assert reported(course, late).state == before


def test_a_partners_long_speech_is_cut_and_not_refused() -> None:
    course = reported(beside(), replace(CORRECTED, text="x" * 9000))
    assert len(case_of(course).note) == 4000


def test_an_unknown_case_is_no_business_of_the_request() -> None:
    assert beside().refusal(SYSTEM, replace(CORRECTED, case=SECOND)) == "case_unknown"


def test_a_result_after_the_closing_is_kept_told_and_opens_nothing() -> None:
    course = closed(reported(beside(), FILED), "filed_for_enforcement")
    seq = course.state.seq
    reported(course, report(DONE, "case_closed", version=5, text="fined 200 yuan"))
    assert (course.state.state, course.state.seq) == (State.CLOSED, seq + 1)
    assert case_of(course).status is DONE
    assert not course.story.facts(AlarmRaised)
    last = told_to_citizen(course)[-1]
    assert "fined 200 yuan" in last.text_en
    assert "综合执法" in last.text_zh


def test_a_result_corrected_after_the_closing_alarms_the_duty_leader() -> None:
    course = closed(reported(beside(), CORRECTED))
    reported(course, report(REFUSED, "clue_refused", version=5, text="no violation after all"))
    assert course.story.facts(CaseReported)[-1].corrects
    assert [(alarm.what, alarm.to) for alarm in course.story.facts(AlarmRaised)] == [
        ("case_corrected", "duty_leader")
    ]
    assert "no violation after all" in told_to_citizen(course)[-1].text_en


def test_an_affair_that_is_not_granted_after_the_answer_is_for_the_duty_leader_to_explain() -> None:
    accepted = report(UNDER_WAY, "affair_accepted", version=2, number="A-9")
    refusing = report(REFUSED, "affair_decided", version=3, code="refused", text="the stairs are too narrow")
    course = reported(closed(reported(beside(AFFAIR), accepted), "affair_opened"), refusing)
    assert [(alarm.what, alarm.to) for alarm in course.story.facts(AlarmRaised)] == [
        ("case_refused", "duty_leader")
    ]
    assert "the stairs are too narrow" in told_to_citizen(course)[-1].text_en
    at_the_unit = reported(beside(AFFAIR), accepted, refusing)
    assert not at_the_unit.story.facts(AlarmRaised)


def test_a_result_corrected_while_the_unit_still_works_alarms_nobody() -> None:
    course = reported(beside(), CORRECTED, report(REFUSED, "clue_refused", version=5))
    assert course.story.facts(CaseReported)[-1].corrects
    assert not course.story.facts(AlarmRaised)


def test_a_reopened_request_knows_its_cases() -> None:
    course = closed(reported(beside(), FILED), "filed_for_enforcement").act(CALLER, Reopen("it is back"))
    assert course.state.open_cases == (case_of(course),)
    course.act(COMMUNITY, Sign("2"))
    assert course.refusal(COMMUNITY, SubmitReply("2", "solved", "text")) == "case_open"


def test_a_second_cycle_goes_on_with_the_same_case() -> None:
    course = answered(reported(beside(), FILED), "filed_for_enforcement")
    course.act(REVIEWER, ReviewPass()).act(CALLER, Redo("once more"))
    assert case_of(course).is_open
    assert not course.story.facts(CaseWithdrawalAsked)


# Who is told


def test_the_unit_hears_of_a_refusal_with_its_reason_and_the_suggested_unit() -> None:
    refusing = report(
        REFUSED, "clue_refused", version=2, code="not_competent", text="ask the district", unit="440106-x"
    )
    course = reported(handed(), refusing)
    (notice,) = notices(course, "case_reported")
    assert notice.recipient == UNITS[Level.COMMUNITY].code
    for said in ("not_competent", "ask the district", "440106-x"):
        assert said in notice.text_en
        assert said in notice.text_zh
    assert not notices(course, "partner_answered")


def test_the_citizen_hears_what_is_theirs_to_do_or_to_know() -> None:
    until = datetime(2026, 4, 1, 10, tzinfo=UTC)
    filed = told_to_citizen(reported(beside(), FILED))
    assert "穗天综执〔2026〕17号" in filed[0].text_zh
    supplement = report(UNDER_WAY, "supplement_required", version=2, text="a copy of the lease", until=until)
    (asked,) = told_to_citizen(reported(beside(AFFAIR), supplement))
    assert "2026-04-01" in asked.text_zh
    assert "a copy of the lease" in asked.text_en
    ready = report(UNDER_WAY, "ready_for_collection", version=2, code="8842", text="locker 3", until=until)
    course = reported(beside(AFFAIR), ready)
    (fetch,) = told_to_citizen(course)
    assert "8842" in fetch.text_zh
    assert "8842" in fetch.text_en
    assert "2026-04-01" in fetch.text_en
    (unit,) = (each for each in notices(course, "case_reported") if each.recipient != "citizen")
    assert "8842" not in unit.text_zh + unit.text_en


def test_progress_alone_is_not_told_to_the_citizen() -> None:
    assert not told_to_citizen(reported(beside(), report(HANDED_OVER, "clue_received", version=2), CORRECTED))


def test_the_unit_hears_that_its_case_is_asked_back_without_it() -> None:
    course = _reassigned(beside())
    assert [notice.recipient for notice in notices(course, "case_withdrawal_asked")] == [OTHER_TOWN.code]


# Families


def merged() -> Course:
    """A request with an open case that follows another one."""
    course = reported(beside(), report(HANDED_OVER, "clue_received", version=2))
    return course.act(DISPATCHER, Merge(PARENT, State.IN_PROGRESS))


def adopting() -> Course:
    """The request that it follows."""
    (errand,) = errands(merged())
    return at_parent().act(SYSTEM, errand.act)


def at_parent() -> Course:
    course = Course.of(working(), number=PARENT).signed()
    return course.act(COMMUNITY, FirstContact("1", "call log"))


def test_a_merged_request_takes_its_open_cases_along() -> None:
    child = merged()
    assert case_of(child).held_by == PARENT
    assert child.state.open_cases == ()
    assert not child.story.facts(CaseWithdrawalAsked)
    (errand,) = errands(child)
    assert isinstance(errand.act, Adopt)
    (carried,) = errand.act.cases
    assert (carried.id, carried.held_by, carried.status) == (FIRST, "", HANDED_OVER)
    parent = adopting()
    assert parent.state.open_cases == (carried,)
    assert calls(parent) == [FollowRequest(FIRST, PARENT)]


def test_a_request_that_was_asked_already_opens_its_own_case_all_the_same() -> None:
    parent = reported(adopting(), CORRECTED).act(COMMUNITY, handing(waits=False))
    assert parent.state.cases[-1].id == f"{PARENT}-p1"


def test_nobody_is_answered_over_the_case_of_a_request_that_follows() -> None:
    parent = adopting()
    assert parent.refusal(COMMUNITY, SubmitReply("1", "solved", "text")) == "case_open"
    reported(parent, CORRECTED)
    assert answered(parent).state.state is State.PENDING_REVIEW


def test_the_news_of_its_case_reaches_the_caller_who_opened_it() -> None:
    parent = reported(adopting(), FILED)
    (notice,) = told_to_citizen(parent)
    assert notice.number == NUMBER
    assert notice.key.startswith(f"{PARENT}:")
    assert NUMBER in notice.text_zh


def test_a_caller_who_follows_one_that_withdrew_hears_of_their_own_case() -> None:
    (errand,) = errands(merged())
    parent = Course.of(policy(urgency=Urgency.CRITICAL), number=PARENT).signed().act(SYSTEM, errand.act)
    parent.act(CITIZEN, Withdraw())
    assert parent.state.own_initiative
    assert [notice.number for notice in told_to_citizen(reported(parent, FILED))] == [NUMBER]


def test_news_that_misses_the_move_is_passed_on() -> None:
    child = reported(merged(), CORRECTED)
    assert child.state.state is State.MERGED
    passed_on = errands(child)[-1]
    assert passed_on.number == PARENT
    assert isinstance(passed_on.act, ReportCase)
    assert not told_to_citizen(child)
    assert not child.story.facts(AlarmRaised)
    parent = adopting().act(SYSTEM, passed_on.act)
    assert case_of(parent).status is DONE


def test_a_request_that_goes_alone_again_has_its_case_back() -> None:
    parent = reported(adopting(), FILED).act(SYSTEM, Disown(NUMBER))
    assert (case_of(parent).held_by, parent.state.open_cases) == (NUMBER, ())
    news = errands(parent)[-1]
    assert news.number == NUMBER
    child = merged().act(SYSTEM, Reopen("gone", ReopenCause.PARENT_GONE, PARENT)).act(SYSTEM, news.act)
    assert calls(child)[-1] == FollowRequest(FIRST, NUMBER)
    assert (case_of(child).held_by, case_of(child).status) == ("", UNDER_WAY)


def test_a_parent_that_ends_without_an_answer_takes_back_its_own_cases_only() -> None:
    parent = reported(adopting(), FILED).act(COMMUNITY, handing(AFFAIR, waits=False)).act(CITIZEN, Withdraw())
    assert [fact.case for fact in parent.story.facts(CaseWithdrawalAsked)] == [f"{PARENT}-p1"]
    alone, news = errands(parent)
    assert isinstance(alone.act, Reopen)
    assert isinstance(news.act, ReportCase)
    assert (news.number, news.act.case, news.act.version) == (NUMBER, FIRST, 3)


def test_what_the_parent_typed_in_reaches_the_request_that_goes_alone() -> None:
    parent = adopting().act(COMMUNITY, SettleCase(FIRST, DONE, "fined", "scan-1")).act(SYSTEM, Disown(NUMBER))
    child = merged().act(SYSTEM, Reopen("gone", ReopenCause.PARENT_GONE, PARENT))
    child.act(SYSTEM, errands(parent)[-1].act)
    assert (case_of(child).status, case_of(child).note) == (DONE, "fined")


def test_no_request_with_a_mandatory_case_follows_one_that_was_answered() -> None:
    course = beside()
    for where in (State.PENDING_REVIEW, State.PENDING_CALLBACK, State.REGISTERED):
        assert course.refusal(DISPATCHER, Merge(PARENT, where)) == "case_open"
    taking = Adopt(NUMBER, has_contact=True, cases=course.state.cases)
    assert answered(at_parent()).refusal(SYSTEM, taking) == "case_open"
    optional = replace(taking, cases=tuple(replace(case, mandatory=False) for case in taking.cases))
    assert answered(at_parent()).act(SYSTEM, optional).state.open_cases == optional.cases


def test_a_family_has_room_for_so_many_cases() -> None:
    (case,) = beside().state.cases
    many = tuple(replace(case, id=f"{NUMBER}-p{nth}") for nth in range(1, 202))
    assert at_parent().refusal(SYSTEM, Adopt(NUMBER, has_contact=True, cases=many)) == "family_full"


# What is possible


def test_cases_are_offered_to_be_seen_to_while_one_is_open() -> None:
    course, offered = at_work(), {"withdraw_case", "settle_case"}
    assert not offered.intersection(possible_acts(course.state, (Role.HANDLER,)))
    course.act(COMMUNITY, handing(waits=False))
    assert offered <= set(possible_acts(course.state, (Role.HANDLER,)))
    assert not offered.intersection(possible_acts(reported(course, CORRECTED).state, (Role.HANDLER,)))


def test_what_was_settled_stands_on_the_timeline() -> None:
    course = handed().act(COMMUNITY, SettleCase(FIRST, REFUSED, "not theirs", "scan-2"))
    (fact,) = course.story.facts(CaseSettled)
    assert (fact.partner, fact.status, fact.document) == (Partner.ENFORCEMENT, REFUSED, "scan-2")
