"""Reading the affairs platform's catalogue of items: what changed since the last time, once per interval."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from config.settings import Settings
from domain.cases.affair_items import AffairItem
from domain.partners import Partner
from integrations.affairs import AffairsGateway
from integrations.port import PartnerGateway, PartnerRejected, PartnerUnavailable
from persistence.affair_items import keep_items, read_so_far
from persistence.engine import reading, writing
from worker.rounds import go_round

log = structlog.get_logger()

RETRY_AFTER = timedelta(minutes=1)
"""Pause after a reading that the platform cut short."""


class Catalogue(Protocol):
    """Whoever has the items; :class:`AffairsGateway` is the real one."""

    def items(self, changed_since: datetime | None) -> AsyncGenerator[Sequence[AffairItem]]:
        """The items that changed, page by page, the oldest change first."""
        ...


class CatalogueSync:
    """Keeps our copy of the catalogue. Several may run: keeping an item twice changes nothing."""

    def __init__(self, engine: AsyncEngine, catalogue: Catalogue, *, interval: timedelta) -> None:
        self._engine = engine
        self._catalogue = catalogue
        self._interval = interval
        self._next = 0.0

    async def run(self) -> None:
        """Go on until cancelled; outages of database and platform are waited out."""
        await go_round(self._look, min(self._interval, RETRY_AFTER), "catalogue_sync_interrupted")

    async def sync(self) -> int:
        """Read what changed, keep it page by page, and answer how many items are news.

        Raises:
            PartnerUnavailable: the platform could not be read to the end; what came before stands.
            PartnerRejected: the platform gives us no catalogue.
        """
        async with reading(self._engine) as connection:
            since = await read_so_far(connection)
        news = 0
        async for page in self._catalogue.items(since):
            async with writing(self._engine) as connection:
                news += await keep_items(connection, page)
        return news

    async def _look(self) -> None:
        now = asyncio.get_running_loop().time()
        if now < self._next:
            return
        try:
            news = await self.sync()
        except (PartnerUnavailable, PartnerRejected) as error:
            log.warning("catalogue_not_read", reason=str(error))
            return
        self._next = now + self._interval.total_seconds()
        log.info("catalogue_read", news=news)


def catalogue_syncs(
    settings: Settings, engine: AsyncEngine, gateways: Mapping[Partner, PartnerGateway]
) -> tuple[CatalogueSync, ...]:
    """The one reader of the catalogue, where the affairs platform is connected."""
    interval = timedelta(seconds=settings.catalogue_interval_seconds)
    return tuple(
        CatalogueSync(engine, gateway, interval=interval)
        for gateway in gateways.values()
        if isinstance(gateway, AffairsGateway)
    )
