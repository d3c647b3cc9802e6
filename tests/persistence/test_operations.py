"""The record of operations only grows; open requests are counted, named and folded as they stand."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.commands import MovePolicy
from domain.operations import Operation
from domain.request import PolicySnapshot
from domain.units import Role
from persistence.bulk import JobDraft, next_batch, take_in_job
from persistence.engine import reading, writing
from persistence.open_requests import Selection, count_open, load_states, open_numbers
from persistence.operations import list_operations, note_operation
from persistence.timeline import load_state
from tests.persistence.conftest import Append
from tests.persistence.test_queries import several
from tests.support.builders import MONDAY_MORNING, actor, ladder, policy


async def noted(engine: AsyncEngine, subject: str) -> None:
    async with writing(engine) as connection:
        await note_operation(
            connection,
            Operation.POLICY_PUBLISHED,
            subject,
            who="operator",
            at=MONDAY_MORNING,
            reason="why",
            details={"version": 2},
        )


async def test_entries_come_newest_first_and_by_subject(engine: AsyncEngine) -> None:
    for subject in ("P-A", "P-B", "P-A"):
        await noted(engine, subject)
    async with reading(engine) as connection:
        page = await list_operations(connection)
        of_a = await list_operations(connection, subject="P-A")
        none = await list_operations(connection, what=[Operation.SURGE_BEGUN])
    assert [entry.subject for entry in page.items] == ["P-A", "P-B", "P-A"]
    assert [entry.subject for entry in of_a.items] == ["P-A", "P-A"]
    assert none.items == []
    assert page.items[0].details == {"version": 2}


@pytest.mark.parametrize("statement", ["UPDATE operations SET who = 'x'", "DELETE FROM operations"])
async def test_an_entry_cannot_be_changed_or_removed(engine: AsyncEngine, statement: str) -> None:
    await noted(engine, "P-A")
    with pytest.raises(DBAPIError, match="append-only"):
        async with engine.begin() as connection:
            await connection.execute(text(statement))


async def test_open_requests_are_found_by_policy_version_and_place(
    engine: AsyncEngine, append: Append
) -> None:
    numbers = await several(engine, append)
    still_open = [number for place, number in enumerate(numbers) if place % 3]
    async with reading(engine) as connection:
        assert await open_numbers(connection, Selection(policy="P-TEST", version=1), "", 50) == still_open
        assert await open_numbers(connection, Selection(), still_open[1], 2) == still_open[2:4]
        for selection, count in (
            (Selection(district="440106"), 6),
            (Selection(district="440104"), 0),
            (Selection(category="0201", already=("P-TEST", 2)), 6),
            (Selection(already=("P-TEST", 1)), 0),
            (Selection(version=2), 0),
        ):
            assert await count_open(connection, selection) == count, selection
        found = await load_states(connection, still_open)
        assert found == [await load_state(connection, number) for number in still_open]


async def test_each_request_of_a_job_may_have_an_order_of_its_own(engine: AsyncEngine) -> None:
    acts = {
        f"20260302-{place:07}": MovePolicy(PolicySnapshot(policy(version=place), ladder()), "why")
        for place in (2, 3)
    }
    draft = JobDraft(
        id="0" * 16,
        key="key",
        digest="",
        principal="operator",
        actor=actor(Role.DUTY_LEADER),
        command="move_policy",
        own_acts=acts,
        numbers=list(acts),
        at=MONDAY_MORNING + timedelta(hours=1),
    )
    async with writing(engine) as connection:
        job = await take_in_job(connection, draft)
        batch = await next_batch(connection, job, 50)
    assert (batch.command, batch.acts) == ("move_policy", acts)
