"""The parts of a worker that hear partners out: there for whom is connected, and on the real engine."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from config.metrics import Metrics
from config.settings import Settings
from domain.partners import CaseStatus, Partner, Via
from integrations.pace import MOST_TRIES
from integrations.port import PartnerUnavailable
from persistence.engine import writing
from persistence.partner_messages import keep_message
from tests.integrations.misbehaving import Behaviour, answer, connection_to, serving
from tests.persistence.conftest import rows
from tests.support.numbers import fresh_number
from tests.support.partners import said
from tests.worker.doubles import recorded
from worker.neighbours import listeners, open_gateways
from worker.reconciler import EVER
from workflows.ids import case_workflow_id


async def test_without_partners_there_is_nobody_to_hear_out(
    settings: Settings, engine: AsyncEngine, temporal_client: Client
):
    async with open_gateways(settings, paced=True) as gateways:
        assert listeners(temporal_client, settings, engine, engine, gateways, Metrics()) == ()


@pytest.mark.parametrize(("paced", "calls"), [(True, MOST_TRIES), (False, 1)])
async def test_who_is_called_from_no_task_queue_is_called_again_when_it_says_so(
    settings: Settings, paced: bool, calls: int
):
    busy = Behaviour((answer(429, Retry_After="0"),))
    async with serving(busy) as connection:
        connected = settings.model_copy(update={"partners": {Partner.AFFAIRS: connection}})
        async with open_gateways(connected, paced=paced) as gateways:
            with pytest.raises(PartnerUnavailable):
                await gateways[Partner.AFFAIRS].list_cases(since=EVER)
    assert len(busy.seen) == calls


async def test_a_late_message_begins_its_case_once_more_on_the_engine(
    settings: Settings, engine: AsyncEngine, temporal_client: Client
):
    connected = settings.model_copy(
        update={"partners": {Partner.ENFORCEMENT: connection_to("http://127.0.0.1:1", patience=0.2)}}
    )
    case = f"{fresh_number()}-p1"
    await recorded(engine, case, CaseStatus.DONE)
    async with writing(engine) as connection:
        late = said("case_closed", 4, case)
        await keep_message(connection, Partner.ENFORCEMENT, late, Via.CALLBACK, datetime.now(UTC))
    async with open_gateways(connected, paced=True) as gateways:
        parts = [
            asyncio.create_task(part.run())
            for part in listeners(temporal_client, connected, engine, engine, gateways, Metrics())
        ]
        async with asyncio.timeout(10):
            while await rows(
                engine, "SELECT 1 FROM partner_messages WHERE delivery <> 'late'"
            ) or not await rows(engine, "SELECT 1 FROM reconciliations WHERE failure <> ''"):
                await asyncio.sleep(0.05)
        for part in parts:
            part.cancel()
            with suppress(asyncio.CancelledError):
                await part
    described = await temporal_client.get_workflow_handle(case_workflow_id(case)).describe()
    assert described.workflow_type == "PartnerCase"
    await temporal_client.get_workflow_handle(case_workflow_id(case)).terminate("no worker tells it")
