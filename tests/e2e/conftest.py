"""One whole stack of real processes for all these tests: servers, worker, API, simulated partners, killed in turn."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from persistence.engine import make_engine
from stack.embedded import EmbeddedStack, StackPlan
from stack.servers.ports import free_port, free_row
from tests.e2e.knocking import Knocker
from tests.e2e.neighbour import AT_ONCE
from tests.e2e.neighbourhood import HastyStack, Town, hasty_plan
from tests.support.folders import swift_folder

CONTINUE_AFTER = 100
"""History events after which a run goes on anew: low, so that this too happens while things die."""


@pytest.fixture(scope="session")
async def stack() -> AsyncIterator[EmbeddedStack]:
    """The running service on ports and in a folder of its own."""
    with tempfile.TemporaryDirectory(
        prefix="huying-e2e-", dir=swift_folder(), ignore_cleanup_errors=True
    ) as folder:
        plan = StackPlan(
            data_dir=Path(folder) / "data",
            api_port=free_port(),
            temporal_port=free_port(),
            temporal_ui_port=free_port(),
            worker_metrics_port=free_port(),
            core_metrics_port=free_port(),
            partners_port=free_row(3),
            partner_profile="at_once",
            settings={"continue_as_new_after": str(CONTINUE_AFTER)},
        )
        async with EmbeddedStack(plan) as running:
            yield running


@pytest.fixture(scope="session")
async def knocker(stack: EmbeddedStack) -> AsyncIterator[Knocker]:
    """Somebody at the doors of the stack's API, with the tests' two policies in force."""
    async with Knocker.at(stack) as made:
        await made.publish()
        yield made


@pytest.fixture(scope="session")
async def running_town() -> AsyncIterator[Town]:
    """A second service, in a hurry, whose partners fail."""
    with tempfile.TemporaryDirectory(
        prefix="huying-e2e-", dir=swift_folder(), ignore_cleanup_errors=True
    ) as folder:
        async with HastyStack(hasty_plan(Path(folder) / "data")) as running:
            own = make_engine(running.addresses.database, pool_size=4, check_first=True)
            async with Town.at(running, own) as made:
                yield made
            await own.dispose()


@pytest.fixture
async def town(running_town: Town) -> AsyncIterator[Town]:
    """That service's town, in which every partner behaves again after the test."""
    yield running_town
    await running_town.behave(AT_ONCE)


@pytest.fixture
async def database(stack: EmbeddedStack) -> AsyncIterator[AsyncEngine]:
    """A connection of the tests' own to look at what is kept; it survives the server's restarts."""
    engine = make_engine(stack.addresses.database, pool_size=4, check_first=True)
    yield engine
    await engine.dispose()


@pytest.fixture
async def engine_client(stack: EmbeddedStack) -> Client:
    """A client of the stack's Temporal server."""
    return await stack.temporal.client()
