"""Whom a whistle called: read by the department and the town, seen only by them, made again and examined."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.commands import AcknowledgeWhistle, Dispatch, EndWhistle, MarkConfidential, RateCall
from domain.levels import Level
from domain.request import Intake, Visibility
from domain.simulator import Simulation
from domain.summary import summarize
from domain.units import Role, Unit
from persistence.engine import reading
from persistence.findings import Finding
from persistence.projections import rebuild, summons_rows_of
from persistence.reading import is_seen, seen_among
from persistence.sight import Sight
from persistence.verifying import examine_all
from persistence.whistles import SummonsFilter, list_summonses
from tests.persistence.conftest import Append, rows
from tests.support.builders import MONDAY_MORNING, UNITS, actor, handler, whistle
from tests.support.courses import OTHER_BUREAU, OTHER_DISTRICT, of
from tests.support.stories import entries, taken_in

LEADING = Unit("440106-landscape_bureau", Level.DISTRICT, "440106", "园林局", "landscape bureau")
URBAN, TOWN = UNITS[Level.DISTRICT], handler(Level.TOWN)
MINUTE = timedelta(minutes=1)
WHISTLES = "SELECT * FROM summonses ORDER BY number, summons"


async def called(engine: AsyncEngine, append: Append, key: str = "key") -> tuple[Intake, Simulation]:
    """A request that one bureau leads and to which its town calls two; one has acknowledged."""
    begun = await taken_in(engine, key)
    story = Simulation.of(begun)
    story.act(actor(Role.DISPATCHER), Dispatch(LEADING, "a matter of the bureau"), MONDAY_MORNING + MINUTE)
    story.act(TOWN, whistle(summoned=(URBAN, OTHER_BUREAU)), MONDAY_MORNING + 2 * MINUTE)
    story.act(of(URBAN), AcknowledgeWhistle("w1"), MONDAY_MORNING + 3 * MINUTE)
    for entry in entries(begun, story):
        await append(entry)
    return begun, story


async def shown(engine: AsyncEngine, **wanted: object) -> list[str]:
    """The summonses that a filter finds, as ``unit:acknowledged``."""
    async with reading(engine) as connection:
        page = await list_summonses(connection, SummonsFilter(**wanted))  # pyright: ignore[reportArgumentType]
    return [f"{row.summons.unit}:{row.summons.acknowledged_at is not None}" for row in page.items]


async def test_department_and_town_read_who_was_called(engine: AsyncEngine, append: Append) -> None:
    begun, story = await called(engine, append)
    assert await shown(engine, unit=URBAN.code) == [f"{URBAN.code}:True"]
    assert await shown(engine, unit=OTHER_BUREAU.code) == [f"{OTHER_BUREAU.code}:False"]
    assert len(await shown(engine, town=UNITS[Level.TOWN].code)) == 2
    assert await shown(engine, unit=OTHER_DISTRICT.code) == []
    assert await shown(engine, scope="ended") == []
    async with reading(engine) as connection:
        [row, _] = (await list_summonses(connection, SummonsFilter())).items
    assert (row.number, row.category, row.lead) == (begun.number, "0201", LEADING.code)
    assert row.summons in summarize(story.state).summonses


async def test_pages_follow_each_other(engine: AsyncEngine, append: Append) -> None:
    for key in ("a", "b", "c"):
        await called(engine, append, key)
    async with reading(engine) as connection:
        first = await list_summonses(connection, SummonsFilter(), limit=4)
        rest = await list_summonses(connection, SummonsFilter(), cursor=first.next_cursor, limit=4)
    found = [(row.number, row.summons.summons) for row in (*first.items, *rest.items)]
    assert len(set(found)) == 6
    assert rest.next_cursor is None


async def test_who_is_called_sees_the_request_and_no_other(engine: AsyncEngine, append: Append) -> None:
    begun, _ = await called(engine, append)
    other = await taken_in(engine, "other")
    alone = Simulation.of(other)
    alone.act(actor(Role.DISPATCHER), Dispatch(LEADING, "a matter of the bureau"), MONDAY_MORNING + MINUTE)
    for entry in entries(other, alone):
        await append(entry)
    numbers = [begun.number, other.number]
    async with reading(engine) as connection:
        assert await is_seen(connection, begun.number, Sight(OTHER_BUREAU))
        assert not await is_seen(connection, other.number, Sight(OTHER_BUREAU))
        assert not await is_seen(connection, begun.number, Sight(OTHER_DISTRICT))
        assert await seen_among(connection, numbers, Sight(OTHER_BUREAU)) == {begun.number}
        assert await seen_among(connection, numbers, Sight(OTHER_DISTRICT)) == frozenset()


async def test_what_became_confidential_is_not_theirs_to_see(engine: AsyncEngine, append: Append) -> None:
    begun, story = await called(engine, append)
    told = len(story.timeline)
    story.act(
        actor(Role.REVIEWER),
        MarkConfidential(Visibility.LEAD_ONLY, "the caller is afraid"),
        MONDAY_MORNING + 4 * MINUTE,
    )
    for entry in entries(begun, story):
        if entry.events[0].seq > told:
            await append(entry)
    async with reading(engine) as connection:
        assert not await is_seen(connection, begun.number, Sight(OTHER_BUREAU))
    assert await shown(engine, unit=OTHER_BUREAU.code, sight=Sight(OTHER_BUREAU)) == []


async def test_it_is_made_again_and_examined(engine: AsyncEngine, append: Append) -> None:
    begun, story = await called(engine, append)
    told = len(story.timeline)
    story.act(TOWN, EndWhistle("w1", False, "nobody came"), MONDAY_MORNING + 5 * MINUTE)
    story.act(of(URBAN), RateCall("w1", 4), MONDAY_MORNING + 6 * MINUTE)
    for entry in entries(begun, story):
        if entry.events[0].seq > told:
            await append(entry)
    before = await rows(engine, WHISTLES)
    assert before == summons_rows_of(summarize(story.state))
    assert [row["rated"] for row in before] == [True, False]
    assert await findings(engine) == []
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE summonses SET unit = 'nobody' WHERE summons = 'w1.1'"))
        await connection.execute(text("DELETE FROM summonses WHERE summons = 'w1.2'"))
    assert [finding.detail for finding in await findings(engine)] == [
        "summons w1.1: unit",
        "summons w1.2: no row",
    ]
    await rebuild(engine, lambda done, total: None)
    assert await rows(engine, WHISTLES) == before


async def findings(engine: AsyncEngine) -> list[Finding]:
    """What is wrong with the record."""
    return [finding async for finding in examine_all(engine, lambda done, total: None)]
