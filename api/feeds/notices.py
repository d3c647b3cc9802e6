"""GET /v1/notices: what units, posts and supervising bodies have been told."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from api.frame.access import Principal, ThePrincipal
from api.frame.doors import TheDoors
from api.frame.openapi import reads
from api.frame.sight import viewpoint
from api.requests.board import Cursor, Limit
from domain.notices.telling import CITIZEN
from domain.refusals import Refused
from persistence.queries import KeptNotice, list_notices

router = APIRouter(prefix="/v1/notices", tags=["notices"])

Recipient = Annotated[
    str | None,
    Query(
        pattern=r"^[0-9A-Za-z][0-9A-Za-z_:-]{0,99}$",
        description="a unit's code, `post:<post>` or `body:<body>`; a unit's key reads its own only",
        examples=["440106012-town_office", "post:duty_leader"],
    ),
]


class NoticeShown(BaseModel):
    """One message, the same text in both languages."""

    model_config = ConfigDict(from_attributes=True)

    key: str
    number: str
    seq: int
    at: datetime
    recipient: str
    subject: str = Field(description="the kind of event that caused it")
    text_zh: str
    text_en: str
    read_at: datetime | None


class Notices(BaseModel):
    """A page of notices, newest first."""

    items: list[NoticeShown]
    next_cursor: str | None


@router.get("", operation_id="list_notices", summary="Notices 通知", responses=reads("bad_cursor"))
async def list_all(
    doors: TheDoors,
    principal: ThePrincipal,
    recipient: Recipient = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Notices:
    """The notices to one recipient, newest first."""
    async with doors.looking() as connection:
        page = await list_notices(connection, [_whose(principal, recipient)], cursor=cursor, limit=limit)
    return Notices(items=[_shown(kept) for kept in page.items], next_cursor=page.next_cursor)


def _whose(principal: Principal, recipient: str | None) -> str:
    viewer = viewpoint(principal)
    if viewer is not None and recipient not in (None, viewer.code):
        raise Refused("role_not_allowed", "recipient", "a unit reads its own notices", viewer.code)
    own = principal.unit.code if principal.unit else None
    if recipient == CITIZEN:
        raise Refused(
            "role_not_allowed", "recipient", "citizens read theirs through the query code", "another one"
        )
    return recipient or own or "post:duty_leader"


def _shown(kept: KeptNotice) -> NoticeShown:
    notice = kept.notice
    plain = {name: getattr(notice, name) for name in NoticeShown.model_fields if name != "read_at"}
    return NoticeShown(**plain, read_at=kept.read_at)
