"""Promises: what moves a deadline, what never does, and what a policy must say."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cities.faults import PackFaults
from cities.pack import load_pack
from domain.commands import Act, Attach, Comment, Dispatch, Instruct, MovePolicy, Sign, Urge
from domain.events import PolicyMoved
from domain.exceptions.applications import ExceptionKind
from domain.levels import Level
from domain.limits.clock import ClockKind, threshold
from domain.limits.deadlines import pending
from domain.request import Intake, PolicySnapshot, RequestState, State
from domain.simulator import Simulation
from domain.summary import summarize
from domain.time.durations import Duration
from domain.units import Actor, Role
from tests.api.conftest import City
from tests.cities.breaking import thin_copy
from tests.domain.test_pack_climb import POLICIES as CITY_POLICIES
from tests.domain.test_pack_climb import climb, intake_under, pack
from tests.support.builders import MONDAY_MORNING, PHOTO, actor, handler, intake, ladder, policy
from tests.support.courses import DISPATCHER, Course, of, working

TALK: list[tuple[Actor, Callable[[int], Act]]] = [
    (actor(Role.CITIZEN), lambda turn: Comment("is anybody there?")),
    (handler(Level.GRID), lambda turn: Comment("we are")),
    (actor(Role.AGENT), lambda turn: Attach(replace(PHOTO, sha256=f"{turn:064}"))),
    (actor(Role.DISPATCHER), lambda turn: Urge("please")),
    (actor(Role.DUTY_LEADER), lambda turn: Instruct("settle it today")),
]


def deadlines(state: RequestState) -> list[tuple[ClockKind, int, object]]:
    """Every threshold ahead, with its instant."""
    return [(deadline.clock.kind, deadline.percent, deadline.due_at) for deadline in pending(state)]


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(TALK), st.integers(0, 3_000)), max_size=12), st.booleans())
def test_pain_03_however_much_is_said_about_a_request_its_deadlines_stay(
    said: list[tuple[tuple[Actor, Callable[[int], Act]], int]], in_office_time: bool
) -> None:
    """Peer systems count from the last modification, and every comment, view or photograph modifies."""
    chosen = working() if in_office_time else policy()
    talked_about, left_alone = _signed(intake(policy=chosen)), _signed(intake(policy=chosen))
    now = MONDAY_MORNING + timedelta(minutes=3)
    for turn, ((by, act), seconds) in enumerate(said):
        now += timedelta(seconds=seconds)
        talked_about.act(by, act(turn), now)
        left_alone.wait_until(now)
        assert deadlines(talked_about.state) == deadlines(left_alone.state)
        assert summarize(talked_about.state).total_due_at == summarize(left_alone.state).total_due_at


def _signed(begun: Intake) -> Simulation:
    story = Simulation.of(begun)
    story.act(actor(Role.DISPATCHER), Dispatch(), MONDAY_MORNING + timedelta(minutes=1))
    lead = story.state.lead
    assert lead is not None
    story.act(of(lead.unit), Sign("1"), MONDAY_MORNING + timedelta(minutes=2))
    return story


@pytest.mark.parametrize("limit", ["dispatch", "sign", "first_contact", "total", "review", "callback_within"])
def test_pain_06_a_policy_with_a_gap_stops_the_start_and_is_named(tmp_path: Path, limit: str) -> None:
    """Peer systems start without a limit, count five days by a hidden default, or silently escalate nothing."""
    copy = thin_copy(tmp_path)
    file = copy / "policies.json"
    written = json.loads(file.read_text(encoding="utf-8"))
    del (written["common"] if limit in written["common"] else written["policies"][3])[limit]
    file.write_text(json.dumps(written, ensure_ascii=False), encoding="utf-8")
    with pytest.raises(PackFaults) as refused:
        load_pack(str(copy))
    assert limit in str(refused.value)


@pytest.mark.parametrize("code", CITY_POLICIES)
def test_pain_06_a_canary_under_each_policy_of_the_city_reaches_its_end_by_itself(code: str) -> None:
    """As above: what is configured and never does anything looks like calm."""
    canary = climb(code)
    assert {ClockKind.DWELL, ClockKind.TOTAL} <= {fact.clock for fact in canary.fired}
    assert {fact.cause for fact in canary.supervised} >= {"total"}


def test_pain_12_a_new_policy_reads_the_same_pauses_again() -> None:
    """Peer systems forget the pauses of a case when its policy changes, and it is late at one stroke."""
    course = Course.of(working()).dispatched().signed()
    lead = course.state.lead
    assert lead is not None
    course.asks(of(lead.unit), ExceptionKind.SUSPENSION, reason="site_inaccessible")
    course.rules(DISPATCHER, granted=True)
    course.wait(timedelta(days=10))
    assert course.state.state is State.IN_PROGRESS
    before = _total_due(course.state)
    paused = before - _total_due(Course.of(working()).state)
    assert paused > timedelta(days=2)
    shorter = replace(working(), version=2, total=Duration.parse("15wd"))
    course.act(
        actor(Role.DUTY_LEADER), MovePolicy(PolicySnapshot(shorter, ladder(of=shorter)), "a shorter promise")
    )
    assert len(course.story.facts(PolicyMoved)) == 1
    calendar, begun = course.state.calendar, course.state.intake.received_at
    five_days_less = calendar.working_between(_total_due(course.state), before)
    assert five_days_less == 5 * calendar.office_day
    assert _total_due(course.state) > calendar.due(begun, Duration.parse("15wd")).at + timedelta(days=2)


def _total_due(state: RequestState) -> datetime:
    total = state.clock(ClockKind.TOTAL)
    assert total is not None
    due = threshold(total, 100, state.calendar)
    assert due is not None
    return due


async def test_pain_18_publishing_a_policy_moves_no_running_deadline(running_city: City) -> None:
    """Peer systems rewrite every open case when somebody edits a limit, by day and under load."""
    number = (await running_city.begun())["number"]
    path = f"/v1/requests/{number}"
    before = (await running_city.get("operator", path)).json()
    shown = (await running_city.get("operator", f"/v1/policies/{before['policy']}")).json()["items"][0][
        "policy"
    ]
    assert (
        await running_city.post("operator", "/v1/policies", {"policy": {**shown, "sign": "1wh"}})
    ).status_code == 201
    after = (await running_city.get("operator", path)).json()
    assert (after["seq"], after["clocks"], after["policy_version"]) == (
        before["seq"],
        before["clocks"],
        before["policy_version"],
    )


@pytest.mark.parametrize("code", CITY_POLICIES)
def test_pain_24_every_accepted_request_has_a_target_to_be_measured_by(code: str) -> None:
    """Peer systems count a case without a target as never late, which flatters the whole league table."""
    row = summarize(Simulation.of(intake_under(pack().policies[code])).state)
    assert row.total_due_at is not None
    assert row.next_due_at is not None
    total = next(field for field in fields(type(pack().policies[code])) if field.name == "total")
    assert "None" not in str(total.type)


async def test_pain_24_no_list_is_cut_off_in_silence(running_city: City) -> None:
    """As above: a list capped at fifty was taken for the whole of eleven hundred."""
    made = {(await running_city.begun())["number"] for _ in range(7)}
    seen, cursor = set[str](), None
    while True:
        path = "/v1/requests?limit=3" + (f"&cursor={cursor}" if cursor else "")
        page = (await running_city.get("operator", path)).json()
        seen |= {item["number"] for item in page["items"]}
        cursor = page["next_cursor"]
        if cursor is None:
            break
        assert len(page["items"]) == 3
    assert seen == made
