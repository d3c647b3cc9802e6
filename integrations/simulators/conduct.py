"""How a simulated partner treats calls: late, never, too busy, failing, or done with the answer lost."""

from __future__ import annotations

import asyncio
import math
import time
from dataclasses import dataclass, field

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from integrations.simulators.chance import Chance
from integrations.simulators.office import Office
from integrations.wire.envelope import KEY_HEADER, Problem

EXEMPT = ("/_control", "/healthz", "/docs", "/openapi.json")
"""Paths of the simulator itself, which have no bad days; the page at the root is one more."""


@dataclass
class Allowance:
    """Calls that may still be made now, refilled with time (a token bucket of one second's calls)."""

    per_second: float = 0
    left: float = 0
    at: float = field(default_factory=time.monotonic)

    def wait(self, per_second: float) -> float:
        """Take one call; answers the seconds to wait instead, when there is none left."""
        now = time.monotonic()
        if per_second != self.per_second:
            self.per_second, self.left = per_second, max(1.0, per_second)
        self.left = min(max(1.0, per_second), self.left + (now - self.at) * per_second)
        self.at = now
        if self.left >= 1:
            self.left -= 1
            return 0.0
        return (1 - self.left) / per_second


class Conduct:
    """Stands before the partner's own doors and treats each call as the profile says.

    What is drawn for a call depends on the call, its key and how often it came before: the same call, the same luck.
    """

    def __init__(self, app: ASGIApp, office: Office) -> None:
        self._app = app
        self._office = office
        self._allowance = Allowance()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] != "http" or path == "/" or path.startswith(EXEMPT):
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        key = headers.get(KEY_HEADER.lower().encode(), b"").decode("latin-1")
        call = f"{scope['method']} {path} {key}".rstrip()
        outcome = await self._treat(call, scope, receive, send)
        self._office.storage.called(call, outcome)

    async def _treat(self, call: str, scope: Scope, receive: Receive, send: Send) -> str:
        profile = self._office.profile
        if profile.stalled:
            while (await receive())["type"] != "http.disconnect":
                pass
            return "stalled"
        receive = await _heard_out(receive)
        if self._office.is_out:
            await _unavailable("outage", "系统停机维护。")(scope, receive, send)
            return "outage"
        if profile.calls_per_second is not None:
            wait = self._allowance.wait(profile.calls_per_second)
            if wait > 0:
                await _too_many(wait)(scope, receive, send)
                return "limited"
        before = self._office.storage.times_called(call)
        chance = Chance(self._office.seed, f"{call} {before}")
        await asyncio.sleep(profile.answer_after.drawn(chance, "answer_after").total_seconds())
        if chance.happens("failing", profile.failing):
            await _unavailable("overloaded", "系统繁忙，请稍后再试。")(scope, receive, send)
            return "failed"
        if chance.happens("half_answered", profile.half_answered):
            await self._app(scope, receive, _HalfAnswer(send, cut=chance.happens("cut", 0.5)))
            return "half answered"
        await self._app(scope, receive, send)
        return "answered"


async def _heard_out(receive: Receive) -> Receive:
    """The whole call, heard before it is treated: what is slow is done even when nobody waits for the answer."""
    heard = [await receive()]
    while heard[-1].get("more_body", False):
        heard.append(await receive())

    async def again() -> Message:
        return heard.pop(0) if heard else await receive()

    return again


class _HalfAnswer:
    """Lets the work be done and spoils the answer: cut in the middle with its connection, or a gateway's 502."""

    def __init__(self, send: Send, *, cut: bool) -> None:
        self._send = send
        self._cut = cut

    async def __call__(self, message: Message) -> None:
        if not self._cut and message["type"] == "http.response.start":
            await self._send(
                {"type": "http.response.start", "status": 502, "headers": [(b"content-type", b"text/html")]}
            )
        elif message["type"] == "http.response.start":
            await self._send(message)
        elif not self._cut:
            await self._send({"type": "http.response.body", "body": b"<h1>502 Bad Gateway</h1>"})
        else:
            # Less than the promised length, and no more to come: the server closes the connection.
            half = message["body"][: len(message["body"]) // 2]
            await self._send({"type": "http.response.body", "body": half, "more_body": True})


def _unavailable(code: str, reason: str) -> JSONResponse:
    return _problem(503, code, reason)


def _too_many(wait: float) -> JSONResponse:
    answer = _problem(429, "too_many_calls", "请求过于频繁。")
    answer.headers["Retry-After"] = str(math.ceil(wait))
    return answer


def _problem(status: int, code: str, reason: str) -> JSONResponse:
    problem = Problem(status=status, code=code, title=code, detail=reason)
    return JSONResponse(
        problem.model_dump(mode="json"), status_code=status, media_type="application/problem+json"
    )
