"""Memory per open request: resident kilobytes of worker and server, ours beside the bare workflow."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench.ground import SIDES, Ground, SideName

CALLERS = 16
_SETTLE_SECONDS = 3.0
_WORKERS: dict[SideName, str] = {"ours": "worker", "bare": "bare worker"}


@dataclass
class Memory:
    """Kilobytes that one more open request took of each part."""

    opened: int
    kilobytes: dict[SideName, dict[str, float]]

    def as_json(self) -> dict[str, Any]:
        """For the file."""
        return vars(self)


async def measure(ground: Ground, *, count: int, step: Callable[[str], None]) -> Memory:
    """Open so many on each side and see what the processes have grown by."""
    found: dict[SideName, dict[str, float]] = {}
    for side in SIDES:
        step(f"opening {count}: {side}")
        before = await asyncio.to_thread(ground.meters.memory)
        told = await ground.do(side, "begin", CALLERS, count=count)
        if side == "ours":
            await ground.timelines.until_begun(patience=60 + count / 5)
        await asyncio.sleep(_SETTLE_SECONDS)
        after = await asyncio.to_thread(ground.meters.memory)
        parts = (
            (_WORKERS[side], "server", "api", "postgres") if side == "ours" else (_WORKERS[side], "server")
        )
        finished = max(1, int(told["finished"]))
        found[side] = {part: 1000 * (after[part] - before[part]) / finished for part in parts}
    return Memory(count, found)
