"""The demo's way to the service: its HTTP doors, with the ordinary keys of a desk and of the units' gateway."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, cast

import httpx2

_AT_ONCE = 16
"""Requests on their way at most: enough for the people of a city, and no more than two cores can bear."""
_PATIENCE_SECONDS = 60.0
_LONGEST_PAUSE_SECONDS = 2.0
_ANSWER_SECONDS = 30.0
_QUIET_SECONDS = 60.0
"""The feed speaks at least every 15 s; after so much silence it is asked for anew."""
_LATER = frozenset({429, 502, 503, 504})
_TROUBLE = 500


@dataclass(frozen=True, slots=True)
class Said:
    """An answer of the service; ``code`` names a refusal, ``detail`` says it in words."""

    status: int
    body: Mapping[str, Any]

    @property
    def well(self) -> bool:
        """Whether the service did what was asked."""
        return self.status < 400

    @property
    def trouble(self) -> bool:
        """Whether the service itself failed."""
        return self.status >= _TROUBLE or self.status in _LATER

    @property
    def code(self) -> str:
        """The refusal's stable code."""
        return str(self.body.get("code", self.status))

    @property
    def detail(self) -> str:
        """The refusal in words."""
        return str(self.body.get("detail") or self.body.get("title") or f"status {self.status}")


@dataclass(frozen=True, slots=True)
class Heard:
    """One event of the feed. ``cursor`` resumes after it; ``kind`` is empty where it only says where it stands."""

    cursor: str
    kind: str
    body: Mapping[str, Any]


class ServiceSilent(Exception):
    """The service gave no answer for a minute; the message says what was asked and what came last."""


class Gateway:
    """Gives orders and listens; an async context manager over one pool of connections."""

    def __init__(self, api: str, keys: Mapping[str, str]) -> None:
        self._keys = keys
        self._room = asyncio.Semaphore(_AT_ONCE)
        self._open = AsyncExitStack()
        self._client = httpx2.AsyncClient(base_url=api, timeout=_ANSWER_SECONDS, trust_env=False)

    async def __aenter__(self) -> Self:
        await self._open.enter_async_context(self._client)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()

    async def order(self, path: str, body: Mapping[str, Any], *, key: str, unit: str | None = None) -> Said:
        """Post as a desk, or as a unit, until there is an answer; the key makes repeating harmless.

        Raises:
            ServiceSilent: none came for a minute.
        """
        headers = {**self._headers("operator" if unit is None else "unit"), "Idempotency-Key": key}
        if unit is not None:
            headers["X-Acting-Unit"] = unit
        return await self._until_answered("POST", path, headers, dict(body), {})

    async def report(self, code: str, body: Mapping[str, Any], *, key: str) -> Said:
        """Report on a field task as its party, who has its code and no key.

        Raises:
            ServiceSilent: no answer came for a minute.
        """
        path = f"/v1/field-tasks/{code}/report"
        return await self._until_answered("POST", path, {"Idempotency-Key": key}, dict(body), {})

    async def read(self, path: str, *, unit: str | None = None, **wanted: str | int) -> Said:
        """Read as a desk, or as a unit.

        Raises:
            ServiceSilent: no answer came for a minute.
        """
        headers = self._headers("operator" if unit is None else "unit")
        if unit is not None:
            headers["X-Acting-Unit"] = unit
        return await self._until_answered("GET", path, headers, None, wanted)

    async def listen(self, cursor: str | None) -> AsyncIterator[Heard]:
        """Everything that happens from the cursor on (from now on, without one), for ever.

        The first item says where the feed stands. A broken connection is made again where it broke.
        """
        while True:
            try:
                async for heard in self._listen_once(cursor):
                    cursor = heard.cursor or cursor
                    yield heard
            except httpx2.HTTPError:
                pass
            await asyncio.sleep(_LONGEST_PAUSE_SECONDS / 4)

    async def _listen_once(self, cursor: str | None) -> AsyncIterator[Heard]:
        headers = self._headers("operator") | ({"Last-Event-ID": cursor} if cursor else {})
        quiet = httpx2.Timeout(_ANSWER_SECONDS, read=_QUIET_SECONDS)
        async with self._client.stream("GET", "/v1/events", headers=headers, timeout=quiet) as response:
            if not response.is_success:
                return
            async for event in httpx2.EventSource(response):
                body = cast("dict[str, Any]", event.json()) if event.data else {}
                yield Heard(event.id, str(body.get("kind", "")), body)

    async def _until_answered(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: dict[str, Any] | None,
        wanted: Mapping[str, str | int],
    ) -> Said:
        loop = asyncio.get_running_loop()
        give_up_at, pause = loop.time() + _PATIENCE_SECONDS, 0.1
        while True:
            try:
                async with self._room:
                    response = await self._client.request(
                        method, path, headers=dict(headers), json=body, params=dict(wanted)
                    )
                said = Said(response.status_code, _body_of(response))
                if said.status not in _LATER:
                    return said
                last = f"{said.status} {said.detail}"
            except httpx2.HTTPError as error:
                last = type(error).__name__
            if loop.time() > give_up_at:
                raise ServiceSilent(f"{method} {path} got no answer for {_PATIENCE_SECONDS:g} s ({last})")
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)

    def _headers(self, role: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._keys[role]}"}


def _body_of(response: httpx2.Response) -> Mapping[str, Any]:
    try:
        found = response.json()
    except ValueError:
        return {}
    return cast("Mapping[str, Any]", found) if isinstance(found, dict) else {}
