"""What every door stands on: the database, the city, the way to the running stories, and the one clock."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Annotated, Protocol, cast
from zoneinfo import ZoneInfo

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.messages import LegAnswer
from api.feeds.feeding import Feed
from api.frame.keyring import Keyring
from api.frame.listening import Bell
from cities.pack import CityPack
from domain.commands import Answer, Order
from domain.partners import Partner
from domain.request import Intake
from domain.time.calendar import WorkingCalendar
from integrations.port import PartnerGateway
from persistence.duties import DutiesInForce
from persistence.engine import ReadConnection
from persistence.identity import Seal
from persistence.promises import PoliciesInForce


class Stories(Protocol):
    """The running stories; :class:`workflows.client.RequestClient` is the real one."""

    async def command(self, number: str, order: Order) -> Answer:
        """Give an order and wait for its answer; raises Refused, StoryEnded or EngineUnavailable."""
        ...

    async def resume(self, intake: Intake, order: Order) -> Answer:
        """Give an order to a request that has ended; raises Refused or EngineUnavailable."""
        ...

    async def complete_leg(self, number: str, leg: str, awaits: int, answer: LegAnswer) -> None:
        """Complete the activity in which a leg is awaited; raises NotAwaited or EngineUnavailable."""
        ...

    async def is_reachable(self) -> bool:
        """Whether the engine answers at all."""
        ...


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A connected partner as its call-backs come in: who reads them, and the secrets they may be signed with."""

    gateway: PartnerGateway
    secrets: tuple[str, ...] = field(repr=False)


def clock_time() -> datetime:
    """The present instant, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Doors:
    """Everything a handler may use. One per process; ``now`` is the only clock that a door reads."""

    database: AsyncEngine
    singles: AsyncEngine
    """The same database, for single queries; see :meth:`looking`."""
    pack: CityPack
    stories: Stories
    seal: Seal
    keyring: Keyring
    in_force: PoliciesInForce
    duties: DutiesInForce
    bell: Bell
    feed: Feed
    neighbours: Mapping[Partner, Neighbour] = field(default_factory=dict[Partner, Neighbour])
    """The partners that are connected; to the others matters are handed by hand."""
    now: Callable[[], datetime] = clock_time
    patience_seconds: float = 5.0
    """How long a door waits for an answer that must appear in the database."""

    def today(self) -> date:
        """The city's date."""
        return self.day_of(self.now())

    def day_of(self, instant: datetime) -> date:
        """The city's date at an aware instant."""
        return instant.astimezone(ZoneInfo(self.pack.city.zone)).date()

    def calendar_from(self, day: date) -> WorkingCalendar:
        """The calendar extract that a request accepted on that day carries."""
        return _extract(self.pack.calendar, day)

    @asynccontextmanager
    async def looking(self) -> AsyncGenerator[ReadConnection]:
        """A connection for single queries: each is a transaction of its own, which saves two round trips."""
        async with self.singles.connect() as connection:
            yield ReadConnection(connection)


@lru_cache(maxsize=4)
def _extract(calendar: WorkingCalendar, day: date) -> WorkingCalendar:
    return calendar.extract(day)


async def _doors(request: Request) -> Doors:
    # Not a plain function: the framework would send each call to a thread and back for it.
    return cast("Doors", request.app.state.doors)


TheDoors = Annotated[Doors, Depends(_doors)]
