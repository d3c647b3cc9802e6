"""Replays open requests and commitments on the code of this image: the gate before a new version is rolled out.

    docker compose run --rm worker python -P /app/replay_open.py [how many, 500 if not said]

Nothing is changed: histories are read and told again. Ends with 0 when every one fits this code, with 1 when one does
not: such a version must not be rolled out, or those requests would stand still.
"""

import asyncio
import os
import sys
from collections.abc import Sequence

from temporalio.client import Client
from temporalio.worker import Replayer

from config.payloads import message_converter
from config.settings import load_settings
from config.temporal import connect
from worker.registry import BULK_WORKFLOWS, WORKFLOWS, workflow_runner

OPEN = "WorkflowType IN ('Request', 'Commitment', 'Bulk') AND ExecutionStatus = 'Running'"
USUAL_SAMPLE = 500


async def replay(
    client: Client, query: str, limit: int, stories: Sequence[type] = (*WORKFLOWS, *BULK_WORKFLOWS)
) -> tuple[int, list[str]]:
    """How many histories of a query were told again, and those that did not fit, each with its reason."""
    replayer = Replayer(
        workflows=stories, data_converter=message_converter(), workflow_runner=workflow_runner()
    )
    told, misfits = 0, list[str]()
    histories = client.list_workflows(query, limit=limit).map_histories()
    async with replayer.workflow_replay_iterator(histories) as results:
        async for result in results:
            told += 1
            if result.replay_failure is not None:
                misfits.append(f"{result.history.workflow_id}: {result.replay_failure}")
    return told, misfits


async def main(limit: int) -> int:
    """The exit code."""
    told, misfits = await replay(await connect(load_settings()), OPEN, limit)
    for misfit in misfits:
        sys.stderr.write(f"{misfit}\n")
    sys.stdout.write(f"{told} open stories told again, {len(misfits)} do not fit this version.\n")
    return 1 if misfits else 0


if __name__ == "__main__":
    code = asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else USUAL_SAMPLE))
    sys.stdout.flush()
    sys.stderr.flush()
    # The SDK's runtime threads may abort the interpreter while it finalizes, which would hide the verdict.
    os._exit(code)
