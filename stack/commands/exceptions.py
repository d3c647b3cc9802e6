"""The commands of `huying request` for governed exceptions: what may be asked for, asking, and deciding.

They stand beside the commands of the transition table, since one act has a door for each kind of exception.
"""

from __future__ import annotations

import inspect
from dataclasses import MISSING, dataclass
from typing import Annotated, Any

import typer
from rich.table import Column, Table
from rich.text import Text

from domain.exceptions.applications import ExceptionKind
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
from stack.commands.requests import command_at, parameter

app = typer.Typer()


@dataclass(frozen=True, slots=True)
class Asking:
    """A kind, the name of its door and command, whether a unit asks for it, and the particulars that it may need."""

    kind: ExceptionKind
    command: str
    zh: str
    of_leg: bool
    particulars: tuple[str, ...] = ()


ASKINGS = (
    Asking(ExceptionKind.RETURN, "return", "申请退单", True, ("unit", "legal_basis")),
    Asking(ExceptionKind.EXTENSION, "extend", "申请延期", True),
    Asking(ExceptionKind.SUSPENSION, "suspend", "申请挂起", True),
    Asking(ExceptionKind.BACKLOG, "defer", "申请挂账", True, ("plan", "until")),
    Asking(ExceptionKind.UNREASONABLE, "mark-unreasonable", "申请认定不合理诉求", True, ("legal_basis",)),
    Asking(ExceptionKind.MALICIOUS, "mark-malicious", "申请认定恶意诉求", True, ("legal_basis",)),
    Asking(ExceptionKind.REMOVAL, "release-joint", "申请解除逾期协办", True, ("unit",)),
    Asking(ExceptionKind.DISPUTE, "dispute", "提出职责争议", False, ("unit", "legal_basis")),
    Asking(ExceptionKind.TRANSFER_OUT, "transfer-out", "转出", False, ("channel",)),
    Asking(ExceptionKind.VOID, "void", "申请作废", False),
    Asking(ExceptionKind.APPEAL, "appeal", "代诉求人申诉", False),
)

_HELP = {
    "unit": "Code of the unit that should hold the request, or that should be let go.",
    "legal_basis": "The law or rule that it rests on.",
    "until": "When the commitment is due, such as 2027-06-30T18:00:00+08:00.",
    "plan": "What will be done.",
    "channel": "Where the request goes.",
}


def _text(name: str, said: str, *, required: bool = False) -> inspect.Parameter:
    if required:
        return parameter(name, Annotated[str, typer.Option(help=said)], MISSING)
    return parameter(name, Annotated[str | None, typer.Option(help=said)], None)


def _options(asking: Asking) -> list[inspect.Parameter]:
    evidence = Annotated[list[str] | None, typer.Option(help="Reference to evidence; may be repeated.")]
    return [
        _text("reason", "Code of the city's list, see `huying request exceptions`.", required=True),
        _text("explanation", "In words.", required=True),
        *(_text(name, _HELP[name]) for name in asking.particulars),
        parameter("evidence", evidence, None),
    ]


def _given(options: dict[str, Any]) -> dict[str, Any]:
    return {option: value for option, value in options.items() if value is not None}


def _ruling(options: dict[str, Any]) -> dict[str, Any]:
    given = _given(options)
    basis, area = given.pop("amendment_basis", None), given.pop("amendment_area", None)
    if basis is not None or area is not None:
        given["amendment"] = _given({"basis": basis, "area": area})
    return given


for _asking in ASKINGS:
    app.command(_asking.command)(
        command_at(
            _asking.command,
            _options(_asking),
            f"{_asking.zh}: ask for {_asking.kind.replace('_', ' ')}.",
            of_leg=_asking.of_leg,
            make_body=_given,
        )
    )

app.command("rule")(
    command_at(
        "applications/{application}/rule",
        [
            _text("application", "Its id, such as a1.", required=True),
            parameter(
                "granted", Annotated[bool, typer.Option("--grant/--refuse", help="What is decided.")], MISSING
            ),
            _text("note", "Why.", required=True),
            _text("unit", "Of a dispute: code of the unit that leads from now on."),
            _text("amendment_basis", "Of a dispute: what the ruling adds to the duty list rests on this."),
            _text("amendment_area", "Where that holds; the unit's own area if left out."),
        ],
        "审批: decide an application.",
        of_leg=False,
        make_body=_ruling,
    )
)


@app.command("exceptions")
def list_exceptions(
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    api: ApiOption = None,
    key: KeyOption = None,
    as_json: AsJsonOption = False,
) -> None:
    """Show what may be asked for, for which reasons, and who decides."""
    with door(data_dir, api, key) as opened:
        terms = opened.get("/v1/exceptions")
    if as_json:
        show_json(terms)
        return
    table = Table("kind", "reason", "decided by", "silence")
    for each in terms["items"]:
        reasons = "\n".join(f"{reason['code']} {reason['zh']}" for reason in each["reasons"])
        table.add_row(
            f"{each['kind']}\n{each['zh']}", reasons, ", ".join(each["decided_by"]), each["silence"]
        )
    console.print(table)


@app.command("applications")
def list_applications(
    number: Annotated[str | None, typer.Argument(help="One request; what waits for me if left out.")] = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    api: ApiOption = None,
    key: KeyOption = None,
    as_json: AsJsonOption = False,
) -> None:
    """Show the applications of a request, or those that wait for a decision."""
    with door(data_dir, api, key) as opened:
        found = opened.get(f"/v1/requests/{number}/applications" if number else "/v1/applications")
    if as_json:
        show_json(found)
        return
    table = Table(Column("request", no_wrap=True), "id", "kind", "reason", "explanation", "status", "by")
    for each in found["items"]:
        cells = (
            each["number"], each["id"], each["kind"], each["reason_zh"] or each["reason"],
            each["explanation"], each["status"], each["decided_by"] or each["decide_by"] or "",
        )  # fmt: skip
        table.add_row(*map(Text, cells))
    console.print(table if found["items"] else "There is no application.")
