"""Policies: published in versions that never change, the newest begun one active."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.limits.policy import ClockMode, Policy
from domain.refusals import Refused
from persistence.engine import reading, writing
from persistence.policies import PublishedPolicy, active, all_active, publish, versions
from tests.support.builders import policy

NOW = datetime(2026, 3, 2, tzinfo=UTC)
TOMORROW = NOW + timedelta(days=1)


async def published(engine: AsyncEngine, given: Policy, active_from: datetime = NOW) -> PublishedPolicy:
    async with writing(engine) as connection:
        return await publish(
            connection, given, by="leader", at=NOW, active_from=active_from, office_day=timedelta(hours=7)
        )


async def test_versions_count_up_and_begin_when_they_say(engine: AsyncEngine) -> None:
    first = await published(engine, policy(version=77))
    second = await published(engine, policy(total="9h"), active_from=TOMORROW)
    other = await published(engine, policy(code="P-OTHER"))
    assert [first.policy.version, second.policy.version, other.policy.version] == [1, 2, 1]
    async with reading(engine) as connection:
        assert await active(connection, "P-TEST", NOW - timedelta(seconds=1)) is None
        assert await active(connection, "P-TEST", NOW) == first.policy
        assert await active(connection, "P-TEST", TOMORROW) == second.policy
        assert await all_active(connection, NOW) == [other, first]
        assert await versions(connection, "P-TEST") == [second, first]


async def test_a_faulty_policy_is_refused_with_its_field(engine: AsyncEngine) -> None:
    with pytest.raises(Refused) as refused:
        await published(engine, replace(policy(), clock=ClockMode.WORKING))
    assert (refused.value.code, refused.value.field) == ("policy_faulty", "clock")
    async with reading(engine) as connection:
        assert await versions(connection, "P-TEST") == []


async def test_two_who_publish_at_once_get_two_versions(engine: AsyncEngine) -> None:
    done = await asyncio.gather(*(published(engine, policy()) for _ in range(5)))
    assert sorted(one.policy.version for one in done) == [1, 2, 3, 4, 5]


async def test_a_published_version_cannot_be_changed(engine: AsyncEngine) -> None:
    await published(engine, policy())
    with pytest.raises(DBAPIError, match="append-only"):
        async with engine.begin() as connection:
            await connection.execute(text("UPDATE policies SET active_from = now()"))
