"""How a request's story begins its cases with partners and tells them what it wants: each is a story of its own."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress

from temporalio import workflow
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError

from domain.cases.state import begin_case
from domain.cases.wishes import BeginCase, FollowRequest, SettleByHand, Wish, WithdrawFromPartner
from domain.partners import CaseBrief
from workflows.ids import case_workflow_id
from workflows.messages import CaseStory
from workflows.options import BEGIN_CASE, priority_of


class Neighbours:
    """Begins cases and tells them what their request wants, each case in order; knows whether anything is still out."""

    def __init__(self, continue_after: int) -> None:
        self._continue_after = continue_after
        self._out: set[asyncio.Task[None]] = set()
        self._ways: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @property
    def is_back(self) -> bool:
        """Whether every wish has reached its case."""
        return not self._out

    def send(self, wishes: Iterable[Wish]) -> None:
        """Set out at once."""
        for wish in wishes:
            task = asyncio.create_task(self._carry(wish))
            self._out.add(task)
            task.add_done_callback(self._out.discard)

    async def _carry(self, wish: Wish) -> None:
        async with self._ways[wish.case]:
            match wish:
                case BeginCase(brief=brief):
                    await self._begin(brief)
                case WithdrawFromPartner():
                    await _tell(wish, "withdraw")
                case FollowRequest():
                    await _tell(wish, "follow")
                case SettleByHand():
                    await _tell(wish, "settle")

    async def _begin(self, brief: CaseBrief) -> None:
        with suppress(WorkflowAlreadyStartedError):
            await workflow.start_child_workflow(
                "PartnerCase",
                CaseStory(begin_case(brief), self._continue_after),
                id=case_workflow_id(brief.case),
                priority=priority_of(brief.urgency),
                static_summary=f"{brief.partner} {brief.category}",
                **BEGIN_CASE,
            )


async def _tell(wish: Wish, signal: str) -> None:
    # A case whose story is over has nothing to do any more.
    with suppress(ApplicationError):
        await workflow.get_external_workflow_handle(case_workflow_id(wish.case)).signal(signal, wish)
