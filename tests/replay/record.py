"""Record the corpus of histories anew: ``python -m tests.replay.record [PATH ...]`` (all paths in about 40 seconds).

It starts a Temporal server of its own, plays the paths of :mod:`tests.replay.paths` at the same time, and writes
``tests/replay/histories/<path>.<run>.json``.

When to run it:

- Before the first release, whenever a change of ``workflows/`` makes the replay test fail on purpose.
- After a release, requests are asleep in histories like these. Then a failing replay is a defect of the change: guard
  it with ``workflow.patched`` until the replay passes, and record only the new paths, by name, beside the old files.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import tempfile
from pathlib import Path

from stack.servers.ports import free_port
from stack.servers.processes import Supervisor
from stack.servers.temporal_server import EmbeddedTemporal
from tests.replay import corpus
from tests.replay.paths import PATHS
from tests.replay.stage import Stage, stage_on


async def record(names: list[str]) -> None:
    """Play the named paths on a fresh server and keep what the server remembers of them."""
    supervisor = Supervisor()
    with tempfile.TemporaryDirectory(prefix="huying-record-") as folder:
        server = EmbeddedTemporal(
            port=free_port(), namespace="huying", log=Path(folder) / "temporal.log", supervisor=supervisor
        )
        try:
            async with stage_on(await server.start()) as stage:
                await asyncio.gather(*(_recorded(stage, name) for name in names))
        finally:
            await supervisor.stop_all()


async def _recorded(stage: Stage, name: str) -> None:
    told = await PATHS[name](stage)
    for file in corpus.keep(name, await told.histories()):
        sys.stdout.write(f"{file.name}  {file.stat().st_size:,} bytes\n")


def main() -> None:
    """Record the paths named on the command line, or all of them."""
    names = sys.argv[1:] or list(PATHS)
    if unknown := sorted(set(names) - set(PATHS)):
        sys.exit(f"There is no path {', '.join(unknown)}; known are {', '.join(PATHS)}.")
    # A path on which reports are lost is no news.
    logging.getLogger("temporalio").setLevel(logging.CRITICAL)
    asyncio.run(record(names))


if __name__ == "__main__":
    main()
