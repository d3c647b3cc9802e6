"""GET /v1/audit/verify/{number}: whether a request's record is what was written, for auditors."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field

from api.frame.access import Right, ThePrincipal, require
from api.frame.doors import TheDoors
from api.frame.fields import NumberPath
from api.frame.openapi import reads
from api.frame.problems import not_found
from persistence.findings import Wrong
from persistence.verifying import examine

router = APIRouter(prefix="/v1/audit", tags=["audit"])


class FindingShown(BaseModel):
    """One row that is not what was written. `seq` is the event's number, 0 the intake."""

    seq: int
    what: Wrong
    zh: str
    en: str
    detail: str


class Verified(BaseModel):
    """An examined request. `head` is the hash of its last event, which covers all before it."""

    number: str
    whole: bool = Field(description="true if nothing was found")
    rows: int
    head: str
    findings: list[FindingShown]


@router.get(
    "/verify/{number}",
    operation_id="verify_request",
    summary="Whether its record is whole 存证核验",
    responses=reads("not_found"),
)
async def verify_request(doors: TheDoors, principal: ThePrincipal, number: NumberPath) -> Verified:
    """The chain of its events recomputed from the intake on, and held against board, inboxes and stored answers."""
    require(principal, Right.AUDIT)
    examined = await examine(doors.database, number)
    if examined is None:
        raise not_found("request")
    return Verified(
        number=number,
        whole=not examined.findings,
        rows=examined.rows,
        head=examined.head,
        findings=[
            FindingShown(seq=each.seq, what=each.what, zh=each.what.zh, en=each.what.en, detail=each.detail)
            for each in examined.findings
        ],
    )
