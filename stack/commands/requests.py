"""The commands `huying request`: register a call, look at requests, follow them, and give them commands."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from dataclasses import MISSING, Field, fields
from typing import Annotated, Any, get_args, get_type_hints

import httpx2
import typer

from domain.acts import whistles
from domain.commands import Act, Apply, Rule
from domain.exceptions.terms import Terms
from domain.lifecycle import TABLE
from domain.request import State
from domain.responsibility.superiors import Reach
from domain.units import Role
from stack.commands.knocking import (
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
from stack.commands.options import DEFAULT_DATA_DIR
from stack.commands.request_pages import (
    board_page,
    event_line,
    field_tasks_page,
    registered_page,
    request_page,
    similar_page,
)

app = typer.Typer(
    name="request", help="Requests: register, show, list, watch, and every command.", no_args_is_help=True
)

NumberArgument = Annotated[str, typer.Argument(metavar="NUMBER", help="Number of the request.")]
_ENDS = frozenset(
    {
        "closed",
        "put_into_backlog",
        "answered_directly",
        "rejected",
        "merged",
        "withdrawn",
        "transferred_out",
        "voided",
    }
)
"""The kinds of events with which a request ends."""


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
    people: Annotated[int, typer.Option(min=1, help="How many persons the call speaks for.")] = 1,
    separate: Annotated[
        bool, typer.Option(help="Register anew, although the caller has an open request on the same matter.")
    ] = False,
    idempotency_key: Annotated[str | None, typer.Option(help="To try the same again safely.")] = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    api: ApiOption = None,
    key: KeyOption = None,
    as_json: AsJsonOption = False,
) -> None:
    """Register a request; a complete one (category and area) is accepted at once.

    Whoever calls again about an open matter of theirs urges it.
    """
    body: dict[str, Any] = {
        "channel": channel,
        "request_type": request_type,
        "category": category,
        "place": {"area": area, "address": address} if area else None,
        "description": description,
        "caller": {"name": caller_name, "telephone": telephone, "anonymous": not (caller_name or telephone)},
        "people": people,
        "separate_matter": separate,
    }
    with door(data_dir, api, key) as opened:
        made = opened.post("/v1/requests", body, key=idempotency_key)
    if as_json:
        show_json(made)
    else:
        console.print(registered_page(made), highlight=False)


@app.command()
def similar(
    number: NumberArgument,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    api: ApiOption = None,
    key: KeyOption = None,
    as_json: AsJsonOption = False,
) -> None:
    """Show open requests that may be about the same matter."""
    with door(data_dir, api, key) as opened:
        found = opened.get(f"/v1/requests/{number}/similar")
    if as_json:
        show_json(found)
    else:
        console.print(similar_page(found["items"]), highlight=False)


@app.command("field-tasks")
def field_tasks(
    number: NumberArgument,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    api: ApiOption = None,
    key: KeyOption = None,
    as_json: AsJsonOption = False,
) -> None:
    """Show a request's field tasks, with the codes to pass on to the field parties."""
    with door(data_dir, api, key) as opened:
        found = opened.get(f"/v1/requests/{number}/field-tasks")
    if as_json:
        show_json(found)
    else:
        console.print(field_tasks_page(found["items"]), highlight=False)


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
            if State(opened.get(f"/v1/requests/{number}")["state"]).is_terminal:
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
    "delegate": "delegate",
    "decline_joint": "decline-joint",
    "refer_deliberation": "refer-deliberation",
    "deliberation_result": "deliberation-result",
    "hand_to_partner": "hand-to-partner",
    "partner_result": "partner-result",
    "open_case": "open-case",
    "withdraw_case": "withdraw-case",
    "settle_case": "settle-case",
    "acknowledge": "acknowledge",
    "interim_report": "interim-report",
}
"""Acts of the unit that holds a leg, with the names of their doors."""
_OF_THE_LEAD = frozenset({"give_field_task", "report_field_task", "recall_field_task"})
"""Acts of the unit that leads, at doors of the request."""
_SHARE: dict[str, Any] = {
    "unit": Annotated[str, typer.Option(help="Code of the unit that is to contribute.")],
    "task": Annotated[str, typer.Option(help="What it is asked to do.")],
    "within": Annotated[
        str | None, typer.Option(help="Its limit, such as 3wd; half of the lead's if left out.")
    ],
    "mandatory": Annotated[bool, typer.Option(help="Whether the reply may have to wait for it.")],
}
_HANDOVER: dict[str, Any] = {
    "to": Annotated[str, typer.Option(help="enforcement, affairs or volunteers.")],
    "facts": Annotated[str, typer.Option(help="What the partner must know; nothing of who called.")],
    "legal_basis": Annotated[str | None, typer.Option(help="Of a clue: the rule that was broken.")],
    "suspect": Annotated[str | None, typer.Option(help="Of a clue: who is suspected.")],
    "item_code": Annotated[str | None, typer.Option(help="Of an affair: the code of the service item.")],
    "consent": Annotated[str | None, typer.Option(help="Of an affair: the citizen's consent token.")],
    "materials": Annotated[list[str] | None, typer.Option(help="Of an affair: references to materials.")],
    "window": Annotated[str | None, typer.Option(help="Of an affair: the window that the citizen prefers.")],
    "follows": Annotated[str | None, typer.Option(help="Of an affair: a case that the citizen has there.")],
    "task_kind": Annotated[
        str | None, typer.Option(help="Of a task: patrol, visit, deliver, mediate, clean or guide.")
    ],
    "starts_at": Annotated[str | None, typer.Option(help="Of a task: 2026-11-27T09:00:00+08:00.")],
    "ends_at": Annotated[str | None, typer.Option(help="Of a task: 2026-11-27T11:30:00+08:00.")],
    "at_least": Annotated[int | None, typer.Option(help="Of a task: so many volunteers at least.")],
    "at_most": Annotated[int | None, typer.Option(help="Of a task: so many volunteers at most.")],
    "skills": Annotated[list[str] | None, typer.Option(help="Of a task: what they must be able to do.")],
    "safety_note": Annotated[str | None, typer.Option(help="Of a task: what they must take care of.")],
    "adults_only": Annotated[bool | None, typer.Option(help="Of a task: nobody under age.")],
}
"""What is handed to a partner, whichever it is."""
_REPLACED: dict[str, dict[str, Any]] = {
    "open_case": {
        **_HANDOVER,
        "mandatory": Annotated[bool | None, typer.Option(help="No reply before the case has ended.")],
        "waits": Annotated[bool | None, typer.Option(help="The request waits for the partner.")],
        "evidence": Annotated[list[str] | None, typer.Option(help="References to evidence.")],
    },
    "accept": {
        "category": Annotated[str | None, typer.Option(help="Code or identifier of the catalogue.")],
        "area": Annotated[str | None, typer.Option(help="Division code of the place.")],
    },
    "move_policy": {
        "policy": Annotated[str | None, typer.Option(help="The request's own, if left out.")],
        "version": Annotated[int, typer.Option(help="Which version of it.")],
        "reason": Annotated[str, typer.Option(help="Why.")],
    },
    "delegate": _SHARE,
    "start_joint": {
        **_SHARE,
        "join": Annotated[
            str | None, typer.Option(help="What the reply waits for: lead_decides, all or quorum.")
        ],
        "quorum": Annotated[int | None, typer.Option(help="How many mandatory contributions are enough.")],
    },
    "set_join_rule": {
        "join": Annotated[str, typer.Option(help="What the reply waits for: lead_decides, all or quorum.")],
        "quorum": Annotated[int | None, typer.Option(help="How many mandatory contributions are enough.")],
        "reason": Annotated[str, typer.Option(help="Why.")],
    },
    "recalculate": {"reason": Annotated[str, typer.Option(help="Why.")]},
    "attach": {
        "name": Annotated[str, typer.Option(help="Name of the file.")],
        "media_type": Annotated[str, typer.Option(help="image/jpeg, application/pdf, ...")],
        "size": Annotated[int, typer.Option(help="In bytes.")],
        "sha256": Annotated[str, typer.Option(help="SHA-256 of the file, in hex.")],
        "uri": Annotated[str, typer.Option(help="Where the file lies: https:// or s3://.")],
    },
    "merge": {
        "parent": Annotated[str, typer.Option(help="Number of the open request to follow.")],
        "reason": Annotated[str | None, typer.Option(help="Why.")],
    },
    "reopen": {
        "reason": Annotated[str, typer.Option(help="Why.")],
        "cause": Annotated[str | None, typer.Option(help="dissatisfied, unless given, or wrongly_ended.")],
    },
}
"""Options of the acts whose fields a person cannot spell."""


