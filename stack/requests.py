"""The commands `huying request`: register a call, look at requests, follow them, and give them commands."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from dataclasses import MISSING, Field, fields
from datetime import datetime
from typing import Annotated, Any, get_type_hints

import httpx2
import typer

from domain.commands import Act
from domain.lifecycle import TABLE
from domain.units import Role
from stack.knocking import (
    ApiOption,
    AsJsonOption,
    DataDirOption,
    Door,
    KeyOption,
    console,
    door,
    refuse,
    show_json,
)
from stack.options import DEFAULT_DATA_DIR
from stack.request_pages import board_page, event_line, request_page

app = typer.Typer(
    name="request", help="Requests: register, show, list, watch, and every command.", no_args_is_help=True
)

NumberArgument = Annotated[str, typer.Argument(metavar="NUMBER", help="Number of the request.")]
_ENDS = frozenset({"closed", "answered_directly", "rejected", "withdrawn"})


@app.command()
def new(
    description: Annotated[str, typer.Argument(help="What the citizen says.")],
    category: Annotated[str | None, typer.Option(help="Code or identifier of the catalogue.")] = None,
    area: Annotated[str | None, typer.Option(help="Division code of the place.")] = None,
    address: Annotated[str, typer.Option(help="Where, in words.")] = "",
    channel: Annotated[str, typer.Option(help="Where the call came in.")] = "phone_12345",
    request_type: Annotated[str, typer.Option("--type", help="consult, help, complaint, ...")] = "help",
    caller_name: Annotated[str | None, typer.Option("--name", help="The caller's name; kept sealed.")] = None,
    telephone: Annotated[str | None, typer.Option(help="The caller's telephone; kept sealed.")] = None,
    idempotency_key: Annotated[str | None, typer.Option(help="To try the same again safely.")] = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    api: ApiOption = None,
    key: KeyOption = None,
    as_json: AsJsonOption = False,
) -> None:
    """Register a request; a complete one (category and area) is accepted at once."""
    body: dict[str, Any] = {
        "channel": channel,
        "request_type": request_type,
        "category": category,
        "place": {"area": area, "address": address} if area else None,
        "description": description,
        "caller": {"name": caller_name, "telephone": telephone, "anonymous": not (caller_name or telephone)},
    }
    with door(data_dir, api, key) as opened:
        made = opened.post("/v1/requests", body, key=idempotency_key)
    if as_json:
        show_json(made)
        return
    console.print(
        f"[bold]{made['number']}[/bold]  query code [bold]{made['query_code']}[/bold]", highlight=False
    )
    if made["policy"]:
        holder = next((rung["unit_zh"] for rung in made["ladder"] if rung["unit"]), "-")
        console.print(
            f"{made['policy']} v{made['policy_version']}, due {_local(made['due_at'])}, first unit {holder}",
            highlight=False,
        )
    else:
        console.print("registered; to be accepted once category and place are known", style="dim")


@app.command()
def show(
    number: NumberArgument,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    api: ApiOption = None,
    key: KeyOption = None,
    as_json: AsJsonOption = False,
) -> None:
    """Show one request: state, legs, clocks, timeline."""
    with door(data_dir, api, key) as opened:
        request = opened.get(f"/v1/requests/{number}")
        timeline = opened.get(f"/v1/requests/{number}/timeline")
    if as_json:
        show_json({**request, "timeline": timeline["items"]})
    else:
        console.print(request_page(request, timeline["items"]))


@app.command("list")
def list_requests(
    scope: Annotated[str, typer.Option(help="open, ended, or all.")] = "open",
    state: Annotated[str | None, typer.Option(help="One state.")] = None,
    level: Annotated[str | None, typer.Option(help="Level of the lead leg.")] = None,
    unit: Annotated[str | None, typer.Option(help="Unit of the lead leg.")] = None,
    light: Annotated[str | None, typer.Option(help="green, yellow, red, or black.")] = None,
    district: Annotated[str | None, typer.Option(help="Six-digit district.")] = None,
    sort: Annotated[str, typer.Option(help="newest, oldest, or due.")] = "newest",
    limit: Annotated[int, typer.Option(min=1, max=200)] = 20,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    api: ApiOption = None,
    key: KeyOption = None,
    as_json: AsJsonOption = False,
) -> None:
    """List requests."""
    with door(data_dir, api, key) as opened:
        board = opened.get(
            "/v1/requests", scope=scope, state=state, level=level, unit=unit, light=light,
            district=district, sort=sort, limit=limit,
        )  # fmt: skip
    if as_json:
        show_json(board)
    else:
        console.print(board_page(board["items"], more=board["next_cursor"] is not None, width=console.width))


@app.command()
def watch(
    number: Annotated[str | None, typer.Argument(help="One request; all of them if left out.")] = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    api: ApiOption = None,
    key: KeyOption = None,
) -> None:
    """Follow one request until it ends, or all of them until Ctrl-C."""
    with door(data_dir, api, key) as opened:
        timeline: list[dict[str, Any]] = []
        if number is not None:
            timeline = opened.get(f"/v1/requests/{number}/timeline")["items"]
            for item in timeline:
                console.print(event_line({**item, "number": number}), highlight=False)
            if timeline and timeline[-1]["kind"] in _ENDS:
                return
        try:
            _follow(opened, number, seen=len(timeline))
        except KeyboardInterrupt:
            console.print("stopped watching", style="dim")


def _follow(opened: Door, number: str | None, *, seen: int) -> None:
    with opened.client.stream("GET", "/v1/events", timeout=httpx2.Timeout(10, read=60)) as stream:
        if not stream.is_success:
            stream.read()
            refuse(stream)
            raise typer.Exit(1)
        for line in stream.iter_lines():
            if not line.startswith("data: "):
                continue
            event = json.loads(line.removeprefix("data: "))
            if number not in (None, event["number"]) or (number and event["seq"] <= seen):
                continue
            console.print(event_line(event), highlight=False)
            if number and event["kind"] in _ENDS:
                return


# The commands of the transition table --------------------------------------------------------------------------


_OF_LEGS = {
    "sign": "sign",
    "first_contact": "first-contact",
    "submit_reply": "complete",
    "hand_up": "hand-up",
    "send_down": "send-down",
}
"""Acts of the unit that holds a leg, with the names of their doors."""
_REPLACED: dict[str, dict[str, Any]] = {
    "accept": {
        "category": Annotated[str | None, typer.Option(help="Code or identifier of the catalogue.")],
        "area": Annotated[str | None, typer.Option(help="Division code of the place.")],
    },
    "recalculate": {"reason": Annotated[str, typer.Option(help="Why.")]},
}
"""Options of the acts whose fields a person cannot spell."""


def _options(act: type[Act], name: str) -> list[inspect.Parameter]:
    if name in _REPLACED:
        return [_parameter(option, kind, None) for option, kind in _REPLACED[name].items()]
    hints = get_type_hints(act)
    return [_option(field, hints[field.name]) for field in fields(act) if field.name not in ("act", "leg")]


def _option(field: Field[Any], hint: Any) -> inspect.Parameter:
    required = field.default is MISSING
    kinds: dict[Any, Any] = {bool: bool, bool | None: bool | None, tuple[str, ...]: list[str] | None}
    kind = kinds.get(hint, str if required or field.default == "" else str | None)
    default = None if field.default == () else field.default
    return _parameter(
        field.name,
        Annotated[kind, typer.Option(help="Required." if required else "")],
        MISSING if required else default,
    )


def _parameter(name: str, kind: Any, default: Any) -> inspect.Parameter:
    given = inspect.Parameter.empty if default is MISSING else default
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=given, annotation=kind)


_SHARED = [
    _parameter("number", NumberArgument, MISSING),
    _parameter("role", Annotated[Role | None, typer.Option(help="Role to act in, among those held.")], None),
    _parameter(
        "idempotency_key", Annotated[str | None, typer.Option(help="To try the same again safely.")], None
    ),
    _parameter("data_dir", DataDirOption, DEFAULT_DATA_DIR),
    _parameter("api", ApiOption, None),
    _parameter("key", KeyOption, None),
    _parameter("as_json", AsJsonOption, False),
]
_LEG = [
    _parameter("leg", Annotated[str | None, typer.Option(help="Which leg; the lead's if left out.")], None),
    _parameter(
        "unit_acting",
        Annotated[str | None, typer.Option("--as-unit", help="The leg's own if left out.")],
        None,
    ),
]


def _command(act: type[Act], name: str) -> Callable[..., None]:
    own = _options(act, name)
    of_leg = name in _OF_LEGS

    def command(**given: Any) -> None:
        body = _body(name, {option.name: given[option.name] for option in own})
        headers = {"X-Acting-Role": given["role"].value} if given["role"] else {}
        with door(given["data_dir"], given["api"], given["key"], "unit" if of_leg else "operator") as opened:
            path = f"/v1/requests/{given['number']}/{name.replace('_', '-')}"
            if of_leg:
                leg_id = f"{given['number']}.{given['leg'] or _lead(opened, given['number'])}"
                path = f"/v1/legs/{leg_id}/{_OF_LEGS[name]}"
                unit = given["unit_acting"] or opened.get(f"/v1/legs/{leg_id}")["unit"]
                headers["X-Acting-Unit"] = unit
            answer = opened.post(path, body, key=given["idempotency_key"], **headers)
        if given["as_json"]:
            show_json(answer)
        else:
            console.print(f"{answer['number']}  {answer['state']}  event {answer['seq']}", highlight=False)

    parameters = [_SHARED[0], *own, *(_LEG if of_leg else []), *_SHARED[1:]]
    command.__signature__ = inspect.Signature(parameters)
    command.__annotations__ = {each.name: each.annotation for each in parameters}
    said = " ".join((act.__doc__ or "").split()).partition(". ")[0].rstrip(".")
    command.__doc__ = f"{TABLE[name].zh}: {said}."
    return command


def _lead(opened: Door, number: str) -> str:
    """The leg that leads now, or the last that did."""
    legs = opened.get(f"/v1/requests/{number}")["legs"]
    leading = [leg["id"].partition(".")[2] for leg in legs if leg["role"] == "lead"]
    return leading[-1] if leading else "1"


def _body(name: str, options: dict[str, Any]) -> dict[str, Any]:
    body = {option: value for option, value in options.items() if value is not None}
    if name == "accept" and "area" in body:
        body["place"] = {"area": body.pop("area")}
    return body


for _act in Act.__args__:
    _name = str(_act.__dataclass_fields__["act"].default)
    if TABLE[_name].who - {Role.SYSTEM}:
        app.command(_OF_LEGS.get(_name) or _name.replace("_", "-"))(_command(_act, _name))


def _local(instant: str | None) -> str:
    return "-" if instant is None else f"{datetime.fromisoformat(instant).astimezone():%Y-%m-%d %H:%M}"
