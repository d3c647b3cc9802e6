"""GET /v1/partners/affairs/items: the affairs platform's items, to be found before a matter is handed over."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from api.frame.access import Right, ThePrincipal, require
from api.frame.doors import TheDoors
from api.frame.fields import Remark
from api.frame.openapi import reads
from api.requests.board import Cursor, Limit
from persistence.affair_items import find_items

router = APIRouter(prefix="/v1/partners/affairs/items", tags=["partners"])


class AffairItemShown(BaseModel):
    """An item of the catalogue. A withdrawn one is shown on demand only, and takes no matter any more."""

    model_config = ConfigDict(from_attributes=True)

    code: str = Field(description="item code (事项编码), to be named in the handover")
    name: str
    owner: str
    audience: Literal["persons", "enterprises", "both"]
    kind: str
    legal_days: int = Field(description="working days by law; 0: at once")
    promised_days: int = Field(description="working days promised; 0: at once")
    channels: list[str]
    version: int
    withdrawn: bool
    changed_at: datetime


class AffairItems(BaseModel):
    """A page of items, by code."""

    items: list[AffairItemShown]
    next_cursor: str | None


@router.get(
    "", operation_id="find_affair_items", summary="Items of affairs 事项目录", responses=reads("bad_cursor")
)
async def find_affair_items(
    doors: TheDoors,
    principal: ThePrincipal,
    q: Annotated[
        Remark, Query(max_length=100, description="words of name or owner, or the beginning of a code")
    ] = "",
    withdrawn: Annotated[bool, Query(description="withdrawn items too")] = False,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> AffairItems:
    """The catalogue as it was last read from the platform."""
    require(principal, Right.SEE_POLICIES)
    async with doors.looking() as connection:
        page = await find_items(connection, wanted=q, with_withdrawn=withdrawn, cursor=cursor, limit=limit)
    shown = [AffairItemShown.model_validate(item) for item in page.items]
    return AffairItems(items=shown, next_cursor=page.next_cursor)
