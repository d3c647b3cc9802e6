"""The commands `huying city`: what a city pack holds, whether it is sound, and whether its clock is right."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cities.faults import PackFaults
from cities.pack import CityPack, load_clock, load_pack, names_of_packs
from cities.past_requests import DataRefused
from cities.timetable import CityClock
from cities.verify import verify as verified
from cities.verify_screen import render
from domain.levels import Level
from stack.commands.recalculation import recalculate

app = typer.Typer(name="city", no_args_is_help=True)
console = Console()

PackArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="[NAME|PATH]", help="A pack that comes with the product, or a folder. All if left out."
    ),
]


app.command()(recalculate)


@app.callback()
def packs() -> None:
    """City packs: all data about one city."""


@app.command()
def check(pack: PackArgument = None) -> None:
    """Read city packs and show what they hold, or every fault with file, row and reason."""
    sound = [_show(name) for name in ([pack] if pack else names_of_packs())]
    if not all(sound):
        raise typer.Exit(1)


@app.command()
def verify(
    pack: Annotated[str, typer.Argument(metavar="NAME|PATH", help="A pack whose rules set deadlines.")],
    data: Annotated[Path, typer.Option("--data", help="Past requests of the city, a CSV, gzipped or not.")],
    answers: Annotated[
        Path | None, typer.Option("--answers", help="Write case_id,due,late of every row here.")
    ] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="INSTANT", help="Judge open requests at this instant.")
    ] = None,
) -> None:
    """Recompute the deadlines of past requests and compare them with those the city set."""
    try:
        report = verified(pack, data, _instant(as_of), answers)
    except PackFaults as refused:
        console.print(_fault_table(refused))
        raise typer.Exit(1) from None
    except DataRefused as refused:
        console.print(Text(str(refused), style="red"))
        raise typer.Exit(1) from None
    render(report, console)


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        example = "an instant with its offset, such as 2016-01-13T00:00:00-05:00"
        raise typer.BadParameter(f"{text!r} is not {example}", param_hint="--as-of")
    return instant


def _show(name: str) -> bool:
    try:
        clock = load_clock(name)
        rows = list(_clock_rows(clock))
        notice = Text(f"{clock.city.notice_zh}\n{clock.city.notice_en}".strip())
        if clock.city.scope == "full":
            rows += _pack_rows(load_pack(name))
    except PackFaults as refused:
        console.print(_fault_table(refused))
        return False
    table = Table(
        "what", "how many", "more", title=f"{clock.city.name_zh} {clock.city.name_en}", title_style="bold"
    )
    for what, number, more in rows:
        table.add_row(what, Text(number, justify="right"), more)
    console.print(table)
    console.print(notice, style="dim")
    return True


def _clock_rows(clock: CityClock) -> Iterator[tuple[str, str, str]]:
    calendar = clock.calendar
    office_day = calendar.office_day.total_seconds() / 3600
    yield "office day", f"{office_day:g} h", f"{calendar.zone}, working days end by the rule {calendar.mode}"
    yield (
        "days off the week pattern",
        f"{len(calendar.exceptions):,}",
        f"on file until {calendar.known_until}; later deadlines are provisional",
    )


def _pack_rows(pack: CityPack) -> Iterator[tuple[str, str, str]]:
    for level in reversed(Level):
        count = pack.divisions.count(level)
        yield f"divisions: {level}", f"{count:,}", "synthetic" if level is Level.GRID else ""
    holders = sum(bool(kind.levels) for kind in pack.unit_types.values())
    yield "unit types", f"{len(pack.unit_types):,}", f"{holders} of them hold legs"
    yield "vacant posts", f"{len(pack.vacancies):,}", ""
    yield "categories", f"{len(pack.categories):,}", f"in {len(pack.groups)} groups"
    yield "policies", f"{len(pack.policies):,}", f"{pack.notice_zh} {pack.notice_en}"
    yield (
        "duty entries",
        f"{len(pack.duty_list):,}",
        "each with a fallback; no category and level without one",
    )
    admitted = {admission.category for admission in pack.admissions}
    yield "admission list", f"{len(admitted):,}", "categories that communities accept"
    reasons = sum(len(terms.reasons) for terms in pack.exceptions.values())
    yield "exceptions", f"{len(pack.exceptions):,}", f"that may be asked for, with {reasons} reasons in all"
    yield "skip rules", f"{len(pack.skip_rules):,}", "send matters straight to a higher level"
    yield (
        "surge sets",
        f"{len(pack.surges.sets):,}",
        f"prepared, with {len(pack.surges.policies)} policies; not in force",
    )
    yield "partners", f"{len(pack.partners):,}", ", ".join(terms.en for terms in pack.partners.values())
    book = pack.whistles
    yield "whistles", f"{len(book.kinds):,}", ", ".join(terms.en for terms in book.kinds.values())
    powers = {power.code for entry in book.entries for power in entry.powers}
    yield "whistle list", f"{len(book.entries):,}", f"listed matters, with {len(powers)} powers in all"
    yield "district outlines", f"{len(pack.places.outlines):,}", ""


def _fault_table(refused: PackFaults) -> Table:
    count = len(refused.faults)
    title = f"The city pack {refused.pack} does not load: {count} fault{'s' if count > 1 else ''}"
    table = Table(title=title, title_style="bold red")
    for column in ("file", "row", "field", "reason", "expected"):
        table.add_column(column, overflow="fold")
    for fault in refused.faults:
        table.add_row(
            *(Text(cell) for cell in (fault.file, fault.row, fault.field, fault.reason, fault.expected))
        )
    return table
