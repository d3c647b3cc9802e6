"""What the three adapters do alike: each says only how its partner spells it, in an :class:`Interface`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar, Generic, Protocol, TypeVar

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from domain.partners import CaseBrief, CaseMessage, Partner
from integrations.port import (
    CaseLine,
    PartnerRejected,
    PartnerUnavailable,
    Receipt,
    Unreadable,
    Withdrawal,
)
from integrations.translation import in_utc
from integrations.transport import Transport, first_fault, path_of, utc_now, worded
from integrations.wire.envelope import Accepted, CasePage, Message, Order, Rejected, WithdrawalResult

M = TypeVar("M", bound=Message)
M_co = TypeVar("M_co", covariant=True)

ACCEPTED: TypeAdapter[Accepted | Rejected] = TypeAdapter(
    Annotated[Accepted | Rejected, Field(discriminator="acknowledgement")]
)
_WITHDRAWAL: TypeAdapter[WithdrawalResult | Rejected] = TypeAdapter(
    Annotated[WithdrawalResult | Rejected, Field(discriminator="acknowledgement")]
)
_PAGE = TypeAdapter(CasePage)
_MOST_PAGES = 10_000


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
        said = tuple(
            sorted(map(self.interface.translated, found.messages), key=lambda message: message.sequence)
        )
        if any(message.case != case for message in said):
            raise PartnerUnavailable("the answer is about another case")
        return said

    async def withdraw(self, *, key: str, case: str, reason: str) -> Withdrawal:
        """Take a case back."""
        order = self.interface.withdrawal
        body = self._written(order, key, case, reason)
        result = await self._transport.send(path_of(order.path, case), body, key=key, answer=_WITHDRAWAL)
        return Withdrawal(irrevocable=result.outcome == "irrevocable", reason=result.reason)

    async def confirm(self, *, key: str, case: str, note: str) -> None:
        """Say that the result was received."""
        order = self.interface.confirmation
        body = self._written(order, key, case, note)
        await self._transport.send(path_of(order.path, case), body, key=key, answer=ACCEPTED)

    async def list_cases(self, *, since: datetime) -> Sequence[CaseLine]:
        """Every case of ours that is open, or ended since, page by page."""
        asked = {self.interface.ended_since: in_utc(since).isoformat()}
        lines: list[CaseLine] = []
        cursor = ""
        for _ in range(_MOST_PAGES):
            wanted = asked | ({"cursor": cursor} if cursor else {})
            page = await self._transport.fetch(self.interface.handover.path, _PAGE, wanted)
            lines += (
                CaseLine(entry.correlation_id, entry.last_sequence, entry.last_type, entry.ended)
                for entry in page.cases
            )
            if not page.next_cursor:
                return lines
            if page.next_cursor == cursor:
                break
            cursor = page.next_cursor
        raise PartnerUnavailable("the list has no end")

    def message_in(self, body: bytes) -> CaseMessage:
        """The message in a call-back's body."""
        try:
            message = self.interface.message.validate_json(body)
        except ValidationError as error:
            # The first step is the kind of the message, by which its form was chosen.
            raise Unreadable(*first_fault(error, below=1)) from error
        for field in ("schema_version", "source"):
            if field not in message.model_fields_set:
                raise Unreadable(field, "Field required")
        return self.interface.translated(message)

    def _written(self, order: Spelling, key: str, case: str, said: CaseBrief | str) -> Order:
        try:
            return order.envelope(
                message_id=key,
                correlation_id=case,
                sequence=order.sequence,
                sent_at=self._now(),
                data=order.data(said),
            )
        except ValidationError as error:
            # What the contract has no room for is a no: the same again would fail again.
            raise PartnerRejected("not_sendable", worded(error)) from error
