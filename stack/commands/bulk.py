"""The commands `huying request bulk`: one command for many requests, followed to its end."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable
from dataclasses import MISSING
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column, Table
from rich.text import Text

from domain.bulk import FOR_MANY, ItemResult
from domain.commands import Act
from domain.lifecycle import TABLE
from domain.units import Role
from stack.commands.knocking import (
    ApiOption,
    AsJsonOption,
    DataDirOption,
    Door,
    KeyOption,
    console,
    door,
    show_json,
)
from stack.commands.options import DEFAULT_DATA_DIR
from stack.commands.requests import body_of, options_of, parameter

app = typer.Typer(name="bulk", help="One command for many requests, as a job.", no_args_is_help=True)

JobArgument = Annotated[str, typer.Argument(metavar="JOB", help="Id of the job.")]

_LOOK_EVERY_SECONDS = 0.5
_SHOWN = 30
_LARGEST_PAGE = 200
_SHARED = [
    parameter(
        "numbers",
        Annotated[
            typer.FileText, typer.Option(help="File with the numbers of the requests; - reads them here.")
        ],
        MISSING,
    ),
    parameter("role", Annotated[Role | None, typer.Option(help="Role to act in, among those held.")], None),
    parameter("wait", Annotated[bool, typer.Option(help="Follow the job to its end.")], True),
    parameter(
        "idempotency_key", Annotated[str | None, typer.Option(help="To try the same again safely.")], None
    ),
    parameter("data_dir", DataDirOption, DEFAULT_DATA_DIR),
    parameter("api", ApiOption, None),
    parameter("key", KeyOption, None),
    parameter("as_json", AsJsonOption, False),
]


@app.command()
def show(
    job: JobArgument,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    api: ApiOption = None,
    key: KeyOption = None,
    as_json: AsJsonOption = False,
) -> None:
    """Show how far a job is, and what was not obeyed."""
    with door(data_dir, api, key) as opened:
        _show(opened, opened.get(f"/v1/bulk/{job}"), as_json=as_json)


@app.command()
def cancel(
    job: JobArgument,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    api: ApiOption = None,
    key: KeyOption = None,
) -> None:
    """Leave out what has not been given yet; what was obeyed stays."""
    with door(data_dir, api, key) as opened:
        opened.post(f"/v1/bulk/{job}/cancel", {})
        _show(opened, _followed(opened, job), as_json=False)


@app.command()
def pause(
    job: JobArgument,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    api: ApiOption = None,
    key: KeyOption = None,
) -> None:
    """Let a job rest after the requests that are under way."""
    with door(data_dir, api, key) as opened:
        _show(opened, opened.post(f"/v1/bulk/{job}/pause", {}), as_json=False)


@app.command()
def resume(
    job: JobArgument,
    wait: Annotated[bool, typer.Option(help="Follow the job to its end.")] = True,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    api: ApiOption = None,
    key: KeyOption = None,
) -> None:
    """Let a paused job go on."""
    with door(data_dir, api, key) as opened:
        show_followed(opened, opened.post(f"/v1/bulk/{job}/resume", {}), wait=wait, as_json=False)


def _command(act: type[Act], name: str) -> Callable[..., None]:
    own = options_of(act, name)

    def command(**given: Any) -> None:
        order = {
            "command": name,
            "numbers": given["numbers"].read().replace(",", " ").split(),
            "body": body_of(name, {option.name: given[option.name] for option in own}),
        }
        headers = {"X-Acting-Role": given["role"].value} if given["role"] else {}
        with door(given["data_dir"], given["api"], given["key"]) as opened:
            job = opened.post("/v1/bulk", order, key=given["idempotency_key"], **headers)
            show_followed(opened, job, wait=given["wait"], as_json=given["as_json"])

    parameters = [*own, *_SHARED]
    command.__signature__ = inspect.Signature(parameters)
    command.__annotations__ = {each.name: each.annotation for each in parameters}
    said = " ".join((act.__doc__ or "").split()).partition(". ")[0].rstrip(".")
    command.__doc__ = f"{TABLE[name].zh}: {said}; for many requests."
    return command


def show_followed(opened: Door, job: dict[str, Any], *, wait: bool, as_json: bool) -> None:
    """Show a job with what came of it: as it is, or at its end if ``wait``."""
    _show(opened, _followed(opened, job["id"]) if wait else job, as_json=as_json)


def _followed(opened: Door, job: str) -> dict[str, Any]:
    """The job at its end, or where it rests because it is paused; with a bar until then."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        shown = opened.get(f"/v1/bulk/{job}")
        bar = progress.add_task(shown["command"], total=shown["total"])
        while shown["state"] == "running":
            progress.update(bar, completed=shown["done"])
            time.sleep(_LOOK_EVERY_SECONDS)
            shown = opened.get(f"/v1/bulk/{job}")
        progress.update(bar, completed=shown["done"])
    return shown


def _show(opened: Door, job: dict[str, Any], *, as_json: bool) -> None:
    items = _items(opened, job["id"])
    if as_json:
        show_json({**job, "items": items})
    else:
        console.print(job_page(job, items))


def _items(opened: Door, job: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page = opened.get(f"/v1/bulk/{job}/items", cursor=cursor, limit=_LARGEST_PAGE)
        found += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return found


def job_page(job: dict[str, Any], items: list[dict[str, Any]]) -> RenderableType:
    """A job on one screen: its figures, and the first requests at which it was not obeyed."""
    figures = ("succeeded", "refused", "not_found", "failed", "cancelled")
    counted = ", ".join(f"{job[name]} {name.replace('_', ' ')}" for name in figures if job[name])
    head = Text.assemble(
        (job["id"], "bold"), f"  {job['command']}  {job['state']}  {job['done']} of {job['total']}"
    )
    left = [item for item in items if item["result"] not in (ItemResult.DONE, ItemResult.PENDING)]
    parts: list[RenderableType] = [head, Text(counted)]
    if left:
        table = Table(Column("request", no_wrap=True), "result", "code", "detail", box=None)
        for item in left[:_SHOWN]:
            table.add_row(*(item[name] for name in ("number", "result", "code", "detail")))
        parts.append(table)
    if len(left) > _SHOWN:
        parts.append(Text(f"and {len(left) - _SHOWN} more", style="dim"))
    return Group(*parts)


for _act in FOR_MANY:
    _name = str(_act.__dataclass_fields__["act"].default)
    app.command(_name)(_command(_act, _name))
