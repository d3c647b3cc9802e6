"""The typed façade by which processes reach the stories of cases with partners."""

from __future__ import annotations

from typing import Any

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.service import RPCError, RPCStatusCode

from domain.cases.state import CaseState
from domain.partners import CaseMessage
from workflows.client import PATIENCE
from workflows.ids import case_workflow_id
from workflows.messages import CaseStory
from workflows.options import priority_of
from workflows.partner_case import PartnerCase


class CaseNotRunning(Exception):
    """No story of that case runs: it is over, or has not begun."""


class CaseClient:
    """Reaches cases on one Temporal client and task queue."""

    def __init__(self, client: Client, task_queue: str, continue_after: int) -> None:
        self._client = client
        self._task_queue = task_queue
        self._continue_after = continue_after

    async def deliver(self, message: CaseMessage) -> None:
        """Hand a message to its case, which counts it once however often it comes.

        Raises:
            CaseNotRunning: its story does not run.
            RPCError: Temporal is away, or refuses.
        """
        await self._signal(message.case, PartnerCase.message, message)

    async def look(self, case: str) -> None:
        """Let a case ask its partner now what it has said, and hand itself over again if the partner does not know it.

        Raises:
            CaseNotRunning: its story does not run.
            RPCError: Temporal is away, or refuses.
        """
        await self._signal(case, PartnerCase.look)

    async def deliver_late(self, state: CaseState, message: CaseMessage) -> None:
        """Hand a message to a case whose story is over, and which begins once more from what it recorded last.

        Raises:
            RPCError: Temporal is away, or refuses.
        """
        await self._client.start_workflow(
            PartnerCase.run,
            CaseStory(state, self._continue_after, recorded=state.version),
            id=case_workflow_id(state.id),
            task_queue=self._task_queue,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            start_signal="message",
            start_signal_args=[message],
            priority=priority_of(state.brief.urgency),
            static_summary=f"{state.brief.partner} {state.brief.category}",
            rpc_timeout=PATIENCE,
        )

    async def _signal(self, case: str, signal: Any, *arguments: object) -> None:
        handle = self._client.get_workflow_handle(case_workflow_id(case))
        try:
            await handle.signal(signal, args=arguments, rpc_timeout=PATIENCE)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                raise CaseNotRunning(case) from error
            raise
