"""The whole way: a case goes to a simulated partner over HTTP, and what the partner says comes back, or is fetched."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from api.frame.doors import Neighbour, clock_time
from config.metrics import Metrics
from domain.partners import FoundMatter, Partner
from domain.responsibility.routing import Place
from integrations.gateways import OpenGateway, gateway_for
from integrations.simulators.serving import DEMO_SECRET, Simulator
from persistence.engine import reading, writing
from persistence.reconciliations import Reconciliation, ask_for_reconciliation, last_reconciliations
from tests.api.conftest import City, application, pack, running_city
from tests.api.serving import served
from tests.integrations.conftest import Simulate
from tests.integrations.misbehaving import connection_to
from tests.integrations.test_gateways import WHOLE_LIFE, matter_of
from tests.integrations.test_translation import CASE
from tests.persistence.conftest import rows
from tests.worker.doubles import CasesInMemory, recorded
from worker.partner_inbox import PARTNER_MESSAGES, PartnerInbox
from worker.reconciler import Reconciler
from worker.starter import Starter

__all__ = ["application", "pack", "running_city"]


@dataclass
class Way:
    """A partner with a case of ours, and the two ways by which we hear of it."""

    city: City
    simulator: Simulator
    gateway: OpenGateway
    cases: CasesInMemory

    def lives(self) -> None:
        """Let the partner bring the case to its result."""
        for step in WHOLE_LIFE[self.gateway.partner]:
            self.simulator.office.drive(CASE, step)

    async def until_kept(self, count: int) -> None:
        async with asyncio.timeout(10):
            while len(await rows(self.city.doors.database, "SELECT 1 FROM partner_messages")) < count:
                await asyncio.sleep(0.02)

    async def delivered(self) -> list[str]:
        """What the case has heard when everything that waits is delivered, in the partner's order."""
        inbox = PartnerInbox(self.city.doors.database, self.cases)
        await Starter(self.city.doors.database, PARTNER_MESSAGES, inbox.deliver).start_waiting()
        return [each.kind for each in sorted(self.cases.heard[CASE], key=lambda each: each.sequence)]

    async def reconciled(self) -> Reconciliation:
        """What a reconciliation finds now."""
        database, partner = self.city.doors.database, self.gateway.partner
        async with writing(database) as connection:
            await ask_for_reconciliation(connection, partner, by="operator", at=datetime.now(UTC))
        reconciler = Reconciler(
            database,
            {partner: self.gateway},
            self.cases,
            Metrics(),
            every=timedelta(days=1),
            look_again_after=timedelta(),
        )
        await reconciler.look(partner)
        async with reading(database) as connection:
            return (await last_reconciliations(connection))[partner]


SetOut = Callable[..., Awaitable[Way]]


@pytest.fixture
async def set_out(running_city: City, simulate: Simulate) -> AsyncIterator[SetOut]:
    """Hand a case over to a partner that is driven by hand and calls the city's API back."""
    gateways: list[OpenGateway] = []
    async with served(running_city) as base:

        async def to(partner: Partner, **conduct: object) -> Way:
            simulator = await simulate(
                partner,
                "by_hand",
                callback_url=f"{base}/v1/partners/{partner}/callbacks",
                token="token-of-huying",
                changes=conduct,
            )
            gateway = gateway_for(partner, connection_to(simulator.url))
            gateways.append(gateway)
            running_city.app.state.doors = replace(
                running_city.doors,
                now=clock_time,
                neighbours={
                    partner: Neighbour(gateway, ("whsec_YW5vdGhlci1zZWNyZXQtb2YtYS1wYXJ0bmVy", DEMO_SECRET))
                },
            )
            await recorded(running_city.doors.database, CASE, partner=partner)
            await gateway.open(key=f"{CASE}:open", brief=matter_of(partner))
            return Way(running_city, simulator, gateway, CasesInMemory())

        yield to
    for gateway in gateways:
        await gateway.aclose()


@pytest.mark.parametrize("partner", Partner)
async def test_what_a_partner_says_reaches_its_case(set_out: SetOut, partner: Partner):
    way = await set_out(partner)
    way.lives()
    await way.until_kept(len(WHOLE_LIFE[partner]))
    assert await way.delivered() == [*WHOLE_LIFE[partner]]
    assert (await way.reconciled()).compared == 1


async def test_every_call_back_twice_is_every_message_once(set_out: SetOut):
    way = await set_out(Partner.ENFORCEMENT, duplicated=1)
    way.lives()
    await way.until_kept(4)
    await asyncio.sleep(0.3)
    assert await way.delivered() == [*WHOLE_LIFE[Partner.ENFORCEMENT]]


@pytest.mark.parametrize("partner", Partner)
async def test_lost_call_backs_are_fetched_by_the_reconciliation(set_out: SetOut, partner: Partner):
    way = await set_out(partner, lost=1)
    way.lives()
    found = await way.reconciled()
    assert [(each.case, each.what, each.repaired) for each in found.differences] == [(CASE, "behind", True)]
    assert await way.delivered() == [*WHOLE_LIFE[partner]]


async def test_a_partner_that_signs_with_a_strange_key_is_not_heard_but_asked(set_out: SetOut):
    way = await set_out(Partner.ENFORCEMENT, signed_with="foreign")
    way.lives()
    await asyncio.sleep(0.3)
    assert await rows(way.city.doors.database, "SELECT 1 FROM partner_messages") == []
    assert (await way.reconciled()).repaired == 1
    assert len(await way.delivered()) == 4


async def test_what_volunteers_found_reaches_the_case_as_they_told_it(set_out: SetOut):
    way = await set_out(Partner.VOLUNTEERS)
    issue = {"text": "井盖松动", "reference": "WT-7", "place": {"area": "440106012", "address": "五山路9号"}}
    way.simulator.office.drive(CASE, "check_in")
    way.simulator.office.drive(CASE, "report", {"new_issues": ["路灯一盏不亮", issue]})
    await way.until_kept(2)
    assert await way.delivered() == ["check_in", "report"]
    place = Place("440106012", "五山路9号")
    [report] = (each for each in way.cases.heard[CASE] if each.kind == "report")
    assert report.found == (
        FoundMatter("路灯一盏不亮"),
        FoundMatter("井盖松动", "WT-7", place=place),
    )
