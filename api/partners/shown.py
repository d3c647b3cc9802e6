"""How partners, their cases and messages, and reconciliations look to whom the doors answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pydantic import BaseModel, Field

from domain.cases.deadlines import UNCOLLECTED
from domain.cases.reconciliation import Disagreement
from domain.partners import COLLECTION, CaseStatus, Delivery, Partner, Via
from persistence.partner_cases import CaseRow
from persistence.partner_messages import Heard, KeptMessage
from persistence.reconciliations import Reconciliation


class DifferenceShown(BaseModel):
    """A case on which the two sides did not agree. `ours` and `theirs` count the partner's messages about it."""

    case: str
    what: Disagreement
    ours: int
    theirs: int
    repaired: bool = Field(description="the service has set going what it needs; otherwise it is for people")


class ReconciliationShown(BaseModel):
    """A reconciliation. `ended_at` is null while it is under way or put off; `failure` then says why."""

    id: int
    partner: Partner
    asked_by: str | None = Field(description="null: the clock")
    asked_at: datetime
    begun_at: datetime | None
    ended_at: datetime | None
    compared: int
    differences: list[DifferenceShown]
    repaired: int
    attempts: int
    failure: str


class PartnerShown(BaseModel):
    """A neighbouring system. To one that is not connected, matters are handed by hand."""

    partner: Partner
    connected: bool
    open_cases: Mapping[CaseStatus, int] = Field(description="`opening`: the partner has not taken it yet")
    messages_waiting: int = Field(description="call-backs on their way to their cases")
    messages_unknown: int = Field(description="call-backs about cases that nobody knows")
    last_reconciliation: ReconciliationShown | None = Field(description="the last one that was done")


class Partners(BaseModel):
    """Every neighbouring system there is."""

    items: list[PartnerShown]


class CaseShown(BaseModel):
    """A case as its own story last told it."""

    case: str
    request: str
    partner: Partner
    status: CaseStatus
    number: str = Field(description="the partner's own")
    code: str = Field(description="the partner's reason; a collection code is shown with the request only")
    last_kind: str
    opened_at: datetime
    due_at: datetime
    overdue: bool
    heard_at: datetime | None
    ended_at: datetime | None
    note: str | None = Field(description="for the operators; null for a key that sees no sealed requests")


class Cases(BaseModel):
    """A page of cases, newest first."""

    items: list[CaseShown]
    next_cursor: str | None


class MessageShown(BaseModel):
    """A message of a partner. `number` and `text` are shown where nobody knows its case, to whom can assign it."""

    id: int
    partner: Partner
    message: str
    case: str
    sequence: int
    kind: str
    via: Via
    delivery: Delivery
    sent_at: datetime
    received_at: datetime
    delivered_at: datetime | None
    attempts: int
    tried: bool = Field(description="false on one that waits: nobody tries any more until it is assigned")
    assigned_by: str | None = Field(description="who said which case it is about, or that it is about none")
    assigned_at: datetime | None
    number: str | None
    text: str | None


class Messages(BaseModel):
    """A page of messages, newest first."""

    items: list[MessageShown]
    next_cursor: str | None


class Reconciliations(BaseModel):
    """A page of reconciliations, newest first."""

    items: list[ReconciliationShown]
    next_cursor: str | None


def partner_shown(
    partner: Partner,
    *,
    connected: bool,
    counts: Mapping[tuple[Partner, CaseStatus], int],
    heard: Heard,
    last: Reconciliation | None,
) -> PartnerShown:
    """A partner, with its open cases out of ``counts``."""
    return PartnerShown(
        partner=partner,
        connected=connected,
        open_cases={status: counts.get((partner, status), 0) for status in CaseStatus if status.is_open},
        messages_waiting=heard.waiting,
        messages_unknown=heard.unknown,
        last_reconciliation=None if last is None else reconciliation_shown(last),
    )


def case_shown(row: CaseRow, *, with_note: bool) -> CaseShown:
    """A case; its note may repeat what a partner said of a confidential request."""
    return CaseShown(
        case=row.case,
        request=row.request,
        partner=row.partner,
        status=row.status,
        number=row.number,
        code="" if _opens_a_locker(row) else row.code,
        last_kind=row.last_kind,
        opened_at=row.opened_at,
        due_at=row.due_at,
        overdue=row.overdue,
        heard_at=row.heard_at,
        ended_at=row.ended_at,
        note=row.note if with_note else None,
    )


def _opens_a_locker(row: CaseRow) -> bool:
    return row.last_kind == COLLECTION and row.code != UNCOLLECTED


def message_shown(kept: KeptMessage, *, may_assign: bool) -> MessageShown:
    """A message; what it says is shown to whom can say which case it is about, while nobody knows."""
    message, is_unknown = kept.message, may_assign and kept.delivery in (Delivery.UNKNOWN, Delivery.SET_ASIDE)
    return MessageShown(
        id=kept.id,
        partner=kept.partner,
        message=message.id,
        case=message.case,
        sequence=message.sequence,
        kind=message.kind,
        via=kept.via,
        delivery=kept.delivery,
        sent_at=message.sent_at,
        received_at=kept.received_at,
        delivered_at=kept.delivered_at,
        attempts=kept.attempts,
        tried=kept.tried,
        assigned_by=kept.assigned_by,
        assigned_at=kept.assigned_at,
        number=message.number if is_unknown else None,
        text=message.text if is_unknown else None,
    )


def reconciliation_shown(done: Reconciliation) -> ReconciliationShown:
    """A reconciliation with all that it found."""
    return ReconciliationShown(
        id=done.id,
        partner=done.partner,
        asked_by=done.asked_by,
        asked_at=done.asked_at,
        begun_at=done.begun_at,
        ended_at=done.ended_at,
        compared=done.compared,
        differences=[
            DifferenceShown(
                case=each.case,
                what=each.what,
                ours=each.ours,
                theirs=each.theirs,
                repaired=each.repaired,
            )
            for each in done.differences
        ],
        repaired=done.repaired,
        attempts=done.attempts,
        failure=done.failure,
    )
