"""Signs of life: who beats, and when nobody ran."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from persistence.engine import reading, writing
from persistence.liveness import Downtime, beat, downtimes, last_beats, service_seen, service_started

START = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)


async def test_a_heartbeat_is_the_last_one(engine: AsyncEngine) -> None:
    for name in ("auditor", "starter", "auditor"):
        async with writing(engine) as connection:
            await beat(connection, name)
    async with reading(engine) as connection:
        beats = await last_beats(connection)
    assert beats["auditor"] > beats["starter"]


async def test_downtime_is_what_no_worker_covers(engine: AsyncEngine) -> None:
    ran = [(0, 3), (1, 2), (5, 6), (6, 7), (9, 9)]
    async with writing(engine) as connection:
        for start, seen in ran:
            await service_started(connection, START + start * HOUR)
            await service_seen(connection, START + start * HOUR, START + seen * HOUR)
    async with reading(engine) as connection:
        found = await downtimes(connection)
    assert found == [
        Downtime(START + 3 * HOUR, START + 5 * HOUR),
        Downtime(START + 7 * HOUR, START + 9 * HOUR),
    ]
