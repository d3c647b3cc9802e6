"""GET /v1/requests/{number}/similar, and the suggestions that a registration is answered with.

They say that somebody may have called about the same thing; whether it is the same, a person decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from api.frame.access import ThePrincipal
from api.frame.doors import Doors, TheDoors
from api.frame.fields import NumberPath
from api.frame.openapi import reads
from api.frame.problems import not_found
from api.frame.sight import sees, sight_of
from domain.levels import Level
from domain.request import Matter
from persistence.similar import MOST_SHOWN, Matching, Similar, similar_to
from persistence.timeline import load_state

router = APIRouter(prefix="/v1/requests", tags=["requests"])


class SimilarShown(BaseModel):
    """An open request of the same kind near by. `distance_m` only where both places have coordinates."""

    model_config = ConfigDict(from_attributes=True)

    number: str
    state: str
    category: str
    area: str
    received_at: datetime
    distance_m: float | None = Field(description="metres")


class SimilarList(BaseModel):
    """What may be the same matter, the likeliest first."""

    items: list[SimilarShown]


@router.get(
    "/{number}/similar",
    operation_id="similar_requests",
    summary="What may be the same matter 相似诉求",
    responses=reads("not_found"),
)
async def similar_requests(doors: TheDoors, principal: ThePrincipal, number: NumberPath) -> SimilarList:
    """Open requests of the same category, or of its group, in the same community or within 200 m, registered in the
    fourteen days before this one or later. Empty while its matter is not known."""
    async with doors.looking() as connection:
        state = await load_state(connection, number) if await sees(connection, principal, number) else None
        if state is None:
            raise not_found("request")
        if state.matter is None:
            return SimilarList(items=[])
        wanted = matching(doors, state.matter, state.intake.received_at)
        found = await similar_to(connection, wanted, sight_of(principal))
    return SimilarList(items=shown(found, but=number))


def shown(found: Sequence[Similar], *, but: str) -> list[SimilarShown]:
    """The suggestions without the request itself."""
    others = [each for each in found if each.number != but]
    return [SimilarShown.model_validate(each) for each in others[:MOST_SHOWN]]


def matching(doors: Doors, matter: Matter, at: datetime) -> Matching:
    """What is compared of a call about the matter that came in at ``at``."""
    community = doors.pack.divisions.at(Level.COMMUNITY, matter.place.area)
    return Matching(
        category=matter.category,
        group=matter.group,
        place=matter.place,
        neighbourhood=community or matter.place.area,
        is_small=community is not None,
        at=at,
    )