def options_of(act: type[Act], name: str) -> list[inspect.Parameter]:
    """The options in which a person spells an act."""
    if name in _REPLACED:
        return [parameter(option, kind, None) for option, kind in _REPLACED[name].items()]
    hints = get_type_hints(act)
    return [
        _option(field, hints[field.name])
        for field in fields(act)
        if field.name != "act"
        and not _is_in_the_path(field.name, name)
        and not _is_looked_up(hints[field.name])
    ]


def _is_in_the_path(field: str, name: str) -> bool:
    return field == "leg" and name in _OF_LEGS


def _is_looked_up(hint: Any) -> bool:
    """Whether the door finds the value by itself."""
    return not {Terms, Reach}.isdisjoint((hint, *get_args(hint)))


def _option(field: Field[Any], hint: Any) -> inspect.Parameter:
    required = field.default is MISSING
    kinds: dict[Any, Any] = {bool: bool, bool | None: bool | None, tuple[str, ...]: list[str] | None}
    kind = kinds.get(hint, str if required or field.default == "" else str | None)
    default = None if field.default == () else field.default
    return parameter(
        field.name,
        Annotated[kind, typer.Option(help="Required." if required else "")],
        MISSING if required else default,
    )


def parameter(name: str, kind: Any, default: Any) -> inspect.Parameter:
    """One parameter of a command made here; a default of ``MISSING`` means that it is required."""
    given = inspect.Parameter.empty if default is MISSING else default
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=given, annotation=kind)


