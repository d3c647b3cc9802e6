"""The verification of a city's clock on a terminal: shares per type and in all, and why the worst types miss."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cities.verify import Judgement, Outcome, Report, Tally

EXPLAINED = 8
_DAY = timedelta(days=1)


def render(report: Report, console: Console) -> None:
    """Print a report: the table of types, the worst types explained, the totals last, where they are looked for."""
    console.print(
        f"[bold]{escape(report.pack)}[/]: {report.total.rows:,} requests of {escape(str(report.file))}, "
        f"open ones judged at {_clock(report.as_of, report.zone)}"
    )
    if report.compared:
        console.print(_table(report))
        _explain(report, console)
    _total(report, console)


def percent(share: float | None) -> str:
    """A share as people read it, never rounded up to the whole."""
    return "–" if share is None else f"{int(share * 10_000) / 100:.2f} %"


def _table(report: Report) -> Table:
    table = Table(title=f"Deadlines reproduced within {_span(report.tolerance)}", title_justify="left")
    table.add_column("type", overflow="fold")
    for column in ("requests", "with deadline", "reproduced", "missed", "share"):
        table.add_column(column, justify="right")
    for tally in report.types:
        if tally.with_target or tally.misses:
            table.add_row(*_cells(tally), style="yellow" if (tally.share or 0) < 0.9 else None)
    table.add_section()
    rest = [tally for tally in report.types if not tally.with_target and not tally.misses]
    if rest:
        count = sum(tally.rows for tally in rest)
        table.add_row(f"{len(rest)} types without a deadline", f"{count:,}", "0", "0", "0", "–")
    table.add_row(*_cells(report.total), style="bold")
    return table


def _cells(tally: Tally) -> tuple[str, ...]:
    counts = (tally.rows, tally.with_target, tally.count(Outcome.SAME), tally.misses)
    return (escape(tally.name), *(f"{count:,}" for count in counts), percent(tally.share))


def _explain(report: Report, console: Console) -> None:
    worst = report.worst(EXPLAINED)
    if worst:
        console.print("\n[bold]Where the misses are[/]")
    for tally in worst:
        console.print(f"[yellow]{escape(tally.name)}[/]: {tally.misses:,} of {tally.rows:,} missed")
        for outcome, example in tally.examples.items():
            console.print(f"  {tally.count(outcome):,} × {_described(outcome, tally)}", highlight=False)
            console.print(f"    {_example(example, report.zone)}", style="dim", highlight=False)
        for note in tally.notes:
            console.print(f"  {escape(note)}", highlight=False)
    if report.unknown_types:
        console.print(f"The rules do not know: {escape(', '.join(report.unknown_types))}")


def _described(outcome: Outcome, tally: Tally) -> str:
    gaps = sorted(abs(gap) for gap in tally.gaps[outcome] if gap)
    return f"{outcome}, by {_span(gaps[len(gaps) // 2])} at the median" if gaps else str(outcome)


def _example(judgement: Judgement, zone: str) -> str:
    request, rule = judgement.request, judgement.rule
    limit = f"{rule.limit or 'no limit'}" if rule else "no rule"
    ours = f"{limit} → {_clock(judgement.due, zone)}" if judgement.due else limit
    theirs = _clock(request.target, zone) if request.target else "none"
    case = f"case {escape(request.case_id)}, opened {_clock(request.opened, zone)}"
    return f"e.g. {case}: {ours}, the city's {theirs}"


def _total(report: Report, console: Console) -> None:
    total = report.total
    console.print()
    if not report.compared:
        console.print("The file has no column target_dt, so there is nothing to compare the deadlines with.")
        return
    same, targets = total.count(Outcome.SAME), total.with_target
    console.print(
        f"[bold green]{percent(total.share)}[/] of the deadlines reproduced ({same:,} of {targets:,}); "
        f"of all requests, those rightly without a deadline included, {percent(total.share_of_all)}."
    )
    console.print(
        f"{percent(total.share_of_verdicts)} of the city's verdicts follow from our deadlines "
        f"({total.verdicts_agreed:,} of {total.verdicts:,})."
    )


def _clock(instant: datetime, zone: str) -> str:
    return instant.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S")


def _span(span: timedelta) -> str:
    for unit, name in ((_DAY, "days"), (timedelta(hours=1), "hours")):
        if span >= 2 * unit:
            return f"{span / unit:.0f} {name}"
    return f"{span / timedelta(minutes=1):.0f} minutes"
