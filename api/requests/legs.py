"""/v1/legs: a unit's inbox, and the doors through which the unit acts on one leg."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from api.frame.access import ActingRole, Principal, ThePrincipal
from api.frame.doors import Doors, TheDoors
from api.frame.fields import IdempotencyKey, IfMatch, Incoming, LegPath, UnitCode
from api.frame.openapi import name_of, reads, refusals_of, who_may
from api.frame.problems import not_found
from api.frame.sight import sees, sight_of, viewpoint
from api.frame.third_parties import masked, reads_as_written
from api.requests import bodies, cases, handing, remarks
from api.requests.board import Cursor, Limit
from api.requests.commanding import Given, give, given, in_flight, order_of
from api.requests.commands import Maker, send_down, taking_body
from api.requests.completing import complete
from api.requests.handing import DelegateBody, delegate
from api.requests.legs_shown import LegShown, leg_shown
from domain import commands as asked
from domain.commands import Act, SubmitReply
from domain.refusals import Refused
from domain.request import LegRole, LegState
from persistence.queries import LegFilter, LegRow, Scope, find_leg, list_legs

router = APIRouter(prefix="/v1/legs", tags=["legs"])


class InboxLeg(LegShown):
    """A leg with what its unit must know of the request."""

    request_state: str
    category: str | None
    policy: str | None
    urgency: str | None
    light: str
    card: str | None
    area: str | None
    total_due_at: datetime | None = Field(description="when the whole request is due")
    description: str


class Inbox(BaseModel):
    """A page of an inbox, the longest waiting first."""

    items: list[InboxLeg]
    next_cursor: str | None


@router.get("", operation_id="list_legs", summary="A unit's inbox 承办件列表", responses=reads("bad_cursor"))
async def list_inbox(
    doors: TheDoors,
    principal: ThePrincipal,
    unit: Annotated[UnitCode | None, Query(description="whose legs; a unit's key sees its own only")] = None,
    scope: Annotated[Scope, Query(description="open, ended, or all")] = "open",
    state: Annotated[list[LegState] | None, Query(description="one or more states")] = None,
    role: Annotated[list[LegRole] | None, Query(description="lead, joint, or both")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Inbox:
    """The legs of a unit. The command centre and the auditors may ask for any unit, or for all."""
    wanted = LegFilter(
        scope=scope,
        states=state or (),
        roles=role or (),
        unit=_whose(principal, unit),
        sight=sight_of(principal),
    )
    async with doors.looking() as connection:
        page = await list_legs(connection, wanted, cursor=cursor, limit=limit)
    return Inbox(items=[_inbox_leg(principal, row) for row in page.items], next_cursor=page.next_cursor)


@router.get("/{leg_id}", operation_id="get_leg", summary="One leg 承办件", responses=reads("not_found"))
async def get_leg(doors: TheDoors, principal: ThePrincipal, leg_id: LegPath) -> InboxLeg:
    """The leg as it stands, with what its unit must know of the request."""
    number, _, leg = leg_id.partition(".")
    async with doors.looking() as connection:
        row = await find_leg(connection, number, leg) if await sees(connection, principal, number) else None
    if row is None:
        raise not_found("leg")
    return _inbox_leg(principal, row)


@router.post(
    "/{leg_id}/complete",
    operation_id="complete_leg",
    summary="Complete a leg 反馈办理结果",
    description=who_may(SubmitReply),
    responses={**refusals_of(SubmitReply), 202: {"model": Given, "description": "taken; look at `Location`"}},
)
async def complete_leg(
    doors: TheDoors,
    principal: ThePrincipal,
    leg_id: LegPath,
    key: IdempotencyKey,
    body: bodies.CompleteBody,
    response: Response,
    if_match: IfMatch = None,
    role: ActingRole = None,
) -> Given:
    """The lead leg's reply goes to review; a joint leg's is a contribution. 200 once it stands in the timeline; 202 if
    that takes longer than a few seconds, and the same key asks again."""
    number, _, leg = leg_id.partition(".")
    await _seen(doors, principal, number)
    reply = SubmitReply(leg, body.outcome, body.text, body.evidence)
    order = order_of(principal, number, reply, key=key, body=body, if_match=if_match, role=role)
    with in_flight(order):
        answer = await complete(doors, number, order, reply)
    if answer is not None:
        return given(answer, response)
    response.status_code = 202
    response.headers["Location"] = f"/v1/legs/{leg_id}"
    return Given(number=number, state="in_progress", seq=0)


async def _sign(_doors: Doors, _number: str, leg: str, _body: bodies.SignBody) -> Act:
    return asked.Sign(leg)


async def _first_contact(_doors: Doors, _number: str, leg: str, body: bodies.FirstContactBody) -> Act:
    return asked.FirstContact(leg, body.proof)


async def _hand_up(doors: Doors, number: str, leg: str, body: bodies.HandUpBody) -> Act:
    await _must_lead(doors, number, leg)
    return asked.HandUp(body.reason, body.release)


async def _send_down(doors: Doors, number: str, leg: str, body: bodies.SendDownBody) -> Act:
    await _must_lead(doors, number, leg)
    return await send_down(doors, number, body)


async def _delegate(doors: Doors, _number: str, leg: str, body: DelegateBody) -> Act:
    return await delegate(doors, leg, body)


async def _decline_joint(_doors: Doors, _number: str, leg: str, body: bodies.ReasonBody) -> Act:
    return asked.DeclineJoint(leg, body.reason)


LegMaker = Callable[[Doors, str, str, Any], Awaitable[Act]]


def _by_the_lead(make: Maker) -> LegMaker:
    """For acts of the unit that answers for the request, which have a door of the request too."""

    async def made(doors: Doors, number: str, leg: str, body: Any) -> Act:
        await _must_lead(doors, number, leg)
        return await make(doors, number, body)

    return made


_ACTS_OF_THE_LEAD = (
    asked.ReferDeliberation,
    asked.DeliberationResult,
    asked.HandToPartner,
    asked.PartnerResult,
    asked.OpenCase,
    asked.WithdrawCase,
    asked.SettleCase,
    asked.Acknowledge,
    asked.ReportInterim,
)

_DOORS: tuple[tuple[type[Act], type[Incoming], LegMaker, dict[str, Any]], ...] = (
    (asked.Sign, bodies.SignBody, _sign, {}),
    (asked.FirstContact, bodies.FirstContactBody, _first_contact, {"proof": "通话记录 2026-11-23 10:02"}),
    (asked.HandUp, bodies.HandUpBody, _hand_up, {"reason": "超出本级职权", "release": False}),
    (asked.SendDown, bodies.SendDownBody, _send_down, {"reason": "由网格员现场处理"}),
    (
        asked.Delegate,
        DelegateBody,
        _delegate,
        {"unit": "440106012003-community_committee", "task": "请到现场核实并拍照"},
    ),
    (asked.DeclineJoint, bodies.ReasonBody, _decline_joint, {"reason": "本单位没有相应设备"}),
    *(
        (door.act, door.body, _by_the_lead(door.make), door.example)
        for door in (*handing.DOORS, *cases.DOORS, *remarks.DOORS)
        if door.act in _ACTS_OF_THE_LEAD
    ),
)


def _add(act: type[Act], body: type[Incoming], make: LegMaker, example: dict[str, Any]) -> None:
    name = name_of(act)

    async def handler(
        *,
        doors: TheDoors,
        principal: ThePrincipal,
        leg_id: LegPath,
        key: IdempotencyKey,
        body: Incoming,
        response: Response,
        if_match: IfMatch = None,
        role: ActingRole = None,
    ) -> Given:
        number, _, leg = leg_id.partition(".")
        return await give(
            doors, principal, number, name, lambda: make(doors, number, leg, body),
            key=key, body=body, if_match=if_match, role=role, response=response, leg=leg,
        )  # fmt: skip

    router.add_api_route(
        f"/{{leg_id}}/{name.replace('_', '-')}",
        taking_body(handler, body, example),
        methods=["POST"],
        operation_id=f"leg_{name}",
        summary=(act.__doc__ or "").strip(),
        description=who_may(act),
        response_model=Given,
        responses=refusals_of(act),
    )


for _door in _DOORS:
    _add(*_door)


def _whose(principal: Principal, unit: str | None) -> str | None:
    """The unit whose inbox is read.

    Raises:
        Refused: ``role_not_allowed``, the inbox is another unit's.
    """
    viewer = viewpoint(principal)
    if viewer is None:
        return unit or (principal.unit.code if principal.unit else None)
    if unit not in (None, viewer.code):
        raise Refused("role_not_allowed", "unit", "a unit reads its own inbox", viewer.code)
    return viewer.code


async def _seen(doors: Doors, principal: Principal, number: str) -> None:
    async with doors.looking() as connection:
        if not await sees(connection, principal, number):
            raise not_found("leg")


async def _must_lead(doors: Doors, number: str, leg: str) -> None:
    async with doors.looking() as connection:
        row = await find_leg(connection, number, leg)
    if row is None:
        raise not_found("leg")
    if row.leg.state == LegState.ENDED:
        raise Refused("leg_ended", "leg", f"leg {leg} is {row.leg.ended_how}", "the leg that leads now")
    if row.leg.role != LegRole.LEAD:
        raise Refused("not_possible_now", "leg", f"leg {leg} is a joint leg", "the leg that leads now")


def _inbox_leg(principal: Principal, row: LegRow) -> InboxLeg:
    request = row.request
    plain = reads_as_written(principal, request.unit)
    return InboxLeg(
        **leg_shown(request.number, row.leg).model_dump(),
        request_state=request.state,
        category=request.category,
        policy=request.policy,
        urgency=request.urgency,
        light=request.light,
        card=request.card,
        area=request.area,
        total_due_at=request.total_due_at,
        description=row.description if plain else masked(row.description),
    )
