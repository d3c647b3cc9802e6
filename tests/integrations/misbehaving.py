"""A server of one answer, byte by byte as the test wants it: what a partner's network can do to a call."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from pydantic import SecretStr

from config.settings import PartnerConnection


@dataclass
class Seen:
    """A call as it came in."""

    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Behaviour:
    """What every call is answered with: pieces of bytes with a pause after each; then the connection is closed, or kept
    silent for as long as the caller bears it.
    """

    pieces: tuple[bytes, ...] = ()
    pause: float = 0.0
    silent: bool = False
    seen: list[Seen] = field(default_factory=list[Seen])

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            self.seen.append(await _call(reader))
            for piece in self.pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(self.pause)
            if self.silent:
                await reader.read()
        writer.close()


async def _call(reader: asyncio.StreamReader) -> Seen:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in head[1:] if line)}
    return Seen(head[0], headers, await reader.readexactly(int(headers.get("content-length", "0"))))


def answer(status: int, body: bytes | str = b"", *, length: int | None = None, **headers: str) -> bytes:
    """An answer as bytes; ``length`` claims another length than the body has."""
    content = body.encode() if isinstance(body, str) else body
    spelled = {
        "Content-Type": "application/json",
        "Content-Length": str(len(content) if length is None else length),
        "Connection": "close",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in spelled.items())
    return f"HTTP/1.1 {status} As it is\r\n{head}\r\n".encode() + content


@asynccontextmanager
async def serving(
    behaviour: Behaviour, *, patience: float = 0.5, tls: ssl.SSLContext | None = None
) -> AsyncGenerator[PartnerConnection]:
    """A connection to a partner that behaves so, while it is open; with a context, over TLS."""
    server = await asyncio.start_server(behaviour, "127.0.0.1", ssl=tls)
    port = server.sockets[0].getsockname()[1]
    try:
        yield connection_to(f"http{'s' if tls else ''}://127.0.0.1:{port}", patience=patience)
    finally:
        server.close()
        await server.wait_closed()


def connection_to(url: str, *, patience: float = 5.0) -> PartnerConnection:
    """A connection to a partner of the tests."""
    return PartnerConnection(
        url=url,
        token=SecretStr("token-of-huying"),
        callback_secrets=[SecretStr("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")],
        timeout_seconds=patience,
    )
