"""Callers who call again are known by the fingerprint of their number, and only as long as it matters."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.responsibility.routing import Place
from persistence.calling_again import EARLIER, OPEN_WITHIN, Earlier, parameters
from persistence.engine import each_by_itself, reading, writing
from persistence.identity import Caller, Seal, erase
from persistence.sight import Sight
from persistence.similar import Matching
from persistence.surroundings import look_around
from tests.persistence.conftest import Append
from tests.support.builders import MONDAY_MORNING
from tests.support.stories import climbed, closed, entries, taken_in

SEAL = Seal(bytes(32))
TELEPHONE = "13812345678"
GRID = "440106012003017"


async def earlier(
    engine: AsyncEngine, *, telephone: str = TELEPHONE, now: timedelta = timedelta(), **changes: str
) -> Earlier | None:
    place = {"category": "0201", "area": GRID, **changes}
    call = Matching(
        category=place["category"],
        group="city_appearance",
        place=Place(place["area"]),
        neighbourhood="440106012003",
        is_small=True,
        at=MONDAY_MORNING + now,
    )
    async with each_by_itself(engine) as connection:
        around = await look_around(
            connection,
            call,
            fingerprints=SEAL.fingerprints(telephone),
            closed_within=timedelta(days=30),
            sight=Sight(sealed=True),
        )
    return around.earlier


async def called(engine: AsyncEngine, key: str, telephone: str = TELEPHONE, **changes: object) -> str:
    """The number of a call from that telephone, whose story has not begun."""
    begun = await taken_in(engine, key, caller=SEAL.seal(Caller(None, telephone, None)), **changes)
    return begun.number


async def test_an_open_request_is_found_before_and_after_its_story_has_begun(
    engine: AsyncEngine, append: Append
) -> None:
    begun = await taken_in(engine, "k", caller=SEAL.seal(Caller(None, TELEPHONE, None)))
    assert await earlier(engine) == Earlier(begun.number, is_open=True)
    for entry in entries(begun, climbed(begun)):
        await append(entry)
    assert await earlier(engine, telephone="+86 138 1234 5678") == Earlier(begun.number, is_open=True)
    assert await earlier(engine, telephone="13812345679") is None
    assert await earlier(engine, category="0202") is None


async def test_a_place_that_holds_the_other_is_the_same_place(engine: AsyncEngine) -> None:
    number = await called(engine, "k")
    for area in ("440106", "440106012003", "440106012003017", "4401060120030171"):
        assert await earlier(engine, area=area) == Earlier(number, is_open=True)
    for area in ("440106012004", "440106012003018", "440105"):
        assert await earlier(engine, area=area) is None


async def test_of_several_the_newest_open_one_is_meant(engine: AsyncEngine) -> None:
    await called(engine, "first", received_at=MONDAY_MORNING - timedelta(days=3))
    newest = await called(engine, "second", received_at=MONDAY_MORNING - timedelta(days=2))
    assert await earlier(engine) == Earlier(newest, is_open=True)


async def test_an_open_request_of_long_ago_is_another_occurrence(engine: AsyncEngine) -> None:
    await called(engine, "k")
    assert await earlier(engine, now=OPEN_WITHIN) is not None
    assert await earlier(engine, now=OPEN_WITHIN + timedelta(seconds=1)) is None


async def test_a_closed_request_is_repeated_for_thirty_days(engine: AsyncEngine, append: Append) -> None:
    begun = await taken_in(engine, "k", caller=SEAL.seal(Caller(None, TELEPHONE, None)))
    story = closed(begun)
    for entry in entries(begun, story):
        await append(entry)
    ended = story.state.ended_at
    assert ended is not None
    last_day = ended - MONDAY_MORNING + timedelta(days=30)
    assert await earlier(engine, now=last_day) == Earlier(begun.number, is_open=False)
    assert await earlier(engine, now=last_day + timedelta(seconds=1)) is None


async def test_a_forgotten_caller_is_not_recognized(engine: AsyncEngine) -> None:
    begun = await taken_in(engine, "k", caller=SEAL.seal(Caller(None, TELEPHONE, None)))
    assert begun.caller_ref is not None
    async with writing(engine) as connection:
        await erase(connection, begun.caller_ref, MONDAY_MORNING)
    assert await earlier(engine) is None


async def test_callers_are_found_by_indexes(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(text(_MANY))
        for table in ("identity", "intake"):
            await connection.execute(text(f"ANALYZE {table}"))
    given = parameters(
        SEAL.fingerprints(TELEPHONE),
        category="0201",
        area=GRID,
        now=MONDAY_MORNING,
        closed_within=timedelta(days=30),
    )
    async with reading(engine) as connection:
        plan = str((await connection.execute(text(f"EXPLAIN {EARLIER}"), given)).all())
    assert "ix_identity_by_fingerprint" in plan
    assert "ix_intake_by_caller" in plan
    assert "pk_requests" in plan


_MANY = """
WITH many AS (SELECT n, sha256(n::text::bytea) AS fingerprint FROM generate_series(1, 20000) AS n),
kept AS (
    INSERT INTO intake (number, query_code, key, digest, received_at, caller_ref, description, body)
    SELECT 'n' || n, 'q' || n, 'k' || n, '', now(), 'c' || n, '', '{}' FROM many
)
INSERT INTO identity (caller_ref, key_id, fingerprint, created_at) SELECT 'c' || n, '1', fingerprint, now() FROM many
"""
