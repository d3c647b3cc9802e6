"""A simulated partner as somebody sees it who can reach its controls, and what is handed to it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2

from domain.partners import Partner
from integrations.simulators.catalogue import catalogue
from stack.embedded import EmbeddedStack
from tests.e2e.knocking import PATIENCE

AT_ONCE, BY_HAND = "at_once", "by_hand"
SERVED = next(code for code, item in catalogue().items() if not item.withdrawn)
"""An item of the affairs platform that can be applied for."""


@dataclass(frozen=True)
class Neighbour:
    """One simulated partner. Whoever asks it while it is not there asks again."""

    partner: Partner
    address: str

    @classmethod
    def of(cls, stack: EmbeddedStack, partner: Partner) -> Neighbour:
        """The partner of a running stack."""
        return cls(partner, stack.addresses.partners[partner])

    async def behave(self, profile: str, **changes: Any) -> None:
        """Behave like this from now on."""
        await self._heard("PUT", "profile", {"name": profile, "changes": changes})

    async def take(self, case: str, step: str, **changes: Any) -> None:
        """Take a step of a case by hand."""
        await self._heard("POST", f"cases/{case}/{step}", {"changes": changes})

    async def matter(self, case: str) -> dict[str, Any] | None:
        """What the partner has of a case; ``None``: nothing."""
        answer = await self._answer("GET", f"cases/{case}")
        return None if answer.status_code == 404 else answer.raise_for_status().json()

    async def effects(self, case: str) -> Mapping[str, int]:
        """What really happened for a case, to what, and how often."""
        told = await self._heard("GET", "effects")
        return {
            f"{each['effect']} {each['subject']}": each["times"]
            for each in told
            if each["subject"].replace("#", "/").partition("/")[0] == case
        }

    async def outcomes(self) -> Mapping[str, int]:
        """How often calls ended in which way, ever."""
        return (await self._heard("GET", "state"))["outcomes"]

    async def _heard(self, method: str, path: str, body: Any = None) -> Any:
        answer = await self._answer(method, path, body)
        assert answer.is_success, answer.text
        return answer.json()

    async def _answer(self, method: str, path: str, body: Any = None) -> httpx2.Response:
        give_up_at = time.monotonic() + PATIENCE
        async with httpx2.AsyncClient(base_url=self.address, trust_env=False) as client:
            while True:
                try:
                    return await client.request(method, f"/_control/{path}", json=body)
                except httpx2.TransportError:
                    assert time.monotonic() < give_up_at, f"{path} is not answered"
                    await asyncio.sleep(0.05)


def handover_to(partner: Partner, *, starts_in: timedelta = timedelta(hours=1)) -> dict[str, Any]:
    """What is handed to a partner, complete and plain."""
    match partner:
        case Partner.ENFORCEMENT:
            return {"to": partner, "facts": "占用消防通道，连续三晚"}
        case Partner.AFFAIRS:
            return {"to": partner, "item_code": SERVED, "facts": "申请办理食品经营许可"}
        case Partner.VOLUNTEERS:
            begins = datetime.now(UTC) + starts_in
            return {
                "to": partner,
                "task_kind": "clean",
                "facts": "清理楼道杂物",
                "starts_at": begins.isoformat(),
                "ends_at": (begins + timedelta(hours=2)).isoformat(),
                "at_least": 2,
                "at_most": 3,
            }
