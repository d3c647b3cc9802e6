"""The part of the worker that deals with partners: a gateway and a worker of its own for each that is connected, and
what hears all of them out.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.worker import Worker

from activities.partners import PartnerCalls, noting_in
from config.metrics import Metrics
from config.settings import Settings
from domain.partners import Partner
from integrations.gateways import gateway_for
from integrations.pace import Pace
from integrations.port import PartnerGateway
from worker.catalogue_sync import catalogue_syncs
from worker.partner_inbox import PARTNER_MESSAGES, PartnerInbox
from worker.reconciler import Reconciler
from worker.registry import make_partner_worker
from worker.rounds import Part
from worker.starter import Starter
from workflows.case_client import CaseClient


@asynccontextmanager
async def open_gateways(
    settings: Settings, *, paced: bool = False
) -> AsyncGenerator[Mapping[Partner, PartnerGateway]]:
    """The gateways to all connected partners, closed in the end; ``paced`` ones keep each partner's pace by themselves,
    for calls that no task queue paces.
    """
    async with AsyncExitStack() as tidy:
        gateways: dict[Partner, PartnerGateway] = {}
        for partner, connection in settings.partners.items():
            pace = Pace(connection.calls_per_second) if paced else None
            gateway = gateway_for(partner, connection, pace=pace)
            tidy.push_async_callback(gateway.aclose)
            gateways[partner] = gateway
        yield gateways


def partner_workers(
    client: Client,
    settings: Settings,
    engine: AsyncEngine,
    gateways: Mapping[Partner, PartnerGateway],
    metrics: Metrics,
) -> tuple[Worker, ...]:
    """A worker for each partner, at the pace that its connection allows."""
    note = noting_in(engine)
    return tuple(
        make_partner_worker(
            client,
            settings.task_queue,
            partner,
            PartnerCalls(gateway, metrics, note).activities,
            calls_at_once=settings.partners[partner].calls_at_once,
            calls_per_second=settings.partners[partner].calls_per_second,
            patience=timedelta(seconds=settings.worker_shutdown_seconds),
        )
        for partner, gateway in gateways.items()
    )


def listeners(
    client: Client,
    settings: Settings,
    engine: AsyncEngine,
    singles: AsyncEngine,
    gateways: Mapping[Partner, PartnerGateway],
    metrics: Metrics,
) -> tuple[Part, ...]:
    """What hears partners out: the inbox of their call-backs, the reconciler, and the reader of the affairs catalogue.
    Nothing, if none is connected. They call their partners from no task queue, so the ``gateways`` are paced ones.
    """
    if not gateways:
        return ()
    cases = CaseClient(client, settings.task_queue, settings.continue_as_new_after)
    pause = timedelta(seconds=settings.partner_inbox_interval_seconds)
    every = timedelta(seconds=settings.reconciliation_interval_seconds)
    return (
        Starter(singles, PARTNER_MESSAGES, PartnerInbox(singles, cases).deliver, interval=pause),
        Reconciler(engine, gateways, cases, metrics, every=every),
        *catalogue_syncs(settings, engine, gateways),
    )
