"""/v1/surges: other policies for a part of the city and a time (战时/平急转换), switched on and off by order."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Body, Path, Query, Response
from pydantic import BaseModel, Field

from api.frame.access import Principal, Right, ThePrincipal, require
from api.frame.digests import digest_of
from api.frame.doors import Doors, TheDoors
from api.frame.fields import AreaCode, IdempotencyKey, Incoming, Instant, Name, Remark
from api.frame.openapi import WRITES, reads, refusals
from api.frame.problems import not_found
from api.policies.bodies import PolicyCode
from api.policies.publishing import gaps_under, unknown_policy
from api.requests.board import Cursor, Limit
from domain.commands import Answer
from domain.operations import Operation
from domain.refusals import Refused
from domain.texts import required_text
from persistence.engine import WriteConnection, writing
from persistence.once import answered_before, store_answer
from persistence.operations import note_operation
from persistence.surges import KeptSurge, begin_surge, end_surge, find_surge, list_surges

router = APIRouter(prefix="/v1/surges", tags=["policies"])

EXAMPLES = {
    "prepared": {
        "summary": "a set that the city has prepared, for one district until further order",
        "value": {"name": "“海葵”防汛应急响应", "area": "440106", "set": "flood", "reason": "暴雨红色预警"},
    },
    "own": {
        "summary": "own substitutions, for one town and two days",
        "value": {
            "name": "五山街道防汛",
            "area": "440106012",
            "since": "2026-11-23T04:00:00Z",
            "until": "2026-11-25T04:00:00Z",
            "substitutions": {"P-FLOOD": "P-FLOOD-SURGE"},
            "reason": "内涝风险",
        },
    },
}


class SurgeBody(Incoming):
    """A surge to begin: now and until further order, unless instants are given. Either a prepared `set` or own
    `substitutions` (usual policy → policy promised instead).
    """

    name: Name
    area: AreaCode
    since: Annotated[Instant | None, Field(strict=False)] = None
    until: Annotated[Instant | None, Field(strict=False)] = None
    set: Annotated[str | None, Field(pattern=r"^[a-z][a-z0-9_]{0,60}$")] = None
    substitutions: Annotated[dict[PolicyCode, PolicyCode] | None, Field(min_length=1, max_length=100)] = None
    reason: Remark


class EndBody(Incoming):
    """Why the surge ends before its time."""

    reason: Remark


class SurgeShown(BaseModel):
    """A surge. It holds from `since` to `until`; null is until further order."""

    id: int
    name: str
    area: str
    area_zh: str | None
    since: datetime
    until: datetime | None
    holds: bool
    substitutions: Mapping[str, str]
    reason: str
    begun_by: str
    begun_at: datetime
    ended_by: str | None
    ended_at: datetime | None


class Surges(BaseModel):
    """A page of surges, newest first."""

    items: list[SurgeShown]
    next_cursor: str | None


@router.get("", operation_id="list_surges", summary="Surges 平急转换", responses=reads("bad_cursor"))
async def list_all_surges(
    doors: TheDoors,
    principal: ThePrincipal,
    holding: Annotated[bool, Query(description="only those that hold now")] = False,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Surges:
    """Every surge there was, or those that hold now."""
    require(principal, Right.SEE_POLICIES)
    async with doors.looking() as connection:
        page = await list_surges(
            connection, holding_at=doors.now() if holding else None, cursor=cursor, limit=limit
        )
    return Surges(items=[_shown(doors, kept) for kept in page.items], next_cursor=page.next_cursor)


@router.post(
    "",
    status_code=201,
    operation_id="begin_surge",
    summary="Begin a surge 启动",
    responses=refusals(
        *WRITES,
        "unknown_place",
        "unknown_policy",
        "unknown_set",
        "duty_list_gap",
        "surge_collides",
        "text_missing",
        "idempotency_conflict",
    ),
)
async def begin_a_surge(
    doors: TheDoors,
    principal: ThePrincipal,
    key: IdempotencyKey,
    body: Annotated[SurgeBody, Body(openapi_examples=EXAMPLES)],  # pyright: ignore[reportArgumentType]
    response: Response,
) -> SurgeShown:
    """What is accepted in the area while it holds is promised under the other policies, by every process within a
    second. Open requests stay as they are; to move them, migrate them.
    """
    require(principal, Right.PUBLISH)
    own_key, digest = principal.own_key(key), digest_of("surges", body=body)
    async with writing(doors.database) as connection:
        earlier = await answered_before(connection, own_key, digest)
        kept = (
            await find_surge(connection, earlier.seq)
            if earlier
            else await _begun(doors, connection, principal, body, own_key, digest)
        )
    if kept is None:
        raise not_found("surge")
    doors.in_force.forget()
    response.headers["Location"] = f"/v1/surges/{kept.surge.id}"
    return _shown(doors, kept)


SurgePath = Annotated[int, Path(ge=1, le=2**53, examples=[1])]


@router.get(
    "/{surge}", operation_id="get_surge", summary="One surge 平急转换详情", responses=reads("not_found")
)
async def get_surge(doors: TheDoors, principal: ThePrincipal, surge: SurgePath) -> SurgeShown:
    """A surge with who ordered it and who ended it."""
    require(principal, Right.SEE_POLICIES)
    async with doors.looking() as connection:
        kept = await find_surge(connection, surge)
    if kept is None:
        raise not_found("surge")
    return _shown(doors, kept)


@router.post(
    "/{surge}/end",
    operation_id="end_surge",
    summary="End a surge now 结束",
    responses=refusals(*WRITES, "not_found", "surge_ended", "text_missing", "idempotency_conflict"),
)
async def end_a_surge(
    doors: TheDoors,
    principal: ThePrincipal,
    surge: SurgePath,
    key: IdempotencyKey,
    body: Annotated[
        EndBody,
        Body(openapi_examples={"usual": {"summary": "the usual body", "value": {"reason": "预警解除"}}}),
    ],
) -> SurgeShown:
    """New requests are promised the usual policies again. What was accepted under the surge keeps its promise."""
    require(principal, Right.PUBLISH)
    reason = required_text(body.reason, "reason")
    own_key, digest = principal.own_key(key), digest_of("surges", str(surge), "end", body=body)
    now = doors.now()
    async with writing(doors.database) as connection:
        if await answered_before(connection, own_key, digest) is None:
            kept = await end_surge(connection, surge, by=principal.name, at=now)
            if kept is None:
                raise not_found("surge")
            await note_operation(
                connection,
                Operation.SURGE_ENDED,
                _subject(surge),
                who=principal.name,
                at=now,
                reason=reason,
                details=_told(kept),
            )
            await store_answer(connection, own_key, digest, Answer(_subject(surge), "ended", surge), now)
        kept = await find_surge(connection, surge)
    if kept is None:
        raise not_found("surge")
    doors.in_force.forget()
    return _shown(doors, kept)


async def _begun(
    doors: Doors, connection: WriteConnection, principal: Principal, body: SurgeBody, key: str, digest: str
) -> KeptSurge:
    reason = required_text(body.reason, "reason")
    substitutions = _substitutions(doors, body)
    now = doors.now()
    since = body.since or now
    if body.area not in doors.pack.divisions:
        raise Refused(
            "unknown_place", "area", f"there is no division {body.area!r}", "the code of a division"
        )
    if body.until is not None and body.until <= max(since, now):
        raise Refused("invalid_input", "until", "the surge would be over before it begins", "a later instant")
    for usual, instead in substitutions.items():
        await _can_stand_in(doors, usual, instead)
    kept = await begin_surge(
        connection,
        name=required_text(body.name, "name"),
        area=body.area,
        since=since,
        until=body.until,
        substitutions=substitutions,
        by=principal.name,
        at=now,
        reason=reason,
    )
    subject = _subject(kept.surge.id)
    await note_operation(
        connection,
        Operation.SURGE_BEGUN,
        subject,
        who=principal.name,
        at=now,
        reason=reason,
        details=_told(kept),
    )
    await store_answer(connection, key, digest, Answer(subject, "begun", kept.surge.id), now)
    return kept


def _substitutions(doors: Doors, body: SurgeBody) -> Mapping[str, str]:
    if (body.set is None) is (body.substitutions is None):
        raise Refused("invalid_input", "set", "a surge needs a set or substitutions", "one of the two")
    if body.substitutions is not None:
        return body.substitutions
    prepared = doors.pack.surges.sets.get(body.set or "")
    if prepared is None:
        known = ", ".join(doors.pack.surges.sets) or "none is prepared"
        raise Refused("unknown_set", "set", f"the city has prepared no set {body.set}", known)
    return prepared.substitutions


async def _can_stand_in(doors: Doors, usual: str, instead: str) -> None:
    """Whether matters of the one policy can be promised under the other as it is in force.

    Raises:
        Refused: ``unknown_policy``, or ``duty_list_gap`` where nobody would answer on one of its levels.
    """
    field = f"substitutions.{usual}"
    if usual not in doors.pack.policies:
        raise unknown_policy(field, usual)
    if instead not in doors.pack.every_policy:
        raise unknown_policy(field, instead)
    gaps = await gaps_under(doors, await doors.in_force.of(instead, doors.now), instead_of=usual)
    if gaps:
        raise Refused("duty_list_gap", field, gaps[0].reason, gaps[0].expected)


def _subject(surge: int) -> str:
    return f"surge/{surge}"


def _told(kept: KeptSurge) -> dict[str, object]:
    surge = kept.surge
    return {
        "name": surge.name,
        "area": surge.area,
        "since": surge.since.isoformat(),
        "until": surge.until and surge.until.isoformat(),
        "substitutions": dict(surge.substitutions),
    }


def _shown(doors: Doors, kept: KeptSurge) -> SurgeShown:
    surge, division = kept.surge, doors.pack.divisions.get(kept.surge.area)
    return SurgeShown(
        id=surge.id,
        name=surge.name,
        area=surge.area,
        area_zh=division.name_zh if division else None,
        since=surge.since,
        until=surge.until,
        holds=surge.holds(surge.area, doors.now()),
        substitutions=surge.substitutions,
        reason=kept.reason,
        begun_by=kept.begun_by,
        begun_at=kept.begun_at,
        ended_by=kept.ended_by,
        ended_at=kept.ended_at,
    )
