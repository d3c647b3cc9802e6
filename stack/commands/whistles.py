"""The commands `huying whistle`: towns call departments, departments come, and both sides rate each other."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import MISSING
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from domain import commands as asked
from domain.commands import Act
from domain.whistles import Mode, Post, WhistleKind
from stack.commands.knocking import (
    ApiOption,
    AsJsonOption,
    DataDirOption,
    KeyOption,
    console,
    door,
    show_json,
)
from stack.commands.options import DEFAULT_DATA_DIR
from stack.commands.request_pages import local
from stack.commands.requests import NumberArgument, command_at, parameter, said_of

app = typer.Typer(
    name="whistle", help="Whistles 吹哨报到: a town calls departments, which must come.", no_args_is_help=True
)


@app.command("list")
def list_whistles(
    unit: Annotated[str | None, typer.Option(help="The department that was called.")] = None,
    town: Annotated[str | None, typer.Option(help="The town that called.")] = None,
    scope: Annotated[str, typer.Option(help="open, ended, or all.")] = "open",
    limit: Annotated[int, typer.Option(min=1, max=200)] = 20,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    api: ApiOption = None,
    key: KeyOption = None,
    as_json: AsJsonOption = False,
) -> None:
    """Show who was called, the newest first."""
    with door(data_dir, api, key) as opened:
        called = opened.get("/v1/whistles", unit=unit, town=town, scope=scope, limit=limit)
    if as_json:
        show_json(called)
    else:
        console.print(_page([_called(line) for line in called["items"]]), highlight=False)


@app.command()
def show(
    number: NumberArgument,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    api: ApiOption = None,
    key: KeyOption = None,
    as_json: AsJsonOption = False,
) -> None:
    """Show the whistles of one request, with everybody's part."""
    with door(data_dir, api, key) as opened:
        whistles = opened.get(f"/v1/requests/{number}")["whistles"]
    if as_json:
        show_json(whistles)
    else:
        console.print(_page([_told(whistle) for whistle in whistles]), highlight=False)


Body = Callable[[dict[str, Any]], dict[str, Any]]


def _text(name: str, said: str, *, required: bool = True) -> inspect.Parameter:
    if required:
        return parameter(name, Annotated[str, typer.Option(help=said)], MISSING)
    return parameter(name, Annotated[str | None, typer.Option(help=said)], None)


def _mark(name: str) -> inspect.Parameter:
    return parameter(name, Annotated[int, typer.Option(min=1, max=5, help="1 to 5.")], MISSING)


def _several(name: str, metavar: str, said: str) -> inspect.Parameter:
    return parameter(
        name, Annotated[list[str], typer.Option(f"--{name}", metavar=metavar, help=said)], MISSING
    )


_SPOT = parameter(
    "spot", Annotated[str | None, typer.Option(metavar="LAT,LON", help="A point on the map, WGS 84.")], None
)


def _as_given(options: dict[str, Any]) -> dict[str, Any]:
    given = {name: value for name, value in options.items() if value is not None}
    if "spot" in given:
        given["spot"] = _spot(given["spot"])
    return given


def _spot(text: str) -> dict[str, float]:
    try:
        latitude, longitude = map(float, text.split(","))
    except ValueError as error:
        raise typer.BadParameter(
            f"{text!r} is no point such as 23.1472,113.3461", param_hint="--spot"
        ) from error
    return {"latitude": latitude, "longitude": longitude}


def _call(options: dict[str, Any]) -> dict[str, Any]:
    given = _as_given(options)
    pairs = (_parted(each, "=", "--summon", "UNIT=POWER") for each in given.pop("summon"))
    given["summoned"] = [{"unit": unit, "power": power} for unit, power in pairs]
    return given


def _plan(options: dict[str, Any]) -> dict[str, Any]:
    given = _as_given(options)
    decisions = list[dict[str, str]]()
    for each in given.pop("decision"):
        unit, rest = _parted(each, "=", "--decision", "UNIT=LIMIT:ACTION")
        within, action = _parted(rest, ":", "--decision", "UNIT=LIMIT:ACTION")
        decisions.append({"unit": unit, "action": action, "within": within})
    given["decisions"] = decisions
    return given


def _parted(text: str, sign: str, option: str, form: str) -> tuple[str, str]:
    before, found, after = text.partition(sign)
    if not (before and found and after):
        raise typer.BadParameter(f"{text!r} is not of the form {form}", param_hint=option)
    return before, after


_WHISTLE = parameter(
    "whistle", Annotated[str, typer.Argument(metavar="WHISTLE", help="Which whistle of the request, such as w1.")],
    MISSING,
)  # fmt: skip


