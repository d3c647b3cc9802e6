"""The worker's own small door: health, readiness and metrics, for the platform and Prometheus."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from config.metrics import Metrics, exposition
from config.settings import Settings


class StatusServer:
    """Answers ``/healthz`` while the process lives, ``/readyz`` while it works, ``/metrics`` with all it counted."""

    def __init__(self, metrics: Metrics, settings: Settings) -> None:
        self.ready = False
        self._metrics = metrics
        self._core = f"127.0.0.1:{settings.core_metrics_port}"
        routes = [
            Route("/healthz", self._health),
            Route("/readyz", self._readiness),
            Route("/metrics", self._exposition),
        ]
        self._server = _QuietServer(
            uvicorn.Config(
                Starlette(routes=routes),
                host=settings.api_host,
                port=settings.worker_metrics_port,
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=1,
            )
        )
        self._serving: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._serving = asyncio.create_task(self._server.serve(), name="status")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        if self._serving is not None:
            await self._serving

    async def _health(self, _request: Request) -> Response:
        return PlainTextResponse("alive\n")

    async def _readiness(self, _request: Request) -> Response:
        return (
            PlainTextResponse("ready\n") if self.ready else PlainTextResponse("not ready\n", status_code=503)
        )

    async def _exposition(self, _request: Request) -> Response:
        return Response(await exposition(self._metrics, self._core), media_type="text/plain; version=0.0.4")


class _QuietServer(uvicorn.Server):
    """A server that leaves signals to the process it is a part of."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield
