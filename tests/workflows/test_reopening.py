"""What ended is opened again: new runs of ended stories on a real Temporal server."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from activities.messages import LegAnswer
from domain.commands import Callback, Reopen, ReviewPass, Sign, Urge, Withdraw
from domain.events import LegDispatched, Reopened, StoryContinued
from domain.levels import Level
from domain.limits.clock import ClockKind
from domain.refusals import Refused
from domain.request import State
from domain.units import Role
from tests.support.builders import actor, handler, policy
from tests.workflows.desk import SLOW, Desk, kinds, straight_to_callback
from workflows.client import NotAwaited, RequestClient, StoryEnded

CITIZEN, AGENT = actor(Role.CITIZEN), actor(Role.AGENT)
CALLER = actor(Role.CALLBACK_AGENT, person="caller")
SATISFIED = Callback(contacted=True, solved=True, satisfied=True)


async def closed(desk: Desk) -> str:
    """A request that was closed, and whose story has ended."""
    made = await desk.open()
    await straight_to_callback(desk, made.number)
    await desk.do(made.number, CALLER, SATISFIED)
    await desk.handle(made.number).result()
    return made.number


async def replied_again(desk: Desk, number: str, leg: str) -> None:
    """The unit of a further leg signs and replies, the reply passes, the caller is satisfied."""
    await desk.do(number, handler(Level.GRID), Sign(leg))
    await desk.reply(number, Level.GRID, leg)
    await desk.until_kind(number, "reply_submitted", int(leg))
    await desk.do(number, actor(Role.REVIEWER), ReviewPass())
    await desk.do(number, CALLER, SATISFIED)
    await desk.handle(number).result()


async def test_a_closed_request_is_opened_twice_and_goes_through_all_of_it_again(desk: Desk) -> None:
    number = await closed(desk)
    for cycle in (2, 3):
        answer = await desk.again(number, AGENT, Reopen("it is dark again"))
        assert answer.state == "pending_sign"
        assert desk.state(number).cycle == cycle
        await replied_again(desk, number, str(cycle))
    told = kinds(desk.records.timelines[number])
    assert told.count("reopened") == 2
    assert told.count("closed") == 3
    totals = [clock for clock in desk.state(number).clocks if clock.kind is ClockKind.TOTAL]
    assert [clock.percent for clock in totals] == [100, 50, 50]
    legs = [e.what for e in desk.records.timelines[number] if isinstance(e.what, LegDispatched)]
    assert [(leg.leg, leg.attempt, leg.cause) for leg in legs] == [
        ("1", 1, "dispatched"),
        ("2", 2, "reopened"),
        ("3", 3, "reopened"),
    ]


async def test_the_same_reopening_given_twice_opens_once(desk: Desk) -> None:
    number = await closed(desk)
    order = Reopen("it is dark again")
    first, second = await asyncio.gather(
        *(desk.again(number, AGENT, order, key=f"{number}-again") for _ in range(2))
    )
    assert first == second
    assert kinds(desk.records.timelines[number]).count("reopened") == 1
    await desk.do(number, CITIZEN, Withdraw())


async def test_of_two_people_who_reopen_at_one_moment_one_is_told_that_it_is_open(desk: Desk) -> None:
    number = await closed(desk)
    outcomes = await asyncio.gather(
        *(desk.again(number, actor(Role.AGENT, person=who), Reopen("dark")) for who in ("one", "two")),
        return_exceptions=True,
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Answer", "Refused"]
    refused = next(outcome for outcome in outcomes if isinstance(outcome, Refused))
    assert refused.code == "not_possible_now"
    await desk.do(number, CITIZEN, Withdraw())


async def test_after_the_window_no_run_is_started(desk: Desk) -> None:
    number = await closed(desk)
    desk.records.timelines[number] = [
        replace(event, at=event.at - timedelta(days=31)) for event in desk.records.timelines[number]
    ]
    with pytest.raises(Refused) as refusal:
        await desk.again(number, AGENT, Reopen("it is dark again"))
    assert refusal.value.code == "appeal_window_over"
    with pytest.raises(StoryEnded):
        await desk.do(number, AGENT, Reopen("it is dark again"))


async def test_a_reopened_story_shows_itself_in_the_engines_own_lists(desk: Desk) -> None:
    number = await closed(desk)
    await desk.again(number, AGENT, Reopen("it is dark again"))
    await asyncio.sleep(0.3)
    shown = (await desk.handle(number).describe()).typed_search_attributes
    values = {pair.key.name: pair.value for pair in shown}
    assert (values["HuyingState"], values["HuyingLevel"]) == ("pending_sign", "grid")
    await desk.do(number, CITIZEN, Withdraw())


async def test_a_reopened_story_that_grows_long_goes_on_in_new_runs_of_its_own(desk: Desk) -> None:
    short = RequestClient(desk.client, desk.queue, continue_after=25)
    quick = replace(desk, requests=short)
    number = await closed(quick)
    before = kinds(desk.records.timelines[number]).count("story_continued")
    await quick.again(number, AGENT, Reopen("it is dark again"))
    for n in range(12):
        await quick.do(number, actor(Role.SUPERVISOR), Urge(), key=f"{number}-urge-{n}")
        await asyncio.sleep(0.02)
    timeline = await quick.until(number, lambda told: kinds(told).count("story_continued") > before)
    assert any(isinstance(event.what, StoryContinued) for event in timeline)
    awaits = desk.records.rows[number].legs[-1].awaits
    assert awaits > 1
    await quick.do(number, CITIZEN, Withdraw())


async def test_a_withdrawn_request_is_judged_where_it_stood(desk: Desk) -> None:
    made = await desk.open(policy(**SLOW))
    await desk.do(made.number, CITIZEN, Withdraw())
    await desk.handle(made.number).result()
    answer = await desk.again(made.number, AGENT, Reopen("withdrawn by mistake"))
    assert answer.state == "pending_dispatch"
    fact = next(e.what for e in desk.records.timelines[made.number] if isinstance(e.what, Reopened))
    assert (fact.to, fact.percent) == (State.PENDING_DISPATCH, 100)
    await desk.do(made.number, CITIZEN, Withdraw())


async def test_an_answer_to_a_leg_of_the_cycle_before_finds_nobody(desk: Desk) -> None:
    number = await closed(desk)
    await desk.again(number, AGENT, Reopen("it is dark again"))
    late = LegAnswer(f"{number}-late", "", handler(Level.GRID), "solved", "x")
    with pytest.raises(NotAwaited):
        await desk.requests.complete_leg(number, "1", 1, late)
    await desk.do(number, CITIZEN, Withdraw())
