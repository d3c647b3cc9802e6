"""The card ledger: which request gets the red card, and what is final."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from domain.commands import Answer, Order, RaiseCard
from domain.refusals import Refused
from domain.units import Role
from tests.persistence.conftest import Append, rows
from tests.persistence.test_cards import NOW, carded
from worker.card_ledger import CardLedger
from workflows.client import EngineUnavailable


class Requests:
    """Requests that refuse as they are told to, and remember what they were asked."""

    def __init__(self, **refusals: str) -> None:
        self.refusals: dict[str, str] = refusals
        self.asked: list[tuple[str, str]] = []
        self.away = False

    async def give(self, number: str, order: Order) -> Answer:
        """Obey, or refuse."""
        assert (order.by.role, type(order.act)) == (Role.SYSTEM, RaiseCard)
        self.asked.append((number, order.key))
        if self.away:
            raise EngineUnavailable("the engine is away")
        if code := self.refusals.get(number):
            raise Refused(code, "state", "as the test says", "something else")
        return Answer(number, "in_progress", 9)


@pytest.fixture
async def pair(engine: AsyncEngine, append: Append) -> tuple[str, str]:
    """Two requests with a yellow card of one unit: their numbers, the earlier card's first."""
    return await carded(engine, append, "first"), await carded(engine, append, "second", minutes=8)


def ledger(engine: AsyncEngine, requests: Requests, **more: timedelta) -> CardLedger:
    return CardLedger(engine, requests.give, now=lambda: NOW, **more)


async def kept(engine: AsyncEngine) -> tuple[str, str | None, str]:
    [row] = await rows(engine, "SELECT result, given_to, code FROM card_pairs")
    return row["result"], row["given_to"], row["code"]


async def test_the_request_of_the_later_card_gets_the_red_one_once(
    engine: AsyncEngine, pair: tuple[str, str]
) -> None:
    requests = Requests()
    for _ in range(3):
        await ledger(engine, requests).look()
    [(number, key)] = requests.asked
    assert number == pair[1]
    assert key.endswith("/2026-03/1")
    assert await kept(engine) == ("given", pair[1], "")


async def test_where_the_later_request_has_ended_the_earlier_gets_it(
    engine: AsyncEngine, pair: tuple[str, str]
) -> None:
    requests = Requests(**{pair[1]: "request_ended"})
    await ledger(engine, requests).look()
    assert await kept(engine) == ("given", pair[0], "")


@pytest.mark.parametrize("code", ["request_ended", "card_issued_before"])
async def test_a_refusal_is_final_and_noted(engine: AsyncEngine, pair: tuple[str, str], code: str) -> None:
    requests = Requests(**dict.fromkeys(pair, code))
    await ledger(engine, requests).look()
    asked = len(requests.asked)
    await ledger(engine, requests).look()
    assert await kept(engine) == ("refused", None, code)
    assert len(requests.asked) == asked == (2 if code == "request_ended" else 1)


@pytest.mark.parametrize("code", ["not_started", "no_such_card"])
async def test_what_is_only_not_yet_so_settles_nothing(
    engine: AsyncEngine, pair: tuple[str, str], code: str
) -> None:
    requests = Requests(**{pair[1]: code})
    await ledger(engine, requests).look()
    assert await kept(engine) == ("pending", None, "")
    requests.refusals.clear()
    await ledger(engine, requests).look()
    assert await kept(engine) == ("given", pair[1], "")


async def test_an_outage_of_engine_or_database_is_waited_out(
    engine: AsyncEngine, pair: tuple[str, str]
) -> None:
    requests = Requests()
    requests.away = True
    with capture_logs() as logged:
        running = asyncio.create_task(ledger(engine, requests, interval=timedelta(milliseconds=20)).run())
        while not logged:
            await asyncio.sleep(0.01)
        async with engine.begin() as connection:
            await connection.execute(text("ALTER TABLE card_pairs RENAME TO away"))
        while len({line.get("error") for line in logged}) < 2:
            await asyncio.sleep(0.01)
        requests.away = False
        async with engine.begin() as connection:
            await connection.execute(text("ALTER TABLE away RENAME TO card_pairs"))
        while logged[-1]["event"] != "yellow_cards_paired":
            await asyncio.sleep(0.01)
        running.cancel()
    assert (await kept(engine))[:2] == ("given", pair[1])
