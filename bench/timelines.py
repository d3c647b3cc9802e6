"""What the bench reads from the product's own record: which requests have begun, and when deadlines fired."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

import psycopg

from domain.partners import CaseStatus

_PAUSE_SECONDS = 0.5


@dataclass(frozen=True)
class Fired:
    """A deadline that was recorded, in Unix seconds."""

    number: str
    due_at: float
    recorded_at: float
    category: str

    @property
    def lateness(self) -> float:
        """Seconds from the due instant until it stood in the timeline."""
        return self.recorded_at - self.due_at


@dataclass(frozen=True)
class CaseTimes:
    """When a request recorded of its case that the partner had it, and how it ended, in Unix seconds."""

    number: str
    partner: str
    handed_over_at: float | None
    ended_at: float | None


class Timelines:
    """Reads them over a connection of its own, made anew each time, since measurements are long."""

    def __init__(self, database: str) -> None:
        self._conninfo = database.replace("postgresql+psycopg://", "postgresql://", 1)

    async def unstarted(self) -> int:
        """How many requests wait for their story to begin."""
        rows = await self._rows("SELECT count(*) FROM waiting_intake")
        return int(str(rows[0][0]))

    async def until_begun(self, patience: float) -> float:
        """Wait until every request has begun; the seconds it took.

        Raises:
            TimeoutError: some have not, in that time.
        """
        began = time.perf_counter()
        while unstarted := await self.unstarted():
            if time.perf_counter() - began > patience:
                raise TimeoutError(f"{unstarted} requests have not begun after {patience:.0f} s")
            await asyncio.sleep(_PAUSE_SECONDS)
        return time.perf_counter() - began

    async def fired(self, numbers: list[str]) -> list[Fired]:
        """The dispatch limits of these requests that passed."""
        rows = await self._rows(
            "SELECT t.number, extract(epoch FROM (t.fact ->> 'due_at')::timestamptz), "
            "extract(epoch FROM t.recorded_at), r.category FROM timeline AS t JOIN requests AS r USING (number) "
            "WHERE t.number = ANY(%s) AND t.kind = 'deadline_fired' AND t.fact ->> 'clock' = 'dispatch'",
            numbers,
        )
        return [Fired(str(row[0]), float(str(row[1])), float(str(row[2])), str(row[3])) for row in rows]

    async def until_fired(self, numbers: list[str], patience: float) -> list[Fired]:
        """As :meth:`fired`, once all have; what there is when the patience ends."""
        give_up_at = time.monotonic() + patience
        while True:
            found = await self.fired(numbers)
            if len(found) >= len(numbers) or time.monotonic() > give_up_at:
                return found
            await asyncio.sleep(2 * _PAUSE_SECONDS)

    async def cases(self, numbers: list[str]) -> list[CaseTimes]:
        """The cases of these requests with partners."""
        rows = await self._rows(
            "SELECT number, fact ->> 'partner', "
            "extract(epoch FROM min(recorded_at) FILTER (WHERE kind = 'case_reported')), "
            "extract(epoch FROM min(recorded_at) FILTER (WHERE fact ->> 'status' = ANY(%s))) "
            "FROM timeline WHERE number = ANY(%s) AND kind IN ('case_opened', 'case_reported') "
            "GROUP BY number, fact ->> 'partner'",
            [status.value for status in CaseStatus if not status.is_open],
            numbers,
        )
        return [CaseTimes(str(row[0]), str(row[1]), _instant(row[2]), _instant(row[3])) for row in rows]

    async def until_ended(self, numbers: list[str], patience: float) -> list[CaseTimes]:
        """As :meth:`cases`, once all have ended; as they stand when the patience ends."""
        give_up_at = time.monotonic() + patience
        while True:
            found = await self.cases(numbers)
            ended = sum(case.ended_at is not None for case in found)
            if ended >= len(numbers) or time.monotonic() > give_up_at:
                return found
            await asyncio.sleep(4 * _PAUSE_SECONDS)

    async def _rows(self, query: str, *values: object) -> list[tuple[object, ...]]:
        async with await psycopg.AsyncConnection.connect(self._conninfo, autocommit=True) as connection:
            found = await connection.execute(query.encode(), values)
            return await found.fetchall()


def _instant(value: object) -> float | None:
    return None if value is None else float(str(value))
