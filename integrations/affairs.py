"""The adapter of the affairs platform: translation and nothing else."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from datetime import datetime

from pydantic import TypeAdapter

from domain.cases.affair_items import AffairItem
from domain.limits.policy import Urgency
from domain.partners import Affair, CaseBrief, CaseMessage, FoundMatter, Partner
from integrations.adapter import Adapter, Interface, Spelling
from integrations.port import PartnerRejected, PartnerUnavailable
from integrations.translation import envelope_of, in_utc
from integrations.wire import affairs as wire

_ITEMS = TypeAdapter(wire.ItemPage)


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
    bare = envelope_of(message, message.type)
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
        case wire.ReviewPosted(data=data):
            review = FoundMatter(data.text, score=data.score)
            return replace(bare, code=f"score_{data.score}", text=data.text, found=(review,))


class AffairsGateway(Adapter[wire.AffairMessage]):
    """The affairs platform: affairs are opened or followed; it has a catalogue of items too."""

    partner = Partner.AFFAIRS
    interface = Interface(
        handover=Spelling(wire.AFFAIRS, 1, wire.OpenAffair, _affair),
        withdrawal=Spelling(
            wire.AFFAIR_WITHDRAWAL,
            2,
            wire.WithdrawAffair,
            lambda reason: wire.AffairWithdrawalData(reason=reason),
        ),
        confirmation=Spelling(
            wire.AFFAIR_CONFIRMATION,
            3,
            wire.ConfirmAffair,
            lambda note: wire.AffairConfirmationData(note=note),
        ),
        messages=wire.AFFAIR_MESSAGES,
        ended_since="endedSince",
        told=TypeAdapter(wire.AffairMessages),
        message=wire.AFFAIR_MESSAGE,
        translated=translated,
    )

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
