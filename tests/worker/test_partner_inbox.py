"""The partner inbox: what a partner said reaches its case, whatever goes down meanwhile, and never another's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.partners import CaseMessage, CaseStatus, Delivery, Partner, Via
from persistence.caseless_messages import assign_message
from persistence.engine import writing
from persistence.partner_messages import TRIED_FOR, keep_message
from tests.persistence.conftest import rows
from tests.support.partners import said
from tests.worker.doubles import CasesInMemory, recorded
from worker.partner_inbox import PARTNER_MESSAGES, PartnerInbox
from worker.starter import Starter

TICK = timedelta(seconds=0.05)
CASE, OTHER = "20260302-0000001-p1", "20260302-0000002-p1"


def now() -> datetime:
    return datetime.now(UTC)


async def came(
    engine: AsyncEngine,
    message: CaseMessage,
    partner: Partner = Partner.ENFORCEMENT,
    at: datetime | None = None,
) -> None:
    async with writing(engine) as connection:
        await keep_message(connection, partner, message, Via.CALLBACK, at or now())


@asynccontextmanager
async def delivering(
    engine: AsyncEngine, cases: CasesInMemory, *, several: int = 1, interval: timedelta = TICK
) -> AsyncGenerator[None]:
    inbox = PartnerInbox(engine, cases)
    parts = [
        asyncio.create_task(Starter(engine, PARTNER_MESSAGES, inbox.deliver, interval=interval).run())
        for _ in range(several)
    ]
    yield
    for part in parts:
        part.cancel()
        with suppress(asyncio.CancelledError):
            await part


async def once(engine: AsyncEngine, cases: CasesInMemory) -> bool:
    """One look at what waits."""
    inbox = PartnerInbox(engine, cases)
    return await Starter(engine, PARTNER_MESSAGES, inbox.deliver).start_waiting()


async def until_heard(cases: CasesInMemory, count: int, case: str = CASE) -> None:
    async with asyncio.timeout(10):
        while len(cases.heard[case]) < count:
            await asyncio.sleep(0.02)


async def kept(engine: AsyncEngine) -> list[dict[str, Any]]:
    return await rows(
        engine, "SELECT delivery, free_at IS NOT NULL AS tried FROM partner_messages ORDER BY id"
    )


async def free_now(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(
            text("UPDATE partner_messages SET free_at = now() WHERE free_at IS NOT NULL")
        )


async def test_every_message_reaches_its_case_through_one_of_two_inboxes(engine: AsyncEngine):
    cases = CasesInMemory()
    await recorded(engine, CASE)
    messages = [said("affair_progress", sequence) for sequence in range(1, 31)]
    async with delivering(engine, cases, several=2):
        for message in messages:
            await came(engine, message)
        await until_heard(cases, 30)
        await asyncio.sleep(0.1)
    assert sorted(cases.heard[CASE], key=lambda each: each.sequence) == messages
    assert {row["delivery"] for row in await kept(engine)} == {Delivery.DELIVERED}


async def test_a_call_back_wakes_the_inbox_long_before_its_interval(engine: AsyncEngine):
    cases = CasesInMemory()
    await recorded(engine, CASE)
    async with delivering(engine, cases, interval=timedelta(minutes=1)):
        await asyncio.sleep(0.3)
        await came(engine, said("case_filed", 1))
        async with asyncio.timeout(3):
            await until_heard(cases, 1)


async def test_messages_wait_while_the_engine_is_away(engine: AsyncEngine):
    cases = CasesInMemory()
    cases.away = True
    await recorded(engine, CASE)
    async with delivering(engine, cases):
        for sequence in (1, 2, 3):
            await came(engine, said("affair_progress", sequence))
        await asyncio.sleep(0.3)
        assert {row["delivery"] for row in await kept(engine)} == {Delivery.WAITING}
        cases.away = False
        await until_heard(cases, 3)


async def test_a_case_that_cannot_be_reached_stops_no_other(engine: AsyncEngine):
    cases = CasesInMemory()
    cases.broken.add(OTHER)
    for case in (CASE, OTHER):
        await recorded(engine, case)
        await came(engine, said("case_filed", 1, case))
    await once(engine, cases)
    assert (len(cases.heard[CASE]), len(cases.heard[OTHER])) == (1, 0)
    assert sorted(row["delivery"] for row in await kept(engine)) == [Delivery.DELIVERED, Delivery.WAITING]


async def test_what_comes_after_the_end_begins_the_case_once_more(engine: AsyncEngine):
    cases = CasesInMemory()
    cases.over.add(CASE)
    await recorded(engine, CASE, CaseStatus.DONE)
    await came(engine, said("case_closed", 4))
    await came(engine, said("case_closed", 5))
    await once(engine, cases)
    assert sorted(each.sequence for each in cases.heard[CASE]) == [4, 5]
    assert cases.begun_again[CASE] >= 1
    assert Delivery.LATE in {row["delivery"] for row in await kept(engine)}


async def test_a_message_that_overtook_the_record_of_its_case_is_tried_again(engine: AsyncEngine):
    cases = CasesInMemory()
    await came(engine, said("case_filed", 1))
    await once(engine, cases)
    assert await kept(engine) == [{"delivery": Delivery.UNKNOWN, "tried": True}]
    await recorded(engine, CASE)
    await free_now(engine)
    await once(engine, cases)
    assert await kept(engine) == [{"delivery": Delivery.DELIVERED, "tried": False}]
    assert len(cases.heard[CASE]) == 1


async def test_after_a_day_an_unknown_message_is_left_until_somebody_assigns_it(engine: AsyncEngine):
    cases = CasesInMemory()
    await recorded(engine, CASE)
    await came(engine, said("case_filed", 1, "20260302-0000077-p1"), at=now() - TRIED_FOR)
    await once(engine, cases)
    assert await kept(engine) == [{"delivery": Delivery.UNKNOWN, "tried": False}]
    (row,) = await rows(engine, "SELECT id FROM partner_messages")
    async with writing(engine) as connection:
        await assign_message(connection, Partner.ENFORCEMENT, row["id"], CASE, by="operator", at=now())
    await once(engine, cases)
    assert [each.case for each in cases.heard[CASE]] == [CASE]


async def test_a_partner_cannot_speak_of_another_partners_case(engine: AsyncEngine):
    cases = CasesInMemory()
    await recorded(engine, CASE, partner=Partner.AFFAIRS)
    await came(engine, said("case_closed", 1), Partner.ENFORCEMENT)
    await once(engine, cases)
    assert cases.heard[CASE] == []
    assert await kept(engine) == [{"delivery": Delivery.UNKNOWN, "tried": True}]
