"""A running request under another policy: the same clocks read anew, and nothing taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.commands import Dispatch, FirstContact, HandUp, MovePolicy, Redo, ReviewPass, Sign, SubmitReply
from domain.events import DeadlineFired, LegDispatched, PolicyMoved, Supervised
from domain.levels import Level
from domain.limits.clock import ClockKind, extend, pause, threshold
from domain.limits.deadlines import pending
from domain.limits.explain import explain
from domain.limits.policy import ClockMode, Policy, Thresholds, Urgency
from domain.limits.policy_moves import moved
from domain.refusals import Refused
from domain.request import Light, PolicySnapshot, RequestState, State
from domain.simulator import Simulation, replayed
from domain.summary import summarize
from domain.time.durations import Duration
from domain.units import Role
from tests.support.builders import MONDAY_MORNING, UNITS, actor, handler, intake, ladder, policy

LEADER = actor(Role.DUTY_LEADER)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def version(number: int = 2, **changes: Any) -> PolicySnapshot:
    """Another version of the builders' policy, with its ladder."""
    changed = policy(version=number, **changes)
    return PolicySnapshot(changed, ladder(of=changed))


def in_office_time(**changes: Any) -> Policy:
    """A matter counted in working time."""
    chosen: dict[str, Any] = {
        "clock": ClockMode.WORKING,
        "urgency": Urgency.NORMAL,
        "dispatch": "1wh",
        "sign": "2wh",
        "first_contact": "4wh",
        "total": "5wd",
        "dwell": {"grid": "1wd", "community": "1wd", "town": "1wd", "district": "1wd"},
    }
    return policy(**{**chosen, **changes})


def begun(**changes: Any) -> Simulation:
    """A request that the grid has signed for a quarter of an hour after the call."""
    story = Simulation.of(intake(**changes))
    story.act(actor(Role.DISPATCHER), Dispatch(), MONDAY_MORNING + MINUTE)
    story.act(handler(Level.GRID), Sign("1"), MONDAY_MORNING + 2 * MINUTE)
    story.act(handler(Level.GRID), FirstContact("1", "call 8"), MONDAY_MORNING + 3 * MINUTE)
    return story


def move(story: Simulation, snapshot: PolicySnapshot, after: timedelta) -> None:
    story.act(LEADER, MovePolicy(snapshot, "as the city ordered"), MONDAY_MORNING + after)


def total_marks(story: Simulation) -> list[int]:
    return [fact.percent for fact in story.facts(DeadlineFired) if fact.clock is ClockKind.TOTAL]


LIVES = st.lists(
    st.sampled_from(["sign", "wait", "hand_up", "reply", "pass", "redo", "dispatch"]), max_size=9
)


@given(LIVES, st.sampled_from([policy(), policy(total="9h"), in_office_time()]), st.integers(1, 2000))
def test_under_the_same_promise_nothing_moves(steps: list[str], chosen: Policy, minutes: int) -> None:
    """Whatever happened before, and however often it is read anew."""
    state = _lived(steps, chosen, minutes)
    assert state.snapshot is not None
    assert moved(state, state.snapshot, state.as_of + HOUR) == state
    renamed = replace(state.snapshot, policy=replace(state.snapshot.policy, version=7))
    assert moved(state, renamed, state.as_of + HOUR).clocks == state.clocks


@given(LIVES, st.integers(1, 2000), st.sampled_from(["4h", "8h", "3d"]), st.sampled_from(["30min", "5h"]))
def test_there_and_back_again_every_limit_is_the_old_one(
    steps: list[str], minutes: int, total: str, district: str
) -> None:
    state = _lived(steps, policy(), minutes)
    assert state.snapshot is not None
    other = version(
        total=total, dwell={"grid": "20min", "community": "2h", "town": "2h", "district": district}
    )
    back = moved(moved(state, other, state.as_of + MINUTE), state.snapshot, state.as_of + HOUR)
    assert [replace(clock, live_since=None) for clock in back.clocks] == [
        replace(clock, live_since=None) for clock in state.clocks
    ]


@given(LIVES, st.integers(1, 2000), st.sampled_from(["4h", "9h", "3d"]))
def test_what_fired_never_lies_ahead_again(steps: list[str], minutes: int, total: str) -> None:
    state = _lived(steps, policy(), minutes)
    after = moved(state, version(total=total), state.as_of + MINUTE)
    fired = {(clock.kind, clock.leg, clock.started_at): set(clock.fired) for clock in state.clocks}
    for deadline in pending(after):
        clock = deadline.clock
        assert deadline.percent not in fired[clock.kind, clock.leg, clock.started_at]


