"""What requests of one family say to each other after an end: stories on a real Temporal server."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

from domain.commands import Answer, Callback, Merge, Reopen, Withdraw
from domain.refusals import Refused
from domain.request import ReopenCause, State
from domain.units import Role
from tests.support.builders import actor, intake, policy
from tests.support.numbers import fresh_number
from tests.workflows.desk import QUICK, SLOW, Desk, kinds, straight_to_callback
from workflows.client import RequestClient

AGENT, CITIZEN, DISPATCHER = actor(Role.AGENT), actor(Role.CITIZEN), actor(Role.DISPATCHER)
SATISFIED = Callback(contacted=True, solved=True, satisfied=True)


async def test_a_parent_that_has_ended_lets_go_of_a_child_that_was_opened_again(desk: Desk) -> None:
    parent, child = await desk.open(), await desk.open()
    await desk.do(child.number, DISPATCHER, Merge(parent.number, State.PENDING_DISPATCH))
    await desk.until_kind(parent.number, "adopted")
    await straight_to_callback(desk, parent.number)
    await desk.do(parent.number, actor(Role.CALLBACK_AGENT), SATISFIED)
    await desk.handle(parent.number).result()
    await desk.again(child.number, AGENT, Reopen("another lamp", ReopenCause.WRONGLY_ENDED))
    await desk.until_kind(parent.number, "disowned")
    assert desk.state(parent.number).children == ()
    assert desk.state(parent.number).state is State.CLOSED
    await desk.handle(parent.number).result()
    await desk.do(child.number, CITIZEN, Withdraw())


async def test_time_goes_on_for_a_reopened_child_though_its_parent_has_not_heard_of_it(desk: Desk) -> None:
    short_runs = replace(desk, requests=RequestClient(desk.client, desk.queue, continue_after=14))
    child, number = await short_runs.open(policy(**QUICK)), fresh_number()
    desk.records.begun[number] = intake(number=number, received_at=datetime.now(UTC), policy=policy(**SLOW))
    await desk.do(child.number, DISPATCHER, Merge(number, State.PENDING_DISPATCH))
    await desk.again(child.number, AGENT, Reopen("another lamp", ReopenCause.WRONGLY_ENDED))
    await desk.until_kind(child.number, "leg_dispatched", seconds=4)
    await desk.requests.start(desk.records.begun[number])
    await desk.until_kind(number, "disowned")
    for each in (number, child.number):
        await desk.do(each, CITIZEN, Withdraw())


async def test_a_parent_hears_of_its_child_in_the_order_in_which_it_happened(desk: Desk) -> None:
    child, number = await desk.open(), fresh_number()
    parent = intake(number=number, received_at=datetime.now(UTC), policy=policy(**SLOW))
    desk.records.begun[number] = parent
    await desk.do(child.number, DISPATCHER, Merge(number, State.PENDING_DISPATCH))
    await asyncio.sleep(
        0.8
    )  # The parent's story does not run yet; the next try is more than half a second off.
    await desk.again(child.number, AGENT, Reopen("another lamp", ReopenCause.WRONGLY_ENDED))
    await desk.requests.start(parent)
    timeline = await desk.until_kind(number, "disowned")
    assert [e.what.kind for e in timeline if e.what.kind in ("adopted", "disowned")] == [
        "adopted",
        "disowned",
    ]
    assert desk.state(number).children == ()
    for each in (number, child.number):
        await desk.do(each, CITIZEN, Withdraw())


async def test_a_child_that_comes_and_goes_is_in_the_family_when_it_came_last(desk: Desk) -> None:
    parent, child = (await desk.open()).number, (await desk.open()).number
    merge, leave = Merge(parent, State.PENDING_DISPATCH), Reopen("another lamp", ReopenCause.WRONGLY_ENDED)
    for _ in range(3):
        await desk.do(child, DISPATCHER, merge)
        await desk.again(child, AGENT, leave)
    await desk.do(child, DISPATCHER, merge)
    await desk.handle(child).result()
    assert [each.number for each in desk.state(parent).children] == [child]
    await desk.do(parent, CITIZEN, Withdraw())
    await desk.until_kind(child, "reopened", times=4)
    await desk.again(parent, AGENT, Reopen("withdrawn by mistake", ReopenCause.WRONGLY_ENDED))
    assert desk.state(parent).children == ()
    for each in (parent, child):
        await desk.do(each, CITIZEN, Withdraw())


async def test_a_reopening_that_meets_the_very_end_of_a_run_opens_once(desk: Desk) -> None:
    number = (await desk.open()).number
    for turn in range(4):
        order = Reopen("withdrawn by mistake", ReopenCause.WRONGLY_ENDED)
        withdrawn, opened = await asyncio.gather(
            desk.do(number, CITIZEN, Withdraw()),
            _as_soon_as_possible(desk, number, order, f"{number}-{turn}"),
        )
        assert (withdrawn.state, opened.state) == ("withdrawn", "pending_dispatch")
    assert kinds(desk.records.timelines[number]).count("reopened") == 4
    await desk.do(number, CITIZEN, Withdraw())
    await desk.handle(number).result()


async def _as_soon_as_possible(desk: Desk, number: str, order: Reopen, key: str) -> Answer:
    async with asyncio.timeout(10):
        while True:
            try:
                return await desk.again(number, AGENT, order, key)
            except Refused as refused:
                if refused.code not in ("not_possible_now", "not_started"):
                    raise