def _command(name: str, act: type[Act], path: str, own: list[inspect.Parameter], make_body: Body) -> None:
    """Add the command of one door; ``path`` stands below the request's."""
    in_path = [_WHISTLE] if "{whistle}" in path else []
    said = said_of(act, str(act.__dataclass_fields__["act"].default))
    app.command(name)(command_at(path, [*in_path, *own], said, make_body=make_body))


_command(
    "blow",
    asked.BlowWhistle,
    "whistle",
    [
        parameter("kind", Annotated[WhistleKind, typer.Option(help="What it is blown for.")], MISSING),
        _several("summon", "UNIT=POWER", "A department, and the power needed of it; may be repeated."),
        _text("reason", "Why they are called."),
        _SPOT,
        _text("town", "The town that a command centre calls for.", required=False),
        _text("address", "Where, in words.", required=False),
        _text("session", "The online session.", required=False),
        _text("attend_at", "By when, such as 2026-11-25T10:00:00+08:00.", required=False),
    ],
    _call,
)
_command("acknowledge", asked.AcknowledgeWhistle, "whistles/{whistle}/acknowledge", [], _as_given)
_command(
    "attend",
    asked.AttendWhistle,
    "whistles/{whistle}/attend",
    [
        _text("attendee", "Who came."),
        parameter("post", Annotated[Post, typer.Option(help="With which post.")], MISSING),
        parameter("mode", Annotated[Mode, typer.Option(help="How.")], Mode.ON_SITE),
        _SPOT,
    ],
    _as_given,
)
_command(
    "object",
    asked.ObjectToWhistle,
    "whistles/{whistle}/object",
    [_text("legal_basis", "The law or rule that it rests on."), _text("text", "Why.")],
    _as_given,
)
_command(
    "plan",
    asked.AgreePlan,
    "whistles/{whistle}/plan",
    [
        _text("minutes", "What was agreed."),
        _several("decision", "UNIT=LIMIT:ACTION", "Who does what within which limit; may be repeated."),
        _text("lead", "The department that takes the lead.", required=False),
    ],
    _plan,
)
_command(
    "end",
    asked.EndWhistle,
    "whistles/{whistle}/end",
    [
        parameter("resolved", Annotated[bool, typer.Option("--resolved/--unresolved", help="How.")], MISSING),
        _text("text", "What came of it."),
    ],
    _as_given,
)
_command(
    "rate",
    asked.RateWhistle,
    "whistles/{whistle}/rate",
    [
        _text("unit", "The department that is rated."),
        _mark("in_time"),
        _mark("cooperated"),
        _mark("solved"),
        _text("text", "In words.", required=False),
    ],
    _as_given,
)
_command(
    "rate-call",
    asked.RateCall,
    "whistles/{whistle}/rate-call",
    [_mark("justified"), _text("text", "In words.", required=False)],
    _as_given,
)
_command(
    "confirm-unjustified",
    asked.ConfirmUnjustified,
    "whistles/{whistle}/confirm-unjustified",
    [_text("reason", "Why it should not have been blown.")],
    _as_given,
)


def _page(lines: list[Text]) -> RenderableType:
    return Group(*lines) if lines else Text("no whistle", style="dim")


def _called(line: dict[str, Any]) -> Text:
    return Text.assemble(
        f"{line['number']} ",
        (line["summons"], "bold"),
        f"  {line['kind']}  {line['town_zh']} → {line['unit_zh']}（{line['power_zh']}）  ",
        _part_of(line, line["attend_due_at"]),
    )


def _told(whistle: dict[str, Any]) -> Text:
    parts = "".join(
        f"\n     {part['id']}  {part['unit_zh']}（{part['power_zh']}）  {_part_of(part, None)}"
        for part in whistle["summonses"]
    )
    decided = "".join(
        f"\n     leg {each['leg']}  {each['unit_zh']}: {each['action']}, {each['within']}"
        for each in whistle["decisions"]
    )
    return Text.assemble(
        (whistle["id"], "bold"),
        f"  {whistle['kind']}  {whistle['town_zh']}  {whistle['reason']}  ",
        (whistle["standing"], "bold"),
        (parts + decided, "dim"),
    )


def _part_of(part: dict[str, Any], due_at: str | None) -> str:
    """How far a department's part is."""
    if part["arrived_at"]:
        came = "came" if part["authority"] else "came without authority"
        return f"{came} {local(part['arrived_at'])}{', too late' if part['missed_at'] else ''}"
    if part["missed_at"]:
        return "did not come"
    heard = "acknowledged" if part["acknowledged_at"] else "not acknowledged"
    return f"{heard}, to come by {local(due_at)}" if due_at else heard
