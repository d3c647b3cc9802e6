"""Matters with the simulated partners, through all the real processes: handed over, answered, nothing done twice."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from domain.partners import Partner
from stack.embedded import EmbeddedStack
from tests.e2e.knocking import PATIENCE, SLOW, Knocker
from tests.e2e.neighbour import SERVED, Neighbour, handover_to
from tests.e2e.soundness import assert_sound, until


async def in_hand(knocker: Knocker, database: AsyncEngine) -> str:
    """A request that a unit has signed for."""
    number = await knocker.register(SLOW)
    await until(database, [number], "accepted")
    await knocker.command(number, "dispatch")
    await until(database, [number], "leg_dispatched")
    await knocker.by_unit(number, "1", "sign")
    return number


async def handed_over(knocker: Knocker, number: str, partner: Partner) -> str:
    """Hand the matter over, as the unit that holds it; the case's id."""
    unit = (await knocker.get(f"/v1/requests/{number}"))["legs"][0]["unit"]
    answer = await knocker.command(number, "open-case", {"handover": handover_to(partner)}, unit=unit)
    assert answer["state"] == "awaiting_partner"
    return f"{number}-p1"


async def standing(knocker: Knocker, number: str, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The request's one case, once it is as wanted."""
    give_up_at = time.monotonic() + PATIENCE
    while True:
        (case,) = (await knocker.get(f"/v1/requests/{number}"))["cases"]
        if wanted(case):
            return case
        assert time.monotonic() < give_up_at, case
        await asyncio.sleep(0.1)


def is_(status: str) -> Callable[[dict[str, Any]], bool]:
    return lambda case: case["status"] == status


async def test_each_partner_takes_a_matter_over_and_answers_it(
    stack: EmbeddedStack, knocker: Knocker, database: AsyncEngine, engine_client: Client
) -> None:
    while not (await knocker.get(f"/v1/partners/affairs/items?q={SERVED}"))["items"]:
        await asyncio.sleep(0.2)  # the catalogue is read when a worker has started
    numbers = await asyncio.gather(*(in_hand(knocker, database) for _ in Partner))
    for number, partner in zip(numbers, Partner, strict=True):
        await handed_over(knocker, number, partner)
    for number, partner in zip(numbers, Partner, strict=True):
        case = await standing(knocker, number, is_("done"))
        assert case["number"]
        assert (await knocker.get(f"/v1/requests/{number}"))["state"] == "in_progress"
        effects = await Neighbour.of(stack, partner).effects(f"{number}-p1")
        assert {f"handed_over {number}-p1", f"confirmed {number}-p1"} <= set(effects)
        assert set(effects.values()) == {1}
        credited = any(effect.startswith("hours_credited") for effect in effects)
        assert credited is (partner is Partner.VOLUNTEERS)
    await asyncio.gather(*(knocker.command(number, "withdraw") for number in numbers))
    await assert_sound(database, engine_client, list(numbers))


async def test_a_partner_that_dies_and_is_down_is_handed_each_matter_once_and_answers_in_the_end(
    stack: EmbeddedStack, knocker: Knocker, database: AsyncEngine, engine_client: Client
) -> None:
    enforcement = Neighbour.of(stack, Partner.ENFORCEMENT)
    first, second = await asyncio.gather(*(in_hand(knocker, database) for _ in range(2)))
    await enforcement.behave("by_hand")
    try:
        before = await handed_over(knocker, first, Partner.ENFORCEMENT)
        await standing(knocker, first, is_("handed_over"))
        os.kill(stack.supervisor.child("partners").pid, signal.SIGKILL)
        meanwhile = await handed_over(knocker, second, Partner.ENFORCEMENT)
        await enforcement.take(before, "clue_received")
        await enforcement.behave("down")
        await enforcement.take(before, "case_filed")
        await enforcement.behave("by_hand")
        case = await standing(knocker, first, is_("under_way"))
        assert case["number"].startswith("穗")
        await standing(knocker, second, is_("handed_over"))
        for number, case_id in ((first, before), (second, meanwhile)):
            await enforcement.take(case_id, "on_site_result")
            await standing(knocker, number, is_("done"))
            assert (await enforcement.effects(case_id))[f"handed_over {case_id}"] == 1
    finally:
        await enforcement.behave("at_once")
    await asyncio.gather(*(knocker.command(number, "withdraw") for number in (first, second)))
    await assert_sound(database, engine_client, [first, second])
