"""The worker process: tells the stories, starts those that wait, audits the deadlines, seals the record, shows metrics.

``python -m worker`` reads its settings from the environment, and ends on SIGTERM after its running steps are done.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.worker import Worker

from activities.bulk import BulkGiving
from activities.errands import Errands
from activities.found import FoundMatters
from activities.partners import CaseRecords
from activities.posting import LegPosting
from activities.records import Records
from cities.pack import load_pack
from config.garbage import leave_what_stands
from config.logs import configure_logs
from config.metrics import Metrics
from config.settings import Settings, load_settings
from config.temporal import connect, metrics_runtime
from persistence.engine import make_engine, make_single_query_engine
from persistence.identity import Seal
from worker.auditor import Auditor
from worker.card_ledger import CardLedger
from worker.neighbours import listeners, open_gateways, partner_workers
from worker.orders import Orders
from worker.presence import Presence
from worker.registry import make_bulk_worker, make_worker
from worker.rounds import Part
from worker.sealer import Sealer
from worker.starter import BULK_JOBS, REQUESTS, Starter
from worker.status import StatusServer
from workflows.bulk_client import BulkClient
from workflows.client import RequestClient

log = structlog.get_logger()


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Work until ``stop`` is set, or until one of the parts dies; then the process ends and is started again."""
    metrics = Metrics()
    engine = make_engine(settings.database_url, pool_size=settings.database_pool_size)
    singles = make_single_query_engine(settings.database_url, pool_size=settings.database_pool_size)
    status = StatusServer(metrics, settings)
    async with AsyncExitStack() as tidy:
        tidy.push_async_callback(engine.dispose)
        tidy.push_async_callback(singles.dispose)
        await tidy.enter_async_context(status)
        client = await connect(settings, runtime=metrics_runtime(settings), patience=timedelta.max)
        requests = RequestClient(client, settings.task_queue, settings.continue_as_new_after)
        orders = Orders(requests, singles)
        gateways = await tidy.enter_async_context(open_gateways(settings))
        paced = await tidy.enter_async_context(open_gateways(settings, paced=True))
        workers = (
            _request_worker(
                client,
                settings,
                singles,
                Errands(orders.give, requests.promise),
                _found(settings, engine),
                metrics,
            ),
            _bulk_worker(client, settings, engine, orders, metrics),
            *partner_workers(client, settings, engine, gateways, metrics),
        )
        batch, interval = settings.starter_batch, timedelta(seconds=settings.starter_interval_seconds)
        jobs = BulkClient(client, settings.task_queue)
        starters = (
            Starter(singles, REQUESTS, requests.start, batch=batch, interval=interval),
            Starter(singles, BULK_JOBS, jobs.start, batch=batch, interval=interval),
        )
        pause = timedelta(seconds=settings.card_ledger_interval_seconds)
        others: tuple[Part, ...] = (
            *starters,
            Auditor(engine, metrics),
            Sealer(engine),
            CardLedger(engine, orders.give, interval=pause),
            *listeners(client, settings, engine, singles, paced, metrics),
            Presence(engine, started_at=datetime.now(UTC)),
        )
        leave_what_stands()
        log.info("worker_ready", task_queue=settings.task_queue, engine=settings.temporal_address)
        await _until_stopped(workers, others, stop, status)


async def _until_stopped(
    workers: Sequence[Worker], others: Sequence[Part], stop: asyncio.Event, status: StatusServer
) -> None:
    """Let all parts run; when one dies, or it is time to stop, end all of them, the workers in their own good time."""
    parts = [asyncio.create_task(each.run(), name=type(each).__name__) for each in (*workers, *others)]
    stopping = asyncio.create_task(stop.wait())
    status.ready = True
    done, _ = await asyncio.wait([*parts, stopping], return_when=asyncio.FIRST_COMPLETED)
    status.ready = False
    await asyncio.gather(*(each.shutdown() for each in workers))
    stopping.cancel()
    for part in parts[len(workers) :]:
        part.cancel()
    await asyncio.gather(*parts, return_exceptions=True)
    for part in parts:
        if part in done:
            part.result()


def _found(settings: Settings, engine: AsyncEngine) -> FoundMatters:
    return FoundMatters(engine, Seal(settings.identity_key_bytes), partial(load_pack, settings.city))


def _request_worker(
    client: Client,
    settings: Settings,
    singles: AsyncEngine,
    errands: Errands,
    found: FoundMatters,
    metrics: Metrics,
) -> Worker:
    posting, records, cases = LegPosting(singles), Records(singles, metrics), CaseRecords(singles)
    steps = [records.append, records.recall, posting.post_leg, posting.await_leg]
    return make_worker(
        client,
        settings.task_queue,
        [*steps, errands.run_errand, cases.record_case, found.register_found],
        max_cached_workflows=settings.max_cached_workflows,
        max_concurrent_workflow_tasks=settings.max_concurrent_workflow_tasks,
        patience=timedelta(seconds=settings.worker_shutdown_seconds),
    )


def _bulk_worker(
    client: Client, settings: Settings, engine: AsyncEngine, orders: Orders, metrics: Metrics
) -> Worker:
    giving = BulkGiving(engine, orders.give, metrics, per_second=settings.bulk_orders_per_second)
    patience = timedelta(seconds=settings.worker_shutdown_seconds)
    return make_bulk_worker(client, settings.task_queue, [giving.bulk_give], patience=patience)


def main() -> None:
    """Run until a signal, and leave with the exit code 0, or 1 if a part of the worker died."""
    settings = load_settings()
    configure_logs(settings.log_format, settings.log_level)
    code = 0
    try:
        asyncio.run(_until_signal(settings))
    except Exception:
        log.exception("worker_died")
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    # The SDK's runtime threads may abort the interpreter while it finalizes; all our work is done here.
    os._exit(code)


async def _until_signal(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError):
            loop.add_signal_handler(number, stop.set)
    await run(settings, stop)


if __name__ == "__main__":
    main()
