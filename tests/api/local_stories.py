"""Stories told in this process: the real rules over the real record, without the workflow engine."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from activities.messages import LegAnswer
from domain.commands import Answer, Order, PassTime, RefuseReply, Register, SubmitReply
from domain.lifecycle import decide, fold
from domain.notices.telling import notices_of
from domain.refusals import Refused
from domain.request import Intake, RequestState
from domain.summary import summarize
from domain.units import SYSTEM
from persistence.append import Appender
from persistence.engine import reading
from persistence.timeline import load_state
from workflows.client import EngineUnavailable, NotAwaited, StoryEnded


class LocalStories:
    """What `workflows.client.RequestClient` does, done at once. `away` is an engine that does not answer;
    `stuck` one that takes a command and never gets to it, `asleep` one that takes a leg's answer and tells its story
    later."""

    def __init__(self, database: AsyncEngine, now: Callable[[], datetime]) -> None:
        self.away = False
        self.stuck = False
        self.asleep = False
        self.deaf = False
        self.orders: list[Order] = []
        self._database = database
        self._now = now
        self._appender = Appender(database)
        self._pens: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def begin(self, number: str) -> None:
        """Start the story, as the worker's starter does."""
        await self._obey(number, Order("", SYSTEM, Register()))

    async def let_time_pass(self, number: str) -> None:
        """Let everything happen that is due."""
        await self._obey(number, Order("", SYSTEM, PassTime()))

    async def command(self, number: str, order: Order) -> Answer:
        if self.away:
            raise EngineUnavailable("away")
        self.orders.append(order)
        if self.stuck:
            await asyncio.Event().wait()
        state = await self._state(number)
        if state is None or state.seq == 0 or state.state.is_terminal:
            raise StoryEnded(number)
        return await self._obey(number, order)

    async def resume(self, intake: Intake, order: Order) -> Answer:
        if self.away:
            raise EngineUnavailable("away")
        self.orders.append(order)
        return await self._obey(intake.number, order)

    async def complete_leg(self, number: str, leg: str, awaits: int, answer: LegAnswer) -> None:
        if self.away:
            raise EngineUnavailable("away")
        state = await self._state(number)
        awaited = state.leg(leg) if state else None
        if self.deaf or awaited is None or not awaited.is_open or awaited.awaits != awaits:
            raise NotAwaited(f"{number} {leg}.{awaits}")
        if not self.asleep:
            await self._take(number, leg, answer)

    async def is_reachable(self) -> bool:
        return not self.away

    async def _take(self, number: str, leg: str, answer: LegAnswer) -> None:
        reply = SubmitReply(leg, answer.outcome, answer.text, answer.evidence)
        try:
            await self._obey(number, Order(answer.key, answer.by, reply, answer.digest))
        except Refused as refused:
            late = RefuseReply(leg, refused.code, refused.reason)
            await self._obey(number, Order(answer.key, SYSTEM, late, answer.digest))

    async def _obey(self, number: str, order: Order) -> Answer:
        async with self._pens[number]:
            state = await self._state(number)
            assert state is not None
            events = decide(state, order, self._now())
            after, notices = state, []
            for event in events:
                after = fold(after, (event,))
                notices += notices_of(after, event)
            refused = order.act.code if isinstance(order.act, RefuseReply) else ""
            answer = Answer(number, after.state, after.seq, refused)
            await self._appender.append(
                events=events,
                summary=summarize(after),
                notices=tuple(notices),
                key=order.key or None,
                digest=order.digest,
                answer=answer if order.key else None,
            )
            return answer

    async def _state(self, number: str) -> RequestState | None:
        async with reading(self._database) as connection:
            return await load_state(connection, number)
