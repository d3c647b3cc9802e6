"""What every measurement stands on: the running stack, the two caller processes, the bare worker, the meters."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Any, Literal

from temporalio.client import Client

from bench.meters import Meters, parts_of
from bench.pipes import Child
from bench.plan import Engine, Service
from bench.policies import Policies
from bench.sides import bare_client
from bench.timelines import Timelines

SideName = Literal["ours", "bare"]
SIDES: tuple[SideName, SideName] = ("bare", "ours")


@dataclass
class Ground:
    """Ready to be measured."""

    service: Service
    engine: Engine
    client: Client
    callers: dict[SideName, Child]
    bare_worker: Child
    meters: Meters
    timelines: Timelines
    policies: Policies

    async def do(self, side: SideName, job: str, callers: int, **how: Any) -> dict[str, Any]:
        """Let one side's callers do a job."""
        return await self.callers[side].ask({"job": job, "callers": callers, **how})

    async def history_of(self, workflow_id: str) -> tuple[int, int]:
        """Events and bytes in the history of a workflow."""
        described = await self.client.get_workflow_handle(workflow_id).describe()
        return described.history_length, described.raw_description.workflow_execution_info.history_size_bytes


@asynccontextmanager
async def prepared(service: Service, engine: Engine) -> AsyncGenerator[Ground]:
    """The ground over a running stack."""
    async with AsyncExitStack() as tidy:
        client = await bare_client(engine)
        worker = await tidy.enter_async_context(Child("bench.errand_worker", asdict(engine)))
        ours = await tidy.enter_async_context(Child("bench.caller", {"service": asdict(service)}))
        bare = await tidy.enter_async_context(Child("bench.caller", {"engine": asdict(engine)}))
        pids = await asyncio.to_thread(parts_of, service.holder)
        pids |= {"bare worker": worker.pid, "callers": ours.pid, "bare callers": bare.pid}
        policies = Policies(service)
        await policies.dispatch_within()
        yield Ground(
            service=service,
            engine=engine,
            client=client,
            callers={"ours": ours, "bare": bare},
            bare_worker=worker,
            meters=Meters(pids),
            timelines=Timelines(service.database),
            policies=policies,
        )
