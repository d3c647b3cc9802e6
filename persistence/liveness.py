"""Signs of life: heartbeats of the watching parts, and when the service ran at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from persistence.engine import ReadConnection, WriteConnection
from persistence.tables import heartbeats, uptime


@dataclass(frozen=True, slots=True)
class Downtime:
    """A stretch in which no worker ran: from the last sign of life to the next start."""

    since: datetime
    until: datetime


async def beat(connection: WriteConnection, name: str) -> None:
    """Record that the named part did its round just now, by the database's clock."""
    now = func.clock_timestamp()
    sign = insert(heartbeats).values(name=name, at=now)
    await connection.execute(sign.on_conflict_do_update(index_elements=["name"], set_={"at": now}))


async def last_beats(connection: ReadConnection) -> dict[str, datetime]:
    """The last sign of life of each part."""
    rows = await connection.execute(select(heartbeats.c.name, heartbeats.c.at))
    return {row.name: row.at for row in rows}


async def service_started(connection: WriteConnection, at: datetime) -> None:
    """Note a start of the service; ``at`` names it in :func:`service_seen`."""
    await connection.execute(
        insert(uptime)
        .values(started_at=at, last_seen_at=at)
        .on_conflict_do_nothing(index_elements=["started_at"])
    )


async def service_seen(connection: WriteConnection, started_at: datetime, at: datetime) -> None:
    """Note that the service started then is still running."""
    await connection.execute(update(uptime).where(uptime.c.started_at == started_at).values(last_seen_at=at))


async def downtimes(connection: ReadConnection) -> Sequence[Downtime]:
    """When nothing ran between the first start and the last one, oldest first; several workers may overlap."""
    rows = (await connection.execute(select(uptime).order_by(uptime.c.started_at))).all()
    found: list[Downtime] = []
    for earlier, later in pairwise(rows):
        alive_until = max(row.last_seen_at for row in rows if row.started_at <= earlier.started_at)
        if alive_until < later.started_at:
            found.append(Downtime(alive_until, later.started_at))
    return found
