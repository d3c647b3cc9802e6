"""Registering what partners found besides: each matter is taken in once, as a request of its own without a caller.

A matter of a known category is promised what a call about it would be; the others wait for an agent.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from activities.case_messages import FoundInCase, FoundNumbers
from cities.pack import CityPack
from domain.cases.found import channel_of, described, type_of
from domain.partners import FoundMatter, OwnMatter, request_of_case
from domain.refusals import Refused
from domain.request import Matter, PolicySnapshot
from domain.responsibility.routing import Place
from domain.time.calendar import WorkingCalendar
from persistence.duties import DutiesInForce
from persistence.engine import ReadConnection, each_by_itself, single_queries
from persistence.identity import Seal, without_caller_of
from persistence.intake import Draft, caller_ref_of, take_in
from persistence.promises import PoliciesInForce, matter_and_promise

Masked = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class _City:
    pack: CityPack
    in_force: PoliciesInForce
    duties: DutiesInForce


class FoundMatters:
    """Registers found matters. ``open_pack`` reads the city's pack, when there is a first one."""

    def __init__(
        self,
        engine: AsyncEngine,
        seal: Seal,
        open_pack: Callable[[], CityPack],
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._engine = engine
        self._singles = single_queries(engine)
        self._seal = seal
        self._open_pack = open_pack
        self._now = now
        self._opening = asyncio.Lock()
        self._city: _City | None = None

    @activity.defn(name="register_found")
    async def register_found(self, found: FoundInCase) -> FoundNumbers:
        """Take in each of the matters, or find the number under which it was taken in before."""
        city, masked = await self._opened(), await self._without_caller(found)
        return FoundNumbers(
            tuple([await self._registered(city, found, own, masked) for own in found.matters])
        )

    async def _opened(self) -> _City:
        async with self._opening:
            if self._city is None:
                pack = await asyncio.to_thread(self._open_pack)
                duties, in_force = DutiesInForce(self._engine, pack), PoliciesInForce(self._engine, pack)
                self._city = _City(pack, in_force, duties)
            return self._city

    async def _without_caller(self, found: FoundInCase) -> Masked:
        """How a text reads that does not tell the caller of the request in which something came up."""
        async with self._singles.connect() as plain:
            connection = ReadConnection(plain)
            caller = await caller_ref_of(connection, request_of_case(found.case))
            return await without_caller_of(connection, self._seal, caller, place=found.place.address)

    async def _registered(self, city: _City, found: FoundInCase, own: OwnMatter, masked: Masked) -> str:
        if own.found is None:
            return own.number
        draft = await self._draft(city, found, own.key, _told(own.found, masked))
        async with each_by_itself(self._singles) as connection:
            return (await take_in(connection, draft)).intake.number

    async def _draft(self, city: _City, found: FoundInCase, key: str, matter: FoundMatter) -> Draft:
        own_key = f"{found.case}:found:{key}"
        at = self._now()
        today = at.astimezone(ZoneInfo(city.pack.city.zone)).date()
        calendar = city.pack.calendar.extract(today)
        place = matter.place or found.place
        accepted = await self._promised(city, matter.category, place, calendar, at)
        return Draft(
            key=own_key,
            # Whoever words it otherwise under the key means the same matter.
            body_digest=hashlib.sha256(own_key.encode()).hexdigest(),
            local_day=today,
            received_at=at,
            channel=channel_of(matter),
            request_type=type_of(matter),
            description=described(matter, found.case, place=place, accepted=accepted is not None),
            matter=accepted[0] if accepted else None,
            snapshot=accepted[1] if accepted else None,
            calendar=calendar,
            common=city.pack.common,
            has_contact=False,
            found_in=found.case,
        )

    async def _promised(
        self, city: _City, category: str, place: Place, calendar: WorkingCalendar, at: datetime
    ) -> tuple[Matter, PolicySnapshot] | None:
        """Matter and promise; ``None`` where an agent must see to them first."""
        if not category:
            return None
        try:
            promise = await matter_and_promise(
                city.pack, city.in_force, city.duties, category, place, lambda: at
            )
            calendar.due(at, promise[1].policy.total)
        except Refused:
            return None
        return promise


def _told(matter: FoundMatter, masked: Masked) -> FoundMatter:
    place = matter.place and replace(matter.place, address=masked(matter.place.address))
    return replace(matter, text=masked(matter.text), place=place)
