"""/v1/track/{query_code}: what a citizen may see and do without signing in; the query code is the key.

Units are named, people are not; how late somebody was is for the command centre to know.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel

from api.access import Principal, Right
from api.commanding import Given, give
from api.commands import DOORS, plain, taking_body
from api.doors import TheDoors
from api.fields import IdempotencyKey, Incoming, QueryCodePath, etag
from api.openapi import COMMANDS, OF_ACTS, name_of, refusals, who_may
from api.problems import not_found
from api.words import EVENTS, MILESTONES, STATES
from domain import commands as asked
from domain.clock import ClockKind, threshold
from domain.commands import Act
from domain.events import AnsweredDirectly, Event, InfoRequested, Rejected
from domain.lifecycle import possible_acts
from domain.request import RequestState, State
from domain.units import Role
from persistence.engine import ReadConnection
from persistence.reading import number_of_code
from persistence.timeline import load_state, read_events

router = APIRouter(prefix="/v1/track", tags=["citizens"])

_NOT_SIGNED_IN = frozenset({"key_missing", "role_not_allowed"})
"""What these doors never answer, since they ask for no key."""


class Milestone(BaseModel):
    """Something that was done."""

    at: datetime
    zh: str
    en: str


class Tracked(BaseModel):
    """The request as its caller sees it."""

    number: str
    state: str
    state_zh: str
    state_en: str
    received_at: datetime
    unit_zh: str | None
    unit_en: str | None
    due_at: datetime | None
    due_provisional: bool
    question: str | None
    answer: str | None
    milestones: list[Milestone]
    may: list[str]


@router.get(
    "/{query_code}",
    operation_id="track",
    summary="Follow a request 查询办理进度",
    responses=refusals("not_found", "invalid_input", "internal_error", "database_unavailable"),
)
async def follow(doors: TheDoors, query_code: QueryCodePath, response: Response) -> Tracked:
    """Where the request stands, who holds it, and until when, in words."""
    async with doors.looking() as connection:
        number = await _number(connection, query_code)
        state = await load_state(connection, number)
        events = await read_events(connection, number)
    if state is None:
        raise not_found("request")
    response.headers["ETag"] = etag(state.seq)
    response.headers["Cache-Control"] = "no-store"
    return _tracked(state, events)


def _add(act: type[Act], body: type[Incoming], example: dict[str, Any]) -> None:
    make = plain(act)

    async def handler(
        *, doors: TheDoors, query_code: QueryCodePath, key: IdempotencyKey, body: Incoming, response: Response
    ) -> Given:
        async with doors.looking() as connection:
            number = await _number(connection, query_code)
        return await give(
            doors, _caller_of(number), number, name, lambda: make(doors, number, body),
            key=key, body=body, if_match=None, role=None, response=response,
        )  # fmt: skip

    name = name_of(act)
    said = [code for code in (*COMMANDS, *OF_ACTS.get(name, ())) if code not in _NOT_SIGNED_IN]
    router.add_api_route(
        f"/{{query_code}}/{name.replace('_', '-')}",
        taking_body(handler, body, example),
        methods=["POST"],
        operation_id=f"track_{name}",
        summary=(act.__doc__ or "").strip(),
        description=who_may(act),
        response_model=Given,
        responses=refusals(*said),
    )


_CITIZENS_ACTS = (asked.Urge, asked.Withdraw, asked.SupplyInfo)

for _door in DOORS:
    if _door.act in _CITIZENS_ACTS:
        _add(_door.act, _door.body, _door.example)


async def _number(connection: ReadConnection, query_code: str) -> str:
    number = await number_of_code(connection, query_code.upper())
    if number is None:
        raise not_found("request")
    return number


def _caller_of(number: str) -> Principal:
    """The caller of one request. Holding its query code, they see it and may give a citizen's commands to it."""
    return Principal(f"caller-{number}", (Role.CITIZEN,), frozenset({Right.SEE_ALL}))


def _tracked(state: RequestState, events: Sequence[Event]) -> Tracked:
    words = STATES[state.state]
    total = state.clock(ClockKind.TOTAL)
    due_at = threshold(total, 100, state.calendar) if total and not state.state.is_terminal else None
    return Tracked(
        number=state.number,
        state=state.state,
        state_zh=words.zh,
        state_en=words.en,
        received_at=state.intake.received_at,
        unit_zh=state.lead.unit.name_zh if state.lead else None,
        unit_en=state.lead.unit.name_en if state.lead else None,
        due_at=due_at,
        due_provisional=due_at is not None and state.calendar.is_provisional(due_at),
        question=_question(state, events),
        answer=_answer(state, events),
        milestones=[_milestone(event) for event in events if event.what.kind in MILESTONES],
        may=[act for act in possible_acts(state, [Role.CITIZEN]) if act in _CITIZENS_ACT_NAMES],
    )


_CITIZENS_ACT_NAMES = frozenset(name_of(act) for act in _CITIZENS_ACTS)


def _milestone(event: Event) -> Milestone:
    words = EVENTS[event.what.kind]
    return Milestone(at=event.at, zh=words.zh, en=words.en)


def _question(state: RequestState, events: Sequence[Event]) -> str | None:
    asked_for = [event.what.question for event in events if isinstance(event.what, InfoRequested)]
    return asked_for[-1] if asked_for and state.state is State.AWAITING_INFO else None


def _answer(state: RequestState, events: Sequence[Event]) -> str | None:
    """What the citizen is told: the reply once its review passed, the direct answer, or where to turn instead."""
    if state.reply is not None and state.state in (State.PENDING_CALLBACK, State.CLOSED):
        return state.reply.text
    for event in reversed(events):
        if isinstance(event.what, AnsweredDirectly):
            return event.what.answer
        if isinstance(event.what, Rejected):
            return event.what.advice
    return None
