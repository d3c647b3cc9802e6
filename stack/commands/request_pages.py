"""How requests look on a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Column, Table
from rich.text import Text

_LIGHTS = {"green": "green", "yellow": "yellow", "red": "red", "black": "bold white on black"}
_WIDE = 100
_QUIET = frozenset({"story_continued"})


def board_page(items: list[dict[str, Any]], *, more: bool, width: int) -> RenderableType:
    """A page of the board. On fewer than 100 columns category and arrival are left out; the unit's name is cut."""
    wide = width >= _WIDE
    table = Table(box=None, expand=True, pad_edge=False, collapse_padding=True)
    for title in ("number", "state", "light", "level", *(("category", "received") if wide else ()), "due"):
        table.add_column(title, no_wrap=True)
    table.add_column("unit", no_wrap=True, ratio=1)
    for item in items:
        table.add_row(
            item["number"],
            item["state"],
            Text(item["light"], style=_LIGHTS[item["light"]]),
            item["level"] or "-",
            *((item["category"] or "-", local(item["received_at"])) if wide else ()),
            local(item["total_due_at"]),
            item["unit_zh"] or "-",
        )
    note = "there are more" if more else f"{len(items)} requests"
    return Group(table, Text(note, style="dim"))


def registered_page(made: Mapping[str, Any]) -> RenderableType:
    """The answer to a registration: the number for the desk, the query code for the caller, and what was promised."""
    head = Text.assemble((made["number"], "bold"), "  query code ", (made["query_code"], "bold"))
    notes = [
        Text(note, style="bold yellow")
        for note, holds in (
            ("urged: the caller's request on this matter is still open", made["urged"]),
            (f"repeats {made['repeat_of']}", made["repeat_of"]),
        )
        if holds
    ]
    promise = Text("registered; to be accepted once category and place are known", style="dim")
    if made["policy"]:
        holder = next((rung["unit_zh"] for rung in made["ladder"] if rung["unit"]), "-")
        promise = Text(
            f"{made['policy']} v{made['policy_version']}, due {dated(made['due_at'])}, first unit {holder}"
        )
    alike = [similar_page(made["similar"])] if made["similar"] else []
    return Group(head, *notes, promise, *alike)


def dated(instant: str | None) -> str:
    """As :func:`local`, with the year: promises reach into the next one."""
    return "-" if instant is None else f"{datetime.fromisoformat(instant).astimezone():%Y-%m-%d %H:%M}"


def similar_page(items: Sequence[Mapping[str, Any]]) -> RenderableType:
    """Open requests that may be about the same matter, the likeliest first."""
    table = Table(
        Column("may be the same", no_wrap=True), "state", "category", "area", "received", "metres", box=None
    )
    for item in items:
        metres = "-" if item["distance_m"] is None else f"{item['distance_m']:.0f}"
        table.add_row(
            item["number"], item["state"], item["category"], item["area"], local(item["received_at"]), metres
        )
    return table if items else Text("nothing like it is open", style="dim")


def field_tasks_page(items: Sequence[Mapping[str, Any]]) -> RenderableType:
    """What field parties were sent to do, each with its code where the reader may pass it on."""
    table = Table(Column("task", no_wrap=True), "party", "state", "due", "code", box=None)
    for item in items:
        code = Text(item["code"] or "-", overflow="fold")
        table.add_row(item["task"], item["name"], item["state"], local(item["due_at"]), code)
    return table if items else Text("no field party was sent", style="dim")


def request_page(request: dict[str, Any], timeline: list[dict[str, Any]]) -> RenderableType:
    """One request: its head, legs, cases with partners, running clocks, and timeline."""
    head = Text.assemble(
        (request["number"], "bold"),
        "  ",
        (f"{request['state_zh']} {request['state']}", "bold"),
        "  ",
        (request["light"], _LIGHTS[request["light"]]),
    )
    about = f"{request['category'] or 'unjudged'}  {request['policy'] or ''}  {request['description']}"
    return Group(
        head,
        Text(about),
        _legs(request["legs"]),
        *([cases_page(request["cases"])] if request["cases"] else ()),
        _clocks(request["clocks"]),
        *map(event_line, timeline),
    )


