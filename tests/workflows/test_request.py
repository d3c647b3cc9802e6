"""The story on a real Temporal server, with limits of a second or two."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from activities.messages import LegAnswer
from domain.commands import (
    Callback,
    Dispatch,
    HandUp,
    Redo,
    Reject,
    ReviewBack,
    ReviewPass,
    SendDown,
    Sign,
    Urge,
    Withdraw,
)
from domain.events import DeadlineFired, ReplyRefused, StoryContinued
from domain.levels import Level
from domain.limits.policy import Urgency
from domain.refusals import Refused
from domain.units import Role
from tests.support.builders import UNITS, actor, handler, intake, policy, unclassified
from tests.support.numbers import fresh_number
from tests.workflows.desk import QUICK, SLOW, Desk, kinds, straight_to_callback
from workflows.client import NotAwaited, RequestClient, StoryEnded


async def test_the_straight_way_from_call_to_closure(desk: Desk) -> None:
    made = await desk.open()
    await straight_to_callback(desk, made.number)
    answer = await desk.do(
        made.number,
        actor(Role.CALLBACK_AGENT),
        Callback(contacted=True, truthful=True, solved=True, satisfied=True),
    )
    assert answer.state == "closed"
    ending = await desk.handle(made.number).result()
    assert ending["how"] == "rated"
    assert kinds(desk.records.timelines[made.number]) == [
        "registered",
        "accepted",
        "leg_dispatched",
        "leg_signed",
        "first_contacted",
        "reply_submitted",
        "review_passed",
        "callback_tried",
        "closed",
    ]
    assert desk.records.posted.count(f"{made.number}:1:posted:1") == 1


async def test_the_straight_way_is_short_in_history(desk: Desk) -> None:
    made = await desk.open()
    await straight_to_callback(desk, made.number, contact=False)
    await desk.do(
        made.number, actor(Role.CALLBACK_AGENT), Callback(contacted=True, solved=True, satisfied=True)
    )
    await desk.handle(made.number).result()
    history = await desk.handle(made.number).fetch_history()
    size = sum(event.ByteSize() for event in history.events)
    assert len(history.events) <= 60
    assert size <= 12_000


async def test_the_untouched_request_climbs_four_levels_by_itself_and_the_city_supervises(desk: Desk) -> None:
    made = await desk.open(policy(**QUICK))
    timeline = await desk.until(
        made.number,
        lambda timeline: any(e.what.kind == "supervised" and e.what.body == "city" for e in timeline),
        40,
    )
    held = [event.what.unit.level for event in timeline if event.what.kind == "leg_dispatched"]
    assert held == [Level.GRID, Level.COMMUNITY, Level.TOWN, Level.DISTRICT]
    fired = [
        (e.what.clock, e.what.leg, e.what.percent)
        for e in timeline
        if isinstance(e.what, DeadlineFired) and e.what.clock != "reminder"
    ]
    assert len(fired) == len(set(fired))
    await desk.do(made.number, actor(Role.CITIZEN), Withdraw())


async def test_a_critical_request_is_dispatched_without_a_dispatcher(desk: Desk) -> None:
    made = await desk.open(policy(urgency=Urgency.CRITICAL, auto_dispatch=True, **SLOW))
    await desk.until_kind(made.number, "leg_dispatched")
    await desk.do(made.number, actor(Role.CITIZEN), Withdraw())


async def test_a_refused_command_leaves_no_trace_in_history(desk: Desk) -> None:
    made = await desk.open()
    before = len((await desk.handle(made.number).fetch_history()).events)
    with pytest.raises(Refused) as refusal:
        await desk.do(made.number, actor(Role.REVIEWER), ReviewPass())
    assert refusal.value.code == "not_possible_now"
    assert refusal.value.expected == "one of: pending_review"
    kinds_after = [event.event_type for event in (await desk.handle(made.number).fetch_history()).events]
    assert len(kinds_after) <= before + 3
    await desk.do(made.number, actor(Role.CITIZEN), Withdraw())


async def test_the_same_key_gets_the_first_answer_and_acts_once(desk: Desk) -> None:
    made = await desk.open()
    await desk.do(made.number, actor(Role.DISPATCHER), Dispatch())
    answers = await asyncio.gather(
        *(desk.do(made.number, actor(Role.SUPERVISOR), Urge(), key=f"{made.number}-u") for _ in range(5))
    )
    assert len({answer.seq for answer in answers}) == 1
    assert kinds(desk.records.timelines[made.number]).count("urged") == 1
    await desk.do(made.number, actor(Role.CITIZEN), Withdraw())


async def test_two_people_at_the_same_moment_one_wins_and_the_other_is_refused(desk: Desk) -> None:
    made = await desk.open()
    results = await asyncio.gather(
        desk.do(made.number, actor(Role.DISPATCHER, person="one"), Dispatch()),
        desk.do(made.number, actor(Role.DISPATCHER, person="two"), Dispatch()),
        return_exceptions=True,
    )
    assert sorted(type(result).__name__ for result in results) == ["Answer", "Refused"]
    assert kinds(desk.records.timelines[made.number]).count("leg_dispatched") == 1
    await desk.do(made.number, actor(Role.CITIZEN), Withdraw())


async def test_sent_back_the_unit_is_awaited_again_under_its_next_id(desk: Desk) -> None:
    made = await desk.open()
    await desk.do(made.number, actor(Role.DISPATCHER), Dispatch())
    await desk.do(made.number, handler(Level.GRID), Sign("1"))
    await desk.reply(made.number, Level.GRID, "1")
    await desk.until_kind(made.number, "reply_submitted")
    await desk.do(made.number, actor(Role.REVIEWER), ReviewBack("no photograph"))
    with pytest.raises(NotAwaited):
        await desk.requests.complete_leg(
            made.number, "1", 1, LegAnswer("late", "", handler(Level.GRID), "solved", "x")
        )
    await desk.reply(made.number, Level.GRID, "1", awaits=2)
    await desk.until_kind(made.number, "reply_submitted", times=2)
    await desk.do(made.number, actor(Role.CITIZEN), Withdraw())


async def test_an_answer_that_lost_a_race_is_recorded_and_awaited_again(desk: Desk) -> None:
    made = await desk.open()
    await desk.do(made.number, actor(Role.DISPATCHER), Dispatch())
    await desk.reply(made.number, Level.GRID, "1")
    timeline = await desk.until_kind(made.number, "reply_refused")
    refused = next(event.what for event in timeline if isinstance(event.what, ReplyRefused))
    assert refused.code == "not_signed"
    await desk.do(made.number, handler(Level.GRID), Sign("1"))
    await desk.reply(made.number, Level.GRID, "1", awaits=2, outcome="partly_solved")
    await desk.until_kind(made.number, "reply_submitted")
    await desk.do(made.number, actor(Role.CITIZEN), Withdraw())


async def test_an_answer_kept_by_the_engine_counts_from_when_it_was_given(desk: Desk) -> None:
    made = await desk.open()
    await desk.do(made.number, actor(Role.DISPATCHER), Dispatch())
    signed = await desk.do(made.number, handler(Level.GRID), Sign("1"))
    given_at = desk.records.timelines[made.number][signed.seq - 1].at + timedelta(milliseconds=1)
    await asyncio.sleep(0.2)
    answer = LegAnswer("given", "", handler(Level.GRID), "solved", "gone", at=given_at)
    await desk.requests.complete_leg(made.number, "1", 1, answer)
    timeline = await desk.until_kind(made.number, "reply_submitted")
    assert timeline[-1].at == given_at
    await desk.do(made.number, actor(Role.CITIZEN), Withdraw())


async def test_another_body_under_a_used_key_is_refused_and_the_leg_is_awaited_again(desk: Desk) -> None:
    made = await desk.open()
    await desk.do(made.number, actor(Role.DISPATCHER), Dispatch())
    await desk.do(made.number, handler(Level.GRID), Sign("1"), key=f"{made.number}-used")
    stolen = LegAnswer(f"{made.number}-used", "another digest", handler(Level.GRID), "solved", "gone")
    await desk.requests.complete_leg(made.number, "1", 1, stolen)
    timeline = await desk.until_kind(made.number, "reply_refused")
    assert timeline[-1].what == ReplyRefused(
        "1", "idempotency_conflict", "this key came with another body before"
    )
    await desk.reply(made.number, Level.GRID, "1", awaits=2)
    await desk.until_kind(made.number, "reply_submitted")
    await desk.do(made.number, actor(Role.CITIZEN), Withdraw())


async def test_handing_up_and_sending_down_with_a_joint_answer(desk: Desk) -> None:
    made = await desk.open()
    await desk.do(made.number, actor(Role.DISPATCHER), Dispatch())
    await desk.do(made.number, handler(Level.GRID), Sign("1"))
    await desk.do(made.number, handler(Level.GRID), HandUp("needs the committee"))
    await desk.do(made.number, handler(Level.COMMUNITY), Sign("2"))
    await desk.reply(made.number, Level.GRID, "1")
    await desk.until_kind(made.number, "contributed")
    await desk.do(made.number, handler(Level.COMMUNITY), SendDown("a matter of the grid"))
    await desk.do(made.number, handler(Level.GRID), Sign("3"))
    await desk.reply(made.number, Level.GRID, "3")
    await desk.until_kind(made.number, "reply_submitted")
    await desk.do(made.number, actor(Role.CITIZEN), Withdraw())


async def test_a_redo_goes_through_a_second_cycle(desk: Desk) -> None:
    made = await desk.open()
    await straight_to_callback(desk, made.number)
    await desk.do(made.number, actor(Role.CALLBACK_AGENT), Redo("the caller asks again"))
    await desk.do(made.number, handler(Level.GRID), Sign("2"))
    await desk.reply(made.number, Level.GRID, "2")
    await desk.until_kind(made.number, "reply_submitted", times=2)
    await desk.do(made.number, actor(Role.REVIEWER), ReviewPass())
    answer = await desk.do(
        made.number, actor(Role.CALLBACK_AGENT), Callback(contacted=True, solved=True, satisfied=True)
    )
    assert answer.state == "closed"


async def test_an_unclear_call_is_not_accepted_when_the_leader_confirms(desk: Desk) -> None:
    number = fresh_number()
    await desk.requests.start(unclassified(number=number, received_at=datetime.now(UTC)))
    await desk.until_kind(number, "registered")
    await desk.do(number, actor(Role.AGENT), Reject("outside_area", "call Foshan"))
    answer = await desk.do(
        number, actor(Role.DUTY_LEADER, person="leader"), Reject("outside_area", "call Foshan")
    )
    assert answer.state == "not_accepted"
    with pytest.raises(StoryEnded):
        await desk.do(number, actor(Role.CITIZEN), Withdraw())


async def test_a_second_start_changes_nothing(desk: Desk) -> None:
    made = await desk.open()
    await desk.requests.start(made)
    await desk.do(made.number, actor(Role.CITIZEN), Withdraw())
    await desk.requests.start(made)
    assert kinds(desk.records.timelines[made.number]).count("registered") == 1


async def test_the_story_goes_on_in_new_runs_and_nothing_is_lost(desk: Desk) -> None:
    short = RequestClient(desk.client, desk.queue, continue_after=20)
    number = fresh_number()
    await short.start(intake(number=number, received_at=datetime.now(UTC), policy=policy(**SLOW)))
    await desk.until_kind(number, "accepted")
    await desk.do(number, actor(Role.DISPATCHER), Dispatch())
    await desk.do(number, handler(Level.GRID), Sign("1"))
    await asyncio.gather(
        *(desk.do(number, actor(Role.SUPERVISOR), Urge(), key=f"{number}-urge-{n}") for n in range(40))
    )
    timeline = await desk.until_kind(number, "urged", times=40)
    assert kinds(timeline).count("urged") == 40
    runs = [event.what.run for event in timeline if isinstance(event.what, StoryContinued)]
    assert runs == list(range(2, 2 + len(runs)))
    assert runs
    awaits = desk.records.rows[number].legs[0].awaits
    assert awaits == 1 + len(runs)
    await desk.reply(number, Level.GRID, "1", awaits=awaits)
    await desk.until_kind(number, "reply_submitted")
    assert desk.records.posted.count(f"{number}:1:posted:1") == 1
    await desk.do(number, actor(Role.CITIZEN), Withdraw())


async def test_the_request_is_readable_in_the_engines_own_tools(desk: Desk) -> None:
    made = await desk.open()
    await desk.do(made.number, actor(Role.DISPATCHER), Dispatch())
    await asyncio.sleep(0.3)
    shown = (await desk.handle(made.number).describe()).typed_search_attributes
    values = {pair.key.name: pair.value for pair in shown}
    assert values["HuyingState"] == "pending_sign"
    assert values["HuyingLevel"] == "grid"
    assert values["HuyingDistrict"] == UNITS[Level.GRID].area[:6]
    await desk.do(made.number, actor(Role.CITIZEN), Withdraw())
