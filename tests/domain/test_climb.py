"""What silence means: the untouched request climbs, is carded, and is never forgotten."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from domain.commands import (
    Accept,
    Callback,
    Dispatch,
    HandUp,
    Order,
    PassTime,
    RequestInfo,
    ReviewBack,
    ReviewPass,
    SendDown,
    Sign,
    SubmitReply,
    Urge,
    Withdraw,
)
from domain.events import (
    AlarmRaised,
    Closed,
    DeadlineFired,
    HandedUp,
    LegDispatched,
    LegSigned,
    ReplySubmitted,
    Supervised,
)
from domain.levels import Level
from domain.lifecycle import decide, fold
from domain.limits.clock import ClockKind
from domain.limits.deadlines import next_due
from domain.limits.policy import CallbackRule, Urgency
from domain.refusals import Refused
from domain.request import Body, Card, LegEnd, LegRole, Light, State
from domain.simulator import Simulation
from domain.units import SYSTEM, Role
from tests.support.builders import MONDAY_MORNING, actor, handler, intake, policy, unclassified

HOUR = timedelta(hours=1)


def levels_held(story: Simulation) -> list[Level]:
    """The levels that held the lead leg, in order."""
    return [fact.unit.level for fact in story.facts(LegDispatched)]


def fired(story: Simulation, clock: ClockKind) -> list[int]:
    """The thresholds of a clock that fired, in order."""
    facts = [event.what for event in story.timeline]
    return [fact.percent for fact in facts if isinstance(fact, DeadlineFired) and fact.clock is clock]


def in_progress(**changes: object) -> Simulation:
    """A request signed by its grid worker four minutes after the call."""
    story = Simulation.of(intake(**changes))
    story.act(actor(Role.DISPATCHER), Dispatch(), MONDAY_MORNING + timedelta(minutes=1))
    story.act(handler(Level.GRID), Sign("1"), MONDAY_MORNING + timedelta(minutes=4))
    return story


def test_the_untouched_request_climbs_every_level_and_then_supervision_reaches_the_city() -> None:
    story = Simulation.of(intake())
    story.wait_until(MONDAY_MORNING + timedelta(hours=30))
    assert levels_held(story) == [Level.GRID, Level.COMMUNITY, Level.TOWN, Level.DISTRICT]
    assert story.state.supervised_by is Body.CITY
    assert story.state.light is Light.BLACK
    assert story.state.state is State.IN_PROGRESS
    assert fired(story, ClockKind.TOTAL) == [70, 90, 100, 150, 200]


def test_each_lower_leg_is_scored_overdue_and_stays_joint() -> None:
    story = Simulation.of(intake())
    story.wait_until(MONDAY_MORNING + timedelta(hours=12))
    lower = story.state.legs[:-1]
    assert all(leg.role is LegRole.JOINT and leg.end is None for leg in lower)
    assert all(ClockKind.DWELL in leg.late and ClockKind.SIGN in leg.late for leg in lower)


def test_each_level_is_told_once_and_in_order() -> None:
    story = Simulation.of(intake())
    story.wait_until(MONDAY_MORNING + timedelta(hours=12))
    dwell = [
        (fact.level, fact.percent) for fact in story.facts(DeadlineFired) if fact.clock is ClockKind.DWELL
    ]
    assert dwell == [
        (level, percent)
        for level in (Level.GRID, Level.COMMUNITY, Level.TOWN, Level.DISTRICT)
        for percent in (70, 90, 100)
    ]


def test_a_card_is_issued_once_per_leg_and_colour_whichever_clock_asks_first() -> None:
    story = Simulation.of(intake())
    story.wait_until(MONDAY_MORNING + timedelta(hours=20))
    issued = [fact.card for fact in story.facts(Supervised) if fact.card]
    assert issued == [Card.YELLOW, Card.RED]
    assert story.state.legs[-1].cards == (Card.YELLOW, Card.RED)


def test_reminders_repeat_until_closure_and_never_pile_up() -> None:
    story = in_progress()
    story.wait_until(MONDAY_MORNING + timedelta(days=10))
    reminders = fired(story, ClockKind.REMINDER)
    assert 8 <= len(reminders) <= 10
    assert len([clock for clock in story.state.clocks if clock.kind is ClockKind.REMINDER]) == 1
    story.act(
        handler(Level.DISTRICT), SubmitReply("4", "solved", "done"), MONDAY_MORNING + timedelta(days=11)
    )
    before = len(fired(story, ClockKind.REMINDER))
    story.act(actor(Role.REVIEWER), ReviewPass(), MONDAY_MORNING + timedelta(days=11, minutes=1))
    story.wait_until(MONDAY_MORNING + timedelta(days=40))
    assert story.state.state is State.CLOSED
    assert len(fired(story, ClockKind.REMINDER)) == before


def test_a_vacant_level_is_stepped_over_with_an_alarm() -> None:
    story = Simulation.of(intake(missing=(Level.GRID, Level.TOWN)))
    story.wait_until(MONDAY_MORNING + timedelta(hours=7))
    assert levels_held(story) == [Level.COMMUNITY, Level.DISTRICT]
    assert [fact.what for fact in story.facts(AlarmRaised)] == [
        "not_dispatched",
        "post_vacant",
        "post_vacant",
    ]


def test_a_critical_matter_is_dispatched_at_once() -> None:
    story = Simulation.of(intake(policy=policy(urgency=Urgency.CRITICAL, auto_dispatch=True)))
    assert story.state.state is State.PENDING_SIGN


def test_at_the_sign_limit_the_system_signs_and_the_leg_counts_as_late() -> None:
    story = Simulation.of(intake())
    story.wait_until(MONDAY_MORNING + timedelta(minutes=16))
    leg = story.state.legs[0]
    assert leg.signed_at is None
    assert leg.auto_signed_at == MONDAY_MORNING + timedelta(minutes=15)
    assert leg.late == (ClockKind.SIGN,)
    assert [fact.automatic for fact in story.facts(LegSigned)] == [True]


def test_where_start_and_dwells_exceed_the_total_the_totals_card_comes_first() -> None:
    tight = policy(dwell={"grid": "4h", "community": "4h"}, total="8h")
    story = Simulation.of(intake(policy=tight))
    story.wait_until(MONDAY_MORNING + timedelta(hours=9))
    order = [(fact.clock, fact.percent) for fact in story.facts(DeadlineFired)]
    assert order.index((ClockKind.TOTAL, 100)) < max(
        place for place, mark in enumerate(order) if mark == (ClockKind.DWELL, 100)
    )


def test_from_submission_the_total_is_held_and_what_passed_fires_when_it_is_sent_back() -> None:
    story = in_progress(policy=policy(dwell={"grid": "8h"}, review="20h"))
    story.act(handler(Level.GRID), SubmitReply("1", "solved", "done"), MONDAY_MORNING + HOUR)
    story.wait_until(MONDAY_MORNING + timedelta(hours=9))
    assert fired(story, ClockKind.TOTAL) == []
    back_at = MONDAY_MORNING + timedelta(hours=10)
    story.act(actor(Role.REVIEWER), ReviewBack("no photograph"), back_at)
    assert next_due(story.state) is not None
    story.wait_until(back_at + timedelta(seconds=1))
    late = [fact for fact in story.facts(DeadlineFired) if fact.clock is ClockKind.TOTAL]
    assert [fact.percent for fact in late] == [70, 90, 100]
    assert late[-1].due_at == MONDAY_MORNING + timedelta(hours=8)


def test_lateness_after_a_hold_counts_from_the_sending_back() -> None:
    story = in_progress(policy=policy(dwell={"grid": "8h"}, review="20h"))
    story.act(handler(Level.GRID), SubmitReply("1", "solved", "done"), MONDAY_MORNING + HOUR)
    back_at = MONDAY_MORNING + timedelta(hours=10)
    story.act(actor(Role.REVIEWER), ReviewBack("no photograph"), back_at)
    events = decide(story.state, Order("", SYSTEM, PassTime()), back_at + timedelta(seconds=3))
    told = [event.what for event in events if isinstance(event.what, DeadlineFired)]
    lateness = [fact.lateness_seconds for fact in told if fact.clock is ClockKind.TOTAL]
    assert lateness == [3.0, 3.0, 3.0]


def test_nobody_judges_and_the_duty_leader_is_alarmed_again_and_again() -> None:
    story = Simulation.of(unclassified())
    story.wait_until(MONDAY_MORNING + timedelta(days=3))
    alarms = story.instants(AlarmRaised)
    assert alarms[0] == MONDAY_MORNING + timedelta(minutes=30)
    assert len(alarms) >= 3
    assert story.state.state is State.REGISTERED


def test_a_citizen_who_does_not_supplement_is_told_that_the_request_is_not_accepted() -> None:
    story = Simulation.of(unclassified())
    story.act(actor(Role.AGENT), RequestInfo("Where?"), MONDAY_MORNING + timedelta(minutes=5))
    story.wait_until(MONDAY_MORNING + timedelta(days=7))
    assert story.state.state is State.NOT_ACCEPTED
    assert story.state.ended_how == "no_clear_matter"


def test_a_review_that_nobody_makes_is_passed_after_its_second_limit() -> None:
    story = in_progress()
    story.act(handler(Level.GRID), SubmitReply("1", "solved", "done"), MONDAY_MORNING + timedelta(minutes=10))
    story.wait_until(MONDAY_MORNING + timedelta(hours=3))
    assert story.state.state is State.PENDING_REVIEW
    assert [fact.what for fact in story.facts(AlarmRaised)] == ["not_reviewed"]
    story.wait_until(MONDAY_MORNING + timedelta(hours=5))
    assert story.state.state is State.PENDING_CALLBACK


def test_a_callback_that_nobody_makes_closes_unrated() -> None:
    story = in_progress()
    story.act(handler(Level.GRID), SubmitReply("1", "solved", "done"), MONDAY_MORNING + timedelta(minutes=10))
    story.act(actor(Role.REVIEWER), ReviewPass(), MONDAY_MORNING + timedelta(minutes=20))
    story.wait_until(MONDAY_MORNING + timedelta(days=2))
    assert story.state.state is State.CLOSED
    assert story.state.ended_how == "callback_silent"
    assert story.state.rating is None


def answered(**changes: object) -> Simulation:
    """A request whose reply passed its review."""
    story = in_progress(**changes)
    story.act(handler(Level.GRID), SubmitReply("1", "solved", "done"), MONDAY_MORNING + timedelta(minutes=10))
    story.act(actor(Role.REVIEWER), ReviewPass(), MONDAY_MORNING + timedelta(minutes=20))
    return story


def test_an_anonymous_caller_is_not_called_back() -> None:
    story = answered(has_contact=False)
    assert story.state.state is State.CLOSED
    assert story.state.ended_how == "not_called"


@pytest.mark.parametrize("rule", [CallbackRule.NONE, CallbackRule.SAMPLE])
def test_the_callback_rule_decides_who_is_asked(rule: CallbackRule) -> None:
    asked = {
        number: answered(number=number, policy=policy(callback=rule)).state.state is State.PENDING_CALLBACK
        for number in (f"20260302-{serial:07}" for serial in range(200))
    }
    share = sum(asked.values()) / len(asked)
    assert share == 0 if rule is CallbackRule.NONE else 0.1 < share < 0.3


def test_dissatisfaction_for_an_attributable_reason_begins_a_new_cycle_with_half_the_limit() -> None:
    story = answered()
    at = MONDAY_MORNING + timedelta(hours=3)
    story.act(
        actor(Role.CALLBACK_AGENT),
        Callback(contacted=True, solved=False, satisfied=False, attributable=True),
        at,
    )
    assert story.state.state is State.PENDING_SIGN
    assert story.state.cycle == 2
    assert story.state.supervised_by is Body.COMMUNITY
    total = story.state.clock(ClockKind.TOTAL)
    assert total is not None
    assert total.amount == timedelta(hours=4)
    assert story.state.accepted_at == MONDAY_MORNING
    assert story.state.legs[0].end is LegEnd.REDO
    assert story.state.legs[1].attempt == 2


def test_a_second_dissatisfaction_closes_because_one_redo_is_automatic() -> None:
    story = answered()
    unhappy = Callback(contacted=True, solved=False, satisfied=False, attributable=True)
    story.act(actor(Role.CALLBACK_AGENT), unhappy, MONDAY_MORNING + timedelta(minutes=30))
    story.act(handler(Level.GRID), Sign("2"), MONDAY_MORNING + timedelta(minutes=31))
    story.act(
        handler(Level.GRID),
        SubmitReply("2", "explained_only", "it is lawful"),
        MONDAY_MORNING + timedelta(minutes=35),
    )
    story.act(actor(Role.REVIEWER), ReviewPass(), MONDAY_MORNING + timedelta(minutes=36))
    story.act(actor(Role.CALLBACK_AGENT), unhappy, MONDAY_MORNING + timedelta(minutes=37))
    assert story.state.state is State.CLOSED
    assert story.state.rating is not None
    assert story.state.rating.solved is False


def test_three_attempts_on_one_day_are_not_enough_to_give_a_caller_up() -> None:
    story = answered(policy=policy(callback_within="5d"))
    nobody = Callback(contacted=False)
    for minutes in (30, 60, 90):
        story.act(actor(Role.CALLBACK_AGENT), nobody, MONDAY_MORNING + timedelta(minutes=minutes))
    assert story.state.state is State.PENDING_CALLBACK
    story.act(actor(Role.CALLBACK_AGENT), nobody, MONDAY_MORNING + timedelta(days=1))
    assert story.state.state is State.CLOSED
    assert story.state.ended_how == "unreachable"


def test_handing_up_keeps_the_lower_unit_unless_it_is_released() -> None:
    story = in_progress()
    story.act(handler(Level.GRID), HandUp("needs the committee"), MONDAY_MORNING + timedelta(minutes=10))
    assert story.state.legs[0].role is LegRole.JOINT
    story.act(handler(Level.COMMUNITY), Sign("2"), MONDAY_MORNING + timedelta(minutes=11))
    story.act(
        handler(Level.COMMUNITY),
        HandUp("needs the town", release=True),
        MONDAY_MORNING + timedelta(minutes=12),
    )
    assert story.state.legs[1].end is LegEnd.HANDED_UP
    assert levels_held(story)[-1] is Level.TOWN


def test_a_joint_units_answer_is_a_contribution_and_never_the_reply() -> None:
    story = in_progress()
    story.act(handler(Level.GRID), HandUp("needs the committee"), MONDAY_MORNING + timedelta(minutes=10))
    story.act(
        handler(Level.GRID), SubmitReply("1", "solved", "swept"), MONDAY_MORNING + timedelta(minutes=11)
    )
    assert story.state.state is State.PENDING_SIGN
    assert story.state.legs[0].end is LegEnd.CONTRIBUTED
    assert story.facts(ReplySubmitted) == []


def test_work_is_sent_down_once_per_level_and_the_total_does_not_restart() -> None:
    story = in_progress()
    story.act(handler(Level.GRID), HandUp("needs the committee"), MONDAY_MORNING + timedelta(minutes=10))
    story.act(handler(Level.COMMUNITY), Sign("2"), MONDAY_MORNING + timedelta(minutes=11))
    story.act(
        handler(Level.COMMUNITY), SendDown("a matter of the grid"), MONDAY_MORNING + timedelta(minutes=12)
    )
    assert levels_held(story) == [Level.GRID, Level.COMMUNITY, Level.GRID]
    story.act(handler(Level.GRID), Sign("3"), MONDAY_MORNING + timedelta(minutes=13))
    story.act(handler(Level.GRID), HandUp("still not"), MONDAY_MORNING + timedelta(minutes=14))
    story.act(handler(Level.COMMUNITY), Sign("4"), MONDAY_MORNING + timedelta(minutes=15))
    with pytest.raises(Refused) as refusal:
        story.act(handler(Level.COMMUNITY), SendDown("again"), MONDAY_MORNING + timedelta(minutes=16))
    assert refusal.value.code == "sent_down_before"
    total = story.state.clock(ClockKind.TOTAL)
    assert total is not None
    assert total.started_at == MONDAY_MORNING


def test_a_citizen_urges_once_a_day() -> None:
    story = in_progress()
    story.act(actor(Role.CITIZEN), Urge(), MONDAY_MORNING + timedelta(minutes=10))
    with pytest.raises(Refused) as refusal:
        story.act(actor(Role.CITIZEN), Urge(), MONDAY_MORNING + timedelta(minutes=20))
    assert refusal.value.code == "urged_today"
    story.act(actor(Role.CITIZEN), Urge(), MONDAY_MORNING + timedelta(days=1))
    assert story.state.urge_count == 2


@pytest.mark.parametrize("minutes", [0, 2, 5, 20, 100, 300])
def test_nothing_is_pending_after_the_end(minutes: int) -> None:
    story = Simulation.of(intake())
    at: datetime = MONDAY_MORNING + timedelta(minutes=minutes)
    story.act(actor(Role.CITIZEN), Withdraw(), at)
    assert next_due(story.state) is None
    assert not any(clock.is_running for clock in story.state.clocks)
    assert all(leg.end is LegEnd.WITHDRAWN for leg in story.state.legs)


def test_closing_releases_the_joint_legs_scored_as_they_stand() -> None:
    story = in_progress()
    story.act(handler(Level.GRID), HandUp("needs the committee"), MONDAY_MORNING + timedelta(minutes=10))
    story.act(handler(Level.COMMUNITY), Sign("2"), MONDAY_MORNING + timedelta(minutes=11))
    story.act(
        handler(Level.COMMUNITY), SubmitReply("2", "solved", "done"), MONDAY_MORNING + timedelta(minutes=12)
    )
    story.act(actor(Role.REVIEWER), ReviewPass(), MONDAY_MORNING + timedelta(minutes=13))
    story.act(
        actor(Role.CALLBACK_AGENT),
        Callback(contacted=True, truthful=True, solved=True, satisfied=True),
        MONDAY_MORNING + timedelta(minutes=14),
    )
    assert story.state.legs[0].end is LegEnd.RELEASED
    assert story.state.legs[1].end is LegEnd.ACCEPTED_RESULT
    assert len(story.facts(Closed)) == 1
    assert len(story.facts(HandedUp)) == 1


def test_nobody_outruns_a_deadline_that_passed_a_moment_before() -> None:
    """A reply that meets a request whose total passed while no worker ran does not make the breach unhappen."""
    story = in_progress(policy=policy(dwell={"grid": "8h"}))
    late = MONDAY_MORNING + timedelta(hours=20)
    order = Order("reply", handler(Level.GRID), SubmitReply("1", "solved", "done"))
    events = decide(story.state, order, late)
    facts = [event.what for event in events]
    told = [fact for fact in facts if isinstance(fact, DeadlineFired) and fact.clock is ClockKind.TOTAL]
    assert [fact.percent for fact in told] == [70, 90, 100, 150, 200]
    assert isinstance(facts[-1], ReplySubmitted)
    assert all(event.by == SYSTEM for event in events[:-1])
    assert fold(story.state, events).legs[0].late == (
        ClockKind.FIRST_CONTACT,
        ClockKind.TOTAL,
        ClockKind.DWELL,
    )


def test_a_call_accepted_by_an_agent_has_its_clocks_from_the_acceptance() -> None:
    story = Simulation.of(unclassified())
    at = MONDAY_MORNING + timedelta(minutes=25)
    whole = intake()
    story.act(actor(Role.AGENT), Accept(whole.matter, whole.snapshot), at)
    assert story.state.accepted_at == at
    assert {clock.started_at for clock in story.state.clocks if clock.kind is not ClockKind.REGISTRATION} == {
        at
    }


def test_a_redo_that_nobody_calls_back_closes_without_the_old_rating() -> None:
    story = answered()
    unhappy = Callback(contacted=True, solved=False, satisfied=False, attributable=True)
    story.act(actor(Role.CALLBACK_AGENT), unhappy, MONDAY_MORNING + timedelta(minutes=30))
    story.act(handler(Level.GRID), Sign("2"), MONDAY_MORNING + timedelta(minutes=31))
    story.act(handler(Level.GRID), SubmitReply("2", "solved", "done"), MONDAY_MORNING + timedelta(minutes=35))
    story.act(actor(Role.REVIEWER), ReviewPass(), MONDAY_MORNING + timedelta(minutes=36))
    story.wait_until(MONDAY_MORNING + timedelta(days=3))
    assert story.state.ended_how == "callback_silent"
    assert story.state.rating is None
