"""The largest body that is read. What is larger is refused as every refusal is: with a problem document.

The framework's own limit answers in plain text, whatever the application says.
"""

from __future__ import annotations

from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY = 256 * 1024
"""Bytes. The largest honest body, a policy or a long reply with its evidence, has a tenth of it."""


class BodyLimit:
    """ASGI middleware: whoever reads a body beyond the limit meets a 413, before it is in memory."""

    def __init__(self, app: ASGIApp, largest: int = LARGEST_BODY) -> None:
        self._app = app
        self._largest = largest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "")
        too_large = declared.isdecimal() and (len(declared) > 18 or int(declared) > self._largest)
        total = 0

        async def receiving() -> Message:
            nonlocal total
            message: Message = {} if too_large else await receive()
            total += len(message.get("body", b""))
            if too_large or total > self._largest:
                raise HTTPException(
                    HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body has more than {self._largest} bytes"
                )
            return message

        await self._app(scope, receiving, send)
