"""What the three adapters do alike: each says only how its partner spells it, in an :class:`Interface`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from pydantic import BaseModel, TypeAdapter

from domain.partners import CaseBrief, CaseMessage, Partner
from integrations.port import CaseLine, Receipt, Withdrawal
from integrations.translation import ACCEPTED, WITHDRAWAL, M, cases_since, of_case, read_one, written
from integrations.transport import Transport, path_of, utc_now
from integrations.wire.envelope import Order

M_co = TypeVar("M_co", covariant=True)


class Told(Protocol[M_co]):
    """An answer that lists what was said of a case."""

    @property
    def messages(self) -> Sequence[M_co]:
        """The messages, in any order."""
        ...


@dataclass(frozen=True, slots=True)
class Spelling:
    """One of the three things that a partner is asked about a case: where it is sent, its place in the case, and the
    forms of its envelope and of what stands in it.
    """

    path: str
    sequence: int
    envelope: Callable[..., Order]
    data: Callable[[Any], BaseModel]


@dataclass(frozen=True, slots=True)
class Interface(Generic[M]):
    """How one partner spells what every partner is asked, and what it says."""

    handover: Spelling
    withdrawal: Spelling
    confirmation: Spelling
    messages: str
    ended_since: str
    told: TypeAdapter[Any]
    message: TypeAdapter[M]
    translated: Callable[[M], CaseMessage]


class Adapter(Generic[M]):
    """A partner, as every partner is spoken to (:class:`integrations.port.PartnerGateway`)."""

    partner: Partner
    interface: ClassVar[Interface[Any]]

    def __init__(self, transport: Transport, now: Callable[[], datetime] = utc_now) -> None:
        self._transport = transport
        self._now = now

    async def aclose(self) -> None:
        """End the connections."""
        await self._transport.aclose()

    async def open(self, *, key: str, brief: CaseBrief) -> Receipt:
        """Hand a case over."""
        order = self.interface.handover
        body = self._written(order, key, brief.case, brief)
        accepted = await self._transport.send(order.path, body, key=key, answer=ACCEPTED)
        return Receipt(accepted.number)

    async def read(self, *, case: str) -> tuple[CaseMessage, ...]:
        """Everything that was said of a case."""
        found: Told[M] = await self._transport.fetch(
            path_of(self.interface.messages, case), self.interface.told
        )
        return of_case(case, found.messages, self.interface.translated)

    async def withdraw(self, *, key: str, case: str, reason: str) -> Withdrawal:
        """Take a case back."""
        order = self.interface.withdrawal
        body = self._written(order, key, case, reason)
        result = await self._transport.send(path_of(order.path, case), body, key=key, answer=WITHDRAWAL)
        return Withdrawal(result.outcome)

    async def confirm(self, *, key: str, case: str, note: str) -> None:
        """Say that the result was received."""
        order = self.interface.confirmation
        body = self._written(order, key, case, note)
        await self._transport.send(path_of(order.path, case), body, key=key, answer=ACCEPTED)

    async def list_cases(self, *, since: datetime) -> Sequence[CaseLine]:
        """Every case of ours that is open, or ended since."""
        path, parameter = self.interface.handover.path, self.interface.ended_since
        return await cases_since(self._transport, path, parameter, since)

    def message_in(self, body: bytes) -> CaseMessage:
        """The message in a call-back's body."""
        return read_one(body, self.interface.message, self.interface.translated)

    def _written(self, order: Spelling, key: str, case: str, said: CaseBrief | str) -> Order:
        with written():
            return order.envelope(
                message_id=key,
                correlation_id=case,
                sequence=order.sequence,
                sent_at=self._now(),
                data=order.data(said),
            )
