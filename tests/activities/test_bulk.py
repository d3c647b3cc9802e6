"""Giving to many: evenly paced, never more at once than allowed, and gone from when the worker leaves."""

from __future__ import annotations

import asyncio

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import ActivityEnvironment

from activities.bulk import AT_ONCE, BulkGiving, Pace
from activities.messages import BulkJob
from config.metrics import Metrics
from domain.commands import Answer, Order
from tests.persistence.test_bulk import taken

NUMBERS = tuple(f"20260302-{n:05}" for n in range(30))


class Slow:
    """Takes a while for each order, and remembers how many it had at once."""

    def __init__(self, environment: ActivityEnvironment, leaves_after: int = 1000) -> None:
        self.given = 0
        self.most_at_once = 0
        self._at_once = 0
        self._environment = environment
        self._leaves_after = leaves_after

    async def give(self, number: str, order: Order) -> Answer:
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        await asyncio.sleep(0.02)
        self._at_once -= 1
        self.given += 1
        if self.given == self._leaves_after:
            self._environment.worker_shutdown()
        return Answer(number, "in_progress", 7)


async def test_orders_of_all_jobs_together_keep_the_pace() -> None:
    pace, loop = Pace(per_second=100), asyncio.get_running_loop()
    begun = loop.time()
    await asyncio.gather(*(pace.turn() for _ in range(21)))
    assert 0.19 < loop.time() - begun < 1
    await asyncio.sleep(0.1)
    rested = loop.time()
    await pace.turn()
    assert loop.time() - rested < 0.01, "who comes late waits for nothing, and saves nothing up"


async def test_a_few_orders_are_under_way_at_one_time(engine: AsyncEngine) -> None:
    job, environment = await taken(engine, numbers=NUMBERS), ActivityEnvironment()
    slow = Slow(environment)
    standing = await environment.run(
        BulkGiving(engine, slow.give, Metrics(), per_second=1000).bulk_give, BulkJob(job)
    )
    assert standing.results == {"done": len(NUMBERS)}
    assert 1 < slow.most_at_once <= AT_ONCE


async def test_a_worker_that_leaves_finishes_what_is_under_way_and_no_more(engine: AsyncEngine) -> None:
    job, environment = await taken(engine, numbers=NUMBERS), ActivityEnvironment()
    slow = Slow(environment, leaves_after=5)
    giving = BulkGiving(engine, slow.give, Metrics(), per_second=1000)
    standing = await environment.run(giving.bulk_give, BulkJob(job))
    assert standing.results["done"] == slow.given < len(NUMBERS)
    assert standing.pending == len(NUMBERS) - slow.given
