"""Two workers with their starters and two APIs on one city: each request is started, told and answered once."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from stack.embedded import EmbeddedStack
from stack.servers.ports import free_port
from stack.servers.processes import Program
from tests.e2e.knocking import FAST, SLOW, Knocker
from tests.e2e.soundness import assert_sound, until


@pytest.fixture
async def second_door(stack: EmbeddedStack) -> AsyncIterator[str]:
    """A second worker and a second API beside the stack's own; where that API answers."""
    port = free_port()
    ports = {"API_PORT": port, "WORKER_METRICS_PORT": free_port(), "CORE_METRICS_PORT": free_port()}
    ours = {f"HUYING_{name}": str(number) for name, number in ports.items()}
    for module in ("worker", "api"):
        await stack.supervisor.run(
            Program(
                name=f"second {module}",
                command=[sys.executable, "-P", "-m", module],
                log=stack.data_dir.logs / f"second_{module}.log",
                environment={**stack._environment(), **ours},
            )
        )
    await _until_ready(
        f"http://127.0.0.1:{port}/readyz", f"http://127.0.0.1:{ports['WORKER_METRICS_PORT']}/readyz"
    )
    yield f"http://127.0.0.1:{port}"
    for module in ("api", "worker"):
        await stack.supervisor.stop(f"second {module}")


async def _until_ready(*addresses: str) -> None:
    async with httpx2.AsyncClient(trust_env=False) as client, asyncio.timeout(30):
        for address in addresses:
            while True:
                try:
                    if (await client.get(address)).is_success:
                        break
                except httpx2.TransportError:
                    pass
                await asyncio.sleep(0.1)


async def test_two_of_each_do_everything_once(
    second_door: str, knocker: Knocker, database: AsyncEngine, engine_client: Client
) -> None:
    async with replace(knocker, base=second_door) as other:
        keys = [(policy, knocker.key()) for policy in [FAST, SLOW] * 10]
        both = await asyncio.gather(
            *(door.register(policy, key=key) for policy, key in keys for door in (knocker, other))
        )
        numbers = both[::2]
        assert both[1::2] == numbers
        assert len(set(numbers)) == len(keys)
        slow = numbers[1::2]
        await until(database, slow, "accepted")
        orders = [(number, knocker.key()) for number in slow]
        answers = await asyncio.gather(
            *(
                door.command(number, "dispatch", key=key)
                for number, key in orders
                for door in (knocker, other)
            )
        )
        assert answers[::2] == answers[1::2]
        fast = numbers[::2]
        await until(database, fast, "leg_dispatched", 2)
        withdrawing = (
            door.command(number, "withdraw", key=f"w-{number}")
            for number in numbers
            for door in (knocker, other)
        )
        assert {answer["state"] for answer in await asyncio.gather(*withdrawing)} == {"withdrawn"}
    for told in await assert_sound(database, engine_client, numbers):
        assert told.count("accepted") == told.count("withdrawn") == 1
        assert told.number not in slow or told.count("leg_dispatched") == 1
