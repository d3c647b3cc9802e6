"""Facts of cases with a neighbouring system."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from domain.partners import CaseStatus, Handover, Partner


@dataclass(frozen=True, slots=True)
class CaseOpened:
    """The unit handed the matter to a partner (移交外部系统), which answers by ``due_at`` (UTC).

    ``waits``: the request waits for it; otherwise the unit goes on with the case beside. ``claim_by`` is until when
    volunteers must have claimed a task.
    """

    case: str
    partner: Partner
    leg: str
    handover: Handover
    due_at: datetime
    poll_every: timedelta
    hold_gaps: timedelta
    mandatory: bool = True
    waits: bool = True
    claim_by: datetime | None = None
    evidence: tuple[str, ...] = ()
    kind: Literal["case_opened"] = "case_opened"


@dataclass(frozen=True, slots=True)
class CaseWithdrawalAsked:
    """The partner is asked to give a case back (撤回外部案件): a person wants it, the request ended without an
    answer, or the unit that handed it over does not hold the matter any more.
    """

    case: str
    reason: str
    cause: Literal["asked", "request_ended", "leg_taken_away"] = "asked"
    kind: Literal["case_withdrawal_asked"] = "case_withdrawal_asked"


@dataclass(frozen=True, slots=True)
class CaseReported:
    """How a case stands (外部案件进展): ``status`` is what holds after the report, ``message`` the word of the
    partner's message. ``number`` is the partner's own, ``code`` a reason or a collection code.
    """

    case: str
    partner: Partner
    status: CaseStatus
    message: str
    number: str = ""
    code: str = ""
    text: str = ""
    unit: str = ""
    message_id: str = ""
    version: int = 0
    until: datetime | None = None
    corrects: bool = False
    """Whether it changes the result of a case that had ended."""
    kind: Literal["case_reported"] = "case_reported"


@dataclass(frozen=True, slots=True)
class MattersFound:
    """A partner found something besides what it was asked (新发现问题), or was badly reviewed (差评), and each such
    matter was registered as a request of its own.
    """

    case: str
    partner: Partner
    numbers: tuple[str, ...]
    kind: Literal["matters_found"] = "matters_found"


@dataclass(frozen=True, slots=True)
class CaseSettled:
    """The partner's answer was typed in by hand (人工登记外部结果), with the document that it stands on."""

    case: str
    partner: Partner
    status: CaseStatus
    note: str
    document: str
    number: str = ""
    kind: Literal["case_settled"] = "case_settled"
