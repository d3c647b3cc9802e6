"""When the service was there, told every few seconds: a stop between two starts is not lateness."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from persistence.engine import writing
from persistence.liveness import service_seen, service_started

log = structlog.get_logger()

EVERY = timedelta(seconds=2)


class Presence:
    """Keeps the record of one start up to date."""

    def __init__(self, engine: AsyncEngine, started_at: datetime) -> None:
        self._engine = engine
        self._started_at = started_at

    async def run(self) -> None:
        """Go on until cancelled; the database's outages are waited out."""
        told = False
        while True:
            try:
                async with writing(self._engine) as connection:
                    if not told:
                        await service_started(connection, self._started_at)
                        told = True
                    await service_seen(connection, self._started_at, datetime.now(UTC))
            except (SQLAlchemyError, OSError) as error:
                log.warning("presence_lost_database", error=type(error).__name__)
            await asyncio.sleep(EVERY.total_seconds())
