"""One worker with the timeline in memory for all stories of a module."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from temporalio.client import Client

from tests.support.memory import MemoryRecords, story_activities
from tests.workflows.desk import SERIAL, Desk
from worker.registry import make_worker
from workflows.client import RequestClient


@pytest.fixture(scope="module")
async def desk(temporal_client: Client) -> AsyncIterator[Desk]:
    """Where a test plays people's parts."""
    # A queue of its own: a story that a test left open finds no worker later on that has never heard of it.
    records, queue = MemoryRecords(), f"story-tests-{next(SERIAL)}"
    requests = RequestClient(temporal_client, queue, continue_after=4000)
    async with make_worker(temporal_client, queue, story_activities(requests, records)):
        yield Desk(requests, records, temporal_client, queue)
