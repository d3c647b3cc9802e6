"""A worker writes and dies before it can say so: what was asked happens once, and everybody hears the one answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError

from activities.messages import Appended, Entry
from domain.commands import Comment, Dispatch, Sign, Withdraw
from domain.levels import Level
from domain.units import Role
from tests.support.builders import actor, handler, policy
from tests.support.memory import MemoryRecords, story_activities
from tests.workflows.desk import SLOW, Desk, kinds
from worker.registry import make_worker
from workflows.client import RequestClient
from workflows.options import APPEND

QUEUE = "lost-reports"
DISPATCHER, CITIZEN = actor(Role.DISPATCHER), actor(Role.CITIZEN)


class LostReports(MemoryRecords):
    """Writes, and loses the report of whatever contains one of the chosen kinds of fact."""

    def __init__(self) -> None:
        super().__init__()
        self.loses = set[str]()
        self.found_written = 0

    @activity.defn(name="append")
    async def append(self, entry: Entry) -> Appended:
        """Append as ever."""
        appended = await super().append(entry)
        if not appended.inserted:
            self.found_written += 1
        elif self.loses & {event.what.kind for event in appended.events}:
            raise ApplicationError("written, and the report was lost")
        return appended


@pytest.fixture
async def forgetful(temporal_client: Client) -> AsyncIterator[tuple[Desk, LostReports]]:
    """A desk whose reports get lost."""
    records = LostReports()
    requests = RequestClient(temporal_client, QUEUE, continue_after=4000)
    async with make_worker(temporal_client, QUEUE, story_activities(requests, records)):
        yield Desk(requests, records, temporal_client, QUEUE), records


@pytest.fixture(params=[10.0, 0.15], ids=["tried again", "decided again"])
def patience(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> float:
    """How long an append is tried before the story decides anew: long enough for a second try, or not."""
    monkeypatch.setitem(APPEND, "schedule_to_close_timeout", timedelta(seconds=request.param))
    return request.param


@pytest.mark.usefixtures("patience")
async def test_what_a_person_asked_happens_once_and_is_answered_as_it_was_written(
    forgetful: tuple[Desk, LostReports],
) -> None:
    desk, records = forgetful
    records.loses = {"leg_dispatched"}
    number = (await desk.open()).number
    dispatched = await desk.do(number, DISPATCHER, Dispatch(), key=f"{number}-dispatch")
    assert dispatched == records.answers[f"{number}-dispatch"].answer
    assert (dispatched.state, dispatched.seq) == ("pending_sign", 3)
    await desk.do(number, CITIZEN, Withdraw())
    await desk.handle(number).result()
    assert kinds(records.timelines[number]) == ["registered", "accepted", "leg_dispatched", "withdrawn"]
    assert records.found_written >= 1


@pytest.mark.usefixtures("patience")
async def test_what_time_brings_happens_once(forgetful: tuple[Desk, LostReports]) -> None:
    desk, records = forgetful
    records.loses = {"leg_signed"}
    number = (await desk.open(policy(**{**SLOW, "sign": "1s"}))).number
    await desk.do(number, DISPATCHER, Dispatch())
    await desk.until_kind(number, "leg_signed")
    await desk.do(number, CITIZEN, Withdraw())
    told = ["registered", "accepted", "leg_dispatched", "deadline_fired", "leg_signed", "withdrawn"]
    assert kinds(records.timelines[number]) == told
    assert records.found_written >= 1


@pytest.mark.usefixtures("patience")
async def test_an_order_that_finds_what_time_brought_unreported_is_obeyed_after_it(
    forgetful: tuple[Desk, LostReports],
) -> None:
    desk, records = forgetful
    records.loses = {"leg_signed"}
    number = (await desk.open(policy(**{**SLOW, "sign": "1s"}))).number
    await desk.do(number, DISPATCHER, Dispatch())
    await desk.until_kind(number, "leg_signed")
    said = await asyncio.gather(
        *(desk.do(number, CITIZEN, Comment(f"word {n}"), key=f"{number}-{n}") for n in range(2))
    )
    assert sorted(answer.seq for answer in said) == [6, 7]
    await desk.do(number, CITIZEN, Withdraw())
    assert kinds(records.timelines[number]).count("leg_signed") == 1
    assert kinds(records.timelines[number]).count("commented") == 2


async def test_a_unit_whose_signature_was_written_unreported_is_told_that_it_signed(
    forgetful: tuple[Desk, LostReports],
) -> None:
    desk, records = forgetful
    records.loses = {"leg_signed"}
    number = (await desk.open()).number
    await desk.do(number, DISPATCHER, Dispatch())
    first = await desk.do(number, handler(Level.GRID), Sign("1"), key=f"{number}-sign")
    again = await desk.do(number, handler(Level.GRID), Sign("1"), key=f"{number}-sign")
    assert first == again
    assert kinds(records.timelines[number]).count("leg_signed") == 1
    await desk.do(number, CITIZEN, Withdraw())
