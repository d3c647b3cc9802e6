"""API keys: only their hashes are kept, and a revoked key opens nothing."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from domain.levels import Level
from persistence.access import add, find_by_secret, revoke
from persistence.engine import reading, writing
from tests.persistence.conftest import rows

NOW = datetime(2026, 3, 2, tzinfo=UTC)


async def test_a_key_leads_to_its_principal_until_it_is_revoked(engine: AsyncEngine) -> None:
    async with writing(engine) as connection:
        key_id = await add(
            connection,
            "secret",
            name="天河城管",
            roles=frozenset({"unit"}),
            at=NOW,
            unit="440106-bureau",
            level=Level.DISTRICT,
        )
    async with reading(engine) as connection:
        found = await find_by_secret(connection, "secret")
        assert await find_by_secret(connection, "Secret") is None
    assert found is not None
    assert (found.key_id, found.name, found.roles) == (key_id, "天河城管", frozenset({"unit"}))
    assert (found.unit, found.level) == ("440106-bureau", Level.DISTRICT)
    assert "secret" not in str(await rows(engine, "SELECT t::text FROM api_keys t"))
    async with writing(engine) as connection:
        assert await revoke(connection, key_id, NOW)
        assert not await revoke(connection, key_id, NOW)
    async with reading(engine) as connection:
        assert await find_by_secret(connection, "secret") is None


async def test_adding_a_key_again_changes_its_principal_and_keeps_its_id(engine: AsyncEngine) -> None:
    async with writing(engine) as connection:
        first = await add(connection, "s", name="a", roles=frozenset({"operator"}), at=NOW)
        await revoke(connection, first, NOW)
        again = await add(connection, "s", name="b", roles=frozenset({"sre", "auditor"}), at=NOW)
    async with reading(engine) as connection:
        found = await find_by_secret(connection, "s")
    assert first == again
    assert found is not None
    assert (found.name, found.roles) == ("b", frozenset({"sre", "auditor"}))
