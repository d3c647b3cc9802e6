"""Running something in the terminal until it ends or somebody tells it to: Ctrl-C, SIGTERM, a closed terminal."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

_TELLING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


T = TypeVar("T")


def run_in_foreground(work: Coroutine[Any, Any, T]) -> T | None:
    """Run the work to its end and answer its result; None when a signal ended it.

    The first signal cancels the work, which then cleans up; further ones are ignored while it does.
    """
    return asyncio.run(_unless_told(work))


async def until_told() -> None:
    """Wait for ever; the signal cancels the wait."""
    await asyncio.Event().wait()


async def _unless_told(work: Coroutine[Any, Any, T]) -> T | None:
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(work)
    told: list[signal.Signals] = []

    def tell(received: signal.Signals) -> None:
        if not told:
            task.cancel()
        told.append(received)

    for received in _TELLING:
        loop.add_signal_handler(received, tell, received)
    try:
        return await task
    except asyncio.CancelledError:
        if told:
            return None
        raise
    finally:
        for received in _TELLING:
            loop.remove_signal_handler(received)
