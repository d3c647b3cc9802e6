"""POST /v1/requests: the call is written down and gets its number, whether or not the workflow engine is there.

Only PostgreSQL is touched. What the rules will need later is frozen here: policy in force, ladder, calendar.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, cast

from fastapi import APIRouter, Body, Response
from pydantic import BaseModel

from api.access import Right, ThePrincipal, require
from api.bodies import REGISTER_EXAMPLES, CallerGiven, PlaceGiven, RegisterBody
from api.digests import digest_of
from api.doors import Doors, TheDoors
from api.fields import IdempotencyKey, etag
from api.openapi import WRITES, refusals
from domain.calendar import Due, WorkingCalendar
from domain.refusals import Refused
from domain.request import Matter, PolicySnapshot
from domain.routing import Place
from persistence.engine import each_by_itself
from persistence.identity import Caller, SealedCaller
from persistence.intake import Draft, TakenIn, find_taken, take_in

router = APIRouter(prefix="/v1", tags=["requests"])


class RungShown(BaseModel):
    """One step of the ladder: who handles the request on this level, or why nobody can."""

    level: str
    unit: str | None
    unit_zh: str | None
    unit_en: str | None
    duty_entry: str
    fallback: bool
    gap: str


class Registered(BaseModel):
    """The number for the desk, the query code for the caller, and what was promised."""

    number: str
    query_code: str
    state: str
    received_at: datetime
    policy: str | None
    policy_version: int | None
    ladder: list[RungShown]
    due_at: datetime | None
    due_provisional: bool


@router.post(
    "/requests",
    status_code=201,
    operation_id="register",
    summary="Register a request 登记诉求",
    responses=refusals(
        *WRITES,
        "idempotency_conflict",
        "unknown_category",
        "unknown_place",
        "no_responsible_unit",
        "duty_list_gap",
        "beyond_horizon",
    ),
)
async def register(
    doors: TheDoors,
    principal: ThePrincipal,
    key: IdempotencyKey,
    body: Annotated[RegisterBody, Body(openapi_examples=cast(Any, REGISTER_EXAMPLES))],
    response: Response,
) -> Registered:
    """Give the call a number. A complete one (category and place) is accepted as soon as its story starts; the same
    `Idempotency-Key` with the same body gives the same number again."""
    require(principal, Right.REGISTER)
    own_key, digest = principal.own_key(key), digest_of("register", body=body)
    try:
        draft = await _draft(doors, own_key, digest, body)
    except Refused:
        # What is refused today may have been taken in yesterday, under another pack or policy.
        async with doors.looking() as connection:
            earlier = await find_taken(connection, own_key, digest)
        if earlier is None:
            raise
        taken = earlier
    else:
        async with each_by_itself(doors.singles) as connection:
            taken = await take_in(connection, draft)
    response.headers["Location"] = f"/v1/requests/{taken.intake.number}"
    response.headers["ETag"] = etag(0)
    return _registered(taken)


async def matter_and_promise(doors: Doors, category: str, place: PlaceGiven) -> tuple[Matter, PolicySnapshot]:
    """What the request is about, and what it is promised: the policy in force, and the ladder by the duty list.

    Raises:
        Refused: ``unknown_category``, ``unknown_place``, ``no_responsible_unit`` or ``duty_list_gap``.
    """
    known = doors.pack.category(category)
    where = Place(place.area, place.address, place.latitude, place.longitude)
    policy = await doors.in_force.of(known.policy, doors.now)
    ladder = doors.pack.ladder(known.code, where, policy, doors.today())
    return Matter(known.code, known.group, where), PolicySnapshot(policy, ladder)


async def _draft(doors: Doors, key: str, digest: str, body: RegisterBody) -> Draft:
    """What is to be taken in; refused as a whole where the promise cannot be told, so that nothing is written then."""
    matter, snapshot = await _matter(doors, body)
    caller = _sealed(doors, body.caller)
    today = doors.today()
    received_at, calendar = doors.now(), doors.calendar_from(today)
    _due(calendar, received_at, snapshot)
    return Draft(
        key=key,
        body_digest=digest,
        local_day=today,
        received_at=received_at,
        channel=body.channel,
        request_type=body.request_type,
        description=_with_what_was_known(body),
        matter=matter,
        snapshot=snapshot,
        calendar=calendar,
        common=doors.pack.common,
        has_contact=caller is not None and caller.telephone is not None and not body.caller.anonymous,
        caller=caller,
    )


async def _matter(doors: Doors, body: RegisterBody) -> tuple[Matter | None, PolicySnapshot | None]:
    if body.category is not None and body.place is not None:
        return await matter_and_promise(doors, body.category, body.place)
    if body.category is not None:
        doors.pack.category(body.category)
    if body.place is not None and body.place.area not in doors.pack.divisions:
        raise Refused(
            "unknown_place",
            "place.area",
            f"there is no division {body.place.area!r}",
            "the code of a division",
        )
    return None, None


def _with_what_was_known(body: RegisterBody) -> str:
    """The description; half of a matter is written beneath it for the agent, since only a whole one can be accepted."""
    if (body.category is None) == (body.place is None):
        return body.description
    known = (
        f"事项 category {body.category}"
        if body.place is None
        else f"地点 place {body.place.area} {body.place.address}"
    )
    return f"{body.description}\n\n[{known.strip()}]"


def _sealed(doors: Doors, given: CallerGiven) -> SealedCaller | None:
    if given.name is None and given.telephone is None and given.address is None:
        return None
    return doors.seal.seal(Caller(given.name, given.telephone, given.address))


def _registered(taken: TakenIn) -> Registered:
    intake = taken.intake
    policy = intake.snapshot.policy if intake.snapshot else None
    due = _due(intake.calendar, intake.received_at, intake.snapshot)
    return Registered(
        number=intake.number,
        query_code=taken.query_code,
        state="registered",
        received_at=intake.received_at,
        policy=policy.code if policy else None,
        policy_version=policy.version if policy else None,
        ladder=ladder_shown(intake.snapshot),
        due_at=due.at if due else None,
        due_provisional=due is not None
        and policy is not None
        and policy.total.is_working
        and due.provisional,
    )


def _due(calendar: WorkingCalendar, received_at: datetime, snapshot: PolicySnapshot | None) -> Due | None:
    """When the whole request is due.

    Raises:
        CalendarRefused: beyond the calendar's horizon.
    """
    return calendar.due(received_at, snapshot.policy.total) if snapshot else None


def ladder_shown(snapshot: PolicySnapshot | None) -> list[RungShown]:
    """The rungs of a ladder, from the bottom up."""
    rungs = snapshot.ladder.rungs if snapshot else ()
    return [
        RungShown(
            level=rung.level,
            unit=rung.unit.code if rung.unit else None,
            unit_zh=rung.unit.name_zh if rung.unit else None,
            unit_en=rung.unit.name_en if rung.unit else None,
            duty_entry=rung.duty_entry,
            fallback=rung.fallback,
            gap=rung.gap,
        )
        for rung in rungs
    ]
