"""The auditor: looks at the stored deadlines and asks whether they fired.

It shares no code path with the timers that fire, only the stored instant, which the same pure function computes as the
timers are set by: a deadline that was computed wrongly stays unseen here. If timers, workers or the engine stand
still, its gauge rises; if it stands still itself, its heartbeat grows old.
"""

from __future__ import annotations

from datetime import timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from config.metrics import NONE, Metrics
from persistence.engine import reading, writing
from persistence.liveness import beat
from persistence.partner_cases import count_open_cases
from persistence.queries import count_due_unfired, count_unstarted, open_counts
from worker.rounds import go_round

log = structlog.get_logger()

GRACE = timedelta(seconds=5)
"""A deadline that passed less long ago may still be on its way."""


class Auditor:
    """Looks every ``interval``, publishes what it found, and leaves a sign of life in the database."""

    def __init__(
        self,
        engine: AsyncEngine,
        metrics: Metrics,
        *,
        interval: timedelta = timedelta(seconds=5),
        grace: timedelta = GRACE,
    ) -> None:
        self._engine = engine
        self._metrics = metrics
        self._interval = interval
        self._grace = grace

    async def run(self) -> None:
        """Go on until cancelled. A round that fails is told; the heartbeat then stays where it was."""
        await go_round(self.look, self._interval, "auditor_lost_database")

    async def look(self) -> int:
        """One round; the number of open requests with a deadline that is due and has not fired."""
        async with reading(self._engine) as connection:
            overdue = await count_due_unfired(connection, self._grace)
            unstarted = await count_unstarted(connection)
            standing = await open_counts(connection)
            cases = await count_open_cases(connection)
        async with writing(self._engine) as connection:
            await beat(connection, "auditor")
        self._metrics.overdue_unfired.set(overdue)
        self._metrics.unstarted_requests.set(unstarted)
        self._metrics.show_open({(row.state, row.level or NONE, row.light): row.count for row in standing})
        self._metrics.show_open_cases(cases)
        self._metrics.auditor_success.set_to_current_time()
        if overdue:
            log.error("deadlines_overdue_unfired", count=overdue)
        return overdue
