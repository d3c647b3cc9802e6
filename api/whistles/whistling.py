"""/v1/whistles: who was called; and the doors of a request through which towns whistle and departments come."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel

from api.frame.access import ActingRole, Principal, ThePrincipal
from api.frame.doors import Doors, TheDoors
from api.frame.fields import (
    IdempotencyKey,
    IfMatch,
    Incoming,
    NumberPath,
    UnitCode,
)
from api.frame.openapi import name_of, reads, refusals_of, who_may
from api.frame.sight import sight_of, viewpoint
from api.frame.third_parties import reads_as_written
from api.requests.board import Cursor, Limit
from api.requests.commanding import Given, give
from api.requests.commands import named_unit, taking_body, the_unit
from api.whistles.bodies import (
    AcknowledgeBody,
    AttendBody,
    ConfirmBody,
    EndBody,
    ObjectBody,
    PlanBody,
    RateBody,
    RateCallBody,
    SpotGiven,
    SummonsGiven,
    WhistleBody,
)
from api.whistles.shown import CalledShown, called_shown
from domain import commands as asked
from domain.commands import Act
from domain.levels import Level
from domain.refusals import Refused
from domain.time.durations import Duration
from domain.units import Unit
from domain.whistles import Decision, Spot, Summoned
from persistence.queries import Scope
from persistence.reading import category_of
from persistence.whistles import SummonsFilter, list_summonses

router = APIRouter(prefix="/v1", tags=["whistles"])

WhistlePath = Annotated[
    str,
    Path(pattern=r"^w[1-9][0-9]{0,3}$", description="the whistle's id within its request", examples=["w1"]),
]


class Called(BaseModel):
    """A page of summonses, the newest first."""

    items: list[CalledShown]
    next_cursor: str | None


@router.get(
    "/whistles",
    operation_id="list_whistles",
    summary="Who was called 吹哨列表",
    responses=reads("bad_cursor"),
)
async def list_whistles(
    doors: TheDoors,
    principal: ThePrincipal,
    unit: Annotated[UnitCode | None, Query(description="the department that was called")] = None,
    town: Annotated[UnitCode | None, Query(description="the town that called")] = None,
    scope: Annotated[Scope, Query(description="open, ended, or all")] = "open",
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Called:
    """The summonses to a department, or from a town. A unit's key reads those to itself, or its own calls."""
    viewer = viewpoint(principal)
    if viewer is not None and viewer.code not in (unit, town):
        if unit is not None or town is not None:
            raise Refused("role_not_allowed", "unit", "a unit reads its own whistles", viewer.code)
        unit = viewer.code
    wanted = SummonsFilter(scope=scope, unit=unit, town=town, sight=sight_of(principal))
    async with doors.looking() as connection:
        page = await list_summonses(connection, wanted, cursor=cursor, limit=limit)
    items = [called_shown(row, as_written=reads_as_written(principal, row.lead)) for row in page.items]
    return Called(items=items, next_cursor=page.next_cursor)


async def _whistle(doors: Doors, principal: Principal, number: str, body: WhistleBody) -> Act:
    town = named_unit(doors, body.town) or principal.unit
    if town is None:
        raise Refused(
            "town_missing", "town", "the command centre calls for a town", "the code of the town's unit"
        )
    terms = doors.pack.whistles.terms(body.kind, _kind_of_town(doors, town))
    if terms is None:
        offered = ", ".join(doors.pack.whistles.kinds) or "no whistle"
        raise Refused("not_offered", "kind", f"this city has no {body.kind} whistle", offered)
    async with doors.looking() as connection:
        category = await category_of(connection, number)
    return asked.BlowWhistle(
        terms=terms,
        town=town,
        summoned=tuple(_summoned(doors, category, each) for each in body.summoned),
        reason=body.reason,
        address=body.address,
        spot=_spot(body.spot),
        session=body.session,
        attend_at=body.attend_at,
    )


def _kind_of_town(doors: Doors, town: Unit) -> str:
    area = doors.pack.divisions.at(Level.TOWN, town.area)
    division = doors.pack.divisions.get(area) if area is not None else None
    return division.kind if division is not None else ""


def _summoned(doors: Doors, category: str | None, given: SummonsGiven) -> Summoned:
    unit = the_unit(doors, given.unit)
    power = doors.pack.whistles.power(given.power)
    if power is None:
        return Summoned(unit, given.power, given.power, given.power, listed=False)
    unit_type = unit.code.partition("-")[2]
    listed = category is not None and doors.pack.whistles.is_listed(category, power.code, unit_type)
    return Summoned(unit, power.code, power.zh, power.en, listed)


def _spot(given: SpotGiven | None) -> Spot | None:
    return None if given is None else Spot(given.latitude, given.longitude)


def _acknowledge(_doors: Doors, whistle: str, _body: AcknowledgeBody) -> Act:
    return asked.AcknowledgeWhistle(whistle)


