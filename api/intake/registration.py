"""POST /v1/requests: the call is written down and gets its number, whether or not the workflow engine is there.

Only PostgreSQL is touched, but where the caller has an open request on the same matter
(:mod:`api.intake.calling_again`). What the rules will need later is frozen here: policy in force, ladder, calendar.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, cast

from fastapi import APIRouter, Body, Response
from pydantic import BaseModel, Field

from api.frame.access import Principal, Right, ThePrincipal, require
from api.frame.digests import digest_of
from api.frame.doors import Doors, TheDoors
from api.frame.fields import IdempotencyKey, etag
from api.frame.openapi import WRITES, refusals
from api.frame.problems import not_found
from api.frame.sight import sees, sees_all
from api.intake.calling_again import added_to
from api.intake.similar import SimilarShown, shown
from api.intake.surroundings import surroundings_of
from api.requests.bodies import REGISTER_EXAMPLES, CallerGiven, PlaceGiven, RegisterBody
from api.requests.commanding import first_answer
from domain.commands import Answer
from domain.limits.clock import ClockKind, promised
from domain.refusals import Refused
from domain.request import Matter, PolicySnapshot, RequestState, begin
from domain.responsibility.routing import Place
from domain.time.calendar import Due, WorkingCalendar
from persistence import promises
from persistence.answers import find_answer
from persistence.engine import each_by_itself
from persistence.identity import Caller, SealedCaller
from persistence.intake import AnsweredBefore, Draft, TakenIn, find_taken, take_in
from persistence.reading import read_whole
from persistence.similar import Similar
from persistence.surroundings import Surroundings

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
    skip_rule: str | None = Field(description="the rule by which the ladder begins higher than usual")
    due_at: datetime | None
    due_provisional: bool
    urged: bool = Field(
        description="there is no new request: the caller's open one has these words now, as an urge, or as a comment "
        "where it was urged today already"
    )
    repeat_of: str | None = Field(description="the caller's earlier request on the same matter")
    similar: list[SimilarShown] = Field(
        description="open requests that may be about the same; looked up anew each time"
    )


@router.post(
    "/requests",
    status_code=201,
    operation_id="register",
    summary="Register a request 登记诉求",
    responses={
        200: {"model": Registered, "description": "The caller's open request on the same matter was urged"},
        **refusals(
            *WRITES,
            "idempotency_conflict",
            "unknown_category",
            "unknown_place",
            "no_responsible_unit",
            "duty_list_gap",
            "beyond_horizon",
        ),
    },
)
async def register(
    doors: TheDoors,
    principal: ThePrincipal,
    key: IdempotencyKey,
    body: Annotated[RegisterBody, Body(openapi_examples=cast(Any, REGISTER_EXAMPLES))],
    response: Response,
) -> Registered:
    """Give the call a number. A complete one (category and place) is accepted as soon as its story starts; the same
    `Idempotency-Key` with the same body gives the same number again.

    A caller who has an open request of the same category at the same place (or a place that holds it, or lies in it),
    registered in the last 90 days, gets that one's number with 200: it is urged with what was said. Callers are
    recognized by their telephone number, unless they are anonymous, and only for keys that see the request (units never
    learn so who called)."""
    require(principal, Right.REGISTER)
    own_key, digest = principal.own_key(key), digest_of("register", body=body)
    try:
        draft = await _draft(doors, own_key, digest, body)
    except Refused:
        # What is refused today may have been taken in yesterday, under another pack or policy.
        earlier = await _answered_before(doors, own_key, digest)
        if earlier is None:
            raise
        return await _told(doors, principal, earlier, [], response)
    around = await surroundings_of(doors, principal, body, draft.matter, draft.received_at)
    given = await _added_or_taken_in(doors, principal, draft, body, around)
    return await _told(doors, principal, given, around.similar, response)


async def _answered_before(doors: Doors, key: str, digest: str) -> TakenIn | Answer | None:
    async with doors.looking() as connection:
        taken = await find_taken(connection, key, digest)
        if taken is not None:
            return taken
        stored = await find_answer(connection, key)
    return None if stored is None else first_answer(stored.digest, stored.answer, digest)


async def _added_or_taken_in(
    doors: Doors, principal: Principal, draft: Draft, body: RegisterBody, around: Surroundings
) -> TakenIn | Answer:
    """What the call became: words on the caller's open request, or a request of its own."""
    earlier = around.earlier
    if earlier is not None and earlier.is_open and await _may_be_told(doors, principal, earlier.number):
        given = await _answered_before(doors, draft.key, draft.body_digest) or await added_to(
            doors, earlier.number, body, key=draft.key, digest=draft.body_digest, person=principal.name
        )
        if given is not None:
            return given
    repeated = draft if earlier is None else replace(draft, repeat_of=earlier.number)
    async with each_by_itself(doors.singles) as connection:
        try:
            return await take_in(connection, repeated, digits=around.digits)
        except AnsweredBefore as before:
            return first_answer(before.stored.digest, before.stored.answer, draft.body_digest)


