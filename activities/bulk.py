"""Giving one order to many requests, batch by batch, no faster than people's own commands can bear.

What came of it is written down request by request. If the worker dies between an order and its note, the same order
is given again under the same key and gets its first answer, so each request acts once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from activities.messages import BulkJob, BulkStanding
from config.metrics import Metrics
from domain.bulk import ItemResult
from domain.commands import Act, Answer, Order
from domain.refusals import Refused
from persistence.bulk import Batch, Item, counts_of, end_job, next_batch, note_result
from persistence.engine import WriteConnection, each_by_itself, writing

log = structlog.get_logger()

Give = Callable[[str, Order], Awaitable[Answer]]
"""Give an order to the request of a number and wait for its answer.

Raises Refused where the rules say no (``not_found`` where there is no such request), and OSError while the engine is
away.
"""

BATCH = 50
"""Requests between two looks whether the job was cancelled."""

AT_ONCE = 8
"""Orders of one job that are under way at one time."""


class Pace:
    """Lets so many pass in a second, evenly. One for all jobs of a process."""

    def __init__(self, per_second: float) -> None:
        self._gap = 1 / per_second
        self._next = 0.0

    async def turn(self) -> None:
        """Wait for one's turn."""
        now = asyncio.get_running_loop().time()
        wait = self._next - now
        self._next = max(now, self._next) + self._gap
        if wait > 0:
            await asyncio.sleep(wait)


class BulkGiving:
    """Gives the orders of bulk jobs, and counts what came of them."""

    def __init__(
        self, engine: AsyncEngine, give: Give, metrics: Metrics, *, per_second: float, batch: int = BATCH
    ) -> None:
        self._engine = engine
        self._give = give
        self._metrics = metrics
        self._pace = Pace(per_second)
        self._batch = batch

    @activity.defn(name="bulk_give")
    async def bulk_give(self, job: BulkJob) -> BulkStanding:
        """Give the next requests of the job their orders, and end it where none is left or it was cancelled."""
        async with writing(self._engine) as connection:
            batch = await next_batch(connection, job.id, self._batch)
        await self._give_all(job.id, batch)
        async with writing(self._engine) as connection:
            counts = await counts_of(connection, job.id)
            if not batch.paused and not (batch.acts and counts.get(ItemResult.PENDING)):
                await self._end(connection, job.id, batch.command)
                counts = await counts_of(connection, job.id)
        return BulkStanding(
            pending=counts.get(ItemResult.PENDING, 0),
            results={result.value: count for result, count in sorted(counts.items())},
            paused=batch.paused,
        )

    async def _give_all(self, job: str, batch: Batch) -> None:
        acts = iter(batch.acts.items())
        givers = (self._give_some(job, batch, acts) for _ in range(AT_ONCE))
        # An outage met by one is not to cut off what the others have under way.
        for outcome in await asyncio.gather(*givers, return_exceptions=True):
            if outcome is not None:
                raise outcome

    async def _give_some(self, job: str, batch: Batch, acts: Iterator[tuple[str, Act]]) -> None:
        for number, act in acts:
            if activity.is_worker_shutdown():
                return
            await self._pace.turn()
            item = await self._given(number, Order(f"bulk/{job}/{number}", batch.actor, act, batch.digest))
            async with each_by_itself(self._engine) as connection:
                if await note_result(connection, job, item):
                    self._metrics.bulk_items.labels(batch.command, item.result).inc()
            activity.heartbeat()

    async def _given(self, number: str, order: Order) -> Item:
        try:
            answer = await self._give(number, order)
        except Refused as refused:
            missing = refused.code == "not_found"
            result = ItemResult.NOT_FOUND if missing else ItemResult.REFUSED
            return Item(number, result, refused.code, refused.reason)
        except (OSError, SQLAlchemyError):
            raise
        except Exception:  # one request that fails must not stop the others
            log.exception("bulk_item_failed", number=number, act=order.act.act)
            return Item(
                number, ItemResult.FAILED, "internal_error", "the service failed; its log has the reason"
            )
        return Item(number, ItemResult.DONE, state=answer.state, seq=answer.seq)

    async def _end(self, connection: WriteConnection, job: str, command: str) -> None:
        left_out = await end_job(connection, job)
        if left_out:
            self._metrics.bulk_items.labels(command, ItemResult.CANCELLED).inc(left_out)
