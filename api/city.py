"""/v1/units and /v1/catalogue: who there is, and what can be asked for."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.frame.access import ThePrincipal
from api.frame.doors import Doors, TheDoors
from api.frame.fields import AreaCode
from api.frame.openapi import reads
from cities.divisions import Divisions
from domain.levels import Level
from domain.refusals import Refused
from domain.units import Unit

router = APIRouter(prefix="/v1", tags=["city"])


class UnitShown(BaseModel):
    """A body that can hold a leg. `area` is the division it serves; `vacant` says why its post is not filled."""

    code: str
    level: str
    area: str
    name_zh: str
    name_en: str
    vacant: str | None


class Units(BaseModel):
    """Units found; `more` if the limit cut the list."""

    items: list[UnitShown]
    more: bool


class CategoryShown(BaseModel):
    """A leaf of the catalogue, with the policy it stands under."""

    code: str
    identifier: str
    name_zh: str
    name_en: str
    type: str
    urgency: str
    policy: str
    lead_unit: str = Field(description="kind of unit that leads")
    route_level: str


class GroupShown(BaseModel):
    """A group of categories."""

    code: str
    identifier: str
    name_zh: str
    name_en: str
    categories: list[CategoryShown]


class Catalogue(BaseModel):
    """What a request can be about. The notice says where the values come from."""

    city_zh: str
    city_en: str
    notice_zh: str
    notice_en: str
    groups: list[GroupShown]


@router.get("/units", operation_id="list_units", summary="Units 单位", responses=reads("unknown_place"))
async def list_units(
    doors: TheDoors,
    principal: ThePrincipal,
    q: Annotated[str | None, Query(min_length=1, max_length=80, description="part of a name or code")] = None,
    level: Annotated[Level | None, Query(description="one level")] = None,
    within: Annotated[AreaCode | None, Query(description="a division; the whole city if left out")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Units:
    """The units of a division and of all divisions inside it, from the top down."""
    del principal
    wanted = (q or "").casefold()
    found = (unit for unit in _units(doors, level, within) if not wanted or _matches(unit, wanted))
    shown = list(islice(found, limit + 1))
    return Units(items=[_unit(doors, unit) for unit in shown[:limit]], more=len(shown) > limit)


@router.get("/catalogue", operation_id="get_catalogue", summary="Catalogue 事项目录", responses=reads())
async def get_catalogue(doors: TheDoors, principal: ThePrincipal) -> Catalogue:
    """All groups and categories of the city."""
    del principal
    pack = doors.pack
    groups = [
        GroupShown(
            code=group.code,
            identifier=group.identifier,
            name_zh=group.name_zh,
            name_en=group.name_en,
            categories=[
                CategoryShown(**{name: getattr(category, name) for name in CategoryShown.model_fields})
                for category in pack.categories.values()
                if category.group == group.identifier
            ],
        )
        for group in pack.groups.values()
    ]
    return Catalogue(
        city_zh=pack.city.name_zh,
        city_en=pack.city.name_en,
        notice_zh=pack.notice_zh,
        notice_en=pack.notice_en,
        groups=groups,
    )


def _units(doors: Doors, level: Level | None, within: str | None) -> Iterator[Unit]:
    """Only divisions that can hold such units are looked at: a city has some 20,000 grids."""
    divisions = doors.pack.divisions
    area = within or divisions.root
    own = divisions.get(area)
    if own is None:
        raise Refused("unknown_place", "within", f"there is no division {area}", "the code of a division")
    for seat in _seats(divisions, area, level):
        yield from doors.pack.directory.seated_in(seat)


def _seats(divisions: Divisions, area: str, level: Level | None) -> Iterator[str]:
    own = divisions.level_of(area)
    if own is None or (level is not None and level.is_above(own)):
        return
    if level in (None, own):
        yield area
    if level is not own:
        for child in divisions.children(area):
            yield from _seats(divisions, child, level)


def _matches(unit: Unit, wanted: str) -> bool:
    return any(wanted in text.casefold() for text in (unit.code, unit.name_zh, unit.name_en))


def _unit(doors: Doors, unit: Unit) -> UnitShown:
    vacancy = doors.pack.directory.vacancy(unit.code, doors.today())
    return UnitShown(
        code=unit.code,
        level=unit.level,
        area=unit.area,
        name_zh=unit.name_zh,
        name_en=unit.name_en,
        vacant=vacancy.reason if vacancy else None,
    )
