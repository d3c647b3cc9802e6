"""/v1/track/{query_code}: what a citizen may see and do without signing in; the query code is the key.

Units are named, people are not; how late somebody was is for the command centre to know.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter, Response

from api.citizens.tracked import Tracked, leading_story, story_of, tracked
from api.exceptions.bodies import AskingBody
from api.exceptions.kinds import OF_REQUESTS, application, possible_commands, terms_of
from api.frame.access import Principal, Right
from api.frame.doors import Doors, TheDoors
from api.frame.fields import IdempotencyKey, Incoming, QueryCodePath, etag
from api.frame.openapi import COMMANDS, OF_ACTS, name_of, refusals, who_may
from api.frame.problems import not_found
from api.requests.commanding import Given, give
from api.requests.commands import DOORS, Maker, plain, taking_body
from domain import commands as asked
from domain.commands import Act, Apply
from domain.exceptions.applications import ExceptionKind
from domain.request import RequestState
from domain.units import Role
from persistence.engine import ReadConnection
from persistence.reading import number_of_code

router = APIRouter(prefix="/v1/track", tags=["citizens"])

_NOT_SIGNED_IN = frozenset({"key_missing", "role_not_allowed"})
"""What these doors never answer, since they ask for no key."""


@router.get(
    "/{query_code}",
    operation_id="track",
    summary="Follow a request 查询办理进度",
    responses=refusals("not_found", "invalid_input", "internal_error", "database_unavailable"),
)
async def follow(doors: TheDoors, query_code: QueryCodePath, response: Response) -> Tracked:
    """Where the request stands, who holds it, and until when, in words."""
    async with doors.looking() as connection:
        own = await story_of(connection, await _number(connection, query_code))
        if own is None:
            raise not_found("request")
        leading = await leading_story(connection, own)
    response.headers["ETag"] = etag(own.state.seq)
    response.headers["Cache-Control"] = "no-store"
    return tracked(own, leading, _may(doors, own.state))


def _add(
    act: type[Act], body: type[Incoming], make: Maker, example: dict[str, Any], called: str | None = None
) -> None:
    async def handler(
        *, doors: TheDoors, query_code: QueryCodePath, key: IdempotencyKey, body: Incoming, response: Response
    ) -> Given:
        async with doors.looking() as connection:
            number = await _number(connection, query_code)
        return await give(
            doors, _caller_of(number), number, name, lambda: make(doors, number, body),
            called=called, key=key, body=body, if_match=None, role=None, response=response,
        )  # fmt: skip

    name = name_of(act)
    door = called or name
    said = [code for code in (*COMMANDS, *OF_ACTS.get(name, ())) if code not in _NOT_SIGNED_IN]
    router.add_api_route(
        f"/{{query_code}}/{door.replace('_', '-')}",
        taking_body(handler, body, example),
        methods=["POST"],
        operation_id=f"track_{door}",
        summary=(act.__doc__ or "").strip(),
        description=who_may(act),
        response_model=Given,
        responses=refusals(*said),
    )


_CITIZENS_ACTS = (asked.Urge, asked.Withdraw, asked.SupplyInfo)

for _door in DOORS:
    if _door.act in _CITIZENS_ACTS:
        _add(_door.act, _door.body, plain(_door.act), _door.example)


async def _appeal(doors: Doors, _number: str, body: AskingBody) -> Act:
    return application(doors, terms_of(doors, ExceptionKind.APPEAL), body, None)


for _asking in OF_REQUESTS:
    if _asking.kind is ExceptionKind.APPEAL:
        _add(Apply, _asking.body, _appeal, _asking.example, _asking.command)


async def _number(connection: ReadConnection, query_code: str) -> str:
    number = await number_of_code(connection, query_code.upper())
    if number is None:
        raise not_found("request")
    return number


def _caller_of(number: str) -> Principal:
    """The caller of one request. Holding its query code, they see it and may give a citizen's commands to it."""
    return Principal(f"caller-{number}", (Role.CITIZEN,), frozenset({Right.SEE_ALL, Right.SEE_SEALED}))


_CITIZENS_COMMANDS = frozenset({*(name_of(act) for act in _CITIZENS_ACTS), "appeal"})


def _may(doors: Doors, state: RequestState) -> Iterator[str]:
    possible = possible_commands(doors, state, [Role.CITIZEN])
    yield from (command for command in possible if command in _CITIZENS_COMMANDS)
