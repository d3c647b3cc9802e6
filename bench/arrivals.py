"""Intake at a steady rate: how long a caller waits for the number, and how long until every story has begun."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench.figures import percentile
from bench.ground import Ground

CONNECTIONS = 64
"""More callers than ever wait at once, unless the service falls behind."""


@dataclass
class Intake:
    """What was found; latencies in milliseconds, counted from the instant at which a call was due."""

    rate: float
    seconds: float
    finished: int
    errors: int
    complaints: list[str]
    p50: float
    p99: float
    longest: float
    until_begun: float
    """Seconds after the last call until every story had begun."""

    def as_json(self) -> dict[str, Any]:
        """For the file."""
        return vars(self)


async def measure(ground: Ground, *, rate: float, seconds: float, step: Callable[[str], None]) -> Intake:
    """Calls at even instants for so long."""
    step(f"{rate:.0f} calls/s for {seconds:.0f} s")
    told = await ground.do("ours", "intake", CONNECTIONS, rate=rate, window=seconds)
    step("waiting until every story has begun")
    begun = await ground.timelines.until_begun(patience=60 + rate * seconds / 5)
    waits = [1000 * each for each in told["seconds"]]
    return Intake(
        rate=rate,
        seconds=seconds,
        finished=told["finished"],
        errors=told["errors"],
        complaints=told["complaints"],
        p50=percentile(waits, 0.5),
        p99=percentile(waits, 0.99),
        longest=percentile(waits, 1.0),
        until_begun=begun,
    )
