"""What rulings have added to the duty list (裁定入清单), read from the timelines, where they stand for ever."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import func, select

from domain.exceptions.terms import DutyAmendment
from persistence.engine import ReadConnection
from persistence.tables import timeline

_KIND = "dispute_ruled"
_amendments = TypeAdapter(DutyAmendment)
_IS_RULING = timeline.c.kind == _KIND
_COUNT = select(func.count()).select_from(timeline).where(_IS_RULING)
_AMENDING = (
    select(timeline.c.at, timeline.c.fact)
    .where(_IS_RULING, func.jsonb_typeof(timeline.c.fact["amendment"]) == "object")
    .order_by(timeline.c.at, timeline.c.feed_id)
)


@dataclass(frozen=True, slots=True)
class Ruled:
    """One amendment with the code of its entry (``R-<number>-<application>``) and the instant of its ruling (UTC)."""

    duty_entry: str
    amendment: DutyAmendment
    at: datetime


async def rulings(connection: ReadConnection) -> int:
    """How many disputes were ever ruled. The number only grows, so whoever knows it knows whether to look again."""
    return (await connection.execute(_COUNT)).scalar_one()


async def read_amendments(connection: ReadConnection) -> Sequence[Ruled]:
    """Every amendment, oldest first."""
    rows = await connection.execute(_AMENDING)
    return [
        Ruled(row.fact["duty_entry"], _amendments.validate_python(row.fact["amendment"]), row.at)
        for row in rows
    ]
