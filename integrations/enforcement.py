"""The adapter of the enforcement case system: translation and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pydantic import TypeAdapter

from domain.limits.policy import Urgency
from domain.partners import CaseBrief, CaseMessage, Clue, Partner
from integrations.adapter import Adapter, Interface, Spelling
from integrations.port import PartnerRejected
from integrations.translation import envelope_of, in_utc, place_sent
from integrations.wire import enforcement as wire

HURRY: Mapping[Urgency, wire.Hurry] = {
    Urgency.CRITICAL: "immediate",
    Urgency.URGENT: "fast",
    Urgency.HIGH: "fast",
    Urgency.NORMAL: "ordinary",
    Urgency.LOW: "ordinary",
    Urgency.CONSULT: "ordinary",
}


def _clue(brief: CaseBrief) -> wire.ClueData:
    handover = brief.handover
    if not isinstance(handover, Clue):
        raise PartnerRejected("not_sendable", "this partner takes clues only")
    return wire.ClueData(
        category=brief.category,
        place=place_sent(brief.place),
        facts=handover.facts,
        suspected_subject=handover.suspect,
        legal_basis=handover.legal_basis,
        photos=brief.evidence,
        hurry=HURRY[brief.urgency],
        reply_requested_by=brief.due_at,
    )


def translated(message: wire.EnforcementMessage) -> CaseMessage:
    """What a message says, in the words that all partners share."""
    bare = envelope_of(message, message.type)
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


class EnforcementGateway(Adapter[wire.EnforcementMessage]):
    """The enforcement case system: clues are handed over, and become its cases."""

    partner = Partner.ENFORCEMENT
    interface = Interface(
        handover=Spelling(wire.CLUES, 1, wire.ClueHandover, _clue),
        withdrawal=Spelling(
            wire.CLUE_WITHDRAWAL, 2, wire.ClueWithdrawn, lambda reason: wire.WithdrawalData(reason=reason)
        ),
        confirmation=Spelling(
            wire.CLUE_CONFIRMATION, 3, wire.ResultConfirmed, lambda note: wire.ConfirmationData(note=note)
        ),
        messages=wire.CLUE_MESSAGES,
        ended_since="ended_since",
        told=TypeAdapter(wire.EnforcementMessages),
        message=wire.ENFORCEMENT_MESSAGE,
        translated=translated,
    )
