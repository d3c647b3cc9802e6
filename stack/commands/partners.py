"""The commands `huying partners`: the neighbouring systems, what lies with them, what they sent, and reconciling."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from domain.partners import CaseStatus, Partner
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
    name="partners",
    help="Neighbouring systems 外部系统: cases, call-backs, reconciliation.",
    no_args_is_help=True,
)

PartnerArgument = Annotated[Partner, typer.Argument(help="The neighbouring system.")]
CursorOption = Annotated[str | None, typer.Option(help="`next_cursor` of the page before.")]


@app.command("list")
def list_partners(
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    api: ApiOption = None,
    key: KeyOption = None,
    as_json: AsJsonOption = False,
) -> None:
    """Show which are connected, what lies with them, and what the last reconciliation found."""
    with door(data_dir, api, key) as opened:
        _show(opened.get("/v1/partners"), _partner, as_json=as_json)


@app.command()
def cases(
    partner: PartnerArgument,
    status: Annotated[list[CaseStatus] | None, typer.Option(help="Only these; may be repeated.")] = None,
    cursor: CursorOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    api: ApiOption = None,
    key: KeyOption = None,
    as_json: AsJsonOption = False,
) -> None:
    """Show the cases that lie, or lay, with a partner, newest first."""
    wanted = [each.value for each in status] if status else None
    with door(data_dir, api, key) as opened:
        page = opened.get(f"/v1/partners/{partner.value}/cases", status=wanted, cursor=cursor)
    _show(page, _case, as_json=as_json)


@app.command()
def messages(
    partner: PartnerArgument,
    unknown: Annotated[bool, typer.Option("--unknown", help="Only those whose case nobody knows.")] = False,
    case: Annotated[str | None, typer.Option(help="Only this case's.")] = None,
    cursor: CursorOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    api: ApiOption = None,
    key: KeyOption = None,
    as_json: AsJsonOption = False,
) -> None:
    """Show what a partner sent, newest first."""
    with door(data_dir, api, key) as opened:
        path = f"/v1/partners/{partner.value}/messages"
        page = opened.get(path, unknown=unknown, case=case, cursor=cursor)
    _show(page, _message, as_json=as_json)


@app.command()
def assign(
    partner: PartnerArgument,
    message: Annotated[int, typer.Argument(metavar="ID", help="Id of a message whose case nobody knows.")],
    case: Annotated[str, typer.Option(help="The case that it is about: <number>-p<n>.")],
    idempotency_key: IdempotencyOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    api: ApiOption = None,
    key: KeyOption = None,
    as_json: AsJsonOption = False,
) -> None:
    """Say which case a message is about; it is delivered a moment later."""
    with door(data_dir, api, key) as opened:
        path = f"/v1/partners/{partner.value}/messages/{message}/assign"
        assigned = opened.post(path, {"case": case}, key=idempotency_key)
    _show_one(assigned, _message, as_json=as_json)


@app.command("set-aside")
def set_aside(
    partner: PartnerArgument,
    message: Annotated[int, typer.Argument(metavar="ID", help="Id of a message whose case nobody knows.")],
    idempotency_key: IdempotencyOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    api: ApiOption = None,
    key: KeyOption = None,
    as_json: AsJsonOption = False,
) -> None:
    """Say that a message is about no case of ours; it stays kept, and raises no alarm any more."""
    with door(data_dir, api, key) as opened:
        path = f"/v1/partners/{partner.value}/messages/{message}/set-aside"
        left = opened.post(path, {}, key=idempotency_key)
    _show_one(left, _message, as_json=as_json)


@app.command()
def reconciliations(
    partner: PartnerArgument,
    cursor: CursorOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    api: ApiOption = None,
    key: KeyOption = None,
    as_json: AsJsonOption = False,
) -> None:
    """Show when the two sides were held against each other, and what was different."""
    with door(data_dir, api, key) as opened:
        page = opened.get(f"/v1/partners/{partner.value}/reconciliations", cursor=cursor)
    _show(page, _reconciliation, as_json=as_json)


@app.command()
def reconcile(
    partner: PartnerArgument,
    idempotency_key: IdempotencyOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    api: ApiOption = None,
    key: KeyOption = None,
    as_json: AsJsonOption = False,
) -> None:
    """Reconcile now; `reconciliations` shows what came of it."""
    with door(data_dir, api, key) as opened:
        asked = opened.post(f"/v1/partners/{partner.value}/reconciliations", {}, key=idempotency_key)
    _show_one(asked, _reconciliation, as_json=as_json)


def _show(page: dict[str, Any], told: Callable[[dict[str, Any]], RenderableType], *, as_json: bool) -> None:
    if as_json:
        show_json(page)
        return
    shown = map(told, page["items"]) if page["items"] else [Text("none", style="dim")]
    console.print(Group(*shown), soft_wrap=True)
    if page.get("next_cursor"):
        console.print(Text(f"there are more: --cursor {page['next_cursor']}", style="dim"), soft_wrap=True)


def _show_one(
    item: dict[str, Any], told: Callable[[dict[str, Any]], RenderableType], *, as_json: bool
) -> None:
    if as_json:
        show_json(item)
    else:
        console.print(told(item), soft_wrap=True)


def _partner(shown: dict[str, Any]) -> Text:
    counted = ", ".join(f"{count} {status}" for status, count in shown["open_cases"].items() if count)
    last = shown["last_reconciliation"]
    unknown = shown["messages_unknown"]
    return Text.assemble(
        (f"{shown['partner']:<12}", "bold"),
        ("connected" if shown["connected"] else "by hand", "green" if shown["connected"] else "dim"),
        f"  cases: {counted or 'none open'}  messages waiting: {shown['messages_waiting']}  ",
        (f"unknown: {unknown}", "bold red" if unknown else ""),
        "\n            ",
        _reconciliation(last) if last else Text("never reconciled", style="dim"),
    )


def _case(shown: dict[str, Any]) -> Text:
    number, code = shown["number"] or "-", shown["code"]
    overdue = ("  overdue", "bold red") if shown["overdue"] and not shown["ended_at"] else ""
    return Text.assemble(
        (shown["case"], "bold"),
        f"  {shown['status']}  {number}  {code}  due {dated(shown['due_at'])}".replace("    ", "  "),
        overdue,
        (f"  {shown['note']}" if shown["note"] else "", "dim"),
    )


def _message(shown: dict[str, Any]) -> Text:
    given = f" by {shown['assigned_by']}" if shown["assigned_by"] else ""
    return Text.assemble(
        f"{shown['id']:>5}  ",
        (shown["case"], "bold"),
        f"  {shown['sequence']} {shown['kind']}  {dated(shown['received_at'])} via {shown['via']}{given}  ",
        (shown["delivery"], "bold red" if shown["delivery"] == "unknown" else "dim"),
        f"\n       {shown['number'] or ''} {shown['text']}" if shown["text"] else "",
    )


def _reconciliation(shown: dict[str, Any]) -> Text:
    if shown["ended_at"] is None:
        why = f" put off: {shown['failure']}" if shown["failure"] else " under way"
        return Text.assemble(f"reconciliation {shown['id']}", (why, "yellow"))
    found = shown["differences"]
    return Text.assemble(
        f"reconciliation {shown['id']}  {dated(shown['ended_at'])}  {shown['compared']} cases  ",
        (f"{len(found)} differences, {shown['repaired']} repaired", "bold red" if found else "green"),
        *(
            f"\n     {each['case']}  {each['what']}  ours {each['ours']}, theirs {each['theirs']}"
            + ("  repaired" if each["repaired"] else "")
            for each in found
        ),
    )
