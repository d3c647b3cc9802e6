"""``python -m bench.errand_worker``: the worker of the bare workflows, with the product's worker settings.

The first line it reads says where Temporal is; each later line asks which deadlines have fired since the last one.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from dataclasses import asdict

from temporalio import activity
from temporalio.client import Client
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from bench.bell import Rope
from bench.errands import ErrandWorkflow, Step
from bench.pipes import Pipe
from bench.plan import Engine
from bench.sides import bare_client

PASSED_THROUGH = ("bench",)


class Notebook:
    """The activities; deadlines are remembered with the instant (Unix, seconds) at which they were noted."""

    def __init__(self) -> None:
        self.fired: list[tuple[str, float, float]] = []
        self._rope = Rope()

    @activity.defn(name="note")
    async def note(self, step: Step, seq: int) -> int:
        """A thing that happened."""
        if step.due_at is not None:
            self.fired.append((step.number, step.due_at.timestamp(), time.time()))
        if step.bell:
            self._rope.pull(step.number, step.bell)
        return seq

    @activity.defn(name="post")
    async def post(self, step: Step) -> None:
        """Tell a unit."""

    @activity.defn(name="answer")
    async def answer(self) -> Step:
        """Wait for whoever completes this by its id."""
        activity.raise_complete_async()


async def main() -> None:
    """Work until the pipe is closed."""
    pipe = await Pipe.of_this_process()
    engine = Engine(**await pipe.read())
    client: Client = await bare_client(engine)
    notebook = Notebook()
    runner = SandboxedWorkflowRunner(
        restrictions=SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH)
    )
    async with Worker(
        client,
        task_queue=engine.bare_queue,
        workflows=[ErrandWorkflow],
        activities=[notebook.note, notebook.post, notebook.answer],
        workflow_runner=runner,
        max_cached_workflows=5000,
        max_concurrent_workflow_tasks=100,
    ):
        pipe.write({"ready": True, **asdict(engine)})
        while await pipe.read():
            fired, notebook.fired = notebook.fired, []
            pipe.write({"fired": fired})


if __name__ == "__main__":
    asyncio.run(main())
    sys.stdout.flush()
    # The SDK's threads may abort the interpreter while it finalizes; all work is done here.
    os._exit(0)
