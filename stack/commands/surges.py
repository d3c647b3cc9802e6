"""The commands `huying surge`: other policies for a part of the city and a time, switched on and off."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.text import Text

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
from stack.commands.recalculation import IdempotencyOption
from stack.commands.request_pages import dated

app = typer.Typer(
    name="surge", help="Surges 平急转换: other policies for a time and a place.", no_args_is_help=True
)


@app.command("list")
def list_surges(
    holding: Annotated[bool, typer.Option(help="Only those that hold now.")] = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    api: ApiOption = None,
    key: KeyOption = None,
    as_json: AsJsonOption = False,
) -> None:
    """Show the surges, newest first."""
    with door(data_dir, api, key) as opened:
        shown = opened.get("/v1/surges", holding=holding)
    if as_json:
        show_json(shown)
    else:
        console.print(_page(shown["items"]))


@app.command()
def begin(
    name: Annotated[str, typer.Argument(help="What people call it.")],
    area: Annotated[str, typer.Option(help="Division code: a town, a district, the city.")],
    reason: Annotated[str, typer.Option(help="Recorded for ever.")],
    prepared: Annotated[str | None, typer.Option("--set", help="A set that the city has prepared.")] = None,
    substitute: Annotated[
        list[str] | None, typer.Option(metavar="USUAL=INSTEAD", help="A substitution; may be repeated.")
    ] = None,
    since: Annotated[str | None, typer.Option(metavar="INSTANT", help="Now, if left out.")] = None,
    until: Annotated[
        str | None, typer.Option(metavar="INSTANT", help="Until further order, if left out.")
    ] = None,
    idempotency_key: IdempotencyOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    api: ApiOption = None,
    key: KeyOption = None,
    as_json: AsJsonOption = False,
) -> None:
    """Begin a surge: what is accepted there from now on is promised under the other policies."""
    body: dict[str, Any] = {
        "name": name,
        "area": area,
        "reason": reason,
        "set": prepared,
        "substitutions": dict(_pair(each) for each in substitute) if substitute else None,
        "since": since,
        "until": until,
    }
    with door(data_dir, api, key) as opened:
        surge = opened.post("/v1/surges", body, key=idempotency_key)
    if as_json:
        show_json(surge)
    else:
        console.print(_page([surge]))


@app.command()
def end(
    surge: Annotated[int, typer.Argument(metavar="ID", help="Id of the surge.")],
    reason: Annotated[str, typer.Option(help="Recorded for ever.")],
    idempotency_key: IdempotencyOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    api: ApiOption = None,
    key: KeyOption = None,
    as_json: AsJsonOption = False,
) -> None:
    """End a surge now; what was accepted under it keeps its promise."""
    with door(data_dir, api, key) as opened:
        ended = opened.post(f"/v1/surges/{surge}/end", {"reason": reason}, key=idempotency_key)
    if as_json:
        show_json(ended)
    else:
        console.print(_page([ended]))


def _pair(substitution: str) -> tuple[str, str]:
    usual, sign, instead = substitution.partition("=")
    if not (usual and sign and instead):
        raise typer.BadParameter(
            f"{substitution!r} is no substitution such as P-FLOOD=P-FLOOD-SURGE", param_hint="--substitute"
        )
    return usual, instead


def _page(items: list[dict[str, Any]]) -> RenderableType:
    return Group(*map(_told, items)) if items else Text("no surge", style="dim")


def _told(surge: dict[str, Any]) -> Text:
    """What is promised where and until when, and below instead of what."""
    area = f"{surge['area']} {surge['area_zh'] or ''}".strip()
    until = dated(surge["until"]) if surge["until"] else "further order"
    said = "".join(f"\n     {usual} → {instead}" for usual, instead in surge["substitutions"].items())
    return Text.assemble(
        f"{surge['id']:>3}  ",
        (surge["name"], "bold"),
        f"  {area}  {dated(surge['since'])} until {until}  ",
        ("holds", "bold red") if surge["holds"] else ("does not hold", "dim"),
        (said, "dim"),
    )
