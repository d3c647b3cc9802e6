"""The duty list that new requests are routed by: the city's own, and what rulings have added since."""

from __future__ import annotations

import time
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncEngine

from cities.pack import CityPack
from domain.exceptions.terms import DutyAmendment
from domain.responsibility.routing import DutyEntry, DutyIndex, entry_for, ruled_first
from persistence.amendments import Ruled, read_amendments, rulings
from persistence.engine import reading

REMEMBERED_SECONDS = 1.0
"""A ruling holds in every process after so long at most."""


class DutiesInForce:
    """The duty list with the amendments of all rulings, remembered for a moment."""

    def __init__(self, database: AsyncEngine, pack: CityPack) -> None:
        self._database = database
        self._pack = pack
        self._zone = ZoneInfo(pack.city.zone)
        self._index: DutyIndex = pack.duty_index
        self._rulings = 0
        self._good_until = 0.0

    async def index(self) -> DutyIndex:
        """The list, by category and level."""
        if time.monotonic() >= self._good_until:
            async with reading(self._database) as connection:
                seen = await rulings(connection)
                if seen != self._rulings:
                    ruled = await read_amendments(connection)
                    self._index = ruled_first(self._pack.duty_index, map(self._entry, ruled))
                    self._rulings = seen
            self._good_until = time.monotonic() + REMEMBERED_SECONDS
        return self._index

    def forget(self) -> None:
        """Look again at the next call."""
        self._good_until = 0.0

    def _entry(self, ruled: Ruled) -> DutyEntry:
        amendment, day = ruled.amendment, ruled.at.astimezone(self._zone).date()
        return DutyEntry(
            code=ruled.duty_entry,
            category=amendment.category,
            level=amendment.level,
            unit_type=amendment.unit_type,
            fallback_type=self._fallback(amendment, day),
            basis=amendment.basis,
            area=amendment.area,
            valid_from=day,
        )

    def _fallback(self, amendment: DutyAmendment, day: date) -> str:
        """Who stands in for the ruled unit: whoever answered before, or their own stand-in."""
        before = entry_for(amendment.category, amendment.level, amendment.area, self._pack.duty_index, day)
        if before is None:
            return amendment.unit_type
        return before.fallback_type if before.unit_type == amendment.unit_type else before.unit_type
