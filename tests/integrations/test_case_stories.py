"""Whole stories of cases: our workflow, our adapters over HTTP, and partners that fail and answer by halves."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from activities.errands import Errands
from activities.partners import CaseRecords
from config.metrics import Metrics
from config.settings import Settings
from domain.cases.state import begin_case
from domain.commands import Answer, Order, ReportCase
from domain.errands import Errand
from domain.partners import CaseStatus, Partner
from persistence.engine import reading
from persistence.partner_cases import load_case
from tests.integrations.conftest import Simulate
from tests.integrations.misbehaving import connection_to
from tests.integrations.test_gateways import matter_of
from tests.persistence.conftest import engine
from tests.support.numbers import fresh_number
from worker.neighbours import open_gateways, partner_workers
from worker.registry import make_worker
from workflows.ids import case_workflow_id
from workflows.messages import CaseStory
from workflows.partner_case import PartnerCase

__all__ = ["engine"]

UNSTEADY = {"failing": 0.1, "half_answered": 0.25}
POLL = timedelta(seconds=0.2)


class Hearing:
    """A request that hears everything, and remembers it."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    async def give(self, number: str, order: Order) -> Answer:
        assert isinstance(order.act, ReportCase)
        self.heard.append(order.act.kind)
        return Answer(number, "in_progress", len(self.heard))

    async def promise(self, errand: Errand) -> None:
        raise AssertionError(errand)


@pytest.mark.parametrize("partner", Partner)
async def test_a_case_comes_to_its_result_through_a_partner_that_is_unsteady(
    partner: Partner, simulate: Simulate, settings: Settings, engine: AsyncEngine, temporal_client: Client
) -> None:
    simulator = await simulate(partner, changes=UNSTEADY, token="token-of-huying")
    settings = settings.model_copy(
        update={
            "partners": {partner: connection_to(simulator.url).model_copy(update={"calls_per_second": 500})},
            "task_queue": f"stories-of-{partner}",
            "worker_shutdown_seconds": 0,
        }
    )
    request, hearing, now = fresh_number(), Hearing(), datetime.now(UTC)
    case = f"{request}-p1"
    brief = replace(
        matter_of(partner),
        case=case,
        request=request,
        opened_at=now,
        due_at=now + timedelta(days=1),
        claim_by=None,
        poll_every=POLL,
    )
    steps = [CaseRecords(engine).record_case, Errands(hearing.give, hearing.promise).run_errand]
    async with AsyncExitStack() as running:
        gateways = await running.enter_async_context(open_gateways(settings))
        await running.enter_async_context(make_worker(temporal_client, settings.task_queue, steps))
        for worker in partner_workers(temporal_client, settings, engine, gateways, Metrics()):
            await running.enter_async_context(worker)
        story = CaseStory(begin_case(brief), 4000)
        handle = await temporal_client.start_workflow(
            PartnerCase.run, story, id=case_workflow_id(case), task_queue=settings.task_queue
        )
        async with asyncio.timeout(20):
            await handle.result()
    async with reading(engine) as connection:
        state = await load_case(connection, case)
    assert state is not None
    assert state.status is CaseStatus.DONE, state
    assert not state.held
    assert hearing.heard[0] == "handed_over"
    assert len(hearing.heard) == len(set(hearing.heard)), "each turn is told once"
    effects = {each["effect"]: each["times"] for each in simulator.office.storage.effects()}
    assert effects["handed_over"] == effects["confirmed"] == 1
