"""Cases with partners as the doors of their request show them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from api.frame.third_parties import masked
from domain.events import CaseReported, Fact
from domain.partners import COLLECTION, Case


class CaseOfRequest(BaseModel):
    """A case with a neighbouring system (外部案件). Instants in UTC."""

    case: str = Field(description="our number of the case, `<number>-p<n>`", examples=["20261123-0000042-p1"])
    partner: str
    leg: str = Field(description="the leg whose unit handed it over")
    status: str
    mandatory: bool = Field(
        description="no reply before it has ended, or runs under a number of the partner's"
    )
    number: str = Field(description="the partner's own number, once it has one")
    message: str = Field(description="kind of the partner's last message")
    code: str = Field(
        description="the partner's reason; a collection code is shown to those who answer for it"
    )
    note: str
    suggested_unit: str
    until: datetime | None = Field(description="a date that the last message named")
    opened_at: datetime
    due_at: datetime
    ended_at: datetime | None
    withdrawal: str = Field(description="`asked`, or `irrevocable` if the partner goes on all the same")
    document: str = Field(description="the scanned answer, where the result was typed in by hand")
    held_by: str | None = Field(description="the request that it is reported to, where that is another one")
    found: list[str] = Field(
        description="the requests registered of what the partner found besides, or of a bad review"
    )


def case_of_request(case: Case, *, as_written: bool) -> CaseOfRequest:
    """The case for a reader who belongs to the unit that leads or to the command centre, or only joins in."""
    shown = CaseOfRequest(
        case=case.id,
        partner=case.partner,
        leg=case.leg,
        status=case.status,
        mandatory=case.mandatory,
        number=case.number,
        message=case.message,
        code=case.code,
        note=case.note,
        suggested_unit=case.unit,
        until=case.until,
        opened_at=case.opened_at,
        due_at=case.due_at,
        ended_at=case.ended_at,
        withdrawal=case.withdrawal,
        document=case.document,
        held_by=case.held_by or None,
        found=list(case.found),
    )
    if as_written:
        return shown
    code = "" if case.message == COLLECTION else case.code
    return shown.model_copy(update={"note": masked(case.note), "code": code})


def without_collection_code(fact: Fact, what: dict[str, Any]) -> dict[str, Any]:
    """A fact as those read it who only join in: whoever knows a collection code could fetch the document."""
    is_collection = isinstance(fact, CaseReported) and fact.message == COLLECTION
    return {**what, "code": ""} if is_collection else what
