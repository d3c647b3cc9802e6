"""Lists: filtered, in order, page by page without a gap or a repetition, whatever a cursor claims."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.levels import Level
from domain.refusals import Refused
from persistence.engine import reading, writing
from persistence.inbox import announce_leg
from persistence.queries import (
    LegFilter,
    LegRow,
    OpenCount,
    count_due_unfired,
    find_leg,
    find_request,
    list_legs,
    list_notices,
    mark_read,
    open_counts,
)
from tests.persistence.conftest import Append
from tests.support.builders import MONDAY_MORNING, UNITS
from tests.support.stories import climbed, closed, entries, taken_in, worked

BAD_CURSORS = [
    "!!!",
    "nonsense",
    base64.urlsafe_b64encode(b'["inbox", "x", "1", "1"]').decode(),
    base64.urlsafe_b64encode(b'["inbox", "2026-03-02T00:00:00", "1", "1"]').decode(),
    base64.urlsafe_b64encode(b'["inbox", "2026-03-02T00:00:00Z", "1"]').decode(),
    base64.urlsafe_b64encode(b'["inbox", "2026-03-02T00:00:00Z", "\\u0000", "1"]').decode(),
    base64.urlsafe_b64encode(b'["notices", "2026-03-02T00:00:00Z", "1"]').decode(),
    base64.urlsafe_b64encode(b'{"inbox": 1}').decode(),
]


async def several(engine: AsyncEngine, append: Append) -> list[str]:
    """Nine requests: closed, climbed to the district, and in progress at the grid."""
    numbers = list[str]()
    for turn in range(9):
        begun = await taken_in(engine, f"k{turn}")
        for entry in entries(begun, (closed, climbed, worked)[turn % 3](begun)):
            await append(entry)
        numbers.append(begun.number)
    return numbers


async def inbox(engine: AsyncEngine, wanted: LegFilter, limit: int = 2) -> list[LegRow]:
    found, cursor = list[LegRow](), None
    while True:
        async with reading(engine) as connection:
            page = await list_legs(connection, wanted, cursor=cursor, limit=limit)
        found.extend(page.items)
        cursor = page.next_cursor
        if cursor is None:
            return found


async def test_an_inbox_shows_what_its_unit_holds(engine: AsyncEngine, append: Append) -> None:
    numbers = await several(engine, append)
    grid = UNITS[Level.GRID].code
    held = await inbox(engine, LegFilter(unit=grid))
    assert sorted(row.request.number for row in held) == [n for i, n in enumerate(numbers) if i % 3]
    waiting = [(row.leg.dispatched_at, row.request.number) for row in held]
    assert waiting == sorted(waiting)
    ended = await inbox(engine, LegFilter(unit=grid, scope="ended"))
    assert [row.request.number for row in ended] == numbers[0::3]
    both = await inbox(engine, LegFilter(unit=grid, scope="all"), limit=4)
    assert len(both) == 9
    leads = await inbox(engine, LegFilter(unit=grid, roles=["lead"]))
    assert [row.request.number for row in leads] == numbers[2::3]


async def test_an_area_takes_in_every_unit_inside_it(engine: AsyncEngine, append: Append) -> None:
    await several(engine, append)
    district = await inbox(engine, LegFilter(area="440106"), limit=3)
    assert {row.leg.level for row in district} == {"grid", "community", "town", "district"}
    community = await inbox(engine, LegFilter(area="440106012003"))
    assert {row.leg.level for row in community} == {"grid", "community"}
    assert await inbox(engine, LegFilter(area="440107")) == []


async def test_a_leg_and_a_request_are_found_with_all_that_belongs_to_them(
    engine: AsyncEngine, append: Append
) -> None:
    begun = await taken_in(engine, description="井盖缺失")
    made = entries(begun, climbed(begun))
    for entry in made:
        await append(entry)
    async with reading(engine) as connection:
        detail = await find_request(connection, begun.number)
        leg = await find_leg(connection, begun.number, "2")
        assert await find_leg(connection, begun.number, "99") is None
    assert detail is not None
    assert (detail.summary, detail.intake, detail.description) == (made[-1].summary, begun, "井盖缺失")
    assert leg == LegRow(made[-1].summary.legs[1], made[-1].summary, "井盖缺失")


@pytest.mark.parametrize("cursor", BAD_CURSORS)
async def test_a_cursor_of_another_list_is_refused(engine: AsyncEngine, cursor: str) -> None:
    async with reading(engine) as connection:
        with pytest.raises(Refused) as refused:
            await list_legs(connection, LegFilter(), cursor=cursor)
    assert refused.value.code == "bad_cursor"


async def test_open_requests_are_counted_as_they_stand(engine: AsyncEngine, append: Append) -> None:
    await several(engine, append)
    async with reading(engine) as connection:
        counts = await open_counts(connection)
    assert sum(one.count for one in counts) == 6
    assert OpenCount("in_progress", "grid", "green", 3) in counts


async def test_a_deadline_counts_as_unfired_only_after_the_grace(engine: AsyncEngine, append: Append) -> None:
    await several(engine, append)
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE requests SET next_due_at = now() + interval '1 hour'"))
        await connection.execute(
            text(
                "UPDATE requests SET next_due_at = now() - interval '10 s' WHERE level = 'grid' AND ended_at IS NULL"
            )
        )
    async with reading(engine) as connection:
        assert await count_due_unfired(connection, timedelta(seconds=5)) == 3
        assert await count_due_unfired(connection, timedelta(seconds=60)) == 0


@pytest.mark.parametrize("owed", ["next_due_at", "commitment_due"])
async def test_what_is_owed_after_an_end_is_not_overlooked(
    engine: AsyncEngine, append: Append, owed: str
) -> None:
    await several(engine, append)
    passed = f"UPDATE requests SET {owed} = now() - interval '10 s' WHERE state = 'closed'"
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE requests SET next_due_at = NULL"))
        await connection.execute(text(passed))
    async with reading(engine) as connection:
        assert await count_due_unfired(connection, timedelta(seconds=5)) == 3


async def test_a_unit_is_told_of_its_leg_once_and_reads_it(engine: AsyncEngine, append: Append) -> None:
    begun = await taken_in(engine)
    for entry in entries(begun, worked(begun)):
        await append(entry)
    for _ in range(3):
        async with writing(engine) as connection:
            await announce_leg(connection, key="n:1:posted:1", number=begun.number, leg="1", unit="g")
    async with reading(engine) as connection:
        page = await list_notices(connection, ["g"], unread_only=True)
    (kept,) = page.items
    assert kept.notice.subject == "leg_arrived"
    assert f"{begun.number}.1" in kept.notice.text_zh
    async with writing(engine) as connection:
        assert await mark_read(connection, [kept.notice.key], ["somebody else"], MONDAY_MORNING) == 0
        assert await mark_read(connection, [kept.notice.key], ["g"], MONDAY_MORNING) == 1
        assert await mark_read(connection, [kept.notice.key], ["g"], MONDAY_MORNING) == 0
    async with reading(engine) as connection:
        assert (await list_notices(connection, ["g"], unread_only=True)).items == []
        assert (await list_notices(connection, ["g"])).items[0].read_at == MONDAY_MORNING
