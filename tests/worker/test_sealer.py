"""The worker seals the record once a day, and the digest leaves the database by the log."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from persistence.append import Appender
from tests.persistence.conftest import appending_with, rows
from tests.support.stories import closed, entries, taken_in
from worker.sealer import Sealer


async def test_the_record_is_sealed_once_a_day_and_the_digest_is_logged(engine: AsyncEngine) -> None:
    begun = await taken_in(engine)
    for entry in entries(begun, closed(begun)):
        await appending_with(Appender(engine))(entry)
    sealer = Sealer(engine)
    with capture_logs() as logged:
        await sealer.look()
        await sealer.look()
    [kept] = await rows(engine, "SELECT * FROM anchors")
    assert [(line["event"], line["digest"]) for line in logged] == [("record_sealed", kept["digest"])]
    assert kept["stories"] == 1


async def test_a_database_that_is_away_is_waited_for(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("ALTER TABLE anchors RENAME TO away"))
    with capture_logs() as logged:
        task = asyncio.create_task(Sealer(engine, interval=timedelta(milliseconds=10)).run())
        while not logged:
            await asyncio.sleep(0.01)
        async with engine.begin() as connection:
            await connection.execute(text("ALTER TABLE away RENAME TO anchors"))
        while not any(line["event"] == "record_sealed" for line in logged):
            await asyncio.sleep(0.01)
        task.cancel()
    assert logged[0]["event"] == "sealer_lost_database"
