"""A city's desks and units as a program that knocks at the API, with the same key again until it is heard."""

from __future__ import annotations

import asyncio
import itertools
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from uuid import uuid4
from zlib import crc32

import httpx2

from cities.pack import CityPack, load_pack
from domain.levels import Level
from stack.embedded import EmbeddedStack

OUTAGE = float(os.environ.get("HUYING_OUTAGE_SECONDS", "4"))
"""Seconds that an outage lasts."""
PATIENCE = 60 + 2 * OUTAGE
"""Seconds after which everybody must have been heard, outages included."""
GRID = "440106012003001"
FAST, SLOW = "P-ROAD-DIRTY", "P-GARBAGE"
"""Two policies that climb all four levels; both are published anew with limits of the tests' own."""

PACES: Mapping[str, Mapping[str, Any]] = {
    FAST: {
        **dict.fromkeys(("dispatch", "sign", "first_contact"), "1s"),
        "total": "8s",
        "reminder_every": "2s",
        "review": "60s",
        "callback_within": "60s",
        "dwell": dict.fromkeys(("grid", "community", "town", "district"), "2s"),
        "thresholds": {"reminders": [70, 90], "yellow_card": 100, "red_card": 120, "black_list": 140},
    },
    SLOW: {
        **dict.fromkeys(("dispatch", "sign", "first_contact", "reminder_every"), "1h"),
        "total": "8h",
        "review": "1h",
        "callback_within": "1h",
        "dwell": dict.fromkeys(("grid", "community", "town", "district"), "2h"),
    },
}

_AGAIN_SECONDS = 0.25
_PASSING = frozenset({202, 503})


class NotHeard(AssertionError):
    """Nobody gave a final answer in time."""


@dataclass
class Knocker:
    """Speaks for everybody in the city. ``turned_away`` remembers every 503 with the seconds it took."""

    base: str
    secrets: Mapping[str, str]
    pack: CityPack
    turned_away: list[tuple[httpx2.Response, float]] = field(
        default_factory=list[tuple[httpx2.Response, float]]
    )
    _keys: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    @classmethod
    def at(cls, stack: EmbeddedStack) -> Knocker:
        """The knocker of a running stack's city."""
        return cls(stack.addresses.api, stack.credentials.api_keys, load_pack("guangzhou"))

    async def __aenter__(self) -> Self:
        self._client = httpx2.AsyncClient(base_url=self.base, timeout=30.0, trust_env=False)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    def key(self) -> str:
        """A fresh idempotency key."""
        return f"e2e-{next(self._keys)}-{time.monotonic_ns()}"

    async def get(self, path: str) -> Any:
        """What the operator is shown."""
        answer = await self._client.get(path, headers=self._headers("operator"))
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def knock(
        self,
        path: str,
        body: Any = None,
        *,
        key: str | None = None,
        unit: str | None = None,
        role: str | None = None,
    ) -> httpx2.Response:
        """One POST by the operator, or by a unit."""
        headers = self._headers("unit" if unit else "operator")
        headers |= {"Idempotency-Key": key or self.key()}
        headers |= {"X-Acting-Unit": unit} if unit else {}
        headers |= {"X-Acting-Role": role} if role else {}
        began = time.monotonic()
        answer = await self._client.post(path, json={} if body is None else body, headers=headers)
        if answer.status_code == 503:
            self.turned_away.append((answer, time.monotonic() - began))
        return answer

    async def heard(
        self,
        path: str,
        body: Any = None,
        *,
        key: str | None = None,
        unit: str | None = None,
        role: str | None = None,
        patience: float = PATIENCE,
    ) -> httpx2.Response:
        """Knock with one key until there is a final answer, whatever fails meanwhile, and return that answer.

        Raises:
            NotHeard: there was none in time.
        """
        key, last = key or self.key(), "nothing"
        give_up_at = time.monotonic() + patience
        while time.monotonic() < give_up_at:
            try:
                answer = await self.knock(path, body, key=key, unit=unit, role=role)
            except httpx2.TransportError as error:
                last = repr(error)
            else:
                if answer.status_code not in _PASSING:
                    return answer
                last = f"{answer.status_code} {answer.text}"
            await asyncio.sleep(_AGAIN_SECONDS)
        raise NotHeard(f"{path} under {key}: {last}")

    async def done(self, path: str, body: Any = None, **how: Any) -> dict[str, Any]:
        """As :meth:`heard`, for what must not be refused."""
        answer = await self.heard(path, body, **how)
        assert answer.is_success, answer.text
        return answer.json()

    async def publish(self) -> None:
        """Put both policies at the tests' pace, by the ordinary route."""
        for code, pace in PACES.items():
            held = (await self.get(f"/v1/policies/{code}"))["items"][0]["policy"]
            made = {**held, "clock": "natural", "extension": None, **pace}
            await self.done("/v1/policies", {"policy": made})

    def call(self, policy: str, *, caller: str = "") -> dict[str, Any]:
        """The body of a call about a matter under the policy; the same caller has the same number, others have others,
        since whoever calls twice about one matter only urges."""
        digits = crc32((caller or uuid4().hex).encode()) % 10**8
        found = (each for each in self.pack.categories.values() if each.policy == policy)
        category = next(each for each in found if each.route_level is Level.GRID)
        return {
            "category": category.code,
            "place": {"area": GRID},
            "description": "外卖柜前积水 the pavement is flooded",
            "caller": {"name": "陈女士", "telephone": f"138{digits:08d}"},
        }

    async def register(self, policy: str, *, key: str | None = None, patience: float = PATIENCE) -> str:
        """Call in, and return the number."""
        made = await self.done(
            "/v1/requests", self.call(policy, caller=key or ""), key=key, patience=patience
        )
        return made["number"]

    async def command(self, number: str, name: str, body: Any = None, **how: Any) -> dict[str, Any]:
        """A command that must succeed in the end."""
        return await self.done(f"/v1/requests/{number}/{name}", body, **how)

    async def by_unit(self, number: str, leg: str, name: str, body: Any = None, **how: Any) -> dict[str, Any]:
        """The unit that holds a leg does something with it."""
        shown = await self.get(f"/v1/requests/{number}")
        unit = next(each["unit"] for each in shown["legs"] if each["id"] == f"{number}.{leg}")
        return await self.done(f"/v1/legs/{number}.{leg}/{name}", body, unit=unit, **how)

    def _headers(self, who: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.secrets[who]}"}
