"""A worker is killed in the middle of a policy migration: the job ends, and each request has moved once."""

from __future__ import annotations

import asyncio

from tests.e2e.neighbourhood import Town
from tests.e2e.soundness import assert_sound, until
from tests.e2e.test_outages import kill

POLICY = "P-SAFETY"
"""A policy that no other test of this stack uses: a migration moves every open request under it."""
REQUESTS = 24


async def test_a_migration_whose_worker_is_killed_goes_on_and_moves_each_request_once(town: Town) -> None:
    numbers = list(await asyncio.gather(*(town.knocker.register(POLICY) for _ in range(REQUESTS))))
    await until(town.database, numbers, "accepted")
    held = (await town.knocker.get(f"/v1/policies/{POLICY}"))["items"][0]["policy"]
    published = await town.knocker.done("/v1/policies", {"policy": {**held, "review": "3h"}})
    order = {"to_version": published["version"], "reason": "新版时限适用于在办件"}
    answer = await town.knocker.knock(f"/v1/policies/{POLICY}/migrations", order)
    assert answer.status_code == 202, answer.text
    job = f"/v1/bulk/{answer.json()['job']['id']}"

    async def has_moved_some() -> bool:
        return (await town.knocker.get(job))["done"] >= REQUESTS // 4

    await town.until(has_moved_some, "the migration did not begin")
    kill(town.stack, "worker")
    assert (await town.knocker.get(job))["done"] < REQUESTS

    async def has_ended() -> bool:
        return (await town.knocker.get(job))["state"] == "done"

    await town.until(has_ended, "the migration did not end")
    done = await town.knocker.get(job)
    assert (done["total"], done["succeeded"], done["failed"]) == (REQUESTS, REQUESTS, 0)
    for told in await assert_sound(town.database, town.engine, numbers):
        assert told.count("policy_moved") == 1
        assert told.state.snapshot is not None
        assert told.state.snapshot.policy.version == published["version"]
    await asyncio.gather(*(town.knocker.command(number, "withdraw") for number in numbers))
