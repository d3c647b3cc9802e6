"""The typed façade by which doors and processes start, command and complete requests. The story itself never
imports it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from datetime import timedelta
from typing import Any, cast

from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import Priority, WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from activities.messages import LegAnswer
from domain.commands import Answer, Order
from domain.errands import Errand
from domain.refusals import Refused
from domain.request import Intake
from workflows import attributes
from workflows.commitment import CommitmentWorkflow
from workflows.ids import activity_id, commitment_id, workflow_id
from workflows.messages import Story
from workflows.options import priority_of
from workflows.request import RequestWorkflow

PATIENCE = timedelta(seconds=10)
"""How long a door waits for the engine before it says that it is away."""

_PAUSE_SECONDS = 0.05


class EngineUnavailable(ConnectionError):
    """Temporal did not answer in time; the same key may be tried again."""


class StoryEnded(Exception):
    """There is no running workflow of that number: it has ended, or has not started yet."""


class NotAwaited(Exception):
    """No activity waits under that id: it was completed, or the request went on without it."""


class _TaskWasDropped(Exception):
    """Other news reached the workflow in the task that was to end it; the server dropped task and update.

    What the task appended stands, so the same key, given again, gets its answer.
    """


class RequestClient:
    """Starts, commands and completes requests on one Temporal client and task queue."""

    def __init__(self, client: Client, task_queue: str, continue_after: int) -> None:
        self._client = client
        self._task_queue = task_queue
        self._continue_after = continue_after

    async def start(self, intake: Intake) -> None:
        """Start the request's workflow; a second start changes nothing.

        Raises:
            EngineUnavailable: Temporal is away.
        """
        try:
            await self._client.start_workflow(
                RequestWorkflow.run,
                Story(intake, self._continue_after),
                id=workflow_id(intake.number),
                task_queue=self._task_queue,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                search_attributes=attributes.at_start(intake),
                static_summary=_summary(intake),
                priority=_priority(intake),
                rpc_timeout=PATIENCE,
            )
        except WorkflowAlreadyStartedError:
            return
        except RPCError as error:
            raise _away(error) from error

    async def command(self, number: str, order: Order) -> Answer:
        """Give an order and wait for its answer. The update id is the order's key.

        Raises:
            Refused: the rules say no.
            StoryEnded: no workflow of that number is running.
            EngineUnavailable: no answer in time; try again with the same key.
        """
        give_up_at = time.monotonic() + PATIENCE.total_seconds()
        while True:
            try:
                return await self._update(number, order)
            except _TaskWasDropped as dropped:
                if time.monotonic() > give_up_at:
                    raise EngineUnavailable(str(dropped)) from dropped
                await asyncio.sleep(_PAUSE_SECONDS)

    async def resume(self, intake: Intake, order: Order) -> Answer:
        """Give an order to a request that has ended: its story goes on in a new run, which first recalls all of it.

        Raises:
            Refused: the rules say no.
            EngineUnavailable: no answer in time; try again with the same key.
        """
        give_up_at = time.monotonic() + PATIENCE.total_seconds()
        while True:
            try:
                return await self._answered(self._with_start(intake, order))
            except (_TaskWasDropped, StoryEnded) as ended:
                if time.monotonic() > give_up_at:
                    raise EngineUnavailable(str(ended)) from ended
                await asyncio.sleep(_PAUSE_SECONDS)

    async def promise(self, errand: Errand) -> None:
        """Let an errand be carried at its instant; a later promise of a request takes the place of an earlier one.

        Raises:
            EngineUnavailable: Temporal is away.
        """
        try:
            await self._client.start_workflow(
                CommitmentWorkflow.run,
                errand,
                id=commitment_id(errand.number),
                task_queue=self._task_queue,
                id_conflict_policy=WorkflowIDConflictPolicy.TERMINATE_EXISTING,
                static_summary=f"commitment of {errand.number}",
                rpc_timeout=PATIENCE,
            )
        except RPCError as error:
            raise _away(error) from error

    def _with_start(self, intake: Intake, order: Order) -> Awaitable[Any]:
        going_on = WithStartWorkflowOperation(
            RequestWorkflow.run,
            Story(intake, self._continue_after, recall=True),
            id=workflow_id(intake.number),
            task_queue=self._task_queue,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            static_summary=_summary(intake),
            priority=_priority(intake),
        )
        return self._client.execute_update_with_start_workflow(  # pyright: ignore[reportUnknownMemberType]
            "command",
            order,
            start_workflow_operation=going_on,
            id=order.key,
            result_type=Answer,
            rpc_timeout=PATIENCE,
        )

    async def _update(self, number: str, order: Order) -> Answer:
        handle = self._client.get_workflow_handle(workflow_id(number))
        return await self._answered(
            handle.execute_update(  # pyright: ignore[reportUnknownMemberType]
                "command", order, id=order.key, result_type=Answer, rpc_timeout=PATIENCE
            )
        )

    async def _answered(self, update: Awaitable[Any]) -> Answer:
        try:
            return cast("Answer", await update)
        except WorkflowUpdateFailedError as failure:
            raise _refusal_in(failure) from failure
        except WorkflowUpdateRPCTimeoutOrCancelledError as error:
            raise EngineUnavailable(str(error)) from error
        except RPCError as error:
            if error.status is RPCStatusCode.FAILED_PRECONDITION:
                raise _TaskWasDropped(str(error)) from error
            raise _missing_or_away(error, StoryEnded) from error

    async def complete_leg(self, number: str, leg: str, awaits: int, answer: LegAnswer) -> None:
        """Complete the activity in which a leg is awaited.

        Raises:
            NotAwaited: nothing waits under that id.
            EngineUnavailable: Temporal is away.
        """
        handle = self._client.get_async_activity_handle(
            workflow_id=workflow_id(number), run_id=None, activity_id=activity_id(leg, awaits)
        )
        try:
            await handle.complete(answer, rpc_timeout=PATIENCE)
        except RPCError as error:
            raise _missing_or_away(error, NotAwaited) from error

    async def is_reachable(self) -> bool:
        """Whether Temporal answers at all."""
        try:
            return await self._client.service_client.check_health(timeout=timedelta(seconds=2))
        except (RPCError, RuntimeError):
            return False


def _summary(intake: Intake) -> str:
    category = intake.matter.category if intake.matter else "unclassified"
    return f"{category} {intake.snapshot.policy.name_zh if intake.snapshot else '待受理'}"


def _priority(intake: Intake) -> Priority:
    return priority_of(intake.snapshot.policy.urgency if intake.snapshot else None)


def _refusal_in(failure: WorkflowUpdateFailedError) -> Exception:
    cause = failure.cause
    if not isinstance(cause, ApplicationError):
        return StoryEnded(str(failure))
    if cause.type == "AcceptedUpdateCompletedWorkflow":
        return StoryEnded(cause.message)
    field, expected = (*cause.details, "", "")[:2]
    code = cause.type or "refused"
    return Refused(code, str(field), cause.message.removeprefix(f"{code}: "), str(expected))


def _missing_or_away(error: RPCError, missing: type[Exception]) -> Exception:
    return missing(str(error)) if error.status is RPCStatusCode.NOT_FOUND else _away(error)


def _away(error: RPCError) -> Exception:
    """A passing outage as such; anything else stays the error it is, for it will not pass by itself."""
    return EngineUnavailable(str(error)) if error.status in _PASSING else error


_PASSING = frozenset(
    {
        RPCStatusCode.UNAVAILABLE,
        RPCStatusCode.DEADLINE_EXCEEDED,
        RPCStatusCode.RESOURCE_EXHAUSTED,
        RPCStatusCode.CANCELLED,
        RPCStatusCode.ABORTED,
        RPCStatusCode.INTERNAL,
    }
)
