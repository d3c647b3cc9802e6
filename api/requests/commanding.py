"""Giving an order: look for the answer stored under its key first, then ask the running story."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Generator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field

from api.frame.access import Principal, acting_role
from api.frame.digests import digest_of
from api.frame.doors import Doors
from api.frame.fields import etag, seen_event
from api.frame.listening import LOOK_AGAIN_SECONDS, Patience, heard
from api.frame.problems import Problem, not_found, problem
from api.frame.sight import sees
from domain.commands import Act, Answer, Dispatch, Order, Reassign, StartJoint
from domain.levels import Level
from domain.lifecycle import decide
from domain.refusals import Refused
from domain.request import RequestState
from domain.responsibility.superiors import Reach
from domain.units import Actor, Role
from persistence.answers import StoredAnswer, find_answer
from persistence.timeline import load_state
from workflows.client import StoryEnded

_IN_FLIGHT: dict[str, str] = {}
"""Digest by key of the orders on their way: two bodies under one key may come at the same moment."""


class Given(BaseModel):
    """The answer to a command: where the request stands after it."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"number": "20261123-0000042", "state": "in_progress", "seq": 7}]}
    )

    number: str
    state: str
    seq: int = Field(description="number of the last event; also the ETag")


async def give(
    doors: Doors,
    principal: Principal,
    number: str,
    act: str,
    make: Callable[[], Awaitable[Act]],
    *,
    key: str,
    body: BaseModel,
    if_match: str | None,
    role: str | None,
    response: Response,
    leg: str | None = None,
    among: Collection[Role] | None = None,
    called: str | None = None,
) -> Given:
    """Let a request's story obey an act, once per key.

    ``make`` makes the act, and may refuse to: it is asked only where no answer stands under the key, since what it
    looks at (legs, units, policies) has moved on when an answered order comes again. ``leg`` is the leg in the path;
    ``among`` are the roles of the act's row that this order may be given in, ``called`` tells doors of one act apart.

    Raises:
        Problem, Refused: the request is not to be seen, the role may not, the rules say no, or the engine is away.
    """
    by = actor_of(principal, act, role, among)
    own_key, digest = (
        principal.own_key(key),
        digest_of(number, called or act, *((leg,) if leg else ()), body=body),
    )
    async with doors.looking() as connection:
        if not await sees(connection, principal, number):
            raise not_found("leg" if leg else "request")
        stored = await find_answer(connection, own_key)
    if stored is not None:
        answer = first_answer(stored.digest, stored.answer, digest)
    else:
        order = Order(own_key, by, with_reach(principal, await make()), digest, seen_event(if_match))
        with in_flight(order):
            answer = await asked(doors, number, order)
    return given(answer, response)


def order_of(
    principal: Principal,
    number: str,
    act: Act,
    *,
    key: str,
    body: BaseModel,
    if_match: str | None = None,
    role: str | None = None,
) -> Order:
    """The order of a principal. Keys are the sender's own: two senders may choose the same one."""
    return Order(
        key=principal.own_key(key),
        by=actor_of(principal, act.act, role),
        act=act,
        digest=digest_of(number, act.act, *_leg_of(act), body=body),
        expected_seq=seen_event(if_match),
    )


def with_reach(principal: Principal, act: Act) -> Act:
    """The act with how far its author's word goes, where it gives work to a unit that is named."""
    if not isinstance(act, Dispatch | Reassign | StartJoint) or act.unit is None:
        return act
    area = principal.unit.area if principal.unit else ""
    return replace(act, reach=Reach(principal.level or Level.CITY, area))


def actor_of(
    principal: Principal, act: str, role: str | None, among: Collection[Role] | None = None
) -> Actor:
    """The principal as the author of an act.

    Raises:
        Refused: ``role_not_allowed``.
    """
    return Actor(
        role=acting_role(principal, act, role, among),
        person=principal.name,
        unit=principal.unit.code if principal.unit else None,
        level=principal.level,
    )


def given(answer: Answer, response: Response) -> Given:
    """The answer as a body, with its ETag."""
    response.headers["ETag"] = etag(answer.seq)
    return Given(number=answer.number, state=answer.state, seq=answer.seq)


def first_answer(stored_digest: str, answer: Answer, digest: str) -> Answer:
    """The answer stored under a key, if it was this body's.

    Raises:
        Refused: ``idempotency_conflict``, or the code with which the first order under the key was refused.
    """
    if stored_digest != digest:
        raise conflict()
    if answer.refused:
        raise Refused(
            answer.refused, "", "the request had moved on when the answer arrived", "read the request again"
        )
    return answer


def conflict() -> Refused:
    """The same key came with another body."""
    return Refused(
        "idempotency_conflict", "Idempotency-Key", "this key came with another body before", "a fresh key"
    )


@contextmanager
def in_flight(order: Order) -> Generator[None]:
    """Note that the order is on its way.

    Raises:
        Refused: ``idempotency_conflict`` if another body is on its way under the same key.
    """
    if _IN_FLIGHT.get(order.key, order.digest) != order.digest:
        raise conflict()
    first = order.key not in _IN_FLIGHT
    _IN_FLIGHT[order.key] = order.digest
    try:
        yield
    finally:
        if first:
            _IN_FLIGHT.pop(order.key, None)


async def asked(doors: Doors, number: str, order: Order) -> Answer:
    """Ask the story; one that has not begun yet is waited for a little, since it begins a moment after the call.

    Raises:
        Refused: the rules say no.
        Problem: ``not_found``, or ``not_started`` if the story has not begun in time.
        EngineUnavailable: Temporal is away.
    """
    try:
        return await _asked(doors, number, order)
    except Refused:
        # The same order may have been obeyed a moment ago under an earlier try, and this one met what it left.
        async with doors.looking() as connection:
            stored = await find_answer(connection, order.key)
        if stored is None:
            raise
        return first_answer(stored.digest, stored.answer, order.digest)


async def _asked(doors: Doors, number: str, order: Order) -> Answer:
    patience = Patience.of(doors.patience_seconds)
    with doors.bell.expecting(number) as rung:
        while True:
            try:
                return await doors.stories.command(number, order)
            except StoryEnded:
                stored, state = await _found(doors, number, order)
            if stored is not None:
                return first_answer(stored.digest, stored.answer, order.digest)
            if state is not None and state.state.is_terminal:
                return await _resumed(doors, state, order)
            if state is None or state.seq or patience.left <= 0:
                raise _why_no_story(state)
            await heard(rung, min(patience.left, LOOK_AGAIN_SECONDS))
            rung.clear()


async def _resumed(doors: Doors, state: RequestState, order: Order) -> Answer:
    """Ask a story that has ended. The rules are asked first, so that a refused order starts no run.

    Raises:
        Refused: the rules say no.
    """
    decide(state, order, doors.now())
    return await doors.stories.resume(state.intake, order)


async def _found(doors: Doors, number: str, order: Order) -> tuple[StoredAnswer | None, RequestState | None]:
    async with doors.looking() as connection:
        return await find_answer(connection, order.key), await load_state(connection, number)


def _why_no_story(state: RequestState | None) -> Problem:
    """No workflow runs: the request has not begun, or there is none."""
    if state is None:
        return not_found("request")
    return problem(
        "not_started", f"the story of {state.number} is not running yet", expected="the same again, soon"
    )


def _leg_of(act: Act) -> tuple[str, ...]:
    leg: Any = getattr(act, "leg", None)
    return (leg,) if isinstance(leg, str) else ()
