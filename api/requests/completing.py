"""Completing a leg: a department's reply goes to the activity that waits for it, never around the story.

A bad reply is refused here by the same pure rules, asked against the projection. The story has the last word; this door
waits a little until that word stands in the database, and otherwise says where to look.
"""

from __future__ import annotations

import asyncio

from activities.messages import LegAnswer
from api.frame.doors import Doors
from api.frame.listening import LOOK_AGAIN_SECONDS, Patience, heard
from api.frame.problems import not_found, problem
from api.requests.commanding import first_answer
from domain.commands import Answer, Order, SubmitReply
from domain.lifecycle import decide
from domain.request import RequestState
from persistence.answers import find_answer
from persistence.timeline import load_state
from workflows.client import NotAwaited

_RETRY_SECONDS = 0.2


async def complete(doors: Doors, number: str, order: Order, reply: SubmitReply) -> Answer | None:
    """Complete the leg's activity and wait for the story's answer; ``None`` if it is not there yet.

    Raises:
        Refused: the rules say no, at the door or in the story.
        Problem: ``not_found``, or ``not_awaited`` if the leg is open and yet nothing waits for its answer.
        EngineUnavailable: Temporal is away.
    """
    patience = Patience.of(doors.patience_seconds)
    with doors.bell.expecting(number) as rung:
        while True:
            stored, state = await _look(doors, number, order)
            if stored is not None:
                return stored
            if await _handed_over(doors, number, order, reply, state):
                return await _awaited(doors, order, rung, patience)
            if patience.left <= 0:
                raise problem(
                    "not_awaited",
                    "the leg is open and its story is not waiting yet",
                    expected="the same again, soon",
                )
            await asyncio.sleep(_RETRY_SECONDS)


async def _look(doors: Doors, number: str, order: Order) -> tuple[Answer | None, RequestState | None]:
    async with doors.looking() as connection:
        stored = await find_answer(connection, order.key)
        if stored is not None:
            return first_answer(stored.digest, stored.answer, order.digest), None
        return None, await load_state(connection, number)


async def _handed_over(
    doors: Doors, number: str, order: Order, reply: SubmitReply, state: RequestState | None
) -> bool:
    """Whether the story's activity took the reply; a reply that the rules refuse does not get that far."""
    if state is None or (leg := state.leg(reply.leg)) is None:
        raise not_found("leg")
    decide(state, order, doors.now())
    answer = LegAnswer(
        order.key, order.digest, order.by, reply.outcome, reply.text, reply.evidence, doors.now()
    )
    try:
        await doors.stories.complete_leg(number, leg.id, leg.awaits, answer)
    except NotAwaited:
        return False
    return True


async def _awaited(doors: Doors, order: Order, rung: asyncio.Event, patience: Patience) -> Answer | None:
    while patience.left > 0:
        # The bell hangs since before the story was asked, so nothing is missed by waiting first.
        await heard(rung, min(patience.left, LOOK_AGAIN_SECONDS))
        rung.clear()
        async with doors.looking() as connection:
            stored = await find_answer(connection, order.key)
        if stored is not None:
            return first_answer(stored.digest, stored.answer, order.digest)
    return None
