"""Simulated partners on free ports, ended with the test that asked for them."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Protocol

import pytest

from domain.partners import Partner
from integrations.simulators.serving import Simulator, serve


class Simulate(Protocol):
    """Starts a simulator; options are those of `integrations.simulators.serving.serve`."""

    async def __call__(self, partner: Partner, profile: str = "at_once", **options: Any) -> Simulator: ...


@pytest.fixture
async def simulate(tmp_path: Path) -> AsyncIterator[Simulate]:
    """A partner to speak to, with everything at once and nothing going wrong unless told otherwise."""
    async with AsyncExitStack() as tidy:

        async def started(partner: Partner, profile: str = "at_once", **options: Any) -> Simulator:
            options.setdefault("data_dir", tmp_path)
            return await tidy.enter_async_context(serve(partner, profile, **options))

        yield started
