"""Calling a simulated partner in its own words, as a client that knows the contract and nothing of our adapters."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2

from domain.partners import Partner
from integrations.simulators.catalogue import catalogue
from integrations.simulators.life import Interface
from integrations.simulators.serving import Simulator, life_of
from integrations.wire.envelope import KEY_HEADER

CASE = "20261123-0000042-p1"
PATIENCE_SECONDS = 10.0
NOW = datetime.now(UTC)
"""One instant for all orders of a run: a retry says the same."""


def handed(partner: Partner, **changes: Any) -> dict[str, Any]:
    """Something that the partner takes."""
    data: dict[str, Any]
    match partner:
        case Partner.ENFORCEMENT:
            data = {
                "category": "0104",
                "place": {"area": "440106012", "address": "五山路1号"},
                "facts": "烧烤店占道经营，每晚油烟扰民",
                "reply_requested_by": NOW + timedelta(days=5),
            }
        case Partner.AFFAIRS:
            data = {
                "itemCode": an_item(),
                "divisionCode": "440106012",
                "statement": "申请办理食品经营许可",
                "answerBy": NOW + timedelta(days=5),
            }
        case Partner.VOLUNTEERS:
            data = {
                "kind": "VISIT",
                "category": "0801",
                "place": {"area": "440106012"},
                "description": "探访独居长者",
                "starts_at": NOW + timedelta(hours=1),
                "ends_at": NOW + timedelta(hours=3),
                "people_min": 2,
                "people_max": 3,
            }
    spelled = {
        name: value.isoformat() if isinstance(value, datetime) else value for name, value in data.items()
    }
    return {**spelled, **changes}


def an_item(*, at_once: bool = False) -> str:
    """An item that is served; ``at_once``: one that is decided without a procedure."""
    return next(
        code
        for code, item in catalogue().items()
        if not item.withdrawn and (item.promised_days == 0) is at_once
    )


@dataclass
class Caller:
    """Somebody with the partner's token."""

    partner: Partner
    client: httpx2.AsyncClient

    @property
    def interface(self) -> Interface:
        return life_of(self.partner).interface

    async def hand_over(self, case: str = CASE, *, key: str | None = None, **changes: Any) -> httpx2.Response:
        data = handed(self.partner, **changes)
        return await self.post(self.interface.cases, case, key or f"{case}:open", data, sequence=1)

    async def withdraw(self, case: str = CASE, *, key: str | None = None) -> httpx2.Response:
        path = self.interface.withdrawal.format(correlation_id=case)
        return await self.post(path, case, key or f"{case}:withdraw", {"reason": "市民撤回"}, sequence=2)

    async def confirm(self, case: str = CASE, *, key: str | None = None) -> httpx2.Response:
        path = self.interface.confirmation.format(correlation_id=case)
        return await self.post(path, case, key or f"{case}:confirm", {}, sequence=3)

    async def post(
        self, path: str, case: str, key: str, data: dict[str, Any], *, sequence: int, header: str = ""
    ) -> httpx2.Response:
        body = {
            "message_id": key,
            "correlation_id": case,
            "sequence": sequence,
            "sent_at": datetime.now(UTC).isoformat(),
            "data": data,
        }
        return await self.client.post(path, json=body, headers={KEY_HEADER: header or key})

    async def listed(self, since: str = "2000-01-01T00:00:00Z", cursor: str = "") -> dict[str, Any]:
        """A page of the list of cases."""
        wanted = {self.interface.since: since} | ({"cursor": cursor} if cursor else {})
        response = await self.client.get(self.interface.cases, params=wanted)
        assert response.status_code == 200, response.text
        return response.json()

    async def messages(self, case: str = CASE) -> list[dict[str, Any]]:
        response = await self.client.get(self.interface.messages.format(correlation_id=case))
        assert response.status_code == 200, response.text
        return response.json()["messages"]

    async def kinds(self, case: str = CASE) -> list[str]:
        return [message["type"] for message in await self.messages(case)]

    async def until(self, kind: str, case: str = CASE) -> list[str]:
        """The kinds of all messages, once the last one is of this kind."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (kinds := await self.kinds(case))[-1:] != [kind]:
                await asyncio.sleep(0.01)
        return kinds

    async def put_on(self, profile: str, **changes: Any) -> None:
        body = {"name": profile, "changes": changes}
        response = await self.client.put("/_control/profile", json=body)
        assert response.status_code == 200, response.text

    async def drive(self, step: str, case: str = CASE, **changes: Any) -> httpx2.Response:
        return await self.client.post(f"/_control/cases/{case}/{step}", json={"changes": changes})

    async def matter(self) -> dict[str, Any]:
        """All that the partner knows of the case, but for the way of its call-backs."""
        told = (await self.client.get(f"/_control/cases/{CASE}")).json()
        return {name: value for name, value in told.items() if name != "deliveries"}

    async def deliveries(self) -> dict[str, list[str]]:
        """What became of each message's copies."""
        return (await self.client.get(f"/_control/cases/{CASE}")).json()["deliveries"]

    async def effects(self) -> dict[tuple[str, str], int]:
        told = (await self.client.get("/_control/effects")).json()
        return {(each["effect"], each["subject"]): each["times"] for each in told}


@asynccontextmanager
async def calling(simulator: Simulator, *, patience: float = 5.0) -> AsyncGenerator[Caller]:
    """A caller of a simulator."""
    headers = {"Authorization": f"Bearer {simulator.token}"}
    async with httpx2.AsyncClient(
        base_url=simulator.url, headers=headers, timeout=patience, trust_env=False
    ) as client:
        yield Caller(simulator.partner, client)
