"""Whatever is asked for and however it is decided: each application is decided once, and there is one promise."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from domain.chapters.exceptions.returning import MOST_REASSIGNMENTS
from domain.commands import (
    Act,
    Callback,
    DeliberationResult,
    Dispatch,
    HandToPartner,
    HandUp,
    MovePolicy,
    PartnerResult,
    Reassign,
    Recalculate,
    Redo,
    ReferDeliberation,
    Resume,
    ReviewBack,
    ReviewPass,
    Rule,
    SendDown,
    Sign,
    StartJoint,
    SubmitReply,
)
from domain.events import (
    ApplicationDecided,
    ApplicationLapsed,
    ApplicationMade,
    DeadlineExtended,
    DeadlineFired,
    DisputeRuled,
    LegReassigned,
    LegReturned,
    Resumed,
    Suspended,
)
from domain.exceptions.applications import Application, ApplicationStatus, ExceptionKind
from domain.levels import Level
from domain.lifecycle import TABLE
from domain.limits.clock import ClockKind, promised
from domain.limits.deadlines import is_over, next_due
from domain.limits.policy import Extension, Policy, Urgency
from domain.notices.telling import notices_of
from domain.partners import Partner
from domain.refusals import Refused
from domain.request import PolicySnapshot, RequestState, State
from domain.simulator import Simulation, replayed
from domain.summary import summarize
from domain.time.durations import Duration
from domain.units import SYSTEM, Actor, Role
from tests.support.builders import (
    MONDAY_MORNING,
    UNITS,
    actor,
    application,
    calendar,
    intake,
    ladder,
    policy,
    terms,
)
from tests.support.courses import DISPATCHER, OTHER_BUREAU, OTHER_DISTRICT, OTHER_TOWN, Course, of, working

POLICIES: list[Policy] = [
    working(),
    working(confirm_hand_up=Duration.parse("2wh"), suspend=False),
    working(total="6wd", dwell={"community": "2wd", "town": "2wd", "district": "2wd"}),
    policy(
        urgency=Urgency.URGENT,
        extension=Extension(2, Duration.parse("3h"), Level.TOWN),
        confirm_hand_up=Duration.parse("30min"),
    ),
    policy(urgency=Urgency.CRITICAL, auto_dispatch=True, reminder_every="1h"),
]

LONGER = working(version=2, total="30wd", confirm_hand_up=Duration.parse("4wh"))
SHORTER = working(version=3, total="8wd", dwell={"community": "1wd", "district": "2wd"})
"""Other versions, which a running request may be moved to."""

ADMISSION = terms(ExceptionKind.ADMISSION)
APPLIED_FOR = sorted(set(ExceptionKind) - {ExceptionKind.ADMISSION, ExceptionKind.HAND_UP})
SUGGESTED = [OTHER_TOWN, OTHER_BUREAU, OTHER_DISTRICT, UNITS[Level.DISTRICT]]

SOON = st.integers(0, 10).map(lambda minutes: timedelta(minutes=minutes))
LATER = st.one_of(
    st.integers(0, 600).map(lambda minutes: timedelta(minutes=minutes)),
    st.integers(0, 40).map(lambda days: timedelta(days=days)),
)

WAYS: st.SearchStrategy[Act] = st.sampled_from(
    [
        Dispatch(),
        Dispatch(UNITS[Level.COMMUNITY], "nearest", ADMISSION),
        Sign("1"),
        Sign("2"),
        Sign("3"),
        HandUp("too hard"),
        SendDown("too easy", UNITS[Level.COMMUNITY], ADMISSION),
        Reassign(OTHER_TOWN, "theirs"),
        Reassign(OTHER_BUREAU, "theirs"),
        Resume("the way is free"),
        SubmitReply("1", "solved", "done"),
        SubmitReply("2", "solved", "done"),
        ReviewPass(),
        Callback(contacted=True, solved=True),
        ReviewBack("poor"),
        Redo("once more"),
        StartJoint(UNITS[Level.DISTRICT], "send a lorry"),
        ReferDeliberation("residents' hall", "where to put it?"),
        DeliberationResult("at the gate", agreed=True),
        HandToPartner(Partner.ENFORCEMENT, "case 7"),
        PartnerResult("done", "fined", "case 7"),
        Recalculate(calendar(exceptions=((date(2026, 3, 4), ""), (date(2026, 3, 20), ""))), "a stop of work"),
        MovePolicy(PolicySnapshot(LONGER, ladder(of=LONGER)), "more time"),
        MovePolicy(PolicySnapshot(SHORTER, ladder(of=SHORTER)), "less time"),
    ]
)


def somebody(state: RequestState, role: Role, *, other: bool = False) -> Actor:
    """Somebody in a role who may be right: of the lead unit, or of the level that decides."""
    if role is Role.SYSTEM:
        return SYSTEM
    if role in (Role.HANDLER, Role.UNIT_HEAD, Role.GRID_WORKER):
        unit = state.lead.unit if state.lead else UNITS[Level.GRID]
        return actor(role, unit=unit, person=f"{role} of {unit.code}")
    return actor(role, person=f"{role}-{'2' if other else '1'}")


class GovernedLife(RuleBasedStateMachine):
    """Random applications, rulings and acts at random instants, under random policies."""

    def __init__(self) -> None:
        super().__init__()
        self.story: Simulation
        self.now: Any = None

    @initialize(place=st.integers(0, len(POLICIES) - 1), signed=st.booleans())
    def call(self, place: int, signed: bool) -> None:
        made = intake(policy=POLICIES[place])
        self.story = Simulation.of(made)
        self.now = made.received_at
        if signed:
            self.give(Role.DISPATCHER, Dispatch(), timedelta())
            self.give(Role.HANDLER, Sign("1"), timedelta())

    def give(self, role: Role, act: Act, wait: timedelta, *, other: bool = False) -> None:
        self.now += wait
        self.story.wait_until(self.now)
        settled = self.story.state
        try:
            self.story.act(somebody(settled, role, other=other), act, self.now)
        except Refused:
            assert self.story.state is settled

    @rule(
        wanted=st.sampled_from(APPLIED_FOR),
        then=st.sampled_from([None, True, True, False]),
        place=st.sampled_from(range(4)),
        suggested=st.sampled_from(SUGGESTED),
        asker=st.integers(0, 1),
        wait=SOON,
    )
    def ask(
        self,
        wanted: ExceptionKind,
        then: bool | None,
        place: int,
        suggested: Any,
        asker: int,
        wait: timedelta,
    ) -> None:
        place_in_list = APPLIED_FOR.index(wanted)
        rotated = [*APPLIED_FOR[place_in_list:], *APPLIED_FOR[:place_in_list]]
        kind = next((kind for kind in rotated if self.story.state.state in terms(kind).states), wanted)
        governing = terms(kind)
        reasons = [reason.code for reason in governing.reasons if not reason.at_once]
        reason = reasons[place % len(reasons)]
        changes: dict[str, Any] = (
            {"unit": suggested} if kind in (ExceptionKind.RETURN, ExceptionKind.DISPUTE) else {}
        )
        if kind is ExceptionKind.BACKLOG:
            changes["until"] = self.now + timedelta(days=100)
        act = application(kind, reason=reason, **changes)
        before = len(self.story.state.applications)
        self.give(governing.asked_by[asker % len(governing.asked_by)], act, wait)
        if then is not None and len(self.story.state.applications) > before:
            self.settle(self.story.state.applications[-1], then, place, suggested, wait)

    @rule(
        place=st.sampled_from(range(3)),
        granted=st.sampled_from([True, True, False]),
        decider=st.sampled_from(range(3)),
        unit=st.sampled_from([None, *SUGGESTED]),
        wait=SOON,
    )
    def decide(self, place: int, granted: bool, decider: int, unit: Any, wait: timedelta) -> None:
        undecided = self.story.state.undecided
        if not undecided:
            return
        self.settle(undecided[place % len(undecided)], granted, decider, unit, wait)

    def settle(self, asked: Application, granted: bool, decider: int, unit: Any, wait: timedelta) -> None:
        named = unit if asked.kind is ExceptionKind.DISPUTE else None
        act = Rule(asked.id, granted, "as the file shows", unit=named)
        self.give(asked.deciders[decider % len(asked.deciders)], act, wait, other=True)

    @rule(act=WAYS, wait=SOON)
    def go_on(self, act: Act, wait: timedelta) -> None:
        role = min(TABLE[act.act].who)
        self.give(role, act, wait)

    @precondition(lambda self: self.now < MONDAY_MORNING + timedelta(days=120))
    @rule(wait=LATER)
    def wait(self, wait: timedelta) -> None:
        self.now += wait
        self.story.wait_until(self.now)

    def teardown(self) -> None:
        """The timeline replays to the same state, and in the end everything is decided."""
        assert replayed(self.story.state.intake, self.story.timeline) == self.story.state
        for event in self.story.timeline:
            notices_of(self.story.state, event)

    @invariant()
    def each_application_is_decided_or_lapses_exactly_once(self) -> None:
        made = [fact.application for fact in self.story.facts(ApplicationMade)]
        assert made == [asked.id for asked in self.story.state.applications]
        settled = [fact.application for fact in self.story.facts(ApplicationDecided)]
        settled += [fact.application for fact in self.story.facts(ApplicationLapsed)]
        assert len(settled) == len(set(settled))
        open_still = [
            asked.id for asked in self.story.state.applications if asked.status is ApplicationStatus.OPEN
        ]
        assert sorted([*settled, *open_still]) == sorted(made)

    @invariant()
    def nothing_but_an_appeal_is_undecided_when_the_request_has_ended(self) -> None:
        running = {clock.kind for clock in self.story.state.clocks if clock.is_running}
        if is_over(self.story.state):
            assert running == set()
            return
        assert next_due(self.story.state) is not None
        if self.story.state.state.is_terminal:
            assert {asked.kind for asked in self.story.state.undecided} == {ExceptionKind.APPEAL}
            assert running == {ClockKind.DECISION}

    @invariant()
    def an_undecided_application_has_its_running_clock_and_no_other_has(self) -> None:
        running = {
            clock.leg
            for clock in self.story.state.clocks
            if clock.kind is ClockKind.DECISION and clock.is_running
        }
        assert running == {asked.id for asked in self.story.state.undecided}

    @invariant()
    def the_total_never_restarts_within_a_cycle(self) -> None:
        totals = [clock for clock in self.story.state.clocks if clock.kind is ClockKind.TOTAL]
        assert len(totals) == self.story.state.cycle
        assert totals[0].started_at == self.story.state.accepted_at

    @invariant()
    def thresholds_fire_once_and_in_order(self) -> None:
        for clock in self.story.state.clocks:
            assert list(clock.fired) == sorted(set(clock.fired))
        told = [(fact.clock, fact.leg, fact.percent, fact.due_at) for fact in self.story.facts(DeadlineFired)]
        assert len(told) == len(set(told))

    @invariant()
    def clocks_stand_still_exactly_while_they_should(self) -> None:
        state = self.story.state
        if state.state is State.SUSPENDED:
            assert {clock.kind for clock in state.clocks if clock.is_running} <= {
                ClockKind.RESUME,
                ClockKind.DECISION,
            }
        elif state.state is State.IN_DELIBERATION:
            assert {clock.kind for clock in state.clocks if clock.is_running} <= {
                ClockKind.DELIBERATION,
                ClockKind.DECISION,
            }
        elif not state.state.is_terminal:
            total = state.clock(ClockKind.TOTAL)
            assert total is not None
            assert total.is_running
            paused = {clock.leg for clock in state.clocks if clock.paused}
            assert state.state is State.ADMISSION_REVIEW or paused == set()

    @invariant()
    def suspensions_last_sixty_working_days_in_sum_at_most(self) -> None:
        began, ended = self.story.instants(Suspended), self.story.instants(Resumed)
        office = self.story.state.calendar
        until = [
            *ended,
            *([min(self.now, self.story.state.ended_at or self.now)] * (len(began) - len(ended))),
        ]
        spent = sum(
            (office.working_between(start, end) for start, end in zip(began, until, strict=True)),
            timedelta(),
        )
        assert spent <= 60 * office.office_day
        assert len(began) <= 2

    @invariant()
    def a_request_changes_hands_twice_at_most_and_is_ruled_once(self) -> None:
        changed = len(self.story.facts(LegReturned)) + len(self.story.facts(LegReassigned))
        assert changed == self.story.state.reassignments
        assert changed <= MOST_REASSIGNMENTS
        assert len(self.story.facts(DisputeRuled)) <= 1

    @invariant()
    def at_most_one_leg_leads_and_only_where_a_unit_holds_the_request(self) -> None:
        leads = [leg for leg in self.story.state.legs if leg.role == "lead" and leg.is_open]
        assert len(leads) <= 1
        assert (self.story.state.lead is None) == (
            self.story.state.state.is_terminal or self.story.state.state is State.PENDING_DISPATCH
        )

    @invariant()
    def the_board_row_can_always_be_made(self) -> None:
        assert summarize(self.story.state).seq == self.story.state.seq


Step = tuple[ExceptionKind, str, int, int]
"""What is asked for, the reason, after how many working hours, and for how many days a suspension lasts at most."""

STEPS = st.lists(
    st.tuples(
        st.sampled_from([ExceptionKind.EXTENSION, ExceptionKind.SUSPENSION]),
        st.sampled_from(["waiting_for_citizen", "statutory_procedure", "force_majeure", "site_inaccessible"]),
        st.integers(0, 100),
        st.integers(0, 120),
    ),
    max_size=6,
)


@settings(max_examples=30)
@given(steps=STEPS)
def test_a_deadline_is_its_limit_plus_what_was_extended_and_paused(steps: list[Step]) -> None:
    """For any pattern of extensions and suspensions the total ends where working time puts it, and speaks in order."""
    course = Course.of(working()).signed()
    office = course.state.calendar
    for kind, reason, hours, days in steps:
        course.wait(timedelta(hours=hours))
        lead = course.state.lead
        assert lead is not None
        changes = {"reason": reason} if kind is ExceptionKind.SUSPENSION else {}
        try:
            course.asks(of(lead.unit), kind, **changes).rules(DISPATCHER, granted=True)
        except Refused:
            continue
        course.wait(timedelta(days=days))
        if course.state.state is State.SUSPENDED:
            course.act(DISPATCHER, Resume("the way is free"))
        elif course.state.state is State.PENDING_SIGN:
            course.signed()
    began, ended = course.story.instants(Suspended), course.story.instants(Resumed)
    pauses = [office.working_between(start, end) for start, end in zip(began, ended, strict=True)]
    longer = 5 * office.office_day * len(course.story.facts(DeadlineExtended))
    total = course.state.clock(ClockKind.TOTAL)
    assert total is not None
    promise = office.working_between(total.started_at, office.due(total.started_at, total.limit).at)
    due = office.add_working(total.started_at, promise + longer)
    lost = timedelta()
    for start, pause in zip(began, pauses, strict=True):
        if start < due:
            lost += pause
            due = office.add_working(total.started_at, promise + longer + lost)
    blackest = promised(total, 200, office)
    assert blackest is not None
    course.wait(max(timedelta(), blackest - course.now))
    told = [fact for fact in course.story.facts(DeadlineFired) if fact.clock is ClockKind.TOTAL]
    assert [fact.percent for fact in told] == [70, 90, 100, 150, 200]
    assert sum(pauses, timedelta()) <= 60 * office.office_day
    assert promised(total, 100, office) == due


GovernedLife.TestCase.settings = settings(max_examples=40, stateful_step_count=25)
TestGovernedLife = GovernedLife.TestCase
