"""The sealer: once a day it puts an anchor on all that was written since the last one, and logs its digest.

Logs are kept elsewhere than the database, so whoever would rewrite the record and its anchors cannot rewrite these.
"""

from __future__ import annotations

from datetime import timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from persistence.anchors import seal_if_due
from worker.rounds import go_round

log = structlog.get_logger()

EVERY = timedelta(days=1)


class Sealer:
    """Looks every ``interval`` whether an anchor is due; of several workers one seals."""

    def __init__(self, engine: AsyncEngine, *, interval: timedelta = timedelta(minutes=10)) -> None:
        self._engine = engine
        self._interval = interval

    async def run(self) -> None:
        """Go on until cancelled. A round that fails is told and tried again at the next."""
        await go_round(self.look, self._interval, "sealer_lost_database")

    async def look(self) -> None:
        """One round."""
        made = await seal_if_due(self._engine, EVERY)
        if made is not None:
            log.info(
                "record_sealed", anchor=made.id, digest=made.digest, rows=made.rows, requests=made.stories
            )
