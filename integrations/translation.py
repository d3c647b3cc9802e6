"""What the adapters share of translating: pages of cases, messages of one case, orders that cannot be written."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, TypeVar

from pydantic import Field, TypeAdapter, ValidationError

from domain.partners import CaseMessage
from integrations.port import CaseLine, PartnerRejected, PartnerUnavailable, Unreadable
from integrations.transport import Transport, first_fault, told
from integrations.wire.envelope import Accepted, CasePage, Message, Rejected, WithdrawalResult

M = TypeVar("M", bound=Message)

_PAGE = TypeAdapter(CasePage)
_MOST_PAGES = 10_000

ACCEPTED: TypeAdapter[Accepted | Rejected] = TypeAdapter(
    Annotated[Accepted | Rejected, Field(discriminator="acknowledgement")]
)
WITHDRAWAL: TypeAdapter[WithdrawalResult | Rejected] = TypeAdapter(
    Annotated[WithdrawalResult | Rejected, Field(discriminator="acknowledgement")]
)


@contextmanager
def written() -> Generator[None]:
    """Around the writing of an order: what the partner's contract has no room for is a no, and not tried again.

    Raises:
        PartnerRejected: ``not_sendable``, with the field.
    """
    try:
        yield
    except ValidationError as error:
        raise PartnerRejected("not_sendable", told(error)) from error


def in_utc(instant: datetime) -> datetime:
    """The same instant, in UTC."""
    return instant.astimezone(UTC)


def read_one(body: bytes, adapter: TypeAdapter[M], translate: Callable[[M], CaseMessage]) -> CaseMessage:
    """The message in a call-back's body.

    Raises:
        Unreadable: it is none of the partner's messages.
    """
    try:
        message = adapter.validate_json(body)
    except ValidationError as error:
        raise Unreadable(*first_fault(error)) from error
    for field in ("schema_version", "source"):
        if field not in message.model_fields_set:
            raise Unreadable(field, "Field required")
    return translate(message)


def of_case(
    case: str, messages: Iterable[M], translate: Callable[[M], CaseMessage]
) -> tuple[CaseMessage, ...]:
    """The messages in the partner's order.

    Raises:
        PartnerUnavailable: one of them is about another case, so that none can be trusted.
    """
    translated = tuple(sorted(map(translate, messages), key=lambda message: message.sequence))
    if any(message.case != case for message in translated):
        raise PartnerUnavailable("the answer is about another case")
    return translated


async def cases_since(transport: Transport, path: str, parameter: str, since: datetime) -> Sequence[CaseLine]:
    """Every case in a partner's list, page by page.

    Raises:
        PartnerUnavailable: a page could not be had, or the pages never end.
    """
    lines: list[CaseLine] = []
    cursor = ""
    for _ in range(_MOST_PAGES):
        wanted = {parameter: in_utc(since).isoformat()} | ({"cursor": cursor} if cursor else {})
        page = await transport.fetch(path, _PAGE, wanted)
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
