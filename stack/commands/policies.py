"""The commands `huying policy`: versions, what changed between them, and open requests moved from one to another."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table
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
from stack.commands.mass_orders import asked_for, carry_out, preview, reason_given
from stack.commands.options import DEFAULT_DATA_DIR
from stack.commands.recalculation import (
    ApplyOption,
    CategoryOption,
    DistrictOption,
    IdempotencyOption,
    LeaveOutOption,
    ReasonOption,
    WaitOption,
)
from stack.commands.request_pages import dated

app = typer.Typer(name="policy", help="Policies: versions, differences, migrations.", no_args_is_help=True)

CodeArgument = Annotated[str, typer.Argument(metavar="CODE", help="Code of the policy, such as P-GARBAGE.")]


@app.command("list")
def list_policies(
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    api: ApiOption = None,
    key: KeyOption = None,
    as_json: AsJsonOption = False,
) -> None:
    """Show the policies in force with their main limits."""
    with door(data_dir, api, key) as opened:
        shown = opened.get("/v1/policies")
    if as_json:
        show_json(shown)
        return
    table = Table("policy", "version", "name", "urgency", "sign", "total", box=None)
    for item in shown["items"]:
        policy = item["policy"]
        name = f"{policy['name_zh']} {policy['name_en']}"
        cells = (
            policy["code"],
            str(item["version"]),
            name,
            policy["urgency"],
            policy["sign"],
            policy["total"],
        )
        table.add_row(*map(Text, cells))
    console.print(table)


@app.command()
def versions(
    code: CodeArgument,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    api: ApiOption = None,
    key: KeyOption = None,
    as_json: AsJsonOption = False,
) -> None:
    """Show the versions of a policy: which holds, which is to begin, what each changed."""
    with door(data_dir, api, key) as opened:
        shown = opened.get(f"/v1/policies/{code}/versions")
    if as_json:
        show_json(shown)
        return
    table = Table("version", "standing", "from", "by", "changed", box=None)
    for item in shown["items"]:
        begins = dated(item["active_from"]) if item["active_from"] else "always"
        changed = ", ".join(item["changed"])
        cells = (str(item["version"]), item["standing"], begins, item["published_by"], changed)
        table.add_row(*map(Text, cells))
    console.print(table)


@app.command()
def diff(
    code: CodeArgument,
    before: Annotated[int, typer.Argument(metavar="FROM", help="A version.")],
    after: Annotated[int, typer.Argument(metavar="TO", help="Another version.")],
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    api: ApiOption = None,
    key: KeyOption = None,
    as_json: AsJsonOption = False,
) -> None:
    """Say what changes from one version to another."""
    query: dict[str, Any] = {"from": before, "to": after}
    with door(data_dir, api, key) as opened:
        shown = opened.get(f"/v1/policies/{code}/diff", **query)
    if as_json:
        show_json(shown)
        return
    for change in shown["changes"]:
        console.print(f"{change['text_zh']}  {change['text_en']}", markup=False, highlight=False)
    if not shown["changes"]:
        console.print("The two versions say the same.")


@app.command()
def migrate(
    code: CodeArgument,
    to_version: Annotated[int, typer.Option("--to", help="The version to move open requests to.")],
    to_policy: Annotated[str | None, typer.Option(help="Another policy, of a surge for example.")] = None,
    from_version: Annotated[int | None, typer.Option("--from", help="Only from this version.")] = None,
    district: DistrictOption = None,
    category: CategoryOption = None,
    leave_out: LeaveOutOption = None,
    reason: ReasonOption = None,
    apply: ApplyOption = False,
    wait: WaitOption = True,
    idempotency_key: IdempotencyOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    api: ApiOption = None,
    key: KeyOption = None,
    as_json: AsJsonOption = False,
) -> None:
    """Show what moving open requests would do to their deadlines; with --apply, move them by a job."""
    path = f"/v1/policies/{code}/migrations"
    named = {"to_version": to_version, "to_policy": to_policy, "from_version": from_version}
    body = {**named, **asked_for(district, category)}
    with door(data_dir, api, key) as opened:
        if not apply:
            preview(opened, path, body, as_json=as_json, none="No open request would be moved.")
            return
        order = {**named, **asked_for(district, category, leave_out), "reason": reason_given(reason)}
        carry_out(opened, path, order, key=idempotency_key, wait=wait, as_json=as_json)
