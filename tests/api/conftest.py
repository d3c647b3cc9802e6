"""The whole API over real tables, with stories told in this process, and one client per kind of key."""

from __future__ import annotations

import itertools
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from api.app import make_app
from api.frame.doors import Doors, Neighbour
from api.frame.keyring import admit_configured_keys
from api.opening import doors_over
from cities.pack import CityPack, load_pack
from domain.partners import Partner
from persistence.engine import make_engine
from persistence.identity import Seal
from tests.api.local_stories import LocalStories
from tests.support.partners import GatewayInMemory

BEGIN = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
"""Monday 23 November 2026, 10:00 in Guangzhou."""

TOWN = "440106012-town_office"
BUREAU = "440106-fire_rescue_brigade"
OTHER_TOWN = "440106013-town_office"
SECRETS = {
    "operator": "secret-of-operator-1",
    "operator_2": "secret-of-operator-2",
    "auditor": "secret-of-auditor",
    "sre": "secret-of-sre",
    "unit": "secret-of-gateway",
    f"unit:{TOWN}": "secret-of-town",
    f"unit:{BUREAU}": "secret-of-bureau",
    f"unit:{OTHER_TOWN}": "secret-of-other-town",
}
CALLBACK_SECRETS = (
    "whsec_YS1uZXctc2VjcmV0LW9mLWEtcGFydG5lcg==",
    "whsec_dGhlLW9sZC1zZWNyZXQtb2YtYS1wYXJ0bmVy",
)
"""The newest first, as a partner that changes its secret has them."""
NEIGHBOURS = {partner: Neighbour(GatewayInMemory(partner), CALLBACK_SECRETS) for partner in Partner}
TELEPHONE = "13812345678"
CALL: dict[str, Any] = {
    "channel": "phone_12345",
    "request_type": "complaint",
    "category": "0104",
    "place": {"area": "440106012", "address": "天河区五山路1号"},
    "description": "楼道里有电动自行车充电",
    "caller": {"name": "陈小明", "telephone": TELEPHONE, "address": "五山路1号302房"},
}


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.at = BEGIN

    def __call__(self) -> datetime:
        return self.at

    def move(self, **by: float) -> None:
        self.at += timedelta(**by)


@dataclass
class City:
    """A running API: its application, its stories, its clock, and who can knock at it."""

    app: FastAPI
    doors: Doors
    stories: LocalStories
    clock: Clock

    def __post_init__(self) -> None:
        self._keys = itertools.count(1)
        self._callers = itertools.count(1234)

    def client(self, who: str | None, *, host: str = "10.1.2.3") -> httpx2.AsyncClient:
        """A client with the key of somebody of `SECRETS`, or with none."""
        headers = {"Authorization": f"Bearer {SECRETS[who]}"} if who else {}
        transport = httpx2.ASGITransport(self.app, raise_app_exceptions=False, client=(host, 1234))
        return httpx2.AsyncClient(transport=transport, base_url="http://huying.test", headers=headers)

    async def post(
        self, who: str | None, path: str, body: Any = None, *, key: str | None = None, **headers: str
    ) -> httpx2.Response:
        """One POST with a fresh key, unless one is given."""
        spelled = {name.replace("_", "-"): value for name, value in headers.items()}
        spelled["Idempotency-Key"] = key or f"key-{next(self._keys)}"
        async with self.client(who) as client:
            return await client.post(path, json={} if body is None else body, headers=spelled)

    async def get(self, who: str | None, path: str, **headers: str) -> httpx2.Response:
        spelled = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.client(who) as client:
            return await client.get(path, headers=spelled)

    async def registered(self, **changes: Any) -> dict[str, Any]:
        """A registered call whose story has not begun; each is another caller's."""
        caller = {**CALL["caller"], "telephone": f"138{next(self._callers):04d}5678"}
        answer = await self.post("operator", "/v1/requests", {**CALL, "caller": caller, **changes})
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def begun(self, **changes: Any) -> dict[str, Any]:
        """A registered call whose story has begun."""
        made = await self.registered(**changes)
        await self.stories.begin(made["number"])
        return made

    async def dispatched(self, **changes: Any) -> str:
        """The number of a request whose leg 1 waits at the town office."""
        number = (await self.begun(**changes))["number"]
        shown = (await self.get("operator", f"/v1/requests/{number}")).json()
        if shown["state"] == "pending_dispatch":
            answer = await self.post("operator", f"/v1/requests/{number}/dispatch")
            assert answer.status_code == 200, answer.text
        return number

    async def in_progress(self, **changes: Any) -> str:
        """The number of a request that the town office has signed for."""
        number = await self.dispatched(**changes)
        answer = await self.post(f"unit:{TOWN}", f"/v1/legs/{number}.1/sign")
        assert answer.status_code == 200, answer.text
        return number

    async def replied(self, **changes: Any) -> str:
        """The number of a request whose reply waits for its review."""
        number = await self.in_progress(**changes)
        answer = await self.post(f"unit:{TOWN}", f"/v1/legs/{number}.1/complete", REPLY)
        assert answer.status_code == 200, answer.text
        return number


REPLY: Mapping[str, Any] = {"outcome": "solved", "text": "已清理并张贴告示", "evidence": ["photo-1"]}


@pytest.fixture(scope="session")
def pack() -> CityPack:
    return load_pack("guangzhou")


@pytest.fixture(scope="session")
def application() -> FastAPI:
    """One application for one city after another: it works out once what each of its routes needs."""

    def opening() -> AbstractAsyncContextManager[Doors]:
        return app.state.opening()

    app = make_app(opening)
    return app


@pytest.fixture
async def running_city(database_url: str, pack: CityPack, application: FastAPI) -> AsyncIterator[City]:
    """The API of Guangzhou at ten on a Monday morning, which has answered nobody yet."""
    engine = make_engine(database_url)
    clock = Clock()
    stories = LocalStories(engine, clock)
    await admit_configured_keys(engine, pack, SECRETS, BEGIN)

    @asynccontextmanager
    async def opening() -> AsyncGenerator[Doors]:
        async with doors_over(engine, pack, stories, Seal(bytes(32)), neighbours=NEIGHBOURS) as doors:
            yield replace(doors, now=clock, patience_seconds=0.5)

    application.state.opening = opening
    application.state.metrics.calls.clear()
    application.state.metrics.seconds.clear()
    async with application.router.lifespan_context(application):
        yield City(application, application.state.doors, stories, clock)
    await engine.dispose()
