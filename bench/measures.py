"""The list of what can be measured, in the order in which `all` does it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Any

from rich.table import Table

from bench import arrivals, commands, deadlines, lifecycles, memory, partner_cases, report
from bench.ground import Ground
from bench.plan import Extent, Measure


@dataclass(frozen=True)
class Finding:
    """One measure done: its tables, and its figures for the file."""

    measure: Measure
    tables: list[Table]
    figures: Any


SPREAD_SECONDS = 60.0

Step = Callable[[str], None]


async def taken(ground: Ground, wanted: Measure, extent: Extent, step: Step) -> AsyncGenerator[Finding]:
    """The findings, as they are made."""
    for measure in Measure:
        if measure is not Measure.ALL and wanted in (measure, Measure.ALL):
            yield await _taken(ground, measure, extent, lambda text, name=measure: step(f"{name}: {text}"))


async def _taken(ground: Ground, measure: Measure, extent: Extent, step: Step) -> Finding:
    match measure:
        case Measure.LIFECYCLES:
            told = await lifecycles.measure(ground, pairs=extent.pairs, seconds=extent.seconds, step=step)
            return Finding(measure, report.lifecycles(told), told.as_json())
        case Measure.LATENCY:
            waits = await commands.measure(ground, pairs=extent.pairs, seconds=extent.seconds / 2, step=step)
            return Finding(measure, report.latency(waits), [each.as_json() for each in waits])
        case Measure.MEMORY:
            grown = await memory.measure(ground, count=extent.open_count, step=step)
            return Finding(measure, report.memory(grown), grown.as_json())
        case Measure.LATENESS:
            late = await deadlines.spread(
                ground, count=extent.spread_count, seconds=SPREAD_SECONDS, step=step
            )
            return Finding(measure, report.lateness(late), deadlines.as_json(late))
        case Measure.BURST:
            drained = await deadlines.burst(ground, count=extent.burst_count, step=step)
            return Finding(measure, report.burst(drained), deadlines.as_json(drained))
        case Measure.INTAKE:
            waited = await arrivals.measure(
                ground, rate=extent.rate, seconds=extent.intake_seconds, step=step
            )
            return Finding(measure, report.intake(waited), waited.as_json())
        case Measure.PARTNERS:
            cases = await partner_cases.measure(
                ground,
                count=extent.case_count,
                pairs=extent.pairs,
                profile=extent.partner_profile,
                step=step,
            )
            return Finding(measure, report.partners(cases), cases.as_json())
        case Measure.ALL:
            raise ValueError(measure)
