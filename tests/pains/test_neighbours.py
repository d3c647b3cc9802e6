"""Other systems: a matter is handed over whole, once, and to each of them by itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from unittest.mock import AsyncMock

import pytest
from temporalio.client import Client

from activities.partners import PartnerCalls
from config.metrics import Metrics
from domain.commands import Dispatch, OpenCase, Sign, SubmitReply
from domain.levels import Level
from domain.partners import Case, CaseStatus, Partner
from domain.refusals import Refused
from domain.units import Role
from integrations.port import PartnerRejected
from tests.support.builders import AFFAIR, CLUE, actor, case_terms, handler
from tests.support.partners import GatewayInMemory, said
from tests.workflows.conftest import desk
from tests.workflows.desk import Desk
from worker.registry import make_partner_worker
from workflows.case_client import CaseClient

__all__ = ["desk"]

GRID = handler(Level.GRID)
ENFORCEMENT, AFFAIRS = Partner.ENFORCEMENT, Partner.AFFAIRS

Gateways = dict[Partner, GatewayInMemory]


@pytest.fixture
async def gateways(desk: Desk, temporal_client: Client) -> AsyncIterator[Gateways]:
    """Two partners, each with a worker of its own."""
    made: Gateways = {partner: GatewayInMemory(partner) for partner in (ENFORCEMENT, AFFAIRS)}
    async with AsyncExitStack() as running:
        for partner, gateway in made.items():
            calls = PartnerCalls(gateway, Metrics(), AsyncMock())
            worker = make_partner_worker(
                temporal_client, desk.queue, partner, calls.activities, calls_per_second=500
            )
            await running.enter_async_context(worker)
        yield made


async def handed_to_both(desk: Desk) -> tuple[str, str, str]:
    """A request with a case at each partner: its number and both cases."""
    number = (await desk.open()).number
    await desk.do(number, actor(Role.DISPATCHER), Dispatch())
    await desk.do(number, GRID, Sign("1"))
    for partner, matter in ((ENFORCEMENT, CLUE), (AFFAIRS, AFFAIR)):
        await desk.do(number, GRID, OpenCase(matter, case_terms(partner), waits=False))
    clue, affair = (case.id for case in desk.state(number).cases)
    return number, clue, affair


async def until_they_stand(desk: Desk, number: str, *statuses: CaseStatus) -> tuple[Case, ...]:
    """Wait until the request knows of its cases that they stand there."""

    def cases() -> tuple[Case, ...]:
        return desk.state(number).cases

    await desk.until(number, lambda _: tuple(case.status for case in cases()) == statuses)
    return cases()


async def test_pain_25_a_partner_that_says_no_hides_behind_none_that_said_yes(
    desk: Desk, gateways: Gateways
) -> None:
    """Peer systems send one report to two bodies, and mark it as sent when only one of them took it."""
    gateways[AFFAIRS].rejects["open"] = PartnerRejected("item_withdrawn", "no such item any more")
    number, clue, affair = await handed_to_both(desk)
    cases = await until_they_stand(desk, number, CaseStatus.HANDED_OVER, CaseStatus.REFUSED)
    assert [case.code for case in cases] == ["", "item_withdrawn"]
    with pytest.raises(Refused) as refusal:
        await desk.do(number, GRID, SubmitReply("1", "solved", "handed to both"))
    assert refusal.value.code == "case_open"
    assert clue in refusal.value.reason
    assert affair not in refusal.value.reason


async def test_pain_25_a_call_whose_answer_is_lost_is_made_again_and_has_its_effect_once(
    desk: Desk, gateways: Gateways
) -> None:
    """As above: a call that failed half-way was made again, and the other system had the report twice."""
    for gateway in gateways.values():
        gateway.half_answers.update(open=2, confirm=1)
    number, clue, _ = await handed_to_both(desk)
    await until_they_stand(desk, number, CaseStatus.HANDED_OVER, CaseStatus.HANDED_OVER)
    team = gateways[ENFORCEMENT]
    assert team.calls["open", clue] == 3
    told = said("on_site_result", 1, clue)
    cases = CaseClient(desk.client, desk.queue, 4000)
    await asyncio.gather(*(cases.deliver(told) for _ in range(3)))
    await until_they_stand(desk, number, CaseStatus.DONE, CaseStatus.HANDED_OVER)
    async with asyncio.timeout(10):
        while team.calls["confirm", clue] < 2:
            await asyncio.sleep(0.02)
    assert {effect for gateway in gateways.values() for effect in gateway.effects.values()} == {1}
    reports = [event.what for event in desk.records.timelines[number] if event.what.kind == "case_reported"]
    assert [report.message for report in reports if report.case == clue] == ["handed_over", "on_site_result"]