_SHARED = [
    parameter("number", NumberArgument, MISSING),
    parameter("role", Annotated[Role | None, typer.Option(help="Role to act in, among those held.")], None),
    parameter(
        "idempotency_key", Annotated[str | None, typer.Option(help="To try the same again safely.")], None
    ),
    parameter("data_dir", DataDirOption, DEFAULT_DATA_DIR),
    parameter("api", ApiOption, None),
    parameter("key", KeyOption, None),
    parameter("as_json", AsJsonOption, False),
]
_LEG = parameter("leg", Annotated[str | None, typer.Option(help="Which leg; the lead's if left out.")], None)


def _acting(otherwise: str) -> inspect.Parameter:
    return parameter(
        "unit_acting",
        Annotated[
            str | None, typer.Option("--as-unit", help=f"The unit that acts; {otherwise} if left out.")
        ],
        None,
    )


def _command(act: type[Act], name: str) -> Callable[..., None]:
    return command_at(
        _OF_LEGS.get(name) or name.replace("_", "-"),
        options_of(act, name),
        said_of(act, name),
        of_leg=name in _OF_LEGS,
        of_lead=name in _OF_THE_LEAD,
        make_body=lambda options: body_of(name, options),
    )


def said_of(act: type[Act], name: str) -> str:
    """The help of an act's command: its Chinese name, and the first sentence of what it is."""
    first = " ".join((act.__doc__ or "").split()).partition(". ")[0].rstrip(".")
    return f"{TABLE[name].zh}: {first.removesuffix(f' ({TABLE[name].zh})')}."


def command_at(
    path: str,
    own: list[inspect.Parameter],
    said: str,
    *,
    of_leg: bool = False,
    of_lead: bool = False,
    make_body: Callable[[dict[str, Any]], dict[str, Any]],
) -> Callable[..., None]:
    """A command that knocks at one door of a request, or of one of its legs.

    ``own`` are its options; those that ``path`` names go into it, of the others ``make_body`` makes the body. ``said``
    is the help. Who acts unless a unit is named: the leg's own where it is ``of_leg``, the one that leads where it is
    ``of_lead``, else the command centre.
    """

    def command(**given: Any) -> None:
        in_path = {option.name: given[option.name] for option in own if f"{{{option.name}}}" in path}
        body = make_body({option.name: given[option.name] for option in own if option.name not in in_path})
        headers = {"X-Acting-Role": given["role"].value} if given["role"] else {}
        unit = given["unit_acting"]
        key = "unit" if of_leg or of_lead or unit else "operator"
        with door(given["data_dir"], given["api"], given["key"], key) as opened:
            at = f"/v1/requests/{given['number']}"
            if of_leg or of_lead:
                leg_id = f"{given['number']}.{given.get('leg') or _lead(opened, given['number'])}"
                unit = unit or opened.get(f"/v1/legs/{leg_id}")["unit"]
                at = f"/v1/legs/{leg_id}" if of_leg else at
            if unit:
                headers["X-Acting-Unit"] = unit
            answer = opened.post(
                f"{at}/{path.format(**in_path)}", body, key=given["idempotency_key"], **headers
            )
        if given["as_json"]:
            show_json(answer)
        else:
            console.print(f"{answer['number']}  {answer['state']}  event {answer['seq']}", highlight=False)

    otherwise = "the leg's own" if of_leg else "the one that leads" if of_lead else "the command centre"
    parameters = [_SHARED[0], *own, *([_LEG] if of_leg else []), _acting(otherwise), *_SHARED[1:]]
    command.__signature__ = inspect.Signature(parameters)
    command.__annotations__ = {each.name: each.annotation for each in parameters}
    command.__doc__ = said
    return command


def _lead(opened: Door, number: str) -> str:
    """The leg that leads now, or the last that did."""
    legs = opened.get(f"/v1/requests/{number}")["legs"]
    leading = [leg["id"].partition(".")[2] for leg in legs if leg["role"] == "lead"]
    return leading[-1] if leading else "1"


def body_of(name: str, options: dict[str, Any]) -> dict[str, Any]:
    """The body of the act's door from the options given."""
    body = {option: value for option, value in options.items() if value is not None}
    if name == "open_case":
        body["handover"] = {option: body.pop(option) for option in _HANDOVER if option in body}
    if name == "accept" and "area" in body:
        body["place"] = {"area": body.pop("area")}
    return body


for _act in Act.__args__:
    _name = str(_act.__dataclass_fields__["act"].default)
    # Those of a whistle have a page of their own, `huying whistle`.
    if (
        TABLE[_name].who - {Role.SYSTEM}
        and _act not in (Apply, Rule)
        and _act.__module__ != whistles.__name__
    ):
        app.command(_OF_LEGS.get(_name) or _name.replace("_", "-"))(_command(_act, _name))