def cases_page(cases: Sequence[Mapping[str, Any]]) -> RenderableType:
    """What lies or lay with the partners: where each case stands, under which number of theirs, by when."""
    # The case's number is what the next command is given; on a narrow screen anything else is shortened first.
    case_number = Column("case", no_wrap=True)
    table = Table(
        case_number,
        "partner",
        "status",
        "their number",
        "due or ended",
        "note",
        box=None,
    )
    for case in cases:
        withdrawal = f", {case['withdrawal']}" if case["withdrawal"] else ""
        table.add_row(
            case["case"],
            case["partner"],
            f"{case['status']}{withdrawal}",
            case["number"] or "-",
            local(case["ended_at"] or case["due_at"]),
            case["note"],
        )
    return table


def event_line(event: dict[str, Any]) -> Text:
    """One event on one line: when, what, by whom, and the words that matter."""
    by = event["by"]
    author = by["unit"] or by["person"]
    number = f"{event['number']}  " if "number" in event else ""
    return Text.assemble(
        (f"{local(event['at'], seconds=True)}  ", "dim"),
        number,
        (f"{event['seq']:>3} {event['zh']} {event['en']}", "dim" if event["kind"] in _QUIET else "bold"),
        f"  {_detail(event['kind'], event['what'])}",
        (f"  {by['role']} {author}", "dim"),
    )


def local(instant: str | None, *, seconds: bool = False) -> str:
    """An instant in the terminal's own zone."""
    if instant is None:
        return "-"
    return f"{datetime.fromisoformat(instant).astimezone():{'%m-%d %H:%M:%S' if seconds else '%m-%d %H:%M'}}"


def _detail(kind: str, what: dict[str, Any]) -> str:
    match kind:
        case "leg_dispatched":
            return f"leg {what['leg']} → {what['unit']['name_zh']} ({what['unit']['level']}), {what['cause']}"
        case "deadline_fired":
            return f"{what['clock']} {what['percent']} %, {what['lateness_seconds']:.1f} s late, tells {what['notify']}"
        case "supervised":
            return f"{what['body']} {what['card'] or ''} {what['cause']}".strip()
        case "accepted":
            return f"{what['policy']} v{what['version']}"
        case "alarm_raised":
            return f"{what['what']}: {what['detail']}"
        case "case_opened":
            return f"case {what['case']} → {what['partner']}{', waited for' if what['waits'] else ''}"
        case "case_reported" | "case_settled":
            said = what["note"] if kind == "case_settled" else what["text"]
            return "  ".join(filter(None, (f"case {what['case']}: {what['status']}", what["number"], said)))
        case "matters_found":
            return f"case {what['case']}: registered as {', '.join(what['numbers'])}"
        case "leg_signed":
            return f"leg {what['leg']}{' by the system' if what['automatic'] else ''}"
        case _:
            words = (
                what.get(name) for name in ("leg", "outcome", "text", "reason", "question", "note", "how")
            )
            return "  ".join(str(word) for word in words if word)


def _legs(legs: list[dict[str, Any]]) -> RenderableType:
    table = Table("leg", "role", "unit", "level", "state", "signed", "late", box=None)
    for leg in legs:
        by_system = leg["auto_signed_at"] and f"({local(leg['auto_signed_at'])})"
        signed = by_system or local(leg["signed_at"])
        state = leg["ended_how"] or leg["state"]
        table.add_row(
            leg["id"].partition(".")[2],
            leg["role"],
            leg["unit_zh"],
            leg["level"],
            state,
            signed,
            ", ".join(leg["late"]),
        )
    return table if legs else Text("no unit holds it yet", style="dim")


def _clocks(clocks: list[dict[str, Any]]) -> RenderableType:
    table = Table("clock", "leg", "limit", "used", "due", box=None)
    for clock in clocks:
        if not clock["running"]:
            continue
        share = 100 * clock["used_seconds"] / clock["amount_seconds"] if clock["amount_seconds"] else 0
        due = f"{local(clock['due_at'])}{' provisional' if clock['provisional'] else ''}"
        held = " held" if clock["held"] else ""
        table.add_row(clock["clock"], clock["leg"] or "", clock["limit"], f"{share:.0f} %{held}", due)
    return table if table.row_count else Text("no clock runs", style="dim")
