"""``huying city recalculate``: open requests counted in the pack's calendar as it is now, after a look at
what would move.

A newly published year of holidays reaches running deadlines only this way: each request gets an order of its
own, which is checked, recorded with its reason, and given once however often the command is repeated."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.table import Table

from cities.pack import CityPack, load_pack
from domain.commands import Order, Recalculate
from domain.lifecycle import decide, fold
from domain.refusals import Refused
from domain.request import RequestState
from domain.summary import summarize
from domain.units import Actor, Role
from persistence.engine import make_engine, reading
from persistence.queries import provisional_numbers
from persistence.timeline import load_state
from stack import options
from stack.foreground import run_in_foreground
from stack.knocking import ApiOption, KeyOption, console, door
from stack.rebuild import DatabaseUrlOption, url_of_running

_SHOWN = 30
_PREVIEW = Actor(Role.DUTY_LEADER, "preview")


@dataclass(frozen=True, slots=True)
class Move:
    """One request's total deadline before and after, in UTC."""

    number: str
    before: datetime | None
    after: datetime | None
    calendar_until: str


def recalculate(
    pack: Annotated[
        str, typer.Argument(metavar="NAME|PATH", help="The pack whose calendar counts.")
    ] = "guangzhou",
    reason: Annotated[str, typer.Option(help="Recorded with every request.")] = "a newly published year",
    apply: Annotated[
        bool, typer.Option("--apply", help="Give the orders; without it, only show them.")
    ] = False,
    data_dir: options.DataDirOption = options.DEFAULT_DATA_DIR,
    database_url: DatabaseUrlOption = None,
    api: ApiOption = None,
    key: KeyOption = None,
) -> None:
    """Count the provisional deadlines of open requests in the pack's present calendar."""
    city = load_pack(pack)
    moves = run_in_foreground(_moves(database_url or url_of_running(data_dir), city, reason)) or []
    _show(moves, ZoneInfo(city.calendar.zone))
    if not moves:
        return
    if not apply:
        console.print("Nothing was changed. Give the orders with --apply.")
        return
    with door(data_dir, api, key) as knock:
        for move in moves:
            body = {"reason": reason}
            knock.post(
                f"/v1/requests/{move.number}/recalculate",
                body,
                key=f"recalculate-{move.number}-{move.calendar_until}",
            )
    console.print(
        f"{len(moves)} requests count in the calendar that is known until {city.calendar.known_until}."
    )


async def _moves(url: str, city: CityPack, reason: str) -> list[Move]:
    engine = make_engine(url, pool_size=1)
    try:
        async with reading(engine) as connection:
            numbers = await provisional_numbers(connection)
            states = [await load_state(connection, number) for number in numbers]
    finally:
        await engine.dispose()
    moves = [move_of(state, city, reason) for state in states if state is not None]
    return [move for move in moves if move is not None]


def move_of(state: RequestState, city: CityPack, reason: str) -> Move | None:
    """What the pack's calendar would do to an open request; ``None`` if the rules have nothing to correct."""
    begun = state.intake.received_at.astimezone(ZoneInfo(city.calendar.zone)).date()
    corrected = city.calendar.extract(begun)
    try:
        events = decide(state, Order("preview", _PREVIEW, Recalculate(corrected, reason)), datetime.now(UTC))
    except Refused:
        return None
    after = summarize(fold(state, events))
    return Move(state.number, summarize(state).total_due_at, after.total_due_at, str(corrected.known_until))


def _show(moves: list[Move], zone: ZoneInfo) -> None:
    moved = [move for move in moves if move.before != move.after]
    console.print(f"{len(moves)} open requests have provisional deadlines; {len(moved)} would move.")
    if not moved:
        return
    table = Table("request", "due now", "due then")
    for move in moved[:_SHOWN]:
        table.add_row(
            move.number,
            *(
                at.astimezone(zone).isoformat(" ", "minutes") if at else ""
                for at in (move.before, move.after)
            ),
        )
    console.print(table)
    if len(moved) > _SHOWN:
        console.print(f"and {len(moved) - _SHOWN} more")
