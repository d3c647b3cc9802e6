"""Whatever partners say and people do, in whatever order: no request is answered over a case that had to be settled."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.cases.open_cases import ENDS_WITHOUT_ANSWER
from domain.cases.wishes import BeginCase, WithdrawFromPartner, wishes_of
from domain.commands import (
    Act,
    Adopt,
    Callback,
    Disown,
    Dispatch,
    HandUp,
    OpenCase,
    PartnerResult,
    Reassign,
    Redo,
    Reopen,
    ReportCase,
    ReviewBack,
    ReviewPass,
    Rule,
    SettleCase,
    Sign,
    SubmitReply,
    Withdraw,
    WithdrawCase,
)
from domain.errands import errands_of
from domain.events import CaseOpened, CaseReported, CaseSettled, CaseWithdrawalAsked
from domain.exceptions.applications import ExceptionKind
from domain.lifecycle import TABLE, fold
from domain.limits.policy import Policy
from domain.notices.telling import notices_of
from domain.partners import IRREVOCABLE, Case, CaseStatus, Partner
from domain.refusals import Refused
from domain.request import Leg, LegEnd, RequestState, State, begin
from domain.simulator import Simulation, replayed
from domain.units import SYSTEM, Actor, Role
from tests.support.builders import (
    AFFAIR,
    CLUE,
    MONDAY_MORNING,
    actor,
    application,
    case_terms,
    intake,
    policy,
)
from tests.support.courses import OTHER_BUREAU, OTHER_TOWN, working

NUMBER, CHILD = "20260302-0000001", "20260302-0000002"
ADOPTED = Case(
    f"{CHILD}-p1", Partner.ENFORCEMENT, "1", True, MONDAY_MORNING, MONDAY_MORNING + timedelta(days=9)
)
OUTCOMES = ("solved", "filed_for_enforcement", "affair_opened")
GOES_ON = {Partner.ENFORCEMENT: "filed_for_enforcement", Partner.AFFAIRS: "affair_opened"}
TAKEN_AWAY = {LegEnd.RETURNED, LegEnd.REASSIGNED, LegEnd.RULED_AWAY, LegEnd.NOT_ADMITTED}

POLICIES = [working(), policy(), working(total="6wd", dwell={"community": "2wd", "town": "2wd"})]

WAITS = st.one_of(
    st.integers(0, 30).map(lambda minutes: timedelta(minutes=minutes)),
    st.integers(0, 30).map(lambda minutes: timedelta(minutes=minutes)),
    st.integers(0, 30).map(lambda minutes: timedelta(minutes=minutes)),
    st.integers(0, 2).map(lambda days: timedelta(days=days)),
)


@dataclass(frozen=True)
class OfACase:
    """What is said of the case at a place: a report of it, or what people want of it."""

    place: int
    status: CaseStatus
    ahead: int = 1
    code: str = ""
    number: str = "17"
    by: Literal["report", "settle", "withdraw"] = "report"

    def __call__(self, case: Case) -> Act:
        match self.by:
            case "report":
                version = max(0, case.version + self.ahead)
                return ReportCase(
                    case.id,
                    self.status,
                    "news",
                    self.number,
                    self.code,
                    message_id=f"m{version}",
                    version=version,
                )
            case "settle":
                return SettleCase(case.id, self.status, "told", "scan", self.number)
            case "withdraw":
                return WithdrawCase(case.id, "a mistake")


@dataclass(frozen=True)
class OfTheLead:
    """The unit that leads signs, or replies with an outcome."""

    outcome: str = ""

    def __call__(self, lead: Leg) -> Act:
        return SubmitReply(lead.id, self.outcome, "done") if self.outcome else Sign(lead.id)


Step = Act | OfACase | OfTheLead

OPENINGS = st.builds(
    lambda handover, mandatory, waits: OpenCase(
        handover, case_terms(Partner(handover.to)), mandatory=mandatory, waits=waits
    ),
    st.sampled_from([CLUE, AFFAIR]),
    st.sampled_from([True, True, False]),
    st.sampled_from([True, False, False]),
)
ENDINGS: st.SearchStrategy[Act] = st.sampled_from(
    [
        ReviewPass(),
        ReviewPass(),
        Callback(contacted=True, satisfied=True),
        ReviewBack("poor"),
        Redo("once more"),
        Adopt(CHILD, has_contact=True, cases=(ADOPTED,)),
    ]
)
WAYS: st.SearchStrategy[Act] = st.sampled_from(
    [
        Dispatch(),
        HandUp("too hard"),
        Reassign(OTHER_TOWN, "theirs"),
        Reassign(OTHER_BUREAU, "theirs"),
        PartnerResult("under_way", "by telephone"),
        Adopt(CHILD, has_contact=True, cases=(ADOPTED,)),
        Disown(CHILD),
        Withdraw(),
        Reopen("once more"),
        application(ExceptionKind.RETURN),
        application(ExceptionKind.BACKLOG),
        application(ExceptionKind.TRANSFER_OUT, reason="police_110"),
        Rule("a1", granted=True, note="so be it"),
        Rule("a2", granted=True, note="so be it"),
    ]
)


REPORTS = st.builds(
    OfACase,
    st.integers(0, 3),
    st.sampled_from(CaseStatus),
    st.sampled_from([-1, 0, 1, 1, 1, 2]),
    st.sampled_from(["", "", "", IRREVOCABLE, "not_competent"]),
    st.sampled_from(["", "17", "17"]),
)
WISHES = st.builds(
    OfACase, st.integers(0, 3), st.sampled_from(CaseStatus), by=st.sampled_from(["settle", "withdraw"])
)
OF_THE_LEAD = st.sampled_from([OfTheLead(), *map(OfTheLead, OUTCOMES)])
STEPS = st.one_of(REPORTS, REPORTS, WISHES, OPENINGS, OF_THE_LEAD, OF_THE_LEAD, ENDINGS, ENDINGS, WAYS)


class Life:
    """One request among partners; after every step it is held against what must always be so."""

    def __init__(self, policy_chosen: Policy) -> None:
        made = intake(policy=policy_chosen)
        self.story, self.now = Simulation.of(made), made.received_at
        self.give(Dispatch(), timedelta())
        self.give(Sign("1"), timedelta())

    def step(self, said: Step, wait: timedelta) -> None:
        """Something is said of what there is: of the case at a place among those known, by the unit that leads."""
        known = self.story.state.cases
        lead = self.story.state.lead
        match said:
            case OfACase() if known:
                self.give(said(known[said.place % len(known)]), wait)
            case OfTheLead() if lead is not None:
                self.give(said(lead), wait)
            case OfACase() | OfTheLead():
                return
            case act:
                self.give(act, wait)

    def give(self, act: Act, wait: timedelta) -> None:
        self.now += wait
        self.story.wait_until(self.now)
        settled = self.story.state
        try:
            self.story.act(_somebody(settled, act), act, self.now)
        except Refused:
            assert self.story.state is settled
        for must_be_so in ALWAYS:
            must_be_so(self.story.state)


def nobody_is_answered_over_a_case_that_had_to_be_settled(state: RequestState) -> None:
    answered = state.submitted_at is not None or state.state is State.CLOSED
    blocking = [case for case in state.cases if case.mandatory and case.status.is_open and not case.held_by]
    if not answered or not blocking:
        return
    assert state.ended_how != "backlog"
    assert state.reply is not None
    assert state.reply.outcome in {GOES_ON[case.partner] for case in blocking}
    assert all(case.status is CaseStatus.UNDER_WAY and case.number for case in blocking)


def a_request_waits_for_a_partner_exactly_while_it_says_so(state: RequestState) -> None:
    assert (state.state is State.AWAITING_PARTNER) == (state.partner is not None)
    awaited = state.case(state.partner.case) if state.partner else None
    assert awaited is None or awaited.is_open


def what_is_left_behind_is_asked_back(state: RequestState) -> None:
    for case in state.open_cases:
        leg = state.leg(case.leg)
        taken = case.request == NUMBER and leg is not None and leg.end in TAKEN_AWAY
        if state.state in ENDS_WITHOUT_ANSWER or taken:
            assert case.withdrawal


def a_partner_has_one_open_case_of_ours(state: RequestState) -> None:
    mine = [case.partner for case in state.open_cases if case.request == NUMBER]
    assert len(mine) == len(set(mine))


ALWAYS = (
    nobody_is_answered_over_a_case_that_had_to_be_settled,
    a_request_waits_for_a_partner_exactly_while_it_says_so,
    what_is_left_behind_is_asked_back,
    a_partner_has_one_open_case_of_ours,
)


@settings(max_examples=30)
@given(
    st.sampled_from(POLICIES),
    OPENINGS,
    st.lists(st.tuples(STEPS, WAITS), min_size=10, max_size=30),
)
def test_whatever_partners_say_and_people_do(
    chosen: Policy, opening: OpenCase, said: list[tuple[Step, timedelta]]
) -> None:
    life = Life(chosen)
    life.give(opening, timedelta())
    for step, wait in said:
        life.step(step, wait)
    story = life.story
    assert replayed(story.state.intake, story.timeline) == story.state
    _an_end_stays_an_end(story)
    _what_is_asked_of_cases_is_asked_once(story)


RANKS = dict.fromkeys(CaseStatus, 3) | {
    CaseStatus.OPENING: 0,
    CaseStatus.HANDED_OVER: 1,
    CaseStatus.UNDER_WAY: 2,
}


def _an_end_stays_an_end(story: Simulation) -> None:
    reached: dict[str, int] = {}
    for fact in [event.what for event in story.timeline]:
        if isinstance(fact, CaseReported | CaseSettled):
            assert RANKS[fact.status] >= reached.get(fact.case, 0)
            reached[fact.case] = RANKS[fact.status]


def _what_is_asked_of_cases_is_asked_once(story: Simulation) -> None:
    begun, taken_back = list[str](), list[tuple[str, str]]()
    state = begin(story.state.intake)
    for event in story.timeline:
        state = fold(state, (event,))
        notices_of(state, event)
        errands_of(state, event)
        for call in wishes_of(state, event):
            begun += [call.case] if isinstance(call, BeginCase) else []
            taken_back += [(call.case, call.reason)] if isinstance(call, WithdrawFromPartner) else []
    assert begun == [fact.case for fact in story.facts(CaseOpened)]
    assert len(begun) == len(set(begun))
    assert len(taken_back) == len(set(taken_back)) == len(story.facts(CaseWithdrawalAsked))


def _somebody(state: RequestState, act: Act) -> Actor:
    role = min(TABLE[act.act].who)
    if isinstance(act, SettleCase | WithdrawCase):
        role = Role.DISPATCHER
    if act.act == "apply":
        role = act.terms.asked_by[0]
    if act.act == "rule":
        asked = state.application(act.application)
        role = asked.deciders[0] if asked else Role.DISPATCHER
    if role is Role.SYSTEM:
        return SYSTEM
    if role in (Role.HANDLER, Role.UNIT_HEAD, Role.GRID_WORKER):
        leg = state.lead
        return actor(role, unit=leg.unit) if leg else replace(actor(role), unit="nobody")
    return actor(role, person=f"{role} at {act.act}")
