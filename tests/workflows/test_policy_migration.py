"""Open requests moved to another policy by a job on real servers: each once, over a death and a rest."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from domain.commands import Act, MovePolicy
from domain.request import PolicySnapshot
from domain.units import Role
from persistence.bulk import JobDraft, take_in_job
from persistence.engine import writing
from tests.persistence.conftest import rows
from tests.support.builders import actor, ladder, policy
from tests.workflows.test_bulk import Hall, engine, hall_on
from tests.workflows.test_request import SLOW

__all__ = ["engine"]


def longer() -> Act:
    """The order that puts a request of these tests under a second version."""
    second = policy(**{**SLOW, "version": 2, "total": "100d"})
    return MovePolicy(PolicySnapshot(second, ladder(of=second)), "a longer promise")


async def migration(hall: Hall, numbers: Sequence[str]) -> str:
    """The path of a job that gives each request an order of its own."""
    draft = JobDraft(
        id=secrets.token_hex(8),
        key="migration",
        digest="",
        principal="operator",
        actor=actor(Role.DUTY_LEADER),
        command="move_policy",
        own_acts={number: longer() for number in numbers},
        numbers=numbers,
        at=datetime.now(UTC),
    )
    async with writing(hall.engine) as connection:
        return f"/v1/bulk/{await take_in_job(connection, draft)}"


async def moved(hall: Hall) -> Counter[str]:
    """How often each request was moved."""
    found = await rows(hall.engine, "SELECT number FROM timeline WHERE kind = 'policy_moved'")
    return Counter(row["number"] for row in found)


async def test_every_request_is_moved_once_though_the_worker_dies(
    engine: AsyncEngine, temporal_client: Client
):
    async with hall_on(engine, temporal_client, batch=20) as hall:
        hall.giver.dies_after = 12
        numbers = await hall.opened(30)
        job = await hall.ended(await migration(hall, numbers))
        assert (job["command"], job["state"], job["succeeded"]) == ("move_policy", "done", 30)
        assert max(hall.giver.given.values()) == 2, "orders given before the death were given again"
        assert await moved(hall) == Counter(numbers)
        versions = await rows(engine, "SELECT DISTINCT policy, policy_version FROM requests")
        assert versions == [{"policy": "P-TEST", "policy_version": 2}]


async def test_a_job_that_rests_goes_on_where_it_was(engine: AsyncEngine, temporal_client: Client):
    async with hall_on(engine, temporal_client, batch=4, per_second=40) as hall:
        numbers = await hall.opened(20)
        path = await migration(hall, numbers)
        async with asyncio.timeout(10):
            while (await hall.get(path))["done"] == 0:
                await asyncio.sleep(0.02)
        assert (await hall.post(f"{path}/pause", {}, "p")).json()["state"] == "paused"
        await asyncio.sleep(0.4)
        resting = await hall.get(path)
        await asyncio.sleep(0.3)
        assert (await hall.get(path))["done"] == resting["done"] < 20
        assert (await hall.post(f"{path}/resume", {}, "r")).json()["state"] == "running"
        job = await hall.ended(path)
        assert (job["state"], job["succeeded"]) == ("done", 20)
        assert await moved(hall) == Counter(numbers)
