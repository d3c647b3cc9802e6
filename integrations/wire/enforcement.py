"""The enforcement case system's interface (综合行政执法): clues go out, and what is made of them comes back.

A clue becomes a filed case, is put right on the spot, or is refused. A no to a call is a problem (RFC 9457) with a
code. Known codes: ``duplicate`` (409), ``unknown_case`` (404), ``insufficient`` (422).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from integrations.wire.envelope import (
    Category,
    Code,
    Day,
    Heard,
    Instant,
    Links,
    Listed,
    Message,
    Number,
    Order,
    PlaceSent,
    Remark,
    Sent,
    Text,
)

CLUES = "/clues"
"""POST hands a clue over (202); GET lists our cases that are open, or ended since ``ended_since``, in pages."""
CLUE_MESSAGES = "/clues/{correlation_id}/messages"
"""GET everything that was said of a clue, in its order: the bodies of the call-backs."""
CLUE_WITHDRAWAL = "/clues/{correlation_id}/withdrawal"
"""POST takes a clue back, possible until a case is filed (200, with what became of it)."""
CLUE_CONFIRMATION = "/clues/{correlation_id}/confirmation"
"""POST says that the result was received (202)."""

Hurry = Literal["immediate", "fast", "ordinary"]
"""How fast the team should look at a clue: on the spot, the same day, in its turn."""


class ClueData(Sent):
    """A suspected violation. Who reported it is sealed, and no part of the message."""

    category: Category
    place: PlaceSent
    facts: Text
    suspected_subject: Remark = ""
    legal_basis: Remark = ""
    photos: Links = ()
    hurry: Hurry = "ordinary"
    reply_requested_by: Instant
    reporter: Literal["sealed"] = "sealed"


class ClueHandover(Order):
    """线索移交."""

    type: Literal["clue_handover"] = "clue_handover"
    data: ClueData


class WithdrawalData(Sent):
    """Why a clue is taken back."""

    reason: Text


class ClueWithdrawn(Order):
    """线索撤回. The team may go on of its own initiative."""

    type: Literal["clue_withdrawn"] = "clue_withdrawn"
    data: WithdrawalData


class ConfirmationData(Sent):
    """What was made of the result."""

    note: Remark = ""


class ResultConfirmed(Order):
    """结果确认."""

    type: Literal["result_confirmed"] = "result_confirmed"
    data: ConfirmationData


class ClueReceivedData(Heard):
    """The clue's number, and the team that looks at it."""

    clue_number: Number
    officer_unit: Number


class ClueRefusedData(Heard):
    """Why no procedure is begun, and who would be competent."""

    code: Literal["not_competent", "no_violation", "duplicate", "insufficient"] | Code
    reason: Text
    suggested_unit: Annotated[str, Field(max_length=200)] = ""


class CaseFiledData(Heard):
    """立案: from here on the case cannot be taken back."""

    case_number: Number
    filed_on: Day
    procedure: Literal["simple", "ordinary"]


class OnSiteResultData(Heard):
    """Settled on the spot without a case (责令改正)."""

    result: Literal["corrected_on_the_spot", "ordered_to_correct"]
    correct_by: Instant | None = None
    note: Remark = ""
    photos: Links = ()


class CaseDecidedData(Heard):
    """处罚决定. The amount is a class, and the offender is nobody's business here."""

    decision_number: Number
    measure: Text
    amount_class: Literal["none", "up_to_1000", "up_to_10000", "above_10000"]


class CaseClosedData(Heard):
    """结案."""

    case_number: Annotated[str, Field(max_length=64)] = ""
    closed_on: Day
    result: Text
    photos: Links = ()


class _Said(Message):
    source: Literal["enforcement"] = "enforcement"


class ClueReceived(_Said):
    """The team has the clue."""

    type: Literal["clue_received"] = "clue_received"
    data: ClueReceivedData


class ClueRefused(_Said):
    """The team does not take the clue. Ends the case."""

    type: Literal["clue_refused"] = "clue_refused"
    data: ClueRefusedData


class CaseFiled(_Said):
    """The team has begun a procedure, under a case number."""

    type: Literal["case_filed"] = "case_filed"
    data: CaseFiledData


class OnSiteResult(_Said):
    """The matter was put right, or ordered to be, on the spot. Ends the case."""

    type: Literal["on_site_result"] = "on_site_result"
    data: OnSiteResultData


class CaseDecided(_Said):
    """The decision was made."""

    type: Literal["case_decided"] = "case_decided"
    data: CaseDecidedData


class CaseClosed(_Said):
    """The procedure is over. Ends the case."""

    type: Literal["case_closed"] = "case_closed"
    data: CaseClosedData


EnforcementMessage = Annotated[
    ClueReceived | ClueRefused | CaseFiled | OnSiteResult | CaseDecided | CaseClosed,
    Field(discriminator="type"),
]
"""Everything that the enforcement system can tell us of a clue."""


class EnforcementMessages(Heard):
    """Everything that was said of a clue, by growing ``sequence``."""

    messages: Listed[EnforcementMessage]


ENFORCEMENT_MESSAGE: TypeAdapter[EnforcementMessage] = TypeAdapter(EnforcementMessage)
"""Reads one message from its body."""
