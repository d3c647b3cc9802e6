"""The card ledger: sees to it that two yellow cards of a unit in one month make a red one.

Several workers may run one: a pair is found by one of them, and its red card is ordered under the pair's own key, so it
comes once, whoever orders it and however often.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.card_pairs import PairResult
from domain.commands import Answer, Order, RaiseCard
from domain.refusals import Refused
from domain.units import SYSTEM
from persistence.cards import PendingPair, find_pairs, pending_pairs, settle_pair
from persistence.engine import each_by_itself, reading, writing
from worker.rounds import go_round

log = structlog.get_logger()

Give = Callable[[str, Order], Awaitable[Answer]]
"""Gives an order to a request; raises Refused where the rules say no, OSError while the engine is away."""

LOOK_BACK = timedelta(days=62)
"""This month and the last one: a pair whose second card came while no worker ran is found all the same."""

AT_ONCE = 8
"""Orders that are under way at one time."""

_NOT_YET = frozenset({"not_started", "no_such_card"})
"""Refusals that settle nothing: the story does not run at present, or the card was cancelled a moment ago, which breaks
the pair at the next round."""


class CardLedger:
    """Looks every ``interval`` for pairs of yellow cards."""

    def __init__(
        self,
        engine: AsyncEngine,
        give: Give,
        *,
        interval: timedelta = timedelta(seconds=30),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._engine = engine
        self._give = give
        self._interval = interval
        self._now = now

    async def run(self) -> None:
        """Go on until cancelled. A round that fails is told and tried again at the next."""
        await go_round(self.look, self._interval, "card_ledger_interrupted")

    async def look(self) -> None:
        """One round: write down the new pairs, then order the red cards that wait."""
        now = self._now()
        async with writing(self._engine) as connection:
            await find_pairs(connection, now - LOOK_BACK, now)
        async with reading(self._engine) as connection:
            waiting = iter(await pending_pairs(connection))
        # An outage met by one is not to cut off what the others have under way.
        outcomes = await asyncio.gather(
            *(self._raise_some(waiting) for _ in range(AT_ONCE)), return_exceptions=True
        )
        for outcome in outcomes:
            if outcome is not None:
                raise outcome

    async def _raise_some(self, waiting: Iterator[PendingPair]) -> None:
        for pair in waiting:
            try:
                await self._raise(pair)
            except (OSError, SQLAlchemyError):
                raise
            except Exception:  # one pair that fails must not stop the others
                log.exception("red_card_not_given", pair=pair.key)

    async def _raise(self, pair: PendingPair) -> None:
        """Order the red card at the later card's request, or at the earlier's where that one has ended."""
        refused = await self._ordered(pair, pair.later_number, pair.later_leg)
        if refused == "request_ended":
            refused = await self._ordered(pair, pair.earlier_number, pair.earlier_leg)
        if refused and refused not in _NOT_YET:
            await self._settle(pair, PairResult.REFUSED, code=refused)

    async def _ordered(self, pair: PendingPair, number: str, leg: str) -> str:
        """The code with which the red card was refused; empty where it was given."""
        reason = f"一月内两张黄牌合为一张红牌（{pair.month}） two yellow cards in a month make a red one"
        try:
            answer = await self._give(number, Order(pair.key, SYSTEM, RaiseCard(leg, reason)))
        except Refused as refused:
            return refused.code
        await self._settle(pair, PairResult.GIVEN, given_to=answer.number)
        return ""

    async def _settle(
        self, pair: PendingPair, result: PairResult, *, given_to: str | None = None, code: str = ""
    ) -> None:
        async with each_by_itself(self._engine) as connection:
            await settle_pair(connection, pair, result, self._now(), given_to=given_to, code=code)
        log.info("yellow_cards_paired", pair=pair.key, result=result, request=given_to, code=code)
