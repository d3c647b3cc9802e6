"""The auditor: tells what should have fired and did not, and that it is itself alive."""

from __future__ import annotations

import time
from dataclasses import replace

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from config.metrics import Metrics
from domain.cases.state import begin_case
from persistence.engine import reading, writing
from persistence.liveness import last_beats
from persistence.partner_cases import record_case
from tests.persistence.conftest import Append
from tests.support.builders import MONDAY_MORNING
from tests.support.partners import brief
from tests.support.stories import closed, entries, taken_in, worked
from worker.auditor import Auditor


async def test_a_round_tells_how_things_stand(engine: AsyncEngine, append: Append) -> None:
    metrics = Metrics()
    auditor = Auditor(engine, metrics)
    for key, teller in (("worked", worked), ("closed", closed)):
        begun = await taken_in(engine, key)
        for entry in entries(begun, teller(begun)):
            await append(entry)
    await taken_in(engine, "waiting")
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE requests SET next_due_at = now() + interval '1 hour'"))
    assert await auditor.look() == 0
    shown = metrics.registry.get_sample_value
    standing = {"state": "in_progress", "level": "grid", "light": "green"}
    assert shown("huying_open_requests", standing) == 1
    assert shown("huying_unstarted_requests") == 1
    assert abs((shown("huying_auditor_last_success_timestamp_seconds") or 0) - time.time()) < 30
    async with reading(engine) as connection:
        assert "auditor" in await last_beats(connection)


async def test_a_deadline_that_did_not_fire_is_seen_and_forgotten_when_it_has(
    engine: AsyncEngine, append: Append
) -> None:
    metrics = Metrics()
    auditor = Auditor(engine, metrics)
    begun = await taken_in(engine)
    first, *rest = entries(begun, closed(begun))
    await append(first)
    # The builders' Monday lies in the past: everything the request waits for is overdue.
    assert await auditor.look() == 1
    assert metrics.registry.get_sample_value("huying_deadlines_overdue_unfired") == 1
    for entry in rest:
        await append(entry)
    assert await auditor.look() == 0
    assert metrics.registry.get_sample_value("huying_deadlines_overdue_unfired") == 0
    gone = {"state": "pending_dispatch", "level": "none", "light": "green"}
    assert metrics.registry.get_sample_value("huying_open_requests", gone) == 0


async def test_open_cases_are_counted_until_they_end(engine: AsyncEngine) -> None:
    metrics = Metrics()
    auditor, case = Auditor(engine, metrics), begin_case(brief())
    labels = {"partner": "enforcement", "status": "opening"}
    for state, count in ((case, 1), (replace(case, version=2, ended_at=MONDAY_MORNING), 0)):
        async with writing(engine) as connection:
            await record_case(connection, state)
        await auditor.look()
        assert metrics.registry.get_sample_value("huying_partner_cases_open", labels) == count
