"""POST /v1/requests/{number}/{command}: one door for every act of the transition table that a person may give.

The table below says which body an act comes with and how the body becomes the act; the rules decide everything else.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Body, Response

from api.exceptions.bodies import ReassignBody, ResumeBody
from api.frame.access import ActingRole, ThePrincipal
from api.frame.doors import Doors, TheDoors
from api.frame.fields import IdempotencyKey, IfMatch, Incoming, NumberPath
from api.frame.openapi import name_of, refusals_of, who_may
from api.frame.problems import not_found
from api.intake.registration import matter_and_promise
from api.policies.other_promises import moving_to, target_policy
from api.requests import bodies
from api.requests.commanding import Given, give
from domain import commands as asked
from domain.commands import Act
from domain.exceptions.applications import ExceptionKind
from domain.exceptions.terms import Terms
from domain.levels import Level
from domain.refusals import Refused
from domain.request import ReopenCause, RequestState, Visibility
from domain.units import Unit
from persistence.reading import category_of, received
from persistence.timeline import load_state

router = APIRouter(prefix="/v1", tags=["commands"])

Maker = Callable[[Doors, str, Any], Awaitable[Act]]


@dataclass(frozen=True, slots=True)
class Door:
    """One command: its act, the body it takes, how one becomes the other, and an example."""

    act: type[Act]
    body: type[Incoming]
    make: Maker
    example: dict[str, Any]


def plain(act: type[Act]) -> Maker:
    """For acts whose fields are the body's."""

    async def make(_doors: Doors, _number: str, body: Incoming) -> Act:
        return act(**dict(body))

    return make


async def _accept(doors: Doors, _number: str, body: bodies.AcceptBody) -> Act:
    if body.category is None and body.place is None:
        return asked.Accept()
    if body.category is None or body.place is None:
        raise Refused("matter_incomplete", "category", "category and place come together", "both, or neither")
    matter, snapshot = await matter_and_promise(doors, body.category, body.place)
    return asked.Accept(matter, snapshot)


async def _dispatch(doors: Doors, number: str, body: bodies.DispatchBody) -> Act:
    unit = named_unit(doors, body.unit)
    return asked.Dispatch(unit, body.reason, await _admission(doors, number, unit))


async def send_down(doors: Doors, number: str, body: bodies.SendDownBody) -> Act:
    """The act of sending down, with the unit looked up."""
    unit = named_unit(doors, body.unit)
    return asked.SendDown(body.reason, unit, await _admission(doors, number, unit))


async def _admission(doors: Doors, number: str, unit: Unit | None) -> Terms | None:
    """The terms under which a named community is asked first, unless it is known that the matter is on its list."""
    if unit is None or unit.level is not Level.COMMUNITY:
        return None
    async with doors.looking() as connection:
        category = await category_of(connection, number)
    if category is not None and doors.pack.directory.admits(unit, category):
        return None
    return doors.pack.exceptions.get(ExceptionKind.ADMISSION)


async def _reassign(doors: Doors, number: str, body: ReassignBody) -> Act:
    unit = the_unit(doors, body.unit)
    return asked.Reassign(unit, body.reason, await _admission(doors, number, unit))


async def _move_policy(doors: Doors, number: str, body: bodies.MovePolicyBody) -> Act:
    async with doors.looking() as connection:
        state = await load_state(connection, number)
    if state is None or state.matter is None or state.snapshot is None:
        raise Refused("not_possible_now", "state", "the request has not been accepted", "an accepted request")
    policy = await target_policy(doors, body.policy or state.snapshot.policy.code, body.version)
    return (await moving_to(doors, policy, body.reason))(state.matter)


async def _recalculate(doors: Doors, number: str, body: bodies.ReasonBody) -> Act:
    async with doors.looking() as connection:
        received_at = await received(connection, number)
    if received_at is None:
        raise not_found("request")
    # A request's calendar extract runs from the city's day of the call.
    return asked.Recalculate(doors.pack.calendar.extract(doors.day_of(received_at)), body.reason)


async def _merge(doors: Doors, number: str, body: bodies.MergeBody) -> Act:
    async with doors.looking() as connection:
        child, parent = await load_state(connection, number), await load_state(connection, body.parent)
    # A caller is shown how the parent fares: a sealed one stays unknown to those whose request is not.
    hidden = _is_sealed(parent) and not _is_sealed(child)
    return asked.Merge(body.parent, parent.state if parent and not hidden else None, body.reason)


def _is_sealed(state: RequestState | None) -> bool:
    return state is not None and state.visibility is Visibility.SEALED


async def _reopen(_doors: Doors, _number: str, body: bodies.ReopenBody) -> Act:
    return asked.Reopen(body.reason, ReopenCause(body.cause))


def named_unit(doors: Doors, code: str | None) -> Unit | None:
    """The unit of that code, if one is named.

    Raises:
        Refused: ``unknown_unit``.
    """
    return None if code is None else the_unit(doors, code)


