"""Errands under way: what the story asks of other requests, each an activity that is retried until it is answered."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable

from temporalio import workflow

from activities.messages import ErrandDone
from domain.errands import Errand
from workflows.options import RUN_ERRAND

Refusal = Callable[[Errand, str], Awaitable[None]]
"""What the story does when the other request says no, with which code."""

MOST_AT_ONCE = 20
"""Errands of one story that are under way together; the others wait their turn."""

_PACED = "errands-at-a-pace"


class Messenger:
    """Carries errands side by side, but not too many, those to one request in their order, and knows whether any is
    still out.
    """

    def __init__(self, refused: Refusal) -> None:
        self._refused = refused
        self._out: set[asyncio.Task[None]] = set()
        self._ways: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._carriers = asyncio.Semaphore(MOST_AT_ONCE)

    @property
    def is_back(self) -> bool:
        """Whether every errand has been answered, and what follows from the answer is done."""
        return not self._out

    def send(self, errands: Iterable[Errand]) -> None:
        """Set out at once, or as soon as one of those under way is back."""
        for errand in errands:
            task = asyncio.create_task(self._carry(errand))
            self._out.add(task)
            task.add_done_callback(self._out.discard)

    async def _carry(self, errand: Errand) -> None:
        # A parent that heard of a child's leaving before its coming would keep it.
        async with self._ways[errand.number]:
            done = await self._carried(errand)
            if done.refused:
                await self._refused(errand, done.refused)

    async def _carried(self, errand: Errand) -> ErrandDone:
        # Earlier releases let all of them set out together.
        if self._carriers.locked() and not workflow.patched(_PACED):
            return await _run(errand)
        async with self._carriers:
            return await _run(errand)


async def _run(errand: Errand) -> ErrandDone:
    return await workflow.execute_activity(
        "run_errand", errand, result_type=ErrandDone, summary=errand.key, **RUN_ERRAND
    )
