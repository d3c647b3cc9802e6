"""Orders that the worker itself gives to other stories, answered as the doors answer them: once per key."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncEngine

from domain.commands import Answer, Order
from domain.lifecycle import decide
from domain.refusals import Refused
from domain.request import Intake
from persistence.answers import find_answer
from persistence.engine import ReadConnection, single_queries
from persistence.timeline import load_state
from workflows.client import StoryEnded

PATIENCE = timedelta(seconds=5)
"""How long a story that has not begun is waited for: it begins a moment after its call, unless something is wrong."""

_LOOK_AGAIN_SECONDS = 0.25


class Stories(Protocol):
    """The running stories; :class:`workflows.client.RequestClient` is the real one."""

    async def command(self, number: str, order: Order) -> Answer:
        """Give an order and wait for its answer; raises Refused, StoryEnded or EngineUnavailable."""
        ...

    async def resume(self, intake: Intake, order: Order) -> Answer:
        """Give an order to a request that has ended; raises Refused or EngineUnavailable."""
        ...


class Orders:
    """Gives orders and finds the answers that stand already."""

    def __init__(
        self,
        stories: Stories,
        engine: AsyncEngine,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        patience: timedelta = PATIENCE,
    ) -> None:
        self._stories = stories
        self._engine = single_queries(engine)
        self._now = now
        self._patience = patience

    async def give(self, number: str, order: Order) -> Answer:
        """Give an order and wait for its answer; what was answered before under its key is answered again.

        Raises:
            Refused: the rules say no; ``not_found``, there is no such request; ``not_started``, its story does not run.
            EngineUnavailable: no answer in time; try again with the same key.
        """
        answered = await self._answered(order.key)
        if answered is not None:
            return answered
        try:
            return await self._asked(number, order)
        except Refused:
            # An earlier try of the same order may have been obeyed meanwhile, and this one met what it left.
            answered = await self._answered(order.key)
            if answered is None:
                raise
            return answered

    async def _asked(self, number: str, order: Order) -> Answer:
        give_up_at = asyncio.get_running_loop().time() + self._patience.total_seconds()
        while True:
            try:
                return await self._stories.command(number, order)
            except StoryEnded:
                answered = await self._answered(order.key)
            if answered is not None:
                return answered
            ended = await self._has_ended(number, order)
            if ended is not None:
                return await self._stories.resume(ended, order)
            if asyncio.get_running_loop().time() >= give_up_at:
                raise Refused(
                    "not_started", "number", f"the story of {number} is not running", "the same again, soon"
                )
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)

    async def _answered(self, key: str) -> Answer | None:
        async with self._engine.connect() as connection:
            stored = await find_answer(ReadConnection(connection), key)
        return stored.answer if stored else None

    async def _has_ended(self, number: str, order: Order) -> Intake | None:
        """The intake of a request that has ended and may be given the order all the same; ``None`` if it may begin yet.

        Raises:
            Refused: it has ended, and the rules say no; or there is none.
        """
        async with self._engine.connect() as connection:
            state = await load_state(ReadConnection(connection), number)
        if state is None:
            raise Refused("not_found", "number", "there is no such request", "the number of a request")
        if not state.state.is_terminal:
            return None
        decide(state, order, self._now())
        return state.intake
