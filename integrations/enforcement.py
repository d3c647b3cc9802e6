"""The adapter of the enforcement case system: translation and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from pydantic import TypeAdapter

from domain.partners import CaseBrief, CaseMessage, Clue, Partner
from domain.policy import Urgency
from integrations.port import CaseLine, PartnerRejected, Receipt, Withdrawal
from integrations.translation import ACCEPTED, WITHDRAWAL, cases_since, in_utc, of_case, read_one, written
from integrations.transport import Transport, path_of, utc_now
from integrations.wire import enforcement as wire
from integrations.wire.envelope import PlaceSent

HURRY: Mapping[Urgency, wire.Hurry] = {
    Urgency.CRITICAL: "immediate",
    Urgency.URGENT: "fast",
    Urgency.HIGH: "fast",
    Urgency.NORMAL: "ordinary",
    Urgency.LOW: "ordinary",
    Urgency.CONSULT: "ordinary",
}

_MESSAGES = TypeAdapter(wire.EnforcementMessages)


class EnforcementGateway:
    """The enforcement case system, as every partner is spoken to (:class:`integrations.port.PartnerGateway`)."""

    partner: Partner = Partner.ENFORCEMENT

    def __init__(self, transport: Transport, now: Callable[[], datetime] = utc_now) -> None:
        self._transport = transport
        self._now = now

    async def aclose(self) -> None:
        """End the connections."""
        await self._transport.aclose()

    async def open(self, *, key: str, brief: CaseBrief) -> Receipt:
        """Hand a clue over."""
        with written():
            order = wire.ClueHandover(
                message_id=key,
                correlation_id=brief.case,
                sequence=1,
                sent_at=self._now(),
                data=_clue(brief),
            )
        accepted = await self._transport.send(wire.CLUES, order, key=key, answer=ACCEPTED)
        return Receipt(accepted.number)

    async def read(self, *, case: str) -> tuple[CaseMessage, ...]:
        """Everything that was said of a clue."""
        found = await self._transport.fetch(path_of(wire.CLUE_MESSAGES, case), _MESSAGES)
        return of_case(case, found.messages, translated)

    async def withdraw(self, *, key: str, case: str, reason: str) -> Withdrawal:
        """Take a clue back."""
        with written():
            order = wire.ClueWithdrawn(
                message_id=key,
                correlation_id=case,
                sequence=2,
                sent_at=self._now(),
                data=wire.WithdrawalData(reason=reason),
            )
        path = path_of(wire.CLUE_WITHDRAWAL, case)
        result = await self._transport.send(path, order, key=key, answer=WITHDRAWAL)
        return Withdrawal(result.outcome)

    async def confirm(self, *, key: str, case: str, note: str) -> None:
        """Say that the result was received."""
        with written():
            order = wire.ResultConfirmed(
                message_id=key,
                correlation_id=case,
                sequence=3,
                sent_at=self._now(),
                data=wire.ConfirmationData(note=note),
            )
        await self._transport.send(path_of(wire.CLUE_CONFIRMATION, case), order, key=key, answer=ACCEPTED)

    async def list_cases(self, *, since: datetime) -> Sequence[CaseLine]:
        """Every clue of ours that is open, or ended since."""
        return await cases_since(self._transport, wire.CLUES, "ended_since", since)

    def message_in(self, body: bytes) -> CaseMessage:
        """The message in a call-back's body."""
        return read_one(body, wire.ENFORCEMENT_MESSAGE, translated)


def _clue(brief: CaseBrief) -> wire.ClueData:
    handover = brief.handover
    if not isinstance(handover, Clue):
        raise PartnerRejected("not_sendable", "this partner takes clues only")
    place = brief.place
    return wire.ClueData(
        category=brief.category,
        place=PlaceSent(
            area=place.area, address=place.address, latitude=place.latitude, longitude=place.longitude
        ),
        facts=handover.facts,
        suspected_subject=handover.suspect,
        legal_basis=handover.legal_basis,
        photos=brief.evidence,
        hurry=HURRY[brief.urgency],
        reply_requested_by=brief.due_at,
    )


def translated(message: wire.EnforcementMessage) -> CaseMessage:
    """What a message says, in the words that all partners share."""
    bare = CaseMessage(
        id=message.message_id,
        case=message.correlation_id,
        sequence=message.sequence,
        kind=message.type,
        sent_at=in_utc(message.sent_at),
    )
    match message:
        case wire.ClueReceived(data=data):
            return replace(bare, number=data.clue_number, text=data.officer_unit)
        case wire.ClueRefused(data=data):
            return replace(bare, code=data.code, text=data.reason, unit=data.suggested_unit)
        case wire.CaseFiled(data=data):
            return replace(bare, number=data.case_number, code=data.procedure, text=data.filed_on.isoformat())
        case wire.OnSiteResult(data=data):
            until = data.correct_by and in_utc(data.correct_by)
            return replace(bare, code=data.result, text=data.note, until=until, evidence=data.photos)
        case wire.CaseDecided(data=data):
            return replace(bare, code=data.amount_class, text=f"{data.decision_number} {data.measure}")
        case wire.CaseClosed(data=data):
            return replace(bare, number=data.case_number, text=data.result, evidence=data.photos)
