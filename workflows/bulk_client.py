"""Starting the workflows of bulk jobs."""

from __future__ import annotations

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from activities.messages import BulkJob
from workflows.bulk import BulkWorkflow
from workflows.client import PATIENCE
from workflows.ids import bulk_queue, bulk_workflow_id


class BulkClient:
    """Starts bulk jobs on one Temporal client, on the bulk queue beside the requests' task queue."""

    def __init__(self, client: Client, task_queue: str) -> None:
        self._client = client
        self._task_queue = bulk_queue(task_queue)

    async def start(self, job: str) -> None:
        """Start the job's workflow, again if it rested; while it runs a second start changes nothing.

        Raises:
            RPCError: Temporal is away, or refuses.
        """
        await self._client.start_workflow(
            BulkWorkflow.run,
            BulkJob(job),
            id=bulk_workflow_id(job),
            task_queue=self._task_queue,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            rpc_timeout=PATIENCE,
        )
