"""GET /v1/whistle-list: for what a town may whistle, which powers it may call for, and within which limits."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.frame.access import ThePrincipal
from api.frame.doors import TheDoors
from api.frame.openapi import reads
from api.frame.sight import viewpoint
from cities.whistles import WhistleEntry
from domain.whistles import WhistleTerms

router = APIRouter(prefix="/v1", tags=["whistles"])


class WhistleKindShown(BaseModel):
    """One kind of whistle with its limits, as in `2wh`; `attend_rural` holds for towns in the country."""

    kind: str
    zh: str
    en: str
    started_by: str = Field(description="the level that calls")
    summons: str = Field(description="the level that is called")
    acknowledge: str
    attend: str
    attend_rural: str
    plan: str | None
    result: str
    may_name_time: bool
    authority_from: str = Field(description="the lowest post that may decide")
    radius: int = Field(description="how many metres from the place a check-in may be")
    rating_within: str


class PowerShown(BaseModel):
    """A power that may be called for, and the type of unit that holds it."""

    code: str
    zh: str
    en: str
    unit_type: str


class WhistleEntryShown(BaseModel):
    """One entry of the whistle list 吹哨事项清单."""

    code: str
    zh: str
    en: str
    categories: list[str]
    powers: list[PowerShown]


class WhistleList(BaseModel):
    """The kinds, and the entries of the list; both empty where nobody may whistle."""

    kinds: list[WhistleKindShown]
    entries: list[WhistleEntryShown]


@router.get(
    "/whistle-list",
    operation_id="whistle_list",
    summary="For what may be whistled 吹哨事项清单",
    responses=reads("unknown_category"),
)
async def whistle_list(
    doors: TheDoors,
    principal: ThePrincipal,
    category: Annotated[
        str | None, Query(pattern=r"^[0-9A-Za-z_]{1,80}$", description="only entries of this matter")
    ] = None,
) -> WhistleList:
    """What this city says about whistles. What is not on the list is signed for by a duty leader."""
    viewpoint(principal)
    book = doors.pack.whistles
    code = doors.pack.category(category).code if category is not None else None
    return WhistleList(
        kinds=[_kind(terms, str(book.rural[kind].attend)) for kind, terms in book.kinds.items()],
        entries=[_entry(entry) for entry in book.entries if code is None or code in entry.categories],
    )


def _kind(terms: WhistleTerms, attend_rural: str) -> WhistleKindShown:
    return WhistleKindShown(
        kind=terms.kind,
        zh=terms.zh,
        en=terms.en,
        started_by=terms.started_by,
        summons=terms.summons,
        acknowledge=str(terms.acknowledge),
        attend=str(terms.attend),
        attend_rural=attend_rural,
        plan=str(terms.plan) if terms.plan is not None else None,
        result=str(terms.result),
        may_name_time=terms.may_name_time,
        authority_from=terms.authority_from,
        radius=terms.radius,
        rating_within=str(terms.rating_within),
    )


def _entry(entry: WhistleEntry) -> WhistleEntryShown:
    powers = [
        PowerShown(code=power.code, zh=power.zh, en=power.en, unit_type=power.unit_type)
        for power in entry.powers
    ]
    return WhistleEntryShown(
        code=entry.code, zh=entry.zh, en=entry.en, categories=list(entry.categories), powers=powers
    )
