"""Delivering what partners said to the stories of their cases, which may be over, or not known here at all.

Delivery may happen twice; a story counts each message once. A partner reaches its own cases only.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.cases.state import CaseState
from domain.partners import CaseMessage
from persistence import partner_messages
from persistence.engine import ReadConnection, each_by_itself, single_queries
from persistence.partner_cases import load_case
from persistence.partner_messages import TRIED_FOR, KeptMessage, case_unknown, message_delivered
from worker.starter import Queue
from workflows.case_client import CaseNotRunning

log = structlog.get_logger()


class Cases(Protocol):
    """The stories of cases; :class:`workflows.case_client.CaseClient` is the real one. All raise RPCError while the
    engine is away.
    """

    async def deliver(self, message: CaseMessage) -> None:
        """Hand a message to its case; raises CaseNotRunning."""
        ...

    async def deliver_late(self, state: CaseState, message: CaseMessage) -> None:
        """Hand a message to a case whose story is over, and which begins once more."""
        ...

    async def look(self, case: str) -> None:
        """Let a case ask its partner now; raises CaseNotRunning."""
        ...


def _key_of(kept: KeptMessage) -> str:
    return str(kept.id)


PARTNER_MESSAGES = Queue(
    "partner inbox",
    "partner_message_not_delivered",
    partner_messages.CHANNEL,
    partner_messages.lease_waiting,
    partner_messages.free_messages,
    _key_of,
)


class PartnerInbox:
    """Delivers one message at a time; :class:`worker.starter.Starter` brings those that wait."""

    def __init__(
        self,
        engine: AsyncEngine,
        cases: Cases,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._engine = single_queries(engine)
        self._cases = cases
        self._now = now

    async def deliver(self, kept: KeptMessage) -> None:
        """Hand a message to its case; where nobody knows the case, try again for a day.

        Raises:
            RPCError: the engine is away, or refuses; the message waits on.
        """
        state = await self._case_of(kept)
        if state is None:
            await self._leave_or_try_again(kept)
            return
        is_late = False
        try:
            await self._cases.deliver(kept.message)
        except CaseNotRunning:
            is_late = True
            await self._cases.deliver_late(state, kept.message)
        async with each_by_itself(self._engine) as connection:
            await message_delivered(connection, kept.id, self._now(), late=is_late)

    async def _case_of(self, kept: KeptMessage) -> CaseState | None:
        async with self._engine.connect() as connection:
            state = await load_case(ReadConnection(connection), kept.message.case)
        return state if state is not None and state.brief.partner is kept.partner else None

    async def _leave_or_try_again(self, kept: KeptMessage) -> None:
        # A call-back can overtake our own record of its case, though not by a day.
        waited = self._now() - (kept.assigned_at or kept.received_at)
        async with each_by_itself(self._engine) as connection:
            await case_unknown(connection, kept.id, try_again=waited < TRIED_FOR)
        log.warning("partner_case_unknown", partner=kept.partner, case=kept.message.case, message=kept.id)
