"""Full lifecycles per second, ours against bare, in interleaved runs; history and processor time of one lifecycle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from bench.figures import Spread, neighbouring_ratios, percentile
from bench.ground import SIDES, Ground, SideName
from bench.meters import Usage

CALLERS = 24
WARM_UP = 2.0
_LOOKED_AT = 5
"""Histories looked at after each run: two things that happen at once may share a workflow task, so lengths differ."""


@dataclass
class Run:
    """One run of one side."""

    rate: float
    finished: int
    errors: int
    complaints: list[str]
    usage: Usage
    seconds: list[float]
    told: list[str]
    """The workflows that were told to their ends."""

    def cpu(self, part: str) -> float:
        """Milliseconds of processor time that one lifecycle took of a part."""
        return 1000 * self.usage.parts[part] / max(1, self.finished)


@dataclass
class Lifecycles:
    """What was found."""

    runs: dict[SideName, list[Run]] = field(default_factory=lambda: {"bare": [], "ours": []})
    history: dict[SideName, tuple[int, int]] = field(default_factory=dict[SideName, tuple[int, int]])

    @property
    def ratios(self) -> list[float]:
        """Ours to bare, pair by pair."""
        return neighbouring_ratios(
            [run.rate for run in self.runs["ours"]], [run.rate for run in self.runs["bare"]]
        )

    def as_json(self) -> dict[str, Any]:
        """For the file."""
        sides = {side: self._side(side) for side in SIDES}
        ratio = Spread.of(self.ratios)
        return {
            "ratio": {
                "median": ratio.median,
                "min": ratio.lowest,
                "max": ratio.highest,
                "pairs": self.ratios,
            },
            **sides,
        }

    def _side(self, side: SideName) -> dict[str, Any]:
        runs = self.runs[side]
        parts = runs[0].usage.parts if runs else {}
        events, size = self.history[side]
        seconds = [each for run in runs for each in run.seconds]
        return {
            "rates": [run.rate for run in runs],
            "rate": median(run.rate for run in runs),
            "errors": sum(run.errors for run in runs),
            "complaints": [complaint for run in runs for complaint in run.complaints][:3],
            "p50_seconds": percentile(seconds, 0.5),
            "p99_seconds": percentile(seconds, 0.99),
            "events": events,
            "bytes": size,
            "cpu_ms": {part: median(run.cpu(part) for run in runs) for part in parts},
            "other_cpu": [run.usage.other for run in runs],
        }


async def measure(
    ground: Ground, *, pairs: int, seconds: float, callers: int = CALLERS, step: Callable[[str], None]
) -> Lifecycles:
    """Bare, ours, bare, ours ..., bare: each of our runs stands between two bare ones."""
    found = Lifecycles()
    for place in range(2 * pairs + 1):
        side = SIDES[place % 2]
        step(f"run {place + 1} of {2 * pairs + 1}: {side}")
        found.runs[side].append(await _run(ground, side, seconds, callers))
    for side in SIDES:
        looked_at = [workflow for run in found.runs[side] for workflow in run.told]
        histories = [await ground.history_of(workflow) for workflow in looked_at]
        events, sizes = zip(*histories, strict=True) if histories else ((0,), (0,))
        found.history[side] = round(median(events)), round(median(sizes))
    return found


async def _run(ground: Ground, side: SideName, seconds: float, callers: int) -> Run:
    before = ground.meters.read()
    told = await ground.do(side, "lifecycles", callers, warm_up=WARM_UP, window=seconds)
    usage = ground.meters.read().since(before)
    return Run(
        rate=len(told["seconds"]) / told["window"],
        finished=told["finished"],
        errors=told["errors"],
        complaints=told["complaints"],
        usage=usage,
        seconds=told["seconds"],
        told=told["results"][-_LOOKED_AT:],
    )
