"""The callers of merged requests on a real Temporal server: each hears of the answer, and is asked about it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from temporalio import activity
from temporalio.client import Client, WorkflowHistory

import workflows.errands
from activities.messages import ErrandDone
from domain.commands import Adopt, Callback, Dispatch, Order, ReviewPass, Sign, SubmitReply, Withdraw
from domain.errands import Errand
from domain.levels import Level
from domain.limits.policy import CallbackRule
from domain.request import Intake, State
from domain.simulator import Simulation
from domain.units import SYSTEM, Role
from tests.replay.test_replay import replayer
from tests.support.builders import actor, handler, intake, policy
from tests.support.memory import MemoryRecords
from tests.support.numbers import fresh_number
from tests.workflows.desk import SLOW, Desk, straight_to_callback
from tests.workflows.test_merging import merge
from worker.registry import make_worker
from workflows.client import RequestClient
from workflows.errands import MOST_AT_ONCE
from workflows.ids import workflow_id
from workflows.messages import Story
from workflows.request import RequestWorkflow

DISPATCHER, CITIZEN = actor(Role.DISPATCHER), actor(Role.CITIZEN)
DESK, REVIEWER = actor(Role.CALLBACK_AGENT), actor(Role.REVIEWER)
HAPPY = Callback(contacted=True, solved=True, satisfied=True)
UNHAPPY = Callback(contacted=True, solved=False, satisfied=False, attributable=True)
NOT_CALLED = policy(**SLOW, callback=CallbackRule.NONE)


async def answered_through(desk: Desk, *children: Intake) -> Intake:
    """A request that those are merged into, and that ends with an answer."""
    parent = await desk.open(NOT_CALLED)
    for child in children:
        await merge(desk, child, parent)
        await desk.handle(child.number).result()
    await straight_to_callback(desk, parent.number)
    for child in children:
        await desk.until_kind(child.number, "answered_through")
    await desk.handle(parent.number).result()
    return parent


async def test_each_caller_is_asked_and_the_discontented_one_has_the_matter_opened(desk: Desk) -> None:
    content, other, anonymous = [await desk.open(), await desk.open(), await desk.open(has_contact=False)]
    parent = await answered_through(desk, content, other, anonymous)
    assert (await desk.handle(anonymous.number).result())["state"] == "merged"
    said = await desk.do(content.number, DESK, HAPPY)
    assert said.state == State.MERGED
    assert (await desk.handle(content.number).result())["state"] == "merged"
    await desk.do(other.number, DESK, UNHAPPY)
    await desk.until_kind(parent.number, "disowned")
    assert desk.state(other.number).state is State.PENDING_DISPATCH
    assert desk.state(content.number).answered_at == desk.state(parent.number).ended_at
    await desk.do(other.number, CITIZEN, Withdraw())


async def test_a_caller_whom_nobody_asks_is_left_in_peace_by_time(desk: Desk) -> None:
    child = await desk.open(policy(**{**SLOW, "callback_within": "1s"}))
    await answered_through(desk, child)
    await desk.until_kind(child.number, "callback_ended")
    assert (await desk.handle(child.number).result())["state"] == "merged"


CHILDREN = [f"20260302-9{n:06}" for n in range(3 * MOST_AT_ONCE)]


class Carriers(MemoryRecords):
    """Carries errands slowly, and remembers where to."""

    def __init__(self) -> None:
        super().__init__()
        self.told = set[str]()

    @activity.defn(name="run_errand")
    async def run_errand(self, errand: Errand) -> ErrandDone:
        """Take a moment."""
        await asyncio.sleep(0.02)
        self.told.add(errand.number)
        return ErrandDone()


def most_under_way(history: WorkflowHistory) -> int:
    """How many errands were out together at most."""
    out, most = set[int](), 0
    for event in history.events:
        if event.activity_task_scheduled_event_attributes.activity_type.name == "run_errand":
            out.add(event.event_id)
        out.discard(event.activity_task_completed_event_attributes.scheduled_event_id)
        most = max(most, len(out))
    return most


async def told_to_a_large_family(client: Client) -> tuple[WorkflowHistory, Carriers]:
    """The history of a request that is answered while sixty others follow it."""
    begun_at = datetime.now(UTC) - timedelta(seconds=1)
    story = Simulation.of(intake(number=fresh_number(), received_at=begun_at, policy=NOT_CALLED))
    grid = handler(Level.GRID)
    for child in CHILDREN:
        story.give(Order(child, SYSTEM, Adopt(child, has_contact=True, awaits_answer=True)), begun_at)
    for by, act in ((DISPATCHER, Dispatch()), (grid, Sign("1")), (grid, SubmitReply("1", "solved", "done"))):
        story.act(by, act, begun_at)
    carriers, number = Carriers(), story.state.number
    carriers.begun[number], carriers.timelines[number] = story.state.intake, list(story.timeline)
    going_on = Story(story.state.intake, 4000, run=2, state=story.state)
    async with make_worker(client, "large-families", [*carriers.activities, carriers.run_errand]):
        handle = await client.start_workflow(
            RequestWorkflow.run, going_on, id=workflow_id(number), task_queue="large-families"
        )
        requests = RequestClient(client, "large-families", continue_after=4000)
        await requests.command(number, Order(f"{number}-pass", REVIEWER, ReviewPass()))
        await handle.result()
        return await handle.fetch_history(), carriers


async def test_a_large_family_is_told_at_a_pace(temporal_client: Client) -> None:
    history, carriers = await told_to_a_large_family(temporal_client)
    assert carriers.told == set(CHILDREN)
    assert most_under_way(history) == MOST_AT_ONCE
    await replayer().replay_workflow(history)


async def test_a_story_that_sent_out_all_at_once_is_told_again_as_it_was(
    temporal_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workflows.errands, "MOST_AT_ONCE", 1000)
    history, _ = await told_to_a_large_family(temporal_client)
    assert most_under_way(history) == len(CHILDREN)
    monkeypatch.undo()
    await replayer().replay_workflow(history)
