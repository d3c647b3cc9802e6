"""What partners find, through all the real processes: a request of its own, once, whoever dies on the way."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from domain.partners import Partner
from persistence.engine import reading
from stack.embedded import EmbeddedStack
from tests.e2e.knocking import PATIENCE, Knocker
from tests.e2e.neighbour import AT_ONCE, BY_HAND, SERVED, Neighbour
from tests.e2e.soundness import assert_sound, until
from tests.e2e.test_deaths_after_commit import Mortals, nobody_at_work
from tests.e2e.test_partners import handed_over, in_hand, is_, standing


@pytest.fixture
def mortals(stack: EmbeddedStack, tmp_path: Path) -> Mortals:
    return Mortals(stack, tmp_path)


async def registered(database: AsyncEngine, case: str) -> list[str]:
    """The requests that came of a case, by what was written down of each."""
    found = text("SELECT number FROM intake WHERE body ->> 'found_in' = :case ORDER BY number")
    async with reading(database) as connection:
        return [*(await connection.scalars(found, {"case": case}))]


async def found_in(knocker: Knocker, number: str, count: int) -> list[str]:
    """What the request was told of, once it is so many."""
    case = await standing(knocker, number, lambda case: len(case["found"]) >= count)
    return case["found"]


async def test_issues_are_registered_once_though_the_worker_dies_before_it_is_told(
    stack: EmbeddedStack, knocker: Knocker, database: AsyncEngine, engine_client: Client, mortals: Mortals
) -> None:
    volunteers = Neighbour.of(stack, Partner.VOLUNTEERS)
    number = await in_hand(knocker, database)
    await volunteers.behave(BY_HAND)
    try:
        case = await handed_over(knocker, number, Partner.VOLUNTEERS)
        await standing(knocker, number, is_("handed_over"))
        for step in ("sign_up", "sign_up", "enrolment_closed", "check_in"):
            await volunteers.take(case, step)
        await standing(knocker, number, is_("under_way"))
        async with nobody_at_work(stack):
            mortals.dies(case, "register_found")
            await volunteers.take(case, "report", new_issues=["路灯一盏不亮", {"text": "井盖松动"}])
            await mortals.until_all_died(seconds=60)
            assert len(await registered(database, case)) == 2
        found = await found_in(knocker, number, 2)
        await volunteers.take(case, "report", new_issues=["井盖松动"])
        await volunteers.take(case, "hours_credited")
        await standing(knocker, number, is_("done"))
        assert await registered(database, case) == sorted(found)
    finally:
        await volunteers.behave(AT_ONCE)
    await until(database, found, "registered")
    told: dict[str, Any] = await knocker.get(f"/v1/requests/{found[0]}")
    assert (told["state"], told["channel"], told["came_from"]) == ("registered", "volunteer_report", number)
    await asyncio.gather(*(knocker.command(each, "withdraw") for each in (number, *found)))
    await assert_sound(database, engine_client, [number, *found])


async def test_a_bad_review_after_collection_becomes_a_complaint_though_all_has_ended(
    stack: EmbeddedStack, knocker: Knocker, database: AsyncEngine, engine_client: Client
) -> None:
    give_up_at = time.monotonic() + PATIENCE
    while not (await knocker.get(f"/v1/partners/affairs/items?q={SERVED}"))["items"]:
        assert time.monotonic() < give_up_at
        await asyncio.sleep(0.2)  # the catalogue is read when a worker has started
    affairs = Neighbour.of(stack, Partner.AFFAIRS)
    number = await in_hand(knocker, database)
    case = await handed_over(knocker, number, Partner.AFFAIRS)
    before = await standing(knocker, number, is_("done"))
    await knocker.command(number, "withdraw")
    await affairs.take(case, "review_posted", score=2, text="等了三个小时")
    (complaint,) = await found_in(knocker, number, 1)
    told: dict[str, Any] = await knocker.get(f"/v1/requests/{complaint}")
    assert (told["channel"], told["found_in"]) == ("bad_review", case)
    assert "等了三个小时" in told["description"]
    after = await standing(knocker, number, is_("done"))
    assert {**after, "found": []} == before
    await until(database, [complaint], "registered")
    await knocker.command(complaint, "withdraw")
    await assert_sound(database, engine_client, [number, complaint])
