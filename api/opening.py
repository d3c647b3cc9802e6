"""Opening the doors of one process: database, city, engine, keys, and what listens in the background."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncEngine

from api.feeds.feeding import Feed
from api.frame.doors import Doors, Neighbour, Stories, clock_time
from api.frame.engine import LazyStories
from api.frame.keyring import Keyring, admit_configured_keys
from api.frame.listening import Bell, listen_to_timelines
from cities.pack import CityPack, load_pack
from config.garbage import leave_what_stands
from config.settings import Settings
from config.temporal import connect
from domain.partners import Partner
from integrations.gateways import gateway_for
from persistence.duties import DutiesInForce
from persistence.engine import make_engine, make_single_query_engine
from persistence.identity import Seal
from persistence.promises import PoliciesInForce
from workflows.client import RequestClient


@asynccontextmanager
async def open_doors(settings: Settings) -> AsyncGenerator[Doors]:
    """The doors of a process with these settings; the workflow engine need not be there yet."""
    pack = load_pack(settings.city)
    engine = make_engine(settings.database_url, pool_size=settings.database_pool_size, check_first=True)
    try:
        secrets = {name: secret.get_secret_value() for name, secret in settings.api_keys.items()}
        await admit_configured_keys(engine, pack, secrets, clock_time())
        client = await connect(settings, lazy=True)
        stories = LazyStories(RequestClient(client, settings.task_queue, settings.continue_as_new_after))
        seal = Seal(settings.identity_key_bytes)
        demo_keys = settings.environment != "production"
        async with (
            _neighbours(settings) as neighbours,
            doors_over(
                engine,
                pack,
                stories,
                seal,
                pool_size=settings.database_pool_size,
                demo_keys=demo_keys,
                neighbours=neighbours,
            ) as doors,
        ):
            leave_what_stands()
            yield doors
    finally:
        await engine.dispose()


@asynccontextmanager
async def _neighbours(settings: Settings) -> AsyncGenerator[Mapping[Partner, Neighbour]]:
    """The connected partners. A door only reads what they send, so nothing is connected."""
    async with AsyncExitStack() as tidy:
        found: dict[Partner, Neighbour] = {}
        for partner, connection in settings.partners.items():
            gateway = gateway_for(partner, connection)
            tidy.push_async_callback(gateway.aclose)
            secrets = tuple(secret.get_secret_value() for secret in connection.callback_secrets)
            found[partner] = Neighbour(gateway, secrets)
        yield found


@asynccontextmanager
async def doors_over(
    database: AsyncEngine,
    pack: CityPack,
    stories: Stories,
    seal: Seal,
    *,
    pool_size: int = 10,
    demo_keys: bool = True,
    neighbours: Mapping[Partner, Neighbour] | None = None,
) -> AsyncGenerator[Doors]:
    """The doors over what is given, with the listeners running as long as they are open."""
    url = database.url.render_as_string(hide_password=False)
    singles = make_single_query_engine(url, pool_size=pool_size, check_first=True)
    bell = Bell()
    feed = Feed(database, bell)
    listeners = [
        asyncio.create_task(listen_to_timelines(database, bell), name="timeline listener"),
        asyncio.create_task(feed.grow(), name="feed"),
    ]
    try:
        yield Doors(
            database=database,
            singles=singles,
            pack=pack,
            stories=stories,
            seal=seal,
            keyring=Keyring(database, pack, demo_keys=demo_keys),
            in_force=PoliciesInForce(database, pack),
            duties=DutiesInForce(database, pack),
            bell=bell,
            feed=feed,
            neighbours=neighbours or {},
        )
    finally:
        for listener in listeners:
            listener.cancel()
        await asyncio.gather(*listeners, return_exceptions=True)
        await singles.dispose()
