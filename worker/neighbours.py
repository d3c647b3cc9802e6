"""What of the worker speaks with partners: a gateway and a worker of its own for each that is connected."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.worker import Worker

from activities.partners import PartnerCalls, noting_in
from config.metrics import Metrics
from config.settings import Settings
from domain.partners import Partner
from integrations.gateways import gateway_for
from integrations.port import PartnerGateway
from worker.partner_inbox import PARTNER_MESSAGES, PartnerInbox
from worker.reconciler import Reconciler
from worker.registry import make_partner_worker
from worker.starter import Starter
from workflows.case_client import CaseClient


@asynccontextmanager
async def open_gateways(settings: Settings) -> AsyncGenerator[Mapping[Partner, PartnerGateway]]:
    """The gateways to all connected partners, closed in the end."""
    async with AsyncExitStack() as tidy:
        gateways: dict[Partner, PartnerGateway] = {}
        for partner, connection in settings.partners.items():
            gateway = gateway_for(partner, connection)
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


class Part(Protocol):
    """A part of the worker that goes on until it is cancelled."""

    async def run(self) -> None:
        """Go on until cancelled."""
        ...


def listeners(
    client: Client,
    settings: Settings,
    engine: AsyncEngine,
    singles: AsyncEngine,
    gateways: Mapping[Partner, PartnerGateway],
    metrics: Metrics,
) -> tuple[Part, ...]:
    """What hears partners out: the inbox of their call-backs, and the reconciler. Nothing, if none is connected."""
    if not gateways:
        return ()
    cases = CaseClient(client, settings.task_queue, settings.continue_as_new_after)
    pause = timedelta(seconds=settings.partner_inbox_interval_seconds)
    every = timedelta(seconds=settings.reconciliation_interval_seconds)
    return (
        Starter(singles, PARTNER_MESSAGES, PartnerInbox(singles, cases).deliver, interval=pause),
        Reconciler(engine, gateways, cases, metrics, every=every),
    )
