"""Who calls again urges; where that was done today, the words are kept under the very same key."""

from __future__ import annotations

import asyncio
import time

import pytest
from temporalio.client import Client

from domain.commands import Comment, Order, Urge, Withdraw
from domain.refusals import Refused
from domain.units import Role
from tests.support.builders import actor, intake
from tests.support.numbers import fresh_number
from tests.workflows.desk import Desk, kinds
from workflows.client import EngineUnavailable, RequestClient
from workflows.ids import workflow_id

CITIZEN = actor(Role.CITIZEN)


async def test_a_key_whose_urge_was_refused_may_comment(desk: Desk) -> None:
    made = await desk.open()
    await desk.do(made.number, CITIZEN, Urge("first"))
    with pytest.raises(Refused) as refused:
        await desk.requests.command(made.number, Order("again", CITIZEN, Urge("second"), "digest"))
    assert refused.value.code == "urged_today"
    comment = Order("again", CITIZEN, Comment("second"), "digest")
    kept = await desk.requests.command(made.number, comment)
    assert await desk.requests.command(made.number, comment) == kept
    assert kinds(desk.records.timelines[made.number]).count("urged") == 1
    assert kinds(desk.records.timelines[made.number]).count("commented") == 1
    await desk.do(made.number, CITIZEN, Withdraw())


async def test_an_order_that_no_worker_takes_is_given_up_in_time(temporal_client: Client) -> None:
    stories = RequestClient(temporal_client, "nobody-works-here", continue_after=4000)
    made = intake(number=fresh_number())
    await stories.start(made)
    began = time.monotonic()
    with pytest.raises((EngineUnavailable, TimeoutError)):
        async with asyncio.timeout(0.3):
            await stories.command(made.number, Order("again", CITIZEN, Urge("second"), "digest"))
    assert time.monotonic() - began < 1
    await temporal_client.get_workflow_handle(workflow_id(made.number)).terminate()
