"""Talking with a child of the bench: one JSON object a line, over its standard input and output."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_LONGEST_LINE = 64 * 1024 * 1024


@dataclass
class Pipe:
    """The child's end."""

    reader: asyncio.StreamReader

    @classmethod
    async def of_this_process(cls) -> Pipe:
        """The pipe over this process's own standard input and output."""
        reader = asyncio.StreamReader(limit=_LONGEST_LINE)
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        return cls(reader)

    async def read(self) -> dict[str, Any]:
        """The next order; empty when the other end has closed."""
        line = await self.reader.readline()
        return json.loads(line) if line else {}

    def write(self, answer: dict[str, Any]) -> None:
        """Answer the last order."""
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


class ChildFailed(RuntimeError):
    """A child of the bench ended before it answered."""


class Child:
    """The parent's end: a Python module as a process of its own, told its first order at the start."""

    def __init__(self, module: str, first: dict[str, Any]) -> None:
        self._module = module
        self._first = first
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._running.pid

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            self._module,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=_LONGEST_LINE,
            cwd=Path(__file__).parents[1],
            env=dict(os.environ),
            start_new_session=True,
        )
        await self.ask(self._first)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        process = self._running
        if process.stdin is not None:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), 5)
        except TimeoutError:
            process.kill()
            await process.wait()

    async def ask(self, order: dict[str, Any]) -> dict[str, Any]:
        """Give an order and wait for its answer.

        Raises:
            ChildFailed: it ended instead.
        """
        process = self._running
        if process.stdin is None or process.stdout is None:
            raise ChildFailed(self._module)
        process.stdin.write(json.dumps(order).encode() + b"\n")
        await process.stdin.drain()
        line = await process.stdout.readline()
        if not line:
            raise ChildFailed(f"{self._module} ended with code {await process.wait()}")
        return json.loads(line)

    @property
    def _running(self) -> asyncio.subprocess.Process:
        if self._process is None:
            raise ChildFailed(f"{self._module} has not been started")
        return self._process
