"""What rulings add to the duty list is read back from the timelines, oldest first."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.events import DisputeRuled
from domain.exceptions.terms import DutyAmendment
from domain.levels import Level
from persistence.amendments import Ruled, read_amendments, rulings
from persistence.engine import reading
from persistence.forms import facts
from tests.persistence.conftest import rows
from tests.support.builders import UNITS

AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
TOWN = UNITS[Level.TOWN]
AMENDMENT = DutyAmendment("0201", Level.TOWN, TOWN.area, "town_office", "minutes 17")
INSERT = text(
    "INSERT INTO timeline (number, seq, kind, at, recorded_at, actor, fact, prev_hash, hash) VALUES "
    '(:number, 1, \'dispute_ruled\', :at, :at, \'{"role": "arbiter", "person": "a"}\', '
    "CAST(:fact AS jsonb), '', '')"
)


async def ruled(engine: AsyncEngine, number: str, at: datetime, amendment: DutyAmendment | None) -> None:
    """Write a ruling onto the timeline."""
    fact = DisputeRuled("a1", "1", TOWN, f"R-{number}-a1", amendment)
    spelled = json.dumps(facts.dump_python(fact, mode="json"))
    async with engine.begin() as connection:
        await connection.execute(INSERT, {"number": number, "at": at, "fact": spelled})


async def test_only_rulings_that_amend_are_read_and_all_are_counted(engine: AsyncEngine) -> None:
    await ruled(engine, "n2", AT + timedelta(hours=1), AMENDMENT)
    await ruled(engine, "n1", AT, AMENDMENT)
    await ruled(engine, "n3", AT + timedelta(hours=2), None)
    async with reading(engine) as connection:
        assert await rulings(connection) == 3
        found = await read_amendments(connection)
    assert found == [
        Ruled("R-n1-a1", AMENDMENT, AT),
        Ruled("R-n2-a1", AMENDMENT, AT + timedelta(hours=1)),
    ]


async def test_a_city_without_disputes_has_its_own_list_only(engine: AsyncEngine) -> None:
    async with reading(engine) as connection:
        assert (await rulings(connection), await read_amendments(connection)) == (0, [])


async def test_counting_rulings_looks_at_rulings_alone(engine: AsyncEngine) -> None:
    plan = await rows(engine, "EXPLAIN SELECT count(*) FROM timeline WHERE kind = 'dispute_ruled'")
    assert any("ix_timeline_rulings" in line["QUERY PLAN"] for line in plan), plan
