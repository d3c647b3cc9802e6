"""The adapter of the affairs platform: translation and nothing else."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import replace
from datetime import datetime

from pydantic import TypeAdapter

from domain.affair_items import AffairItem
from domain.partners import Affair, CaseBrief, CaseMessage, Partner
from domain.policy import Urgency
from integrations.port import CaseLine, PartnerRejected, PartnerUnavailable, Receipt, Withdrawal
from integrations.translation import ACCEPTED, WITHDRAWAL, cases_since, in_utc, of_case, read_one, written
from integrations.transport import Transport, path_of, utc_now
from integrations.wire import affairs as wire

_MESSAGES = TypeAdapter(wire.AffairMessages)
_ITEMS = TypeAdapter(wire.ItemPage)


class AffairsGateway:
    """The affairs platform, spoken to as every partner (:class:`integrations.port.PartnerGateway`), with its items."""

    partner: Partner = Partner.AFFAIRS

    def __init__(self, transport: Transport, now: Callable[[], datetime] = utc_now) -> None:
        self._transport = transport
        self._now = now

    async def aclose(self) -> None:
        """End the connections."""
        await self._transport.aclose()

    async def open(self, *, key: str, brief: CaseBrief) -> Receipt:
        """Open an affair, or follow one that the citizen has already."""
        with written():
            order = wire.OpenAffair(
                message_id=key,
                correlation_id=brief.case,
                sequence=1,
                sent_at=self._now(),
                data=_affair(brief),
            )
        accepted = await self._transport.send(wire.AFFAIRS, order, key=key, answer=ACCEPTED)
        return Receipt(accepted.number)

    async def read(self, *, case: str) -> tuple[CaseMessage, ...]:
        """Everything that was said of an affair."""
        found = await self._transport.fetch(path_of(wire.AFFAIR_MESSAGES, case), _MESSAGES)
        return of_case(case, found.messages, translated)

    async def withdraw(self, *, key: str, case: str, reason: str) -> Withdrawal:
        """Take an affair back."""
        with written():
            order = wire.WithdrawAffair(
                message_id=key,
                correlation_id=case,
                sequence=2,
                sent_at=self._now(),
                data=wire.AffairWithdrawalData(reason=reason),
            )
        path = path_of(wire.AFFAIR_WITHDRAWAL, case)
        result = await self._transport.send(path, order, key=key, answer=WITHDRAWAL)
        return Withdrawal(result.outcome)

    async def confirm(self, *, key: str, case: str, note: str) -> None:
        """Say that the result was received."""
        with written():
            order = wire.ConfirmAffair(
                message_id=key,
                correlation_id=case,
                sequence=3,
                sent_at=self._now(),
                data=wire.AffairConfirmationData(note=note),
            )
        await self._transport.send(path_of(wire.AFFAIR_CONFIRMATION, case), order, key=key, answer=ACCEPTED)

    async def list_cases(self, *, since: datetime) -> Sequence[CaseLine]:
        """Every affair of ours that is open, or ended since."""
        return await cases_since(self._transport, wire.AFFAIRS, "endedSince", since)

    def message_in(self, body: bytes) -> CaseMessage:
        """The message in a call-back's body."""
        return read_one(body, wire.AFFAIR_MESSAGE, translated)

    async def items(self, changed_since: datetime | None) -> AsyncGenerator[Sequence[AffairItem]]:
        """The catalogue's items that changed since an instant (else all), page by page, the oldest change first.

        Raises:
            PartnerUnavailable: a page could not be had; what came before it stands.
        """
        changed = {} if changed_since is None else {"changedSince": in_utc(changed_since).isoformat()}
        cursor = ""
        while True:
            page = await self._transport.fetch(
                wire.ITEMS, _ITEMS, changed | ({"cursor": cursor} if cursor else {})
            )
            yield [_item(item) for item in page.items]
            if not page.next_cursor:
                return
            if page.next_cursor == cursor:
                raise PartnerUnavailable("the catalogue has no end")
            cursor = page.next_cursor


def _affair(brief: CaseBrief) -> wire.AffairData:
    handover = brief.handover
    if not isinstance(handover, Affair):
        raise PartnerRejected("not_sendable", "this partner takes affairs only")
    return wire.AffairData(
        item_code=handover.item_code,
        consent_token=handover.consent,
        division_code=brief.place.area,
        statement=handover.facts,
        materials=(*handover.materials, *brief.evidence),
        window_preference=handover.window,
        follows_case_no=handover.follows,
        urgent=brief.urgency in (Urgency.CRITICAL, Urgency.URGENT),
        answer_by=brief.due_at,
    )


def _item(item: wire.Item) -> AffairItem:
    return AffairItem(
        code=item.item_code,
        name=item.name,
        owner=item.owner,
        audience=item.audience,
        kind=item.kind,
        legal_days=item.legal_days,
        promised_days=item.promised_days,
        channels=item.channels,
        version=item.version,
        withdrawn=item.withdrawn,
        changed_at=in_utc(item.changed_at),
    )


def translated(message: wire.AffairMessage) -> CaseMessage:
    """What a message says, in the words that all partners share."""
    bare = CaseMessage(
        id=message.message_id,
        case=message.correlation_id,
        sequence=message.sequence,
        kind=message.type,
        sent_at=in_utc(message.sent_at),
    )
    match message:
        case wire.AffairAccepted(data=data):
            return replace(bare, number=data.case_no, until=in_utc(data.promised_by))
        case wire.SupplementRequired(data=data):
            return replace(bare, text="；".join(data.materials), until=in_utc(data.until))
        case wire.AffairProgress(data=data):
            return replace(bare, text=data.step)
        case wire.AffairDecided(data=data):
            return replace(bare, code=data.decision, text=data.reason or data.document_no)
        case wire.ReadyForCollection(data=data):
            return replace(bare, code=data.collection_code, text=data.where, until=in_utc(data.until))
        case wire.AffairCollected():
            return bare
        case wire.AffairUncollected(data=data):
            return replace(bare, text=data.returned_to)
        case wire.AffairWithdrawn(data=data):
            return replace(bare, code=data.code, text=data.reason)
