"""A receiver of call-backs: checks signatures as the service does, and keeps what came in the order it came."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

PATIENCE_SECONDS = 10.0


@dataclass
class Inbox:
    """What arrived. ``refusals`` are the statuses that the next call-backs are answered with instead of 202."""

    secrets: tuple[str, ...]
    url: str = ""
    arrived: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    ids: list[str] = field(default_factory=list[str])
    forged: int = 0
    refusals: list[int] = field(default_factory=list[int])

    async def take(self, request: Request) -> Response:
        body = await request.body()
        if not any(self._signed(secret, body, request) for secret in self.secrets):
            self.forged += 1
            return Response(status_code=401)
        if self.refusals:
            return Response(status_code=self.refusals.pop(0))
        self.arrived.append(json.loads(body))
        self.ids.append(request.headers["webhook-id"])
        return Response(status_code=202)

    @property
    def sequences(self) -> list[int]:
        return [message["sequence"] for message in self.arrived]

    async def until(self, satisfied: Callable[[Inbox], bool]) -> None:
        """Wait until what arrived is as wanted."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not satisfied(self):
                await asyncio.sleep(0.01)

    def _signed(self, secret: str, body: bytes, request: Request) -> bool:
        try:
            Webhook(secret).verify(body, dict(request.headers))
        except WebhookVerificationError:
            return False
        return True


@asynccontextmanager
async def receiving(*secrets: str) -> AsyncGenerator[Inbox]:
    """An inbox on a free port that accepts these secrets."""
    inbox = Inbox(secrets)
    app = Starlette(routes=[Route("/callbacks", inbox.take, methods=["POST"])])
    config = uvicorn.Config(app, port=0, lifespan="off", log_config=None, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server._serve())
    while not server.started:
        await asyncio.sleep(0.01)
    inbox.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/callbacks"
    try:
        yield inbox
    finally:
        server.should_exit = True
        await task
