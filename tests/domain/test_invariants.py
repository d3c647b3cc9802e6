"""Whatever people do and however long they wait: the invariants of a request hold after every step."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from domain.commands import (
    Accept,
    Acknowledge,
    Act,
    Adopt,
    Attach,
    Callback,
    CancelCard,
    Comment,
    ContinueStory,
    DeclineJoint,
    Delegate,
    DeliberationResult,
    Disown,
    Dispatch,
    FirstContact,
    HandToPartner,
    HandUp,
    HearAnswer,
    Instruct,
    MarkConfidential,
    Merge,
    MovePolicy,
    PartnerResult,
    RaiseCard,
    Reassign,
    Redo,
    ReferDeliberation,
    Reject,
    RemoveJoint,
    Reopen,
    ReportInterim,
    RequestInfo,
    ReviewBack,
    ReviewPass,
    SendDown,
    SetJoinRule,
    Sign,
    StartJoint,
    SubmitReply,
    Supervise,
    SupplyInfo,
    Urge,
    Withdraw,
)
from domain.events import Accepted, Closed, DeadlineFired, GroupFlagged, LegDispatched, Reopened, Supervised
from domain.joining import Join, JoinRule
from domain.levels import Level
from domain.lifecycle import TABLE
from domain.limits.clock import ClockKind
from domain.limits.cumulative import cumulative
from domain.limits.deadlines import is_over, next_due, owes_callback, pending
from domain.limits.policy import ClockMode, Policy, Urgency
from domain.partners import Partner
from domain.refusals import Refused
from domain.request import Card, PolicySnapshot, ReopenCause, RequestState, State, Visibility
from domain.simulator import Simulation, replayed
from domain.standing import may_be_opened
from domain.summary import summarize
from domain.time.durations import Duration
from domain.units import SYSTEM, Actor, Role
from tests.support.builders import PHOTO, UNITS, actor, intake, ladder, policy, unclassified

POLICIES: list[Policy] = [
    policy(),
    policy(urgency=Urgency.CRITICAL, auto_dispatch=True, reminder_every="1h"),
    policy(dwell={"community": "2h", "town": "3h"}),
    policy(
        clock=ClockMode.WORKING,
        urgency=Urgency.NORMAL,
        dispatch="1wh",
        sign="2wh",
        first_contact="4wh",
        total="3wd",
        dwell={"grid": "4wh", "community": "3wh", "town": "1wd", "district": "1wd"},
        review="1wd",
        callback_within="2wd",
        reminder_every="1wd",
    ),
]

TWO_HOURS = policy(version=3, total="2h", dwell={"community": "1h", "district": "1h"})

PARENT = "20260302-0000009"

ACTS: st.SearchStrategy[Act] = st.one_of(
    st.sampled_from(
        [
            Dispatch(),
            ReviewPass(),
            ReviewBack("poor"),
            Redo("once more"),
            Withdraw(),
            Urge(),
            RequestInfo("where?"),
            SupplyInfo("there"),
            Reject("outside_area", "elsewhere"),
            HandUp("too hard"),
            HandUp("too hard", release=True),
            SendDown("too easy"),
            SendDown("there", UNITS[Level.GRID]),
            Supervise("watched"),
            Supervise("watched", Card.YELLOW),
            Supervise("watched", Card.RED),
            Dispatch(UNITS[Level.TOWN], "knows the place"),
            Accept(intake().matter, intake().snapshot),
            ContinueStory(2),
            MovePolicy(PolicySnapshot(policy(version=2, total="9h"), ladder()), "a longer promise"),
            MovePolicy(PolicySnapshot(TWO_HOURS, ladder(of=TWO_HOURS)), "a shorter promise"),
            Merge(PARENT, State.IN_PROGRESS),
            Adopt("20260302-0000008", has_contact=True),
            Adopt("20260302-0000007", has_contact=False, people=30),
            Disown("20260302-0000008"),
            StartJoint(UNITS[Level.TOWN], "lend a lorry", mandatory=True, share=50),
            StartJoint(UNITS[Level.DISTRICT], "lend a crane", Duration.parse("20min"), mandatory=True),
            SetJoinRule(JoinRule(Join.ALL), "the answer needs everybody"),
            SetJoinRule(JoinRule(), "the answer can wait for nobody"),
            StartJoint(UNITS[Level.COMMUNITY], "ask around"),
            Reassign(UNITS[Level.COMMUNITY], "a matter of theirs"),
            Reassign(UNITS[Level.TOWN], "a matter of theirs"),
            ReferDeliberation("hall", "where?"),
            DeliberationResult("there", agreed=True),
            HandToPartner(Partner.AFFAIRS, "case-1"),
            PartnerResult("done", "settled", "case-1"),
            Comment("again"),
            Attach(PHOTO),
            Instruct("settle it"),
            ReportInterim("on our way"),
            MarkConfidential(Visibility.SEALED, "fear"),
        ]
    ),
    st.builds(Delegate, st.sampled_from("1234"), st.just(UNITS[Level.GRID]), st.just("look")),
    st.builds(DeclineJoint, st.sampled_from("1234"), st.just("cannot")),
    st.builds(RemoveJoint, st.sampled_from("1234"), st.just("not needed")),
    st.builds(CancelCard, st.sampled_from("1234"), st.sampled_from(Card), st.just("by mistake")),
    st.builds(RaiseCard, st.sampled_from("1234"), st.just("two yellow cards")),
    st.builds(Acknowledge, st.sampled_from(["i1", "i2", "i3"])),
    st.builds(Sign, st.sampled_from("1234")),
    st.builds(FirstContact, st.sampled_from("1234"), st.just("call log")),
    st.builds(
        SubmitReply, st.sampled_from("1234"), st.sampled_from(["solved", "explained_only"]), st.just("text")
    ),
    st.builds(Callback, st.booleans(), solved=st.none(), satisfied=st.none()),
    st.builds(
        Callback, st.just(True), solved=st.booleans(), satisfied=st.booleans(), attributable=st.booleans()
    ),
)

WAITS = st.one_of(
    st.integers(0, 600).map(lambda seconds: timedelta(seconds=seconds)),
    st.integers(0, 600).map(lambda minutes: timedelta(minutes=minutes)),
    st.integers(0, 12).map(lambda days: timedelta(days=days)),
)


def likely_actor(state: RequestState, act: Act) -> Actor:
    """Somebody whom the table allows, of the unit that holds the leg."""
    role = min(TABLE[act.act].who)
    if role is Role.SYSTEM:
        return SYSTEM
    if role in (Role.HANDLER, Role.GRID_WORKER, Role.UNIT_HEAD):
        leg = state.leg(getattr(act, "leg", "")) or state.lead
        return actor(role, unit=leg.unit if leg else UNITS[Level.GRID])
    return actor(role, person=f"{role}-1")


class RequestLife(RuleBasedStateMachine):
    """Random commands at random instants, under random policies."""

    def __init__(self) -> None:
        super().__init__()
        self.story: Simulation
        self.now: Any = None

    @initialize(
        policy_place=st.integers(0, len(POLICIES) - 1),
        complete=st.booleans(),
        contact=st.booleans(),
        missing=st.sets(st.sampled_from([Level.GRID, Level.COMMUNITY]), max_size=1),
    )
    def call(self, policy_place: int, complete: bool, contact: bool, missing: set[Level]) -> None:
        chosen = POLICIES[policy_place]
        made = (
            intake(policy=chosen, has_contact=contact, missing=tuple(missing))
            if complete
            else unclassified(has_contact=contact)
        )
        self.story = Simulation.of(made)
        self.now = made.received_at

    @rule(act=ACTS, wait=WAITS)
    def give(self, act: Act, wait: timedelta) -> None:
        self.now += wait
        before = self.story.state
        self.story.wait_until(self.now)
        settled = self.story.state
        try:
            self.story.act(likely_actor(settled, act), act, self.now)
        except Refused:
            assert self.story.state is settled
        assert self.story.state.seq >= before.seq

    @rule(wait=WAITS)
    def wait(self, wait: timedelta) -> None:
        self.now += wait
        self.story.wait_until(self.now)

    @precondition(lambda self: self.story.state.state is State.MERGED)
    @rule(
        answered=st.booleans(),
        outcome=st.sampled_from(["solved", "solved", ""]),
        wait=WAITS,
        said=st.lists(
            st.builds(
                Callback,
                st.just(True),
                solved=st.booleans(),
                satisfied=st.booleans(),
                attributable=st.booleans(),
            )
            | st.just(Callback(contacted=False)),
            max_size=3,
        ),
    )
    def hear_the_answer(self, answered: bool, outcome: str, wait: timedelta, said: list[Callback]) -> None:
        """Through the request that this one follows; its caller may be asked about it."""
        heard = HearAnswer(PARENT, self.now if answered else None, outcome if answered else "")
        self.story.act(SYSTEM, heard, self.now)
        for callback in said:
            self.now += wait
            self.story.wait_until(self.now)
            if not owes_callback(self.story.state):
                return
            self.story.act(actor(Role.CALLBACK_AGENT), callback, self.now)

    @precondition(lambda self: is_over(self.story.state))
    @rule(act=ACTS)
    def try_after_the_end(self, act: Act) -> None:
        with pytest.raises(Refused) as refusal:
            self.story.act(likely_actor(self.story.state, act), act, self.now)
        assert refusal.value.code == "request_ended"

    @precondition(lambda self: self.story.state.state.is_terminal)
    @rule(cause=st.sampled_from([ReopenCause.DISSATISFIED, ReopenCause.WRONGLY_ENDED]), wait=WAITS)
    def open_again(self, cause: ReopenCause, wait: timedelta) -> None:
        self.now += wait
        ended = self.story.state
        reopen = Reopen("it is dark again", cause)
        if may_be_opened(ended, self.now):
            self.story.act(likely_actor(ended, reopen), reopen, self.now)
            assert self.story.state.cycle == ended.cycle + 1
            assert not self.story.state.state.is_terminal
            return
        with pytest.raises(Refused) as refusal:
            self.story.act(likely_actor(ended, reopen), reopen, self.now)
        assert refusal.value.code == "appeal_window_over"

    @invariant()
    def the_timeline_is_numbered_without_a_gap_and_in_order(self) -> None:
        assert [event.seq for event in self.story.timeline] == list(range(1, len(self.story.timeline) + 1))
        instants = [event.at for event in self.story.timeline]
        assert instants == sorted(instants)

    def teardown(self) -> None:
        """The timeline replays to the same state."""
        assert replayed(self.story.state.intake, self.story.timeline) == self.story.state

    @invariant()
    def no_wait_is_without_an_end(self) -> None:
        if is_over(self.story.state):
            assert pending(self.story.state) == []
            assert not any(clock.is_running for clock in self.story.state.clocks)
        else:
            assert next_due(self.story.state) is not None

    @invariant()
    def every_threshold_of_a_clock_fires_once_and_in_order(self) -> None:
        for clock in self.story.state.clocks:
            assert list(clock.fired) == sorted(set(clock.fired))
        told = [event.what for event in self.story.timeline if isinstance(event.what, DeadlineFired)]
        once = [(fact.clock, fact.leg, fact.percent, fact.due_at) for fact in told]
        assert len(once) == len(set(once))

    @invariant()
    def the_total_starts_at_acceptance_and_never_again_within_a_cycle(self) -> None:
        totals = [clock for clock in self.story.state.clocks if clock.kind is ClockKind.TOTAL]
        accepted = [event for event in self.story.timeline if isinstance(event.what, Accepted)]
        assert len(accepted) <= 1
        if accepted:
            judged_anew = sum(fact.to is State.REGISTERED for fact in self.story.facts(Reopened))
            assert len(totals) == self.story.state.cycle - judged_anew
            assert totals[0].started_at == self.story.state.accepted_at

    @invariant()
    def at_most_one_leg_leads(self) -> None:
        leads = [leg for leg in self.story.state.legs if leg.role == "lead" and leg.is_open]
        assert len(leads) <= 1
        assert len(self.story.facts(LegDispatched)) == len(self.story.state.legs)

    @invariant()
    def no_unit_holds_two_legs(self) -> None:
        holders = [leg.unit.code for leg in self.story.state.legs if leg.end is None]
        assert len(holders) == len(set(holders))

    @invariant()
    def cards_are_issued_once_per_leg_and_colour(self) -> None:
        issued = [
            (event.what.leg, event.what.card)
            for event in self.story.timeline
            if isinstance(event.what, Supervised) and event.what.card and event.what.leg
        ]
        assert len(issued) == len(set(issued))

    @invariant()
    def it_ends_at_most_once_between_two_reopenings(self) -> None:
        assert len(self.story.facts(Closed)) <= 1 + len(self.story.facts(Reopened))

    @invariant()
    def the_cumulative_clock_stands_still_after_an_end(self) -> None:
        state = self.story.state
        if state.ended_at is not None:
            assert cumulative(state, state.ended_at) == cumulative(state, self.now + timedelta(days=90))

    @invariant()
    def the_flag_of_a_group_is_raised_once(self) -> None:
        assert len(self.story.facts(GroupFlagged)) == self.story.state.group_matter

    @invariant()
    def the_board_row_can_always_be_made(self) -> None:
        row = summarize(self.story.state)
        assert row.seq == self.story.state.seq
        assert len(row.legs) == len(self.story.state.legs)


RequestLife.TestCase.settings = settings(max_examples=60, stateful_step_count=25)
TestRequestLife = RequestLife.TestCase
