"""Acts of cases with a neighbouring system: handing over, taking back, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from domain.partners import CaseStatus, CaseTerms, Handover


@dataclass(frozen=True, slots=True)
class OpenCase:
    """Hand the matter to a partner under the city's terms for it.

    ``mandatory``: no reply before the case has ended. ``waits``: the unit waits for the partner's answer.
    """

    handover: Handover
    terms: CaseTerms
    mandatory: bool = True
    waits: bool = True
    evidence: tuple[str, ...] = ()
    act: Literal["open_case"] = "open_case"


@dataclass(frozen=True, slots=True)
class WithdrawCase:
    """Ask the partner to give a case back."""

    case: str
    reason: str
    act: Literal["withdraw_case"] = "withdraw_case"


@dataclass(frozen=True, slots=True)
class SettleCase:
    """Type in what the partner answered by telephone or on paper; ``document`` refers to the scanned answer,
    ``case_number`` is the partner's own.
    """

    case: str
    status: CaseStatus
    note: str
    document: str
    case_number: str = ""
    act: Literal["settle_case"] = "settle_case"


@dataclass(frozen=True, slots=True)
class ReportCase:
    """Tell a request how its case stands.

    ``kind`` is the word of the partner's message, or ``overdue``, ``irrevocable`` or the status where there was none;
    ``unit`` a unit that the partner suggests, ``until`` a date that the message names. ``version`` grows with every
    report of a case; a report that is not newer changes nothing. ``version`` 0: a message that came when the case was
    over.
    """

    case: str
    status: CaseStatus
    kind: str
    number: str = ""
    code: str = ""
    text: str = ""
    unit: str = ""
    message_id: str = ""
    version: int = 0
    until: datetime | None = None
    act: Literal["report_case"] = "report_case"


@dataclass(frozen=True, slots=True)
class ReportFound:
    """Tell a request what its partner found besides: the requests that were registered of it."""

    case: str
    numbers: tuple[str, ...]
    act: Literal["report_found"] = "report_found"
