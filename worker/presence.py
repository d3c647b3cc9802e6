"""When the service was there, told every few seconds: a stop between two starts is not lateness."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from persistence.engine import writing
from persistence.liveness import service_seen, service_started
from worker.rounds import go_round

EVERY = timedelta(seconds=2)


class Presence:
    """Keeps the record of one start up to date."""

    def __init__(self, engine: AsyncEngine, started_at: datetime) -> None:
        self._engine = engine
        self._started_at = started_at
        self._told = False

    async def run(self) -> None:
        """Go on until cancelled; the database's outages are waited out."""
        await go_round(self._show, EVERY, "presence_lost_database")

    async def _show(self) -> None:
        async with writing(self._engine) as connection:
            if not self._told:
                await service_started(connection, self._started_at)
                self._told = True
            await service_seen(connection, self._started_at, datetime.now(UTC))
