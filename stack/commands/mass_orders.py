"""What the command line shows of orders for many open requests: what they would do, and the job that gives them."""

from __future__ import annotations

from typing import Any

import typer
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from domain.limits.previews import Outlook
from stack.commands.bulk import show_followed
from stack.commands.knocking import Door, console, show_json
from stack.commands.request_pages import dated

SHOWN = 30
"""So many requests are listed."""

_LIGHTS = {"green": "green", "yellow": "yellow", "red": "red", "black": "white on black"}


def preview(opened: Door, path: str, body: dict[str, Any], *, as_json: bool, none: str) -> None:
    """Show what orders taken at ``path`` would do, those first whom they would make late; ``none`` if it is nobody."""
    answer = opened.post(f"{path}/preview", {**body, "paging": {"limit": SHOWN}})
    if as_json:
        show_json(answer)
        return
    figures: dict[str, Any] = answer["figures"]
    if not figures["total"]:
        console.print(none)
        return
    breaching = {**body, "paging": {"limit": SHOWN, "only": [Outlook.WOULD_BREACH]}}
    items: list[dict[str, Any]] = (
        opened.post(f"{path}/preview", breaching)["items"] if figures[Outlook.WOULD_BREACH] else []
    )
    rest = [
        item for item in answer["items"] if item["outlook"] not in (Outlook.WOULD_BREACH, Outlook.UNCHANGED)
    ]
    console.print(preview_page(figures, [*items, *rest][:SHOWN]))
    console.print("Nothing was changed. Give the orders with --apply and a --reason.")


def preview_page(figures: dict[str, Any], items: list[dict[str, Any]]) -> RenderableType:
    """The figures in a line, and the requests with their due dates and lights before and after."""
    counted = ", ".join(f"{figures[each]} {each.replace('_', ' ')}" for each in Outlook if figures[each])
    head = Text.assemble("open requests: ", (str(figures["total"]), "bold"), f" ({counted})")
    if not items:
        return head
    table = Table(box=None, pad_edge=False)
    for title in ("request", "outlook", "due now", "due then", "light"):
        table.add_column(title, no_wrap=title in ("request", "due now", "due then"))
    for item in items:
        light = Text.assemble(
            (item["light_before"], _LIGHTS[item["light_before"]]),
            " → ",
            (item["light_after"], _LIGHTS[item["light_after"]]),
        )
        outlook = item["refused"] or item["outlook"]
        table.add_row(item["number"], outlook, dated(item["due_before"]), dated(item["due_after"]), light)
    left = figures["total"] - len(items)
    return Group(head, table, *([Text(f"and {left} more", style="dim")] if left > 0 else []))


def carry_out(
    opened: Door, path: str, body: dict[str, Any], *, key: str | None, wait: bool, as_json: bool
) -> None:
    """Have the orders given by a job, and follow it to its end if ``wait``."""
    job = opened.post(path, body, key=key)["job"]
    show_followed(opened, job, wait=wait, as_json=as_json)


def asked_for(
    district: str | None, category: str | None, leave_out: list[Outlook] | None = None
) -> dict[str, Any]:
    """The part of a body that says which requests are meant, and whom to leave alone."""
    chosen = {"district": district, "category": category}
    named = {name: value for name, value in chosen.items() if value is not None}
    return {"filter": named, **({"leave_out": [each.value for each in leave_out]} if leave_out else {})}


def reason_given(reason: str | None) -> str:
    """The reason, which orders cannot do without.

    Raises:
        BadParameter: there is none.
    """
    if not reason:
        raise typer.BadParameter("orders need a reason, which is recorded", param_hint="--reason")
    return reason
