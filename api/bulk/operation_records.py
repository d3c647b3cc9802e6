"""/v1/audit/operations: who changed what for many requests, when and why; an entry for each, for ever."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel

from api.frame.access import Right, ThePrincipal, require
from api.frame.doors import TheDoors
from api.frame.openapi import reads
from api.requests.board import Cursor, Limit
from domain.operations import Operation
from persistence.operations import list_operations

router = APIRouter(prefix="/v1/audit", tags=["audit"])


class OperationShown(BaseModel):
    """One entry. `subject` is a policy's code, `surge/<id>` or `bulk/<job>`; `details` is what was known of it then."""

    id: int
    at: datetime
    what: Operation
    subject: str
    who: str
    reason: str
    details: Mapping[str, Any]


class Operations(BaseModel):
    """A page of entries, newest first."""

    items: list[OperationShown]
    next_cursor: str | None


@router.get(
    "/operations",
    operation_id="list_operations",
    summary="What was changed for many requests 运行变更记录",
    responses=reads("bad_cursor"),
)
async def list_all_operations(
    doors: TheDoors,
    principal: ThePrincipal,
    what: Annotated[list[Operation] | None, Query(description="only these kinds")] = None,
    subject: Annotated[
        str | None, Query(max_length=100, pattern=r"^[\x21-\x7e]+$", examples=["P-GARBAGE"])
    ] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Operations:
    """Policies published, surges begun and ended, open requests moved to another policy or calendar."""
    require(principal, Right.AUDIT, Right.PUBLISH, Right.OPERATE)
    async with doors.looking() as connection:
        page = await list_operations(connection, what=what or (), subject=subject, cursor=cursor, limit=limit)
    items = [
        OperationShown(
            id=entry.id,
            at=entry.at,
            what=entry.what,
            subject=entry.subject,
            who=entry.who,
            reason=entry.reason,
            details=entry.details,
        )
        for entry in page.items
    ]
    return Operations(items=items, next_cursor=page.next_cursor)
