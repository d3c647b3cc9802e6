"""How a bare caller hears that its answer was taken: a datagram from the bare worker, as the API hears a notification.

Without it the next command would ride in the same workflow task, and the bare side would have one step less.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Any

_HOST = "127.0.0.1"


class Bell(asyncio.DatagramProtocol):
    """Wakes whoever waits for a number."""

    def __init__(self) -> None:
        self._waiting: dict[str, asyncio.Event] = {}
        self.port = 0

    @classmethod
    async def listening(cls) -> Bell:
        """A bell on a free port."""
        bell = cls()
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: bell, local_addr=(_HOST, 0)
        )
        bell.port = int(transport.get_extra_info("sockname")[1])
        return bell

    def expect(self, number: str) -> asyncio.Event:
        """An event that is set when the number is rung."""
        return self._waiting.setdefault(number, asyncio.Event())

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        """A number was rung."""
        del addr
        rung = self._waiting.pop(data.decode(), None)
        if rung is not None:
            rung.set()


class Rope:
    """Rings a bell in another process."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)

    def pull(self, number: str, port: int) -> None:
        """Ring the number; a datagram that does not fit in the buffers is lost, and the caller's patience helps."""
        self._socket.sendto(number.encode(), (_HOST, port))
