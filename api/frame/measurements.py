"""What is measured and logged of every call: the route's template, never the path, since paths hold query codes."""

from __future__ import annotations

import time
from uuid import uuid4

import structlog
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_log = structlog.stdlib.get_logger("api.calls")
_BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
_UNMATCHED = "unmatched"
_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
_QUIET = frozenset({"/healthz", "/readyz", "/metrics"})


class HttpMetrics:
    """The metrics of one API process, in a registry of its own. Labels: method, route template, status."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.calls = Counter(
            "huying_http_requests", "Calls answered", ("method", "route", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "huying_http_request_seconds",
            "Time until a call was answered; streams are not timed",
            ("method", "route"),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.running = Gauge("huying_http_requests_running", "Calls being answered", registry=self.registry)

    def text(self) -> bytes:
        """The metrics in Prometheus' text format."""
        return generate_latest(self.registry)


class Measured:
    """ASGI middleware: counts, times and logs each call, and gives it an id that the answer carries."""

    def __init__(self, app: ASGIApp, metrics: HttpMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        call = _Call(uuid4().hex[:16])
        structlog.contextvars.bind_contextvars(call=call.id)

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                call.status = message["status"]
                headers = message.setdefault("headers", [])
                call.streams = any(value.startswith(b"text/event-stream") for _, value in headers)
                headers.append((b"x-request-id", call.id.encode()))
            await send(message)

        self._metrics.running.inc()
        try:
            await self._app(scope, receive, sending)
        finally:
            self._metrics.running.dec()
            self._note(scope, call)
            structlog.contextvars.unbind_contextvars("call")

    def _note(self, scope: Scope, call: _Call) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        route = getattr(scope.get("route"), "path", _UNMATCHED)
        seconds = time.perf_counter() - call.began
        self._metrics.calls.labels(method, route, str(call.status)).inc()
        if not call.streams:
            self._metrics.seconds.labels(method, route).observe(seconds)
        if route not in _QUIET:
            _log.info("call", method=method, route=route, status=call.status, seconds=round(seconds, 4))


class _Call:
    """One call on its way."""

    def __init__(self, call_id: str) -> None:
        self.id = call_id
        self.began = time.perf_counter()
        self.status = 500
        self.streams = False