def _lived(steps: list[str], chosen: Policy, minutes: int) -> RequestState:
    story, at = Simulation.of(intake(policy=chosen)), MONDAY_MORNING
    for step in steps:
        at += timedelta(minutes=minutes)
        story.wait_until(at)
        lead = story.state.lead
        unit = handler(lead.level) if lead else LEADER
        act = {
            "dispatch": (actor(Role.DISPATCHER), Dispatch()),
            "sign": (unit, Sign(lead.id if lead else "")),
            "hand_up": (unit, HandUp("too hard")),
            "reply": (unit, SubmitReply(lead.id if lead else "", "solved", "done")),
            "pass": (actor(Role.REVIEWER), ReviewPass()),
            "redo": (actor(Role.REVIEWER, person="another"), Redo("poor")),
        }.get(step)
        if act is None:
            continue
        try:
            story.act(*act, at)
        except Refused:
            continue
    if story.state.state.is_terminal:
        return Simulation.of(intake(policy=chosen)).state
    return story.state


def test_a_shorter_total_counts_from_the_call_and_not_from_the_move() -> None:
    story = begun()
    move(story, version(total="6h", dwell={"grid": "5h"}), 30 * MINUTE)
    assert summarize(story.state).total_due_at == MONDAY_MORNING + 6 * HOUR
    story.wait_until(MONDAY_MORNING + 7 * HOUR)
    assert total_marks(story) == [70, 90, 100]
    assert replayed(story.state.intake, story.timeline) == story.state


def test_a_longer_total_takes_back_neither_reminder_nor_light() -> None:
    story = begun(policy=policy(total="8h", dwell={"grid": "8h"}))
    story.wait_until(MONDAY_MORNING + 6 * HOUR)
    assert (total_marks(story), story.state.light) == ([70], Light.YELLOW)
    move(story, version(total="20h", dwell={"grid": "8h"}), 6 * HOUR)
    assert (story.state.light, summarize(story.state).total_due_at) == (
        Light.YELLOW,
        MONDAY_MORNING + 20 * HOUR,
    )
    story.wait_until(MONDAY_MORNING + 21 * HOUR)
    assert total_marks(story) == [70, 90, 100]


def test_a_limit_that_lies_in_the_past_fires_at_once_and_is_not_late() -> None:
    story = begun(policy=policy(dwell={"grid": "8h"}))
    move(story, version(total="2h", dwell={"grid": "2h"}), 3 * HOUR)
    story.wait_until(MONDAY_MORNING + 3 * HOUR)
    fired = [fact for fact in story.facts(DeadlineFired) if fact.clock is ClockKind.TOTAL]
    assert [fact.percent for fact in fired] == [70, 90, 100, 150]
    assert {fact.lateness_seconds for fact in fired} == {0.0}
    assert story.state.light is Light.RED


def test_a_card_fires_once_wherever_its_mark_is_moved() -> None:
    marks = Thresholds(reminders=(60, 80), yellow_card=90, red_card=170, black_list=200)
    story = begun(policy=policy(dwell={"grid": "8h"}))
    story.wait_until(MONDAY_MORNING + 8 * HOUR)
    move(story, version(dwell={"grid": "8h"}, thresholds=marks), 8 * HOUR + MINUTE)
    total = story.state.clock(ClockKind.TOTAL)
    assert total is not None
    assert total.fired == (60, 80, 90)
    story.wait_until(MONDAY_MORNING + 14 * HOUR)
    assert total_marks(story) == [70, 90, 100, 170]


def test_a_card_of_the_new_policy_is_not_swallowed_by_an_old_reminder() -> None:
    story = begun(policy=policy(dwell={"grid": "8h"}))
    story.wait_until(MONDAY_MORNING + 7 * HOUR + 30 * MINUTE)
    assert total_marks(story) == [70, 90]
    marks = Thresholds(reminders=(50, 70), yellow_card=90, red_card=150, black_list=200)
    move(story, version(dwell={"grid": "8h"}, thresholds=marks), 7 * HOUR + 31 * MINUTE)
    story.wait_until(MONDAY_MORNING + 7 * HOUR + 31 * MINUTE)
    assert [fact.cause for fact in story.facts(Supervised)] == ["total"]


def test_the_unit_stays_and_the_rungs_above_are_the_new_ones() -> None:
    story = begun(policy=policy(dwell={"grid": "1h", "community": "1h", "district": "4h"}))
    move(story, version(dwell={"grid": "2h", "town": "2h", "district": "4h"}), 30 * MINUTE)
    assert story.state.lead is not None
    assert story.state.lead.unit == UNITS[Level.GRID]
    story.wait_until(MONDAY_MORNING + 4 * HOUR)
    assert [fact.unit.level for fact in story.facts(LegDispatched)] == [Level.GRID, Level.TOWN]
    assert story.instants(LegDispatched)[-1] == MONDAY_MORNING + MINUTE + 2 * HOUR


def test_a_level_that_the_new_policy_skips_keeps_its_limit() -> None:
    story = begun()
    move(story, version(dwell={"town": "2h", "district": "4h"}), 30 * MINUTE)
    story.wait_until(MONDAY_MORNING + 2 * HOUR)
    assert [fact.unit.level for fact in story.facts(LegDispatched)] == [Level.GRID, Level.TOWN]
    assert story.instants(LegDispatched)[-1] == MONDAY_MORNING + MINUTE + HOUR


def test_pauses_and_extensions_are_kept() -> None:
    state = begun().state
    total = state.clock(ClockKind.TOTAL)
    assert total is not None
    longer = extend(total, Duration.parse("2h"), MONDAY_MORNING + HOUR, state.calendar)
    paused = pause(longer, MONDAY_MORNING + HOUR)
    suspended = replace(
        state,
        state=State.SUSPENDED,
        clocks=tuple(paused if clock == total else clock for clock in state.clocks),
    )
    after = moved(suspended, version(total="4h"), MONDAY_MORNING + 3 * HOUR).clock(ClockKind.TOTAL)
    assert after is not None
    assert (after.amount, after.segments) == (6 * HOUR, paused.segments)
    assert threshold(after, 100, state.calendar) is None


def test_an_extension_keeps_its_stretch_when_working_time_becomes_wall_time() -> None:
    state = begun(policy=in_office_time(total="1wd", dwell={"grid": "1wd"})).state
    total = state.clock(ClockKind.TOTAL)
    assert total is not None
    # Due Tuesday 18:00, extended by one office day to Wednesday 18:00.
    longer = extend(total, Duration.parse("1wd"), MONDAY_MORNING, state.calendar)
    extended = replace(state, clocks=tuple(longer if clock == total else clock for clock in state.clocks))
    after = moved(extended, version(total="8h"), MONDAY_MORNING + HOUR).clock(ClockKind.TOTAL)
    assert after is not None
    assert (after.working, after.amount) == (False, timedelta(hours=32))


def test_a_redo_keeps_its_share_of_the_limit() -> None:
    story = begun(policy=policy(dwell={"grid": "8h"}))
    at = MONDAY_MORNING + HOUR
    story.act(handler(Level.GRID), SubmitReply("1", "solved", "done"), at)
    story.act(actor(Role.REVIEWER), ReviewPass(), at + MINUTE)
    story.act(LEADER, Redo("poor"), at + 2 * MINUTE)
    first, second = (clock for clock in story.state.clocks if clock.kind is ClockKind.TOTAL)
    move(story, version(total="4h", dwell={"grid": "8h"}), HOUR + 3 * MINUTE)
    kept, moved_clock = (clock for clock in story.state.clocks if clock.kind is ClockKind.TOTAL)
    assert kept == first
    assert (second.amount, moved_clock.amount) == (4 * HOUR, 2 * HOUR)


def test_the_fact_says_from_where_to_where_and_why() -> None:
    story = begun()
    move(story, version(3, code="P-SURGE", total="6h"), 30 * MINUTE)
    (fact,) = story.facts(PolicyMoved)
    assert (fact.from_policy, fact.from_version, fact.policy, fact.version, fact.reason) == (
        "P-TEST", 1, "P-SURGE", 3, "as the city ordered",
    )  # fmt: skip
    row = summarize(story.state)
    assert (row.policy, row.policy_version) == ("P-SURGE", 3)


def test_a_clock_that_ended_before_is_explained_by_the_policy_of_its_time() -> None:
    story = begun()
    move(story, version(sign="5min", total="6h"), 30 * MINUTE)
    rules = {clock.clock: clock.rule for clock in explain(story.state, MONDAY_MORNING + HOUR)}
    assert rules["sign"] == "an earlier policy of the request, sign = 10min"
    assert rules["total"] == "policy P-TEST version 2, total = 6h"


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (MovePolicy(PolicySnapshot(policy(), ladder()), "why"), "policy_unchanged"),
        (MovePolicy(version(), "why", seen=("P-TEST", 3)), "changed_meanwhile"),
        (MovePolicy(version(), "  "), "text_missing"),
        (MovePolicy(version(total="200000d"), "why"), "beyond_horizon"),
    ],
)
def test_what_cannot_be_counted_or_says_nothing_is_refused(act: MovePolicy, code: str) -> None:
    story = begun()
    before = story.state
    with pytest.raises(Refused) as refusal:
        story.act(LEADER, act, MONDAY_MORNING + 10 * MINUTE)
    assert (refusal.value.code, story.state) == (code, before)
