"""What may be the same matter: open, near, of the same kind, and recent; found by indexes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.request import Matter, Visibility
from domain.responsibility.routing import Place
from domain.summary import summarize
from domain.units import Unit
from persistence.engine import reading, writing
from persistence.projections import put
from persistence.sight import Sight
from persistence.similar import (
    METRES_OF_A_DEGREE,
    MOST_SHOWN,
    SIMILAR,
    WITHIN_DAYS,
    Matching,
    parameters,
    similar_to,
)
from tests.support.builders import MONDAY_MORNING, UNITS, intake
from tests.support.stories import worked

WHOLE_CITY = Sight(sealed=True)
COMMUNITY = "440106012003"
HERE = Place("440106012003017", latitude=23.15, longitude=113.35)
NORTH_100_M, NORTH_300_M = 100 / METRES_OF_A_DEGREE, 300 / METRES_OF_A_DEGREE


def matching(**changes: object) -> Matching:
    """A call about litter in the community at ten on Monday, its place known by coordinates."""
    known = Matching(
        category="0201",
        group="city_appearance",
        place=HERE,
        neighbourhood=COMMUNITY,
        is_small=True,
        at=MONDAY_MORNING,
    )
    return replace(known, **changes)


async def opened(
    engine: AsyncEngine,
    number: str,
    *,
    category: str = "0201",
    group: str = "city_appearance",
    place: Place = HERE,
    **changes: object,
) -> None:
    """An open request as the board shows it, registered an hour ago."""
    begun = intake(number=number, matter=Matter(category, group, place))
    row = replace(summarize(worked(begun).state), received_at=MONDAY_MORNING - timedelta(hours=1))
    async with writing(engine) as connection:
        await put(connection, [replace(row, **changes)])


async def found(
    engine: AsyncEngine, wanted: Matching | None = None, *, sight: Sight = WHOLE_CITY
) -> Sequence[str]:
    async with reading(engine) as connection:
        return [each.number for each in await similar_to(connection, wanted or matching(), sight)]


async def test_the_same_category_comes_first_then_the_nearer_then_the_earlier(engine: AsyncEngine) -> None:
    north = replace(HERE, latitude=23.15 + NORTH_100_M)
    await opened(engine, "of-the-group", category="0202")
    await opened(engine, "100-m-away", place=north)
    await opened(engine, "somewhere-in-the-community", place=Place(COMMUNITY))
    await opened(engine, "here")
    await opened(engine, "here-before", received_at=MONDAY_MORNING - timedelta(days=2))
    assert await found(engine) == [
        "here-before", "here", "100-m-away", "somewhere-in-the-community", "of-the-group"
    ]  # fmt: skip


async def test_what_is_ended_old_of_another_kind_or_far_is_not_suggested(engine: AsyncEngine) -> None:
    next_door = Place("440106012004001", latitude=HERE.latitude, longitude=HERE.longitude)
    far = replace(next_door, latitude=23.15 + NORTH_300_M)
    await opened(engine, "beyond-the-border-but-near", place=next_door)
    await opened(engine, "beyond-the-border", place=far)
    await opened(engine, "ended", ended_at=MONDAY_MORNING)
    await opened(engine, "old", received_at=MONDAY_MORNING - WITHIN_DAYS)
    await opened(engine, "another-group", category="0301", group="environment")
    await opened(engine, "another-community", place=Place("440106012004"))
    assert await found(engine) == ["beyond-the-border-but-near"]
    without_coordinates = replace(HERE, latitude=None)
    assert await found(engine, matching(place=without_coordinates)) == []


async def test_distances_are_metres(engine: AsyncEngine) -> None:
    east = replace(HERE, longitude=113.35 + 0.001)
    await opened(engine, "east", place=east)
    async with reading(engine) as connection:
        (only,) = await similar_to(connection, matching(), WHOLE_CITY)
    assert only.distance_m == pytest.approx(102.4, abs=0.5)
    assert (only.category, only.area) == ("0201", "440106012003017")


async def test_what_only_named_officers_may_see_is_never_suggested(engine: AsyncEngine) -> None:
    for visibility in Visibility:
        await opened(engine, visibility, visibility=visibility)
    assert sorted(await found(engine)) == ["party", "public"]


async def test_a_place_known_only_to_its_town_is_like_what_is_known_no_better(engine: AsyncEngine) -> None:
    town = Place("440106012")
    await opened(engine, "town-too", place=town)
    await opened(engine, "of-the-group", category="0202", place=town)
    await opened(engine, "known-better")
    wanted = matching(place=town, neighbourhood="440106012", is_small=False)
    assert await found(engine, wanted) == ["town-too"]


async def test_a_unit_is_shown_what_it_sees(engine: AsyncEngine) -> None:
    await opened(engine, "theirs")
    elsewhere = Unit("440105-town", UNITS[min(UNITS)].level, "440105001", "别处", "elsewhere")
    holder = worked(intake()).state.legs[0].unit
    assert await found(engine, sight=Sight(holder)) == ["theirs"]
    assert await found(engine, sight=Sight(elsewhere)) == []


async def test_in_a_flood_of_calls_the_suggestions_stay_few(engine: AsyncEngine) -> None:
    for number in range(MOST_SHOWN + 3):
        await opened(engine, f"n{number}")
    assert len(await found(engine)) == MOST_SHOWN + 1


async def test_suggestions_are_found_by_indexes(engine: AsyncEngine) -> None:
    """In a table as a city's after some hours the planner must not read all of it for one call."""
    await opened(engine, "one-of-many")
    async with engine.begin() as connection:
        await connection.execute(text(_MANY))
        await connection.execute(text("ANALYZE requests"))
    given = parameters(matching(), WHOLE_CITY)
    async with reading(engine) as connection:
        plan = str((await connection.execute(text(f"EXPLAIN {SIMILAR}"), given)).all())
    assert "ix_requests_open_by_matter" in plan
    assert "ix_requests_open_by_place" in plan
    assert "Seq Scan on requests" not in plan
    assert await found(engine) == ["one-of-many"]


_MANY = """
INSERT INTO requests SELECT made.* FROM requests, generate_series(1, 20000) AS n, jsonb_populate_record(
    requests, jsonb_build_object(
        'number', 'm' || n, 'category_group', 'group-' || n % 14, 'area', '44010' || n % 11 || lpad(n::text, 9, '0'),
        'latitude', 22 + (n % 2000) / 1000.0, 'longitude', 113.0,
        'ended_at', CASE WHEN n % 3 = 0 THEN requests.received_at END
    )
) AS made WHERE requests.number = 'one-of-many'
"""
