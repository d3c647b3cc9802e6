"""Matters with the simulated partners, through all the real processes: handed over, answered, nothing done twice."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from domain.partners import Partner
from integrations.simulators.catalogue import catalogue
from stack.embedded import EmbeddedStack
from tests.e2e.knocking import PATIENCE, SLOW, Knocker
from tests.e2e.soundness import assert_sound, until

CLUE = {"to": "enforcement", "facts": "占用消防通道，连续三晚"}


def task() -> dict[str, Any]:
    begins = datetime.now(UTC) + timedelta(hours=1)
    return {
        "to": "volunteers",
        "task_kind": "clean",
        "facts": "清理楼道杂物",
        "starts_at": begins.isoformat(),
        "ends_at": (begins + timedelta(hours=2)).isoformat(),
        "at_least": 2,
        "at_most": 3,
    }


def affair() -> dict[str, Any]:
    served = next(code for code, item in catalogue().items() if not item.withdrawn)
    return {"to": "affairs", "item_code": served, "facts": "申请办理食品经营许可"}


class Neighbour:
    """One simulated partner, as somebody sees it who can reach its controls."""

    def __init__(self, stack: EmbeddedStack, partner: Partner) -> None:
        self._address = stack.addresses.partners[partner]

    async def effects(self, case: str) -> dict[str, int]:
        told = await self._heard("GET", "/_control/effects")
        return {each["effect"]: each["times"] for each in told if each["subject"].partition("/")[0] == case}

    async def behaves(self, profile: str) -> None:
        await self._heard("PUT", "/_control/profile", {"name": profile})

    async def takes(self, case: str, step: str) -> None:
        await self._heard("POST", f"/_control/cases/{case}/{step}", {})

    async def _heard(self, method: str, path: str, body: Any = None) -> Any:
        """The answer, asked for again while nobody is there."""
        give_up_at = time.monotonic() + PATIENCE
        async with httpx2.AsyncClient(base_url=self._address, trust_env=False) as client:
            while True:
                try:
                    answer = await client.request(method, path, json=body)
                except httpx2.TransportError:
                    assert time.monotonic() < give_up_at, f"{path} is not answered"
                    await asyncio.sleep(0.05)
                else:
                    assert answer.is_success, answer.text
                    return answer.json()


async def in_hand(knocker: Knocker, database: AsyncEngine) -> str:
    """A request that a unit has signed for."""
    number = await knocker.register(SLOW)
    await until(database, [number], "accepted")
    await knocker.command(number, "dispatch")
    await until(database, [number], "leg_dispatched")
    await knocker.by_unit(number, "1", "sign")
    return number


async def handed_over(knocker: Knocker, number: str, handover: dict[str, Any]) -> str:
    """Hand the matter over, as the unit that holds it; the case's id."""
    unit = (await knocker.get(f"/v1/requests/{number}"))["legs"][0]["unit"]
    answer = await knocker.command(number, "open-case", {"handover": handover}, unit=unit)
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
    while not (await knocker.get(f"/v1/partners/affairs/items?q={affair()['item_code']}"))["items"]:
        await asyncio.sleep(0.2)  # the catalogue is read when a worker has started
    handovers = {Partner.ENFORCEMENT: CLUE, Partner.AFFAIRS: affair(), Partner.VOLUNTEERS: task()}
    numbers = await asyncio.gather(*(in_hand(knocker, database) for _ in handovers))
    for number, handover in zip(numbers, handovers.values(), strict=True):
        await handed_over(knocker, number, handover)
    for number, partner in zip(numbers, handovers, strict=True):
        case = await standing(knocker, number, is_("done"))
        assert case["number"]
        assert (await knocker.get(f"/v1/requests/{number}"))["state"] == "in_progress"
        effects = await Neighbour(stack, partner).effects(f"{number}-p1")
        assert effects["handed_over"] == effects["confirmed"] == 1
        assert set(effects.values()) == {1}
    assert "hours_credited" in await Neighbour(stack, Partner.VOLUNTEERS).effects(f"{numbers[2]}-p1")
    await asyncio.gather(*(knocker.command(number, "withdraw") for number in numbers))
    await assert_sound(database, engine_client, list(numbers))


async def test_a_partner_that_dies_and_is_down_is_handed_each_matter_once_and_answers_in_the_end(
    stack: EmbeddedStack, knocker: Knocker, database: AsyncEngine, engine_client: Client
) -> None:
    enforcement = Neighbour(stack, Partner.ENFORCEMENT)
    first, second = await asyncio.gather(*(in_hand(knocker, database) for _ in range(2)))
    await enforcement.behaves("by_hand")
    try:
        before = await handed_over(knocker, first, CLUE)
        await standing(knocker, first, is_("handed_over"))
        os.kill(stack.supervisor.child("partners").pid, signal.SIGKILL)
        meanwhile = await handed_over(knocker, second, CLUE)
        await enforcement.takes(before, "clue_received")
        await enforcement.behaves("down")
        await enforcement.takes(before, "case_filed")
        await enforcement.behaves("by_hand")
        case = await standing(knocker, first, is_("under_way"))
        assert case["number"].startswith("穗")
        await standing(knocker, second, is_("handed_over"))
        for number, case_id in ((first, before), (second, meanwhile)):
            await enforcement.takes(case_id, "on_site_result")
            await standing(knocker, number, is_("done"))
            assert (await enforcement.effects(case_id))["handed_over"] == 1
    finally:
        await enforcement.behaves("at_once")
    await asyncio.gather(*(knocker.command(number, "withdraw") for number in (first, second)))
    await assert_sound(database, engine_client, [first, second])
