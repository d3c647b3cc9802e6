"""Calls to one partner, and the record of a case.

A partner that cannot be reached is called again, later each time, for as long as the case wants it. A partner's no is
an answer, and comes back as one.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.case_messages import PartnerAnswer, PartnerCall
from config.metrics import Metrics
from domain.cases.calls import Call, No
from domain.cases.state import CaseState
from domain.partners import CaseMessage, Partner, Via
from integrations.port import PartnerGateway, PartnerRejected, PartnerUnavailable
from persistence.engine import each_by_itself, single_queries, writing
from persistence.partner_cases import record_case
from persistence.partner_messages import note_messages

T = TypeVar("T")

BEAT_SECONDS = 3.0
"""Between two signs that a call is still under way."""

UNAVAILABLE = "partner_unavailable"
"""The type of the failure of a call that is to be made again."""

Note = Callable[[Partner, Sequence[CaseMessage]], Awaitable[None]]
"""Notes the messages that a case read by itself."""


class PartnerCalls:
    """Calls one partner through its gateway, and counts how that went."""

    def __init__(self, gateway: PartnerGateway, metrics: Metrics, note: Note) -> None:
        self._gateway = gateway
        self._metrics = metrics
        self._note = note

    @property
    def activities(self) -> list[Callable[..., Any]]:
        """What a worker of this partner registers."""
        return [self.open, self.read, self.withdraw, self.confirm]

    @activity.defn(name="partner_open")
    async def open(self, call: PartnerCall) -> PartnerAnswer:
        """Hand a case over."""
        if call.brief is None:
            raise ApplicationError("a case without a brief cannot be handed over", non_retryable=True)
        asked = self._gateway.open(key=call.key, brief=call.brief)
        return await self._answer(Call.OPEN, asked, lambda receipt: PartnerAnswer(number=receipt.number))

    @activity.defn(name="partner_read")
    async def read(self, call: PartnerCall) -> PartnerAnswer:
        """Ask what the partner has said of a case; what is new is noted as read."""

        def news(said: Sequence[CaseMessage]) -> PartnerAnswer:
            return PartnerAnswer(messages=tuple(each for each in said if each.sequence > call.after))

        answer = await self._answer(Call.READ, self._gateway.read(case=call.case), news)
        if answer.messages:
            await self._note(self._gateway.partner, answer.messages)
        return answer

    @activity.defn(name="partner_withdraw")
    async def withdraw(self, call: PartnerCall) -> PartnerAnswer:
        """Take a case back."""
        asked = self._gateway.withdraw(key=call.key, case=call.case, reason=call.said)
        return await self._answer(
            Call.WITHDRAW,
            asked,
            lambda became: PartnerAnswer(irrevocable=became.irrevocable, reason=became.reason),
        )

    @activity.defn(name="partner_confirm")
    async def confirm(self, call: PartnerCall) -> PartnerAnswer:
        """Tell the partner that its result was received."""
        asked = self._gateway.confirm(key=call.key, case=call.case, note=call.said)
        return await self._answer(Call.CONFIRM, asked, lambda _nothing: PartnerAnswer())

    async def _answer(
        self, call: Call, asked: Awaitable[T], read: Callable[[T], PartnerAnswer]
    ) -> PartnerAnswer:
        """What the partner answers, a no as well; counted and timed, whatever comes of it."""
        begun, result = time.monotonic(), "failed"
        try:
            said = await _to_its_end(asked)
            result = "done"
            return read(said)
        except PartnerRejected as no:
            result = "rejected"
            return PartnerAnswer(no=No(no.code, no.reason, no.unit))
        except PartnerUnavailable as unavailable:
            result = "unavailable"
            raise ApplicationError(
                str(unavailable),
                type=UNAVAILABLE,
                next_retry_delay=unavailable.retry_after,
                category=ApplicationErrorCategory.BENIGN,
                # Its causes and their tracebacks are more than the engine keeps of a failure that is tried again.
            ) from None
        finally:
            labels = self._gateway.partner.value, call.value
            self._metrics.partner_calls.labels(*labels, result).inc()
            self._metrics.partner_call_seconds.labels(*labels).observe(time.monotonic() - begun)


class CaseRecords:
    """Keeps where each case stands."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = single_queries(engine)

    @activity.defn(name="record_case")
    async def record_case(self, state: CaseState) -> None:
        """Write down how a case stands, once per version."""
        async with each_by_itself(self._engine) as connection:
            await record_case(connection, state)


async def _to_its_end(asked: Awaitable[T]) -> T:
    """The answer to a call, waited for even when the case does not want it any more: the call may have had its effect,
    and what comes next must know.
    """
    call = asyncio.ensure_future(asked)
    while not call.done():
        try:
            await asyncio.wait({call}, timeout=BEAT_SECONDS)
        except asyncio.CancelledError:
            if activity.is_worker_shutdown():
                call.cancel()
                raise
        activity.heartbeat()
    return call.result()


def noting_in(engine: AsyncEngine) -> Note:
    """Notes what cases read by themselves among the partners' messages."""

    async def note(partner: Partner, messages: Sequence[CaseMessage]) -> None:
        async with writing(engine) as connection:
            await note_messages(connection, partner, messages, Via.POLL, datetime.now(UTC))

    return note