async def _may_be_told(doors: Doors, principal: Principal, number: str) -> bool:
    """Whether the key may learn that the caller has this request, and its query code: units may not, nor may a desk of
    what is sealed."""
    if not sees_all(principal):
        return False
    async with doors.looking() as connection:
        return await sees(connection, principal, number)


async def matter_and_promise(doors: Doors, category: str, place: PlaceGiven) -> tuple[Matter, PolicySnapshot]:
    """What the request is about, and what it is promised: the policy in force there and now, the ladder by duty list.

    Raises:
        Refused: ``unknown_category``, ``unknown_place``, ``no_responsible_unit`` or ``duty_list_gap``.
    """
    where = Place(place.area, place.address, place.latitude, place.longitude)
    return await promises.matter_and_promise(
        doors.pack, doors.in_force, doors.duties, category, where, doors.now
    )


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
        people=body.people,
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
    caller = Caller(given.name, given.telephone, given.address)
    return doors.seal.seal(caller, recognizable=not given.anonymous)


async def _told(
    doors: Doors,
    principal: Principal,
    given: TakenIn | Answer,
    similar: Sequence[Similar],
    response: Response,
) -> Registered:
    """The answer, with its headers. An urged request is shown as it stood when it was urged."""
    if isinstance(given, TakenIn):
        state, query_code = begin(given.intake), given.query_code
        due = _due(state.calendar, state.intake.received_at, state.snapshot)
    else:
        state, query_code = await _urged(doors, given)
        due = _running(state)
        response.status_code = 200
    response.headers["Location"] = f"/v1/requests/{state.number}"
    response.headers["ETag"] = etag(state.seq)
    policy = state.snapshot.policy if state.snapshot else None
    return Registered(
        number=state.number,
        query_code=query_code,
        state=state.state,
        received_at=state.intake.received_at,
        policy=policy.code if policy else None,
        policy_version=policy.version if policy else None,
        ladder=ladder_shown(state.snapshot),
        skip_rule=skip_of(state.snapshot),
        due_at=due.at if due else None,
        due_provisional=due is not None
        and policy is not None
        and policy.total.is_working
        and due.provisional,
        urged=isinstance(given, Answer),
        repeat_of=state.intake.repeat_of if sees_all(principal) else None,
        similar=shown(similar, but=state.number),
    )


async def _urged(doors: Doors, answer: Answer) -> tuple[RequestState, str]:
    """The urged request as it stood after the answer, and its query code."""
    async with doors.looking() as connection:
        whole = await read_whole(connection, answer.number, until=answer.seq)
    if whole is None:
        raise not_found("request")
    return whole.state, whole.query_code


def _running(state: RequestState) -> Due | None:
    """When a request is due whose total limit runs already."""
    total = state.clock(ClockKind.TOTAL)
    at = promised(total, 100, state.calendar) if total else None
    return None if at is None else Due(at, state.calendar.is_provisional(at))


def _due(calendar: WorkingCalendar, received_at: datetime, snapshot: PolicySnapshot | None) -> Due | None:
    """When the whole request is due.

    Raises:
        CalendarRefused: beyond the calendar's horizon.
    """
    return calendar.due(received_at, snapshot.policy.total) if snapshot else None


def skip_of(snapshot: PolicySnapshot | None) -> str | None:
    """The skip rule that lifted the start of a ladder, if one did."""
    skip = snapshot.ladder.skip if snapshot else None
    return skip.rule if skip else None


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
