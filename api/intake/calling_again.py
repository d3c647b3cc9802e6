"""Somebody calls again about a matter of theirs that is still open: their request is urged instead of made twice.

What they say now goes to the open request as a citizen's urge; where it was urged today already, as a comment. Both are
orders to its story, under the key of the call, so that the same call gets the same answer again.

A call is never lost, and never waits for the engine: where the open request cannot take the words within
``ADDING_SECONDS`` (the engine is away, its story does not begin, the rules say no), the call is registered like any
other, with ``repeat_of`` naming the open request, and a person may merge the two. Should the engine take an order late
that this door has given up, the request is urged once more than it had to be; the key's answer stays the new number.
"""

from __future__ import annotations

import asyncio

import structlog

from api.frame.doors import Doors
from api.frame.problems import Problem
from api.requests.bodies import RegisterBody
from api.requests.commanding import asked, in_flight
from domain.commands import Answer, Comment, Order, Urge
from domain.refusals import Refused
from domain.units import Actor, Role
from workflows.client import EngineUnavailable

ADDING_SECONDS = 0.7
"""How long the open request may take to answer: with the rest, a caller has a number within a second."""
_COMMENT_INSTEAD = frozenset({"urged_today", "not_possible_now"})
"""Refusals of an urge after which the words are kept without one."""

_log = structlog.stdlib.get_logger()


async def added_to(
    doors: Doors, number: str, body: RegisterBody, *, key: str, digest: str, person: str
) -> Answer | None:
    """Let the open request take what was said; ``None`` if it does not, for whatever reason.

    Raises:
        Refused: ``idempotency_conflict``.
    """
    said = _said(body)
    by = Actor(Role.CITIZEN, person)
    try:
        async with asyncio.timeout(ADDING_SECONDS):
            for act in (Urge(said), Comment(said)):
                order = Order(key, by, act, digest)
                try:
                    with in_flight(order):
                        return await asked(doors, number, order)
                except Refused as refused:
                    if refused.code == "idempotency_conflict":
                        raise
                    if refused.code not in _COMMENT_INSTEAD:
                        return None
    except (EngineUnavailable, Problem, TimeoutError) as error:
        _log.info("registered_anew", open_request=number, reason=type(error).__name__)
    return None


def _said(body: RegisterBody) -> str:
    """The words of the call, with what they leave out."""
    further = [
        f"地点 place {body.place.area} {body.place.address}" if body.place and body.place.address else "",
        f"人数 people {body.people}" if body.people > 1 else "",
    ]
    return "\n".join((body.description, *(f"[{line}]" for line in further if line)))
