"""One worker with the timeline in memory for all stories of a module."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from temporalio.client import Client

from tests.support.memory import MemoryRecords, story_activities
from tests.workflows.desk import Desk
from worker.registry import make_worker
from workflows.client import RequestClient


@pytest.fixture(scope="module")
async def desk(temporal_client: Client) -> AsyncIterator[Desk]:
    """Where a test plays people's parts."""
    records = MemoryRecords()
    requests = RequestClient(temporal_client, "story-tests", continue_after=4000)
    async with make_worker(temporal_client, "story-tests", story_activities(requests, records)):
        yield Desk(requests, records, temporal_client)