def the_unit(doors: Doors, code: str) -> Unit:
    """The unit of that code.

    Raises:
        Refused: ``unknown_unit``.
    """
    unit = doors.pack.directory.unit_by_code(code)
    if unit is None:
        raise Refused("unknown_unit", "unit", f"there is no unit {code}", "a code from /v1/units")
    return unit


_BECAUSE = {"reason": "经核实，情况紧急"}

DOORS = (
    Door(
        asked.RequestInfo,
        bodies.RequestInfoBody,
        plain(asked.RequestInfo),
        {"question": "请问是哪一栋楼?"},
    ),
    Door(asked.SupplyInfo, bodies.SupplyInfoBody, plain(asked.SupplyInfo), {"note": "3栋2单元"}),
    Door(
        asked.Accept,
        bodies.AcceptBody,
        _accept,
        {"category": "0104", "place": {"area": "440106012", "address": "天河区五山路1号"}},
    ),
    Door(
        asked.Reject,
        bodies.RejectBody,
        plain(asked.Reject),
        {"reason": "judicial_or_arbitration", "advice": "请向人民法院提起诉讼"},
    ),
    Door(
        asked.AnswerDirectly,
        bodies.AnswerDirectlyBody,
        plain(asked.AnswerDirectly),
        {"knowledge_entry": "KB-1024", "answer": "办理时间为工作日 9:00 至 18:00"},
    ),
    Door(asked.Dispatch, bodies.DispatchBody, _dispatch, {}),
    Door(asked.ReviewPass, bodies.ReviewPassBody, plain(asked.ReviewPass), {}),
    Door(asked.ReviewBack, bodies.ReviewBackBody, plain(asked.ReviewBack), {"reason": "未附现场照片"}),
    Door(
        asked.Callback,
        bodies.CallbackBody,
        plain(asked.Callback),
        {"contacted": True, "truthful": True, "solved": True, "satisfied": True},
    ),
    Door(asked.Redo, bodies.ReasonBody, plain(asked.Redo), _BECAUSE),
    Door(asked.Withdraw, bodies.WithdrawBody, plain(asked.Withdraw), {"reason": "问题已自行解决"}),
    Door(asked.Urge, bodies.UrgeBody, plain(asked.Urge), {"note": "已三天没有回音"}),
    Door(asked.HandUp, bodies.HandUpBody, plain(asked.HandUp), {**_BECAUSE, "release": False}),
    Door(asked.SendDown, bodies.SendDownBody, send_down, _BECAUSE),
    Door(asked.Resume, ResumeBody, plain(asked.Resume), {"note": "业主已返家，可以入户"}),
    Door(
        asked.Reassign,
        ReassignBody,
        _reassign,
        {"unit": "440106-urban_mgmt_bureau", "reason": "经核实由城管部门牵头"},
    ),
    Door(asked.Supervise, bodies.SuperviseBody, plain(asked.Supervise), {**_BECAUSE, "card": "yellow_card"}),
    Door(
        asked.Merge, bodies.MergeBody, _merge, {"parent": "20261123-0000042", "reason": "同一路灯，多人反映"}
    ),
    Door(asked.Reopen, bodies.ReopenBody, _reopen, {"reason": "路灯又不亮了"}),
    Door(
        asked.MovePolicy,
        bodies.MovePolicyBody,
        _move_policy,
        {"version": 2, "reason": "按新版时限办理"},
    ),
    Door(asked.Recalculate, bodies.ReasonBody, _recalculate, {"reason": "2027 年放假安排已公布"}),
)


def examples(example: dict[str, Any]) -> Any:
    """One example as OpenAPI wants it."""
    return {"usual": {"summary": "the usual body", "value": example}}


def taking_body(
    handler: Callable[..., Any], body: type[Incoming], example: dict[str, Any]
) -> Callable[..., Any]:
    """The handler with the exact type of the body it takes, which OpenAPI shows and the framework checks.

    A body without a required field may be left out.
    """
    annotation = Annotated[body, Body(openapi_examples=examples(example))]
    handler.__annotations__["body"] = annotation
    if not any(field.is_required() for field in body.model_fields.values()):
        handler.__kwdefaults__ = {**(handler.__kwdefaults__ or {}), "body": body()}
    return handler


def add_door(to: APIRouter, door: Door) -> None:
    """Open a command's door: its path, its body with an example, who may come in, and every refusal."""
    name = name_of(door.act)

    async def handler(
        *,
        doors: TheDoors,
        principal: ThePrincipal,
        number: NumberPath,
        key: IdempotencyKey,
        body: Incoming,
        response: Response,
        if_match: IfMatch = None,
        role: ActingRole = None,
    ) -> Given:
        return await give(
            doors, principal, number, name, lambda: door.make(doors, number, body),
            key=key, body=body, if_match=if_match, role=role, response=response,
        )  # fmt: skip

    to.add_api_route(
        f"/requests/{{number}}/{name.replace('_', '-')}",
        taking_body(handler, door.body, door.example),
        methods=["POST"],
        operation_id=name,
        summary=(door.act.__doc__ or "").strip(),
        description=who_may(door.act),
        response_model=Given,
        responses=refusals_of(door.act),
    )


for _door in DOORS:
    add_door(router, _door)
