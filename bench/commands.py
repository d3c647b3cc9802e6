"""Latency of one command (a supervisor urges) against the bare update, at one caller and at sixteen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench.figures import Spread, neighbouring_ratios, percentile
from bench.ground import SIDES, Ground, SideName

CALLERS = (1, 16)
WARM_UP = 1.0


@dataclass
class Latency:
    """Percentiles in milliseconds of each run, by side; all runs at one number of callers."""

    callers: int
    p50: dict[SideName, list[float]]
    p99: dict[SideName, list[float]]
    errors: int = 0

    @property
    def ratio(self) -> Spread:
        """Ours to bare at the median."""
        return Spread.of(neighbouring_ratios(self.p50["ours"], self.p50["bare"]))

    @property
    def ratio_p99(self) -> Spread:
        """Ours to bare at the 99th percentile."""
        return Spread.of(neighbouring_ratios(self.p99["ours"], self.p99["bare"]))

    def as_json(self) -> dict[str, Any]:
        """For the file."""
        return {
            "callers": self.callers,
            "p50_ms": self.p50,
            "p99_ms": self.p99,
            "ratio_p50": vars(self.ratio),
            "ratio_p99": vars(self.ratio_p99),
            "errors": self.errors,
        }


async def measure(
    ground: Ground, *, pairs: int, seconds: float, step: Callable[[str], None]
) -> list[Latency]:
    """Bare, ours, bare ... at each number of callers."""
    found: list[Latency] = []
    for callers in CALLERS:
        latency = Latency(callers, {"bare": [], "ours": []}, {"bare": [], "ours": []})
        for place in range(2 * pairs + 1):
            side = SIDES[place % 2]
            step(f"{callers} callers, run {place + 1} of {2 * pairs + 1}: {side}")
            told = await ground.do(side, "urges", callers, warm_up=WARM_UP, window=seconds)
            latency.p50[side].append(1000 * percentile(told["seconds"], 0.5))
            latency.p99[side].append(1000 * percentile(told["seconds"], 0.99))
            latency.errors += told["errors"]
        found.append(latency)
    return found
