"""Deadlines: how late they are recorded when they are spread, and how fast many at once are worked off.

A request that nobody dispatches in time is routed by the duty list, with an alarm: one entry in the timeline, and the
leg is handed out. The bare workflow does the same steps.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench.figures import percentile
from bench.ground import Ground, SideName
from bench.policies import URGENT

CALLERS = 24
_LEAD_SECONDS = 30.0
"""From the last registration to the first deadline of a spread load, so that one does not disturb the other."""
_STARTS_A_SECOND = 20.0
"""What the slowest machine worth measuring starts, with margin."""


@dataclass
class Lateness:
    """Seconds from the due instants until they were recorded."""

    side: SideName
    expected: int
    fired: int
    p50: float
    p99: float
    longest: float

    @classmethod
    def of(cls, side: SideName, expected: int, values: list[float]) -> Lateness:
        """The percentiles of these."""
        return cls(side, expected, len(values), *(percentile(values, share) for share in (0.5, 0.99, 1.0)))


@dataclass
class Burst:
    """Many deadlines in one second: how many a second were worked off, and how late the last was."""

    side: SideName
    lateness: Lateness
    drained_per_second: float
    p50_by_urgency: dict[str, float]


async def spread(
    ground: Ground, *, count: int, seconds: float, step: Callable[[str], None]
) -> list[Lateness]:
    """So many deadlines evenly over so many seconds."""
    limit = seconds + _LEAD_SECONDS
    await ground.policies.dispatch_within(f"{limit:.0f}s", URGENT)
    step(f"{count} requests over {seconds:.0f} s, due {limit:.0f} s after each call")
    told = await ground.do("ours", "intake", CALLERS, rate=count / seconds, window=seconds)
    await ground.policies.dispatch_within()
    fired = await ground.timelines.until_fired(told["results"], patience=limit + 60)
    ours = Lateness.of("ours", told["finished"], [each.lateness for each in fired])
    step(f"{count} bare deadlines over {seconds:.0f} s")
    bare = await _bare(ground, count, seconds)
    return [ours, Lateness.of("bare", count, [at - due for _, due, at in bare])]


async def burst(ground: Ground, *, count: int, step: Callable[[str], None]) -> list[Burst]:
    """So many deadlines within one second."""
    lead = _LEAD_SECONDS + count / _STARTS_A_SECOND
    due_at = float(int(time.time() + lead))
    step(f"{count} requests due within one second, {lead:.0f} s from now")
    told = await ground.do("ours", "begin_for", CALLERS, due_at=due_at, count=count)
    await ground.policies.dispatch_within()
    await ground.timelines.until_begun(patience=max(1.0, due_at - time.time()))
    await asyncio.sleep(max(0.0, due_at - time.time()))
    fired = await ground.timelines.until_fired(told["results"], patience=60 + count / 5)
    by_urgency = {
        name: percentile(
            [each.lateness for each in fired if (each.category == URGENT.category) is urgent], 0.5
        )
        for name, urgent in (("urgent", True), ("routine", False))
    }
    ours = _burst("ours", told["finished"], [(each.due_at, each.recorded_at) for each in fired], by_urgency)
    step(f"{count} bare deadlines within one second")
    bare = await _bare(ground, count, 1.0)
    return [ours, _burst("bare", count, [(due, at) for _, due, at in bare], {})]


def _burst(
    side: SideName, expected: int, fired: list[tuple[float, float]], by_urgency: dict[str, float]
) -> Burst:
    lateness = Lateness.of(side, expected, [at - due for due, at in fired])
    took = max(at for _, at in fired) - min(due for due, _ in fired) if fired else 0.0
    return Burst(side, lateness, len(fired) / took if took else 0.0, by_urgency)


async def _bare(ground: Ground, count: int, over: float) -> list[tuple[str, float, float]]:
    await ground.bare_worker.ask({"fired": True})
    due_at = float(int(time.time() + _LEAD_SECONDS + count / _STARTS_A_SECOND))
    await ground.do("bare", "begin_due", CALLERS, due_at=due_at, spread=over, count=count)
    found: list[tuple[str, float, float]] = []
    give_up_at = due_at + over + 60 + count / 5
    while len(found) < count and time.time() < give_up_at:
        await asyncio.sleep(1.0)
        found += (await ground.bare_worker.ask({"fired": True}))["fired"]
    return found


def as_json(found: list[Lateness] | list[Burst]) -> list[dict[str, Any]]:
    """For the file."""
    return [
        {**vars(each), **({"lateness": vars(each.lateness)} if isinstance(each, Burst) else {})}
        for each in found
    ]
