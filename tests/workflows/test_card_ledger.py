"""Two yellow cards of a unit on real servers: one red card, once, whoever looks and however often."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from activities.posting import LegPosting
from activities.records import Records
from config.metrics import Metrics
from domain.commands import Act, Dispatch, Order, Supervise, Withdraw
from domain.levels import Level
from domain.limits.policy import Policy, Thresholds
from domain.request import Body, Card
from domain.units import Actor, Role
from persistence.engine import make_engine, writing
from persistence.intake import take_in
from tests.persistence.conftest import rows
from tests.support.builders import UNITS, actor, policy
from tests.support.stories import draft
from tests.workflows.desk import SLOW
from worker.card_ledger import CardLedger
from worker.orders import Orders
from worker.registry import make_worker
from workflows.client import RequestClient

FIRST_DAY = date(2032, 1, 1)
"""Each test's requests have a day of their own in their numbers: all tests share one Temporal server."""

SERIAL = itertools.count()
HASTY = {"dispatch": "60s", "sign": "60s", "first_contact": "60s", "total": "1s", "dwell": {"grid": "100s"}}
"""Its total limit is over after a second; the ladder's own red card is hours away."""


@dataclass
class Office:
    """A worker with the record in PostgreSQL, and people who act."""

    engine: AsyncEngine
    requests: RequestClient
    day: date

    def ledger(self) -> CardLedger:
        """A card ledger as a worker runs one, only faster."""
        orders = Orders(self.requests, self.engine, patience=timedelta(seconds=0.5))
        return CardLedger(self.engine, orders.give, interval=timedelta(milliseconds=20))

    async def dispatched(self, key: str, chosen: Policy | None = None) -> str:
        """A request at its grid worker's; its number."""
        made = draft(key=key, received_at=datetime.now(UTC), policy=chosen or policy(**SLOW))
        async with writing(self.engine) as connection:
            begun = (await take_in(connection, replace(made, local_day=self.day))).intake
        await self.requests.start(begun)
        await self.do(begun.number, actor(Role.DISPATCHER), Dispatch())
        return begun.number

    async def carded(self, key: str) -> str:
        """A request whose grid worker gets a yellow card from a supervisor of the town."""
        number = await self.dispatched(key)
        supervisor = actor(Role.SUPERVISOR, level=Level.TOWN)
        await self.do(number, supervisor, Supervise("late", Card.YELLOW))
        return number

    async def do(self, number: str, by: Actor, act: Act) -> None:
        await self.requests.command(number, Order(f"{number}-{act.act}", by, act))

    async def red_cards(self) -> list[dict[str, Any]]:
        """Every red card of the record."""
        return await rows(
            self.engine,
            "SELECT number, actor ->> 'role' AS role, fact ->> 'leg' AS leg, fact ->> 'body' AS body, "
            "fact ->> 'cause' AS cause FROM timeline WHERE fact ->> 'card' = 'red_card'",
        )

    async def until(self, query: str) -> None:
        """Wait until a query finds something."""
        async with asyncio.timeout(20):
            while not await rows(self.engine, query):
                await asyncio.sleep(0.02)


@pytest.fixture
async def office(database_url: str, temporal_client: Client) -> AsyncIterator[Office]:
    """A worker on real servers."""
    engine, serial = make_engine(database_url, pool_size=20), next(SERIAL)
    queue, posting = f"card-tests-{serial}", LegPosting(engine)
    requests = RequestClient(temporal_client, queue, continue_after=4000)
    told = [Records(engine, Metrics()).append, posting.post_leg, posting.await_leg]
    async with make_worker(temporal_client, queue, told):
        yield Office(engine, requests, FIRST_DAY + timedelta(days=serial))
    await engine.dispose()


async def test_two_requests_of_one_unit_bring_one_red_card_though_two_ledgers_run(office: Office) -> None:
    await office.carded("first")
    later = await office.dispatched("second", policy(**HASTY, thresholds=Thresholds(red_card=1_000_000)))
    ledgers = [asyncio.create_task(office.ledger().run()) for _ in range(2)]
    await office.until("SELECT 1 FROM card_pairs WHERE result = 'given'")
    for running in ledgers:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
    await asyncio.gather(*(office.ledger().look() for _ in range(3)))
    body = Body.TOWN.value
    red = {"number": later, "role": "system", "leg": "1", "body": body, "cause": "two_yellow_cards"}
    assert await office.red_cards() == [red]
    assert len(await rows(office.engine, "SELECT 1 FROM card_pairs")) == 1
    recipients = f"SELECT recipient FROM notices WHERE number = '{later}' AND text_en LIKE '%red_card%'"
    assert await rows(office.engine, recipients) == [{"recipient": UNITS[Level.GRID].code}]


async def test_where_the_later_request_has_ended_meanwhile_the_earlier_gets_the_red_card(
    office: Office,
) -> None:
    earlier, later = await office.carded("first"), await office.carded("second")
    await office.do(later, actor(Role.CITIZEN), Withdraw())
    await office.until(f"SELECT 1 FROM requests WHERE number = '{later}' AND ended_at IS NOT NULL")
    await office.ledger().look()
    assert [(red["number"], red["body"]) for red in await office.red_cards()] == [(earlier, "district")]


async def test_where_both_have_ended_it_is_noted_and_nobody_gets_a_card(office: Office) -> None:
    for number in (await office.carded("first"), await office.carded("second")):
        await office.do(number, actor(Role.CITIZEN), Withdraw())
    await office.until("SELECT 1 FROM requests HAVING count(ended_at) = 2")
    await office.ledger().look()
    assert await office.red_cards() == []
    assert await rows(office.engine, "SELECT result, code FROM card_pairs") == [
        {"result": "refused", "code": "request_ended"}
    ]
