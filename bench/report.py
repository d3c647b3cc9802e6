"""The tables that ``huying bench`` prints."""

from __future__ import annotations

from statistics import median

from rich.table import Table

from bench.arrivals import Intake
from bench.commands import Latency
from bench.deadlines import Burst, Lateness
from bench.figures import Spread, percentile
from bench.ground import SIDES
from bench.lifecycles import Lifecycles
from bench.memory import Memory
from bench.partner_cases import OTHERS, SHARES, STALLED, STRETCHES, WAYS, PartnerCases

_OF = {"ours": "Huying", "bare": "bare"}
_CPU_PARTS = ("server", "worker", "bare worker", "api", "postgres", "callers", "bare callers")


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column(columns[0])
    for column in columns[1:]:
        table.add_column(column, justify="right")
    return table


def lifecycles(found: Lifecycles) -> list[Table]:
    """The ratio, the history, and where the processor time goes."""
    rates = _table(
        "Full lifecycles", "", "per second", "p50 s", "p99 s", "errors", "events", "bytes", "other cpu"
    )
    for side in SIDES:
        runs = found.runs[side]
        seconds = [each for run in runs for each in run.seconds]
        events, size = found.history[side]
        rates.add_row(
            _OF[side],
            str(Spread.of([run.rate for run in runs])),
            f"{percentile(seconds, 0.5):.2f}",
            f"{percentile(seconds, 0.99):.2f}",
            str(sum(run.errors for run in runs)),
            str(events),
            f"{size:,}",
            f"{median(run.usage.other for run in runs):.2f}",
        )
    rates.add_section()
    rates.add_row("ratio", str(Spread.of(found.ratios)), "", "", "", "", "", "")
    spent = _table("Processor time of one lifecycle, ms", "", *_CPU_PARTS, "sum")
    for side in SIDES:
        parts = {part: median(run.cpu(part) for run in found.runs[side]) for part in _CPU_PARTS}
        spent.add_row(_OF[side], *(f"{parts[part]:.1f}" for part in _CPU_PARTS), f"{sum(parts.values()):.1f}")
    return [rates, spent]


def latency(found: list[Latency]) -> list[Table]:
    """Milliseconds of a command at each number of callers."""
    table = _table(
        "One command, ms", "callers", "bare p50", "Huying p50", "ratio", "bare p99", "Huying p99", "ratio"
    )
    for each in found:
        table.add_row(
            str(each.callers),
            f"{median(each.p50['bare']):.1f}",
            f"{median(each.p50['ours']):.1f}",
            str(each.ratio),
            f"{median(each.p99['bare']):.1f}",
            f"{median(each.p99['ours']):.1f}",
            str(each.ratio_p99),
        )
    return [table]


def intake(found: Intake) -> list[Table]:
    """Milliseconds until the number was there."""
    table = _table(
        "Intake, ms", "calls/s", "seconds", "answered", "errors", "p50", "p99", "longest", "all begun after"
    )
    table.add_row(
        f"{found.rate:.0f}",
        f"{found.seconds:.0f}",
        str(found.finished),
        str(found.errors),
        f"{found.p50:.1f}",
        f"{found.p99:.1f}",
        f"{found.longest:.1f}",
        f"{found.until_begun:.0f} s",
    )
    return [table]


def lateness(found: list[Lateness]) -> list[Table]:
    """Seconds by which spread deadlines were late."""
    table = _table("Deadlines over a minute, s late", "", "due", "fired", "p50", "p99", "longest")
    for each in found:
        table.add_row(_OF[each.side], str(each.expected), str(each.fired), *_seconds(each))
    return [table]


def burst(found: list[Burst]) -> list[Table]:
    """Deadlines of one second: the pace at which they were worked off."""
    table = _table(
        "Deadlines in one second",
        "",
        "due",
        "fired",
        "per second",
        "p50 s",
        "p99 s",
        "longest s",
        "p50 by urgency",
    )
    for each in found:
        late = each.lateness
        by_urgency = "  ".join(f"{name} {value:.1f}" for name, value in each.p50_by_urgency.items())
        row = (f"{each.drained_per_second:.1f}", *_seconds(late), by_urgency)
        table.add_row(_OF[each.side], str(late.expected), str(late.fired), *row)
    ours, bare = found
    table.add_section()
    table.add_row("ratio", "", "", f"{ours.drained_per_second / bare.drained_per_second:.2f}", "", "", "", "")
    return [table]


def memory(found: Memory) -> list[Table]:
    """Kilobytes that an open request takes."""
    table = _table(
        f"Memory of an open request, kB ({found.opened} opened)", "", "worker", "server", "api", "postgres"
    )
    for side in SIDES:
        parts = found.kilobytes[side]
        worker = parts.get("worker", parts.get("bare worker", 0.0))
        others = [f"{parts[part]:.0f}" if part in parts else "" for part in ("server", "api", "postgres")]
        table.add_row(_OF[side], f"{worker:.0f}", *others)
    return [table]


_WAY = {"swift": "all swift", "stalled": "one stalled"}
_STRETCH = {"handed_over": "taken", "ended": "ended"}


def partners(found: PartnerCases) -> list[Table]:
    """What the cases of the other partners took, and how each run went."""
    waits = _table(f"Cases not of {STALLED}, seconds since they were given", "", *_WAY.values(), "ratio")
    for partner in OTHERS:
        waits.add_section()
        for stretch in STRETCHES:
            for share in SHARES:
                medians = [f"{found.spread(way, partner, stretch, share).median:.2f}" for way in WAYS]
                ratio = found.ratio(partner, stretch, share)
                waits.add_row(f"{partner} {_STRETCH[stretch]} p{share * 100:.0f}", *medians, str(ratio))
    runs = _table(
        f"Runs; the last end in seconds after the first case, or after {STALLED} answered again",
        *("", "cases", "errors", "ended", "last end", "p50 of the call", "p99", "other cpu"),
    )
    for way in WAYS:
        for run in found.runs[way]:
            counts = [str(number) for number in (run.given, run.errors, run.ended)]
            calls = [f"{percentile(run.answered, share):.2f}" for share in (0.5, 0.99)]
            runs.add_row(_WAY[way], *counts, f"{run.until_last_end:.0f}", *calls, f"{run.usage.other:.2f}")
    return [waits, runs]


def _seconds(late: Lateness) -> tuple[str, str, str]:
    return f"{late.p50:.2f}", f"{late.p99:.2f}", f"{late.longest:.2f}"
