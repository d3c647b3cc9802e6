"""A commitment (挂账): the request has ended with a promise for a date, and on that date it is opened again."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count

from temporalio import workflow

from activities.messages import ErrandDone
from domain.errands import Errand, reminder_of
from workflows.options import RUN_ERRAND


@workflow.defn(name="Commitment")
class CommitmentWorkflow:
    """Sleeps until the date that was promised, reminding of it now and then, and opens the request on that date.

    A request that was opened again or promised anew meanwhile refuses, and nothing more happens.
    """

    @workflow.run
    async def run(self, commitment: Errand) -> ErrandDone:
        """Wait until the instant of the errand and carry it."""
        begun_at = workflow.now()
        due_at = commitment.at or begun_at
        pause = commitment.reminded_every or due_at - begun_at
        for nth in count(1):
            await _sleep_until(min(begun_at + nth * pause, due_at))
            if begun_at + nth * pause >= due_at:
                break
            reminded = await _carried(reminder_of(commitment, nth))
            if reminded.refused:
                return reminded
        return await _carried(replace(commitment, at=None))


async def _carried(errand: Errand) -> ErrandDone:
    return await workflow.execute_activity(
        "run_errand", errand, result_type=ErrandDone, summary=errand.key, **RUN_ERRAND
    )


async def _sleep_until(instant: datetime) -> None:
    # A timer may fire early by the clock that matters: wait again.
    while (ahead := instant - workflow.now()) > timedelta():
        await workflow.sleep(ahead, summary=f"due {instant:%Y-%m-%d %H:%M:%SZ}")
