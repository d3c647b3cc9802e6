"""The story of a bulk job: one order, given to many requests batch by batch until each has its result.

The requests, the order and the results stand in the database; the engine keeps only that the job goes on. A batch that
was cut off is given again, and each request acts once, since the order has the same key every time.
"""

from __future__ import annotations

from temporalio import workflow

from activities.messages import BulkJob, BulkStanding
from workflows.options import GIVE_BATCH


@workflow.defn(name="Bulk")
class BulkWorkflow:
    """One bulk job."""

    @workflow.run
    async def run(self, job: BulkJob) -> BulkStanding:
        """Give batch after batch until no request waits, then the job ends; or until it is paused. What is resumed goes
        on in another run.
        """
        standing = await self._give_batch(job)
        while standing.pending and not standing.paused:
            standing = await self._give_batch(job)
        return standing

    async def _give_batch(self, job: BulkJob) -> BulkStanding:
        standing = await workflow.execute_activity("bulk_give", job, result_type=BulkStanding, **GIVE_BATCH)
        shown = (f"{count} {result}" for result, count in standing.results.items())
        workflow.set_current_details(", ".join(shown))
        return standing
