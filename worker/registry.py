"""The one list of what a worker registers, and how it runs workflows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from temporalio.client import Client
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from domain.partners import Partner
from workflows.bulk import BulkWorkflow
from workflows.commitment import CommitmentWorkflow
from workflows.ids import bulk_queue, partner_queue
from workflows.partner_case import PartnerCase
from workflows.request import RequestWorkflow

WORKFLOWS: Sequence[type] = (RequestWorkflow, CommitmentWorkflow, PartnerCase)

BULK_WORKFLOWS: Sequence[type] = (BulkWorkflow,)

PASSED_THROUGH = ("domain", "activities", "workflows")
"""Pure rules, messages and the story itself: loaded once, not once per workflow, so that their types are the same
ones everywhere and what is built for them is built once. A lint rule keeps clocks and chance out of them.
"""


def workflow_runner() -> SandboxedWorkflowRunner:
    """The sandbox in which workflows run, in the worker as in a replay."""
    return SandboxedWorkflowRunner(
        restrictions=SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH)
    )


def make_worker(
    client: Client,
    task_queue: str,
    activities: Sequence[Callable[..., Any]],
    *,
    max_cached_workflows: int = 5000,
    max_concurrent_workflow_tasks: int = 100,
    patience: timedelta = timedelta(seconds=10),
) -> Worker:
    """A worker for requests on one task queue."""
    return Worker(
        client,
        task_queue=task_queue,
        workflows=WORKFLOWS,
        activities=activities,
        workflow_runner=workflow_runner(),
        max_cached_workflows=max_cached_workflows,
        max_concurrent_workflow_tasks=max_concurrent_workflow_tasks,
        graceful_shutdown_timeout=patience,
    )


def make_bulk_worker(
    client: Client,
    task_queue: str,
    activities: Sequence[Callable[..., Any]],
    *,
    patience: timedelta = timedelta(seconds=10),
) -> Worker:
    """A worker for bulk jobs beside the requests of one task queue: few slots of its own, and none of theirs."""
    return Worker(
        client,
        task_queue=bulk_queue(task_queue),
        workflows=BULK_WORKFLOWS,
        activities=activities,
        workflow_runner=workflow_runner(),
        max_cached_workflows=50,
        max_concurrent_workflow_tasks=2,
        max_concurrent_workflow_task_polls=2,
        max_concurrent_activities=4,
        max_concurrent_activity_task_polls=1,
        graceful_shutdown_timeout=patience,
    )


def make_partner_worker(
    client: Client,
    task_queue: str,
    partner: Partner,
    activities: Sequence[Callable[..., Any]],
    *,
    calls_at_once: int = 8,
    calls_per_second: float = 20,
    patience: timedelta = timedelta(seconds=10),
) -> Worker:
    """A worker for the calls to one partner; whatever that partner does, the others and the requests go on.

    ``calls_per_second`` is the pace of all workers together.
    """
    return Worker(
        client,
        task_queue=partner_queue(task_queue, partner),
        activities=activities,
        max_concurrent_activities=calls_at_once,
        max_task_queue_activities_per_second=calls_per_second,
        max_concurrent_activity_task_polls=1,
        graceful_shutdown_timeout=patience,
    )
