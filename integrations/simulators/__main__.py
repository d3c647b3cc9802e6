"""``python -m integrations.simulators``: the simulated partners, each on a port of its own, in one process.

They share a process because each alone would cost as much memory as all three; a partner that is slow or stalled waits
without holding up the others. SIGTERM ends it; a kill loses nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
from collections.abc import Sequence
from contextlib import AsyncExitStack

import structlog
from pydantic import ValidationError

from config.logs import configure_logs
from integrations.simulators.serving import serve
from integrations.simulators.settings import SimulatorSettings

log = structlog.get_logger()


async def run(settings: SimulatorSettings, stop: asyncio.Event) -> None:
    """Simulate until ``stop`` is set, or until a part of a simulator dies."""
    async with AsyncExitStack() as tidy:
        running = [
            await tidy.enter_async_context(
                serve(
                    partner,
                    settings.profile,
                    data_dir=settings.data_dir,
                    callback_url=f"{settings.callbacks}/{partner}/callbacks",
                    secret=each.callback_secret.get_secret_value(),
                    token=each.token.get_secret_value(),
                    host=settings.host,
                    port=each.port,
                    seed=settings.seed,
                )
            )
            for partner, each in settings.partners.items()
        ]
        for simulator in running:
            log.info(
                "simulator_ready", partner=simulator.partner, port=settings.partners[simulator.partner].port
            )
        endings = [asyncio.create_task(simulator.until_ended()) for simulator in running]
        endings.append(asyncio.create_task(_set(stop)))
        done, waiting = await asyncio.wait(endings, return_when=asyncio.FIRST_COMPLETED)
        for each in waiting:
            each.cancel()
        for each in done:
            each.result()


async def _set(stop: asyncio.Event) -> None:
    await stop.wait()


async def _until_signal(settings: SimulatorSettings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await run(settings, stop)


def settings_from(words: Sequence[str] | None = None) -> SimulatorSettings:
    """The settings from the environment, with what the command line says in their place. Keys never stand on it: other
    people of the machine can read it.
    """
    parser = argparse.ArgumentParser(
        prog="python -m integrations.simulators", description="Simulated partners, each on a port of its own."
    )
    for name in ("data_dir", "host", "callbacks", "profile", "seed"):
        field = SimulatorSettings.model_fields[name]
        told = f"{field.description} (HUYING_SIMULATORS_{name.upper()}, or {field.default})"
        parser.add_argument(f"--{name.replace('_', '-')}", help=told, default=argparse.SUPPRESS)
    try:
        return SimulatorSettings(**vars(parser.parse_args(words)))
    except ValidationError as error:
        wrong = error.errors(include_url=False)[0]
        parser.error(f"{'.'.join(str(part) for part in wrong['loc'])}: {wrong['msg']}")


def main() -> None:
    """Run until a signal; a part that dies ends the process with its error."""
    settings = settings_from()
    configure_logs("json", "info")
    logging.getLogger("httpx2").setLevel(logging.WARNING)  # what became of a call-back is in the storage
    asyncio.run(_until_signal(settings))


if __name__ == "__main__":
    main()
