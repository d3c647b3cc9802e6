"""Reading the affairs catalogue: whole at first, then what changed, through every outage."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from config.settings import Settings
from domain.cases.affair_items import AffairItem
from domain.partners import Partner
from integrations.gateways import gateway_for
from integrations.port import PartnerUnavailable
from integrations.simulators.serving import serve
from persistence.affair_items import find_items
from persistence.engine import reading
from tests.integrations.misbehaving import connection_to
from tests.persistence.test_affair_items import LIFT, SHOP
from worker.catalogue_sync import CatalogueSync, catalogue_syncs

DAILY = timedelta(days=1)


class Catalogue:
    """A catalogue in memory that remembers what it was asked for, and can break off after a number of pages."""

    def __init__(self, *items: AffairItem) -> None:
        self.pages: list[list[AffairItem]] = [[item] for item in items]
        self.asked: list[datetime | None] = []
        self.breaks_after: int | None = None

    async def items(self, changed_since: datetime | None) -> AsyncGenerator[Sequence[AffairItem]]:
        """The pages, up to where it breaks."""
        self.asked.append(changed_since)
        for number, page in enumerate(self.pages):
            if number == self.breaks_after:
                raise PartnerUnavailable("answered 503")
            yield [item for item in page if changed_since is None or item.changed_at >= changed_since]


async def codes(engine: AsyncEngine) -> list[str]:
    async with reading(engine) as connection:
        return [item.code for item in (await find_items(connection)).items]


async def test_the_catalogue_is_read_whole_and_then_only_what_changed(engine: AsyncEngine):
    catalogue = Catalogue(LIFT, SHOP)
    sync = CatalogueSync(engine, catalogue, interval=DAILY)
    assert await sync.sync() == 2
    assert await sync.sync() == 0
    assert catalogue.asked[0] is None
    assert catalogue.asked[1] is not None


async def test_what_was_read_before_a_break_stands_and_the_rest_follows(engine: AsyncEngine):
    later = replace(SHOP, changed_at=LIFT.changed_at + timedelta(days=1))
    catalogue = Catalogue(LIFT, later)
    catalogue.breaks_after = 1
    sync = CatalogueSync(engine, catalogue, interval=DAILY)
    with pytest.raises(PartnerUnavailable):
        await sync.sync()
    assert await codes(engine) == [LIFT.code]
    catalogue.breaks_after = None
    assert await sync.sync() == 1
    assert await codes(engine) == [LIFT.code, SHOP.code]


async def test_an_outage_of_the_platform_is_waited_out_and_told(engine: AsyncEngine):
    catalogue = Catalogue(LIFT)
    catalogue.breaks_after = 0
    sync = CatalogueSync(engine, catalogue, interval=timedelta(milliseconds=20))
    with capture_logs() as logs:
        running = asyncio.create_task(sync.run())
        while not logs:
            await asyncio.sleep(0.01)
        catalogue.breaks_after = None
        while not await codes(engine):
            await asyncio.sleep(0.01)
        running.cancel()
    assert logs[0]["event"] == "catalogue_not_read"
    assert logs[-1]["event"] == "catalogue_read"


async def test_a_platform_that_is_connected_is_read_from_its_interface(engine: AsyncEngine, tmp_path: Path):
    async with serve(Partner.AFFAIRS, "by_hand", data_dir=tmp_path) as simulator:
        there = connection_to(simulator.url).model_copy(update={"token": SecretStr(simulator.token)})
        gateway = gateway_for(Partner.AFFAIRS, there)
        [sync] = catalogue_syncs(_settings(), engine, {Partner.AFFAIRS: gateway})
        assert await sync.sync() >= 1_000
        assert await sync.sync() == 0
        await gateway.aclose()


def test_nothing_is_read_where_the_platform_is_not_connected(engine: AsyncEngine):
    gateway = gateway_for(Partner.ENFORCEMENT, connection_to("http://127.0.0.1:1"))
    assert catalogue_syncs(_settings(), engine, {Partner.ENFORCEMENT: gateway}) == ()


def _settings() -> Settings:
    return Settings.model_construct(catalogue_interval_seconds=86_400.0)
