"""Opening ended requests again (重启), the archive, and the clock that counts through all cycles."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.commands import (
    Act,
    AnswerDirectly,
    Callback,
    Dispatch,
    HandUp,
    Merge,
    Order,
    Reject,
    Reopen,
    ReviewPass,
    Sign,
    SubmitReply,
    Withdraw,
)
from domain.errands import Errand, errands_of, reminder_of
from domain.events import AlarmRaised, Event, LegDispatched, PutIntoBacklog, Reopened, Supervised
from domain.levels import Level
from domain.lifecycle import decide, fold
from domain.limits.clock import ClockKind, threshold
from domain.limits.cumulative import cumulative
from domain.notices.telling import CITIZEN, notices_of
from domain.refusals import Refused
from domain.request import Body, LegEnd, Light, ReopenCause, RequestState, State
from domain.simulator import Simulation
from domain.standing import ARCHIVED, REOPENABLE, reopening_ends, standing
from domain.units import SYSTEM, Actor, Role
from tests.support.builders import (
    MONDAY_MORNING,
    actor,
    common,
    handler,
    intake,
    policy,
    unclassified,
)

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
AGENT, CITIZEN_ACTOR = actor(Role.AGENT), actor(Role.CITIZEN)
AGAIN = Reopen("the lamp is dark again")
COMMITMENT = Reopen("the date has come", ReopenCause.COMMITMENT)


def closed(**changes: Any) -> Simulation:
    """Closed after forty minutes: dispatched at 10, signed at 20, replied at 30, called back at 40."""
    story = Simulation.of(intake(**changes))
    grid = handler(Level.GRID)
    rated = Callback(contacted=True, solved=True, satisfied=True)
    for minutes, by, act in (
        (4, actor(Role.DISPATCHER), Dispatch()),
        (10, grid, Sign("1")),
        (30, grid, SubmitReply("1", "solved", "mended")),
        (35, actor(Role.REVIEWER), ReviewPass()),
        (40, actor(Role.CALLBACK_AGENT), rated),
    ):
        story.act(by, act, MONDAY_MORNING + minutes * MINUTE)
    assert story.state.state is State.CLOSED
    return story


def refused_code(story: Simulation, act: Reopen, at: datetime, by: Actor = AGENT) -> str:
    with pytest.raises(Refused) as refusal:
        story.act(by, act, at)
    return refusal.value.code


def test_reopening_is_a_new_cycle_at_half_the_time_with_the_same_unit_watched_one_level_higher() -> None:
    story = closed()
    at = MONDAY_MORNING + 5 * DAY
    story.act(AGENT, AGAIN, at)
    state = story.state
    assert (state.state, state.cycle, state.light) == (State.PENDING_SIGN, 2, Light.GREEN)
    assert (state.ended_at, state.ended_how, state.reply, state.rating) == (None, None, None, None)
    assert story.facts(Reopened) == [Reopened(ReopenCause.DISSATISFIED, AGAIN.reason, 50, State.PENDING_SIGN)]
    leg = story.facts(LegDispatched)[-1]
    assert (leg.leg, leg.unit, leg.attempt, leg.percent) == ("2", state.legs[0].unit, 2, 50)
    assert story.facts(Supervised)[-1].body is Body.COMMUNITY
    total = state.clock(ClockKind.TOTAL)
    assert total is not None
    assert threshold(total, 100, state.calendar) == at + timedelta(hours=4)
    assert next(event for event in story.timeline if isinstance(event.what, Reopened)).at == at


def test_the_cumulative_clock_counts_all_cycles_and_nothing_between_them() -> None:
    story = closed()
    assert cumulative(story.state, MONDAY_MORNING + DAY).used == 30 * MINUTE
    at = MONDAY_MORNING + 5 * DAY
    story.act(AGENT, AGAIN, at)
    later = cumulative(story.state, at + 10 * MINUTE)
    assert (later.used, later.cycles, later.working) == (40 * MINUTE, 2, False)


def test_a_request_is_reopened_as_often_as_its_caller_has_reason() -> None:
    story = closed()
    for cycle in (2, 3, 4):
        at = story.state.as_of + DAY
        story.act(AGENT, AGAIN, at)
        assert story.state.cycle == cycle
        grid, leg = handler(Level.GRID), str(cycle)
        story.act(grid, Sign(leg), at + MINUTE)
        story.act(grid, SubmitReply(leg, "solved", "mended"), at + 2 * MINUTE)
        story.act(actor(Role.REVIEWER), ReviewPass(), at + 3 * MINUTE)
        story.act(actor(Role.CALLBACK_AGENT), Callback(contacted=True, satisfied=True), at + 4 * MINUTE)
    assert story.state.state is State.CLOSED
    totals = [clock for clock in story.state.clocks if clock.kind is ClockKind.TOTAL]
    assert [clock.percent for clock in totals] == [100, 50, 50, 50]
    assert not any(clock.is_running for clock in story.state.clocks)


def test_the_window_is_open_to_its_last_instant_and_closed_after_it() -> None:
    story = closed()
    until = reopening_ends(story.state)
    assert until is not None
    assert until >= MONDAY_MORNING + 30 * DAY
    assert refused_code(closed(), AGAIN, until + timedelta(seconds=1)) == "appeal_window_over"
    story.act(AGENT, AGAIN, until)
    assert story.state.state is State.PENDING_SIGN


def test_who_comes_too_late_is_told_to_register_a_repeat() -> None:
    with pytest.raises(Refused) as refusal:
        closed().act(AGENT, AGAIN, MONDAY_MORNING + 40 * DAY)
    assert refusal.value.expected == "a new registration with repeat_of 20260302-0000001"


def test_every_other_command_to_an_ended_request_is_told_the_way_back_and_its_last_day() -> None:
    with pytest.raises(Refused) as refusal:
        closed().act(actor(Role.REVIEWER), ReviewPass(), MONDAY_MORNING + DAY)
    assert refusal.value.code == "request_ended"
    assert refusal.value.expected.startswith("a reopening (reopen) until 2026-04-01T")
    assert "+08:00" in refusal.value.expected


def test_archived_is_what_the_time_makes_of_an_end() -> None:
    story = closed()
    state = story.state
    until = reopening_ends(state)
    assert until is not None
    assert standing(state, until) == State.CLOSED
    assert standing(state, until + timedelta(seconds=1)) == ARCHIVED
    promised = replace(state, commitment_due=until + 90 * DAY)
    assert standing(promised, until + DAY) == State.CLOSED
    assert standing(promised, until + 91 * DAY) == ARCHIVED
    opened = Simulation.of(intake())
    assert standing(opened.state, MONDAY_MORNING + 90 * DAY) == State.PENDING_DISPATCH


def test_a_voided_request_has_no_way_back() -> None:
    assert State.VOIDED not in REOPENABLE
    voided = replace(closed().state, state=State.VOIDED)
    assert reopening_ends(voided) is None
    assert standing(voided, MONDAY_MORNING + DAY) == ARCHIVED
    with pytest.raises(Refused) as refusal:
        decide(voided, Order("k", AGENT, AGAIN), MONDAY_MORNING + DAY)
    assert (refusal.value.code, refusal.value.expected) == ("request_ended", "a new request")


def test_people_give_the_causes_of_people_and_the_system_keeps_no_window() -> None:
    for cause in (ReopenCause.PARENT_GONE, ReopenCause.COMMITMENT):
        act = replace(AGAIN, cause=cause)
        assert refused_code(closed(), act, MONDAY_MORNING + DAY) == "cause_not_allowed"
    assert refused_code(closed(), replace(AGAIN, reason=" "), MONDAY_MORNING + DAY) == "text_missing"
    assert refused_code(closed(), COMMITMENT, MONDAY_MORNING + DAY, SYSTEM) == "no_commitment"


def withdrawn_at(*acts: tuple[Actor, Act]) -> Simulation:
    story = Simulation.of(intake())
    for place, (by, act) in enumerate(acts, start=1):
        story.act(by, act, MONDAY_MORNING + place * MINUTE)
    story.act(CITIZEN_ACTOR, Withdraw(), MONDAY_MORNING + 3 * MINUTE)
    return story


def test_whoever_had_no_answer_has_the_whole_limit_again() -> None:
    story = withdrawn_at((actor(Role.DISPATCHER), Dispatch()))
    story.act(AGENT, replace(AGAIN, cause=ReopenCause.WRONGLY_ENDED), MONDAY_MORNING + DAY)
    assert [fact.percent for fact in story.facts(LegDispatched)] == [100, 100]
    assert not story.facts(Supervised)


def test_what_was_never_dispatched_waits_for_its_dispatcher_again() -> None:
    story = withdrawn_at()
    at = MONDAY_MORNING + DAY
    story.act(AGENT, AGAIN, at)
    assert story.state.state is State.PENDING_DISPATCH
    dispatch = story.state.clock(ClockKind.DISPATCH)
    assert dispatch is not None
    assert dispatch.is_running
    story.wait_until(at + 10 * MINUTE)
    assert [fact.cause for fact in story.facts(LegDispatched)] == ["dispatched"]


def test_what_dispatches_itself_does_so_again() -> None:
    chosen = policy(auto_dispatch=True)
    story = Simulation.of(intake(policy=chosen, missing=(Level.GRID,)))
    taken = replace(story.state.legs[0], end=LegEnd.RETURNED)
    story.act(CITIZEN_ACTOR, Withdraw(), MONDAY_MORNING + MINUTE)
    story.state = replace(story.state, legs=(taken,))
    story.act(AGENT, AGAIN, MONDAY_MORNING + DAY)
    assert story.state.state is State.PENDING_SIGN
    assert [fact.unit.level for fact in story.facts(LegDispatched)] == [Level.COMMUNITY, Level.COMMUNITY]
    assert len(story.facts(AlarmRaised)) == 2


@pytest.mark.parametrize("end", [LegEnd.RETURNED, LegEnd.REASSIGNED, LegEnd.RULED_AWAY, LegEnd.NOT_ADMITTED])
def test_a_unit_whose_leg_was_taken_away_does_not_get_it_back(end: LegEnd) -> None:
    story = withdrawn_at((actor(Role.DISPATCHER), Dispatch()))
    story.state = replace(story.state, legs=(replace(story.state.legs[0], end=end),))
    story.act(AGENT, AGAIN, MONDAY_MORNING + DAY)
    assert story.state.state is State.PENDING_DISPATCH


@pytest.mark.parametrize(
    ("by", "act", "ended"),
    [
        (AGENT, AnswerDirectly("K-1", "The office opens at nine."), State.ANSWERED_DIRECTLY),
        (actor(Role.DUTY_LEADER), Reject("outside_area", "call Foshan"), State.NOT_ACCEPTED),
    ],
)
def test_what_was_never_accepted_is_judged_again(by: Actor, act: Act, ended: State) -> None:
    story = Simulation.of(unclassified())
    story.act(by, act, MONDAY_MORNING + MINUTE)
    assert story.state.state is ended
    story.act(AGENT, AGAIN, MONDAY_MORNING + DAY)
    assert story.state.state is State.REGISTERED
    registration = story.state.clock(ClockKind.REGISTRATION)
    assert registration is not None
    assert registration.started_at == MONDAY_MORNING + DAY
    story.wait_until(MONDAY_MORNING + DAY + 31 * MINUTE)
    assert story.facts(AlarmRaised)[-1].what == "not_judged"


def test_a_child_goes_on_alone_only_when_the_parent_it_follows_is_gone() -> None:
    story = Simulation.of(intake(number="20260302-0000002"))
    story.act(actor(Role.DISPATCHER), Merge("20260302-0000001", State.IN_PROGRESS), MONDAY_MORNING + MINUTE)
    gone = Reopen("gone", ReopenCause.PARENT_GONE, "20260302-0000001")
    other = replace(gone, parent="20260302-0000009")
    assert refused_code(story, other, MONDAY_MORNING + 2 * MINUTE, SYSTEM) == "other_parent"
    story.act(SYSTEM, gone, MONDAY_MORNING + 90 * DAY)
    assert (story.state.state, story.state.parent) == (State.PENDING_DISPATCH, None)
    state_of = story.state
    last = next(event for event in reversed(story.timeline) if isinstance(event.what, Reopened))
    assert errands_of(state_of, last) == ()


def test_a_child_reopened_by_a_person_is_let_go_by_its_parent() -> None:
    story = Simulation.of(intake(number="20260302-0000002"))
    story.act(actor(Role.DISPATCHER), Merge("20260302-0000001", State.IN_PROGRESS), MONDAY_MORNING + MINUTE)
    (event,) = story.act(AGENT, replace(AGAIN, cause=ReopenCause.WRONGLY_ENDED), MONDAY_MORNING + DAY)
    (errand,) = errands_of(story.state, event)
    assert (errand.number, errand.act.act) == ("20260302-0000001", "disown")


def put_off(state: RequestState, until: timedelta) -> tuple[RequestState, Event]:
    """The request as it stands once it was put off until a date."""
    fact = PutIntoBacklog("a1", "1", MONDAY_MORNING + until, "the road is rebuilt in autumn")
    event = Event(state.seq + 1, state.as_of + MINUTE, actor(Role.DUTY_LEADER), fact)
    return fold(state, (event,)), event


def in_progress() -> Simulation:
    story = Simulation.of(intake())
    story.act(actor(Role.DISPATCHER), Dispatch(), MONDAY_MORNING + MINUTE)
    story.act(handler(Level.GRID), Sign("1"), MONDAY_MORNING + 2 * MINUTE)
    return story


def test_a_commitment_asks_for_its_own_reopening_on_the_date() -> None:
    state, event = put_off(in_progress().state, 200 * DAY)
    assert state.state is State.CLOSED
    assert errands_of(state, event) == (
        Errand(
            "20260302-0000001:commitment:20260302-0000001:1",
            "20260302-0000001",
            Reopen("the date of the commitment has come", ReopenCause.COMMITMENT),
            MONDAY_MORNING + 200 * DAY,
            90 * DAY,
        ),
    )


def test_a_commitment_is_reviewed_while_it_is_ahead_and_changes_nothing() -> None:
    story = in_progress()
    story.state, event = put_off(story.state, 200 * DAY)
    (errand,) = errands_of(story.state, event)
    reminder = reminder_of(errand, 2)
    assert (reminder.key, reminder.at) == (f"{errand.key}:reminder:2", None)
    before = story.state
    (reminded,) = story.act(SYSTEM, reminder.act, MONDAY_MORNING + 90 * DAY)
    assert reminded.what == AlarmRaised("commitment_to_review", "duty_leader", "promised for 2026-09-18")
    assert replace(story.state, seq=before.seq, as_of=before.as_of) == before


def test_on_the_date_the_next_level_above_takes_over_with_the_whole_limit() -> None:
    story = in_progress()
    story.state, _ = put_off(story.state, 200 * DAY)
    story.act(SYSTEM, COMMITMENT, MONDAY_MORNING + 200 * DAY)
    leg = story.facts(LegDispatched)[-1]
    assert (leg.unit.level, leg.cause, leg.percent) == (Level.COMMUNITY, "reopened", 100)
    assert story.state.commitment_due is None
    assert refused_code(story, COMMITMENT, MONDAY_MORNING + 201 * DAY, SYSTEM) == "not_possible_now"


def test_at_the_top_of_the_ladder_the_same_unit_keeps_its_word() -> None:
    story = in_progress()
    for place, level in enumerate((Level.GRID, Level.COMMUNITY, Level.TOWN), start=1):
        at = MONDAY_MORNING + (2 + 2 * place) * MINUTE
        story.act(handler(level), HandUp("beyond us"), at)
        assert story.state.lead is not None
        story.act(handler(story.state.lead.level), Sign(str(place + 1)), at + MINUTE)
    story.state, _ = put_off(story.state, 200 * DAY)
    story.act(SYSTEM, COMMITMENT, MONDAY_MORNING + 200 * DAY)
    assert story.facts(LegDispatched)[-1].unit.level is Level.DISTRICT


def test_the_citizen_is_told_why_it_goes_on() -> None:
    story = closed(common=common(redo_percent=40))
    events = story.act(AGENT, AGAIN, MONDAY_MORNING + DAY)
    words = [notice for event in events for notice in notices_of(story.state, event)]
    to_citizen = [notice.text_en for notice in words if notice.recipient == CITIZEN]
    assert to_citizen == ["Request 20260302-0000001: opened again: the answer did not satisfy"]
    assert story.facts(Reopened)[-1].percent == 40