def _attend(_doors: Doors, whistle: str, body: AttendBody) -> Act:
    return asked.AttendWhistle(whistle, body.mode, body.attendee, body.post, _spot(body.spot))


def _plan(doors: Doors, whistle: str, body: PlanBody) -> Act:
    decisions = tuple(
        Decision(the_unit(doors, each.unit), each.action, Duration.parse(each.within))
        for each in body.decisions
    )
    return asked.AgreePlan(whistle, body.minutes, decisions, body.lead, keeps_shares=True)


def _plain(act: Callable[..., Act]) -> Callable[[Doors, str, Any], Act]:
    return lambda _doors, whistle, body: act(whistle=whistle, **dict(body))


@dataclass(frozen=True, slots=True)
class _Door:
    """One command of a whistle: the last word of its path, its act, body, and how one becomes the other."""

    word: str
    act: type[Act]
    body: type[Incoming]
    make: Callable[[Doors, str, Any], Act]
    example: dict[str, Any]


_UNIT = "440106-urban_mgmt_bureau"
DOORS = (
    _Door("acknowledge", asked.AcknowledgeWhistle, AcknowledgeBody, _acknowledge, {}),
    _Door(
        "attend",
        asked.AttendWhistle,
        AttendBody,
        _attend,
        {
            "mode": "on_site",
            "attendee": "李副局长",
            "post": "deputy_head",
            "spot": {"latitude": 23.1472, "longitude": 113.3461},
        },
    ),
    _Door(
        "object",
        asked.ObjectToWhistle,
        ObjectBody,
        _plain(asked.ObjectToWhistle),
        {"legal_basis": "权责清单第 12 项", "text": "该处属镇街管理"},
    ),
    _Door(
        "plan",
        asked.AgreePlan,
        PlanBody,
        _plan,
        {
            "minutes": "现场会商，一致同意联合清理",
            "decisions": [{"unit": _UNIT, "action": "清理占道摊档并立案", "within": "2wd"}],
        },
    ),
    _Door(
        "end", asked.EndWhistle, EndBody, _plain(asked.EndWhistle), {"resolved": True, "text": "已清理完毕"}
    ),
    _Door(
        "rate",
        asked.RateWhistle,
        RateBody,
        _plain(asked.RateWhistle),
        {"unit": _UNIT, "in_time": 5, "cooperated": 5, "solved": 4, "text": "到场及时"},
    ),
    _Door(
        "rate-call",
        asked.RateCall,
        RateCallBody,
        _plain(asked.RateCall),
        {"justified": 4, "text": "确需联合执法"},
    ),
    _Door(
        "confirm-unjustified",
        asked.ConfirmUnjustified,
        ConfirmBody,
        _plain(asked.ConfirmUnjustified),
        {"reason": "镇街有权自行处理"},
    ),
)


def _add_whistling() -> None:
    async def handler(
        *,
        doors: TheDoors,
        principal: ThePrincipal,
        number: NumberPath,
        key: IdempotencyKey,
        body: WhistleBody,
        response: Response,
        if_match: IfMatch = None,
        role: ActingRole = None,
    ) -> Given:
        return await give(
            doors, principal, number, "whistle", lambda: _whistle(doors, principal, number, body),
            key=key, body=body, if_match=if_match, role=role, response=response,
        )  # fmt: skip

    example = {
        "kind": "daily",
        "summoned": [{"unit": _UNIT, "power": "vending_penalty"}],
        "reason": "占道经营屡禁不止",
        "spot": {"latitude": 23.1472, "longitude": 113.3461},
    }
    _add("/requests/{number}/whistle", asked.BlowWhistle, taking_body(handler, WhistleBody, example))


def _add_door(door: _Door) -> None:
    name = name_of(door.act)

    async def handler(
        *,
        doors: TheDoors,
        principal: ThePrincipal,
        number: NumberPath,
        whistle: WhistlePath,
        key: IdempotencyKey,
        body: Incoming,
        response: Response,
        if_match: IfMatch = None,
        role: ActingRole = None,
    ) -> Given:
        async def make() -> Act:
            return door.make(doors, whistle, body)

        return await give(
            doors, principal, number, name, make,
            key=key, body=body, if_match=if_match, role=role, response=response, called=f"{name}/{whistle}",
        )  # fmt: skip

    _add(
        f"/requests/{{number}}/whistles/{{whistle}}/{door.word}",
        door.act,
        taking_body(handler, door.body, door.example),
    )


def _add(path: str, act: type[Act], handler: Callable[..., Awaitable[Given]]) -> None:
    router.add_api_route(
        path,
        handler,
        methods=["POST"],
        operation_id=name_of(act),
        summary=(act.__doc__ or "").strip(),
        description=who_may(act),
        response_model=Given,
        responses=refusals_of(act),
    )


_add_whistling()
for _door in DOORS:
    _add_door(_door)
