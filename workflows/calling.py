"""The line to a partner: one call at a time, made again until it is answered or no longer wanted."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

from activities.case_messages import PartnerAnswer, PartnerCall
from domain.cases.calls import Call, wanted
from domain.cases.state import CaseState
from domain.partners import Partner
from workflows.ids import partner_queue
from workflows.options import PARTNER_CALL

BEFORE_ANOTHER = timedelta(minutes=1)
"""How long a call rests that an operator cut off, before it is made again."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A call and its answer; ``None`` where it was cut off, so that nobody knows whether it had its effect."""

    call: Call
    answer: PartnerAnswer | None


class Line:
    """The line to one partner about one case."""

    def __init__(self, partner: Partner) -> None:
        self._queue = partner_queue(workflow.info().task_queue, partner)
        self._call: Call | None = None
        self._under_way: workflow.ActivityHandle[PartnerAnswer] | None = None
        self._tasks = set[asyncio.Task[None]]()
        self._given_up = False
        self.answered: Answered | None = None

    @property
    def is_silent(self) -> bool:
        """Whether no call is under way and no answer waits to be taken."""
        return self._call is None and self.answered is None

    def keep_to(self, state: CaseState) -> None:
        """Make the call that the case wants, and give up one that it wants no more."""
        want = wanted(state)
        if self._call is not None and want is not self._call:
            self.hang_up()
        elif self.is_silent and want is not None:
            self._call, self._given_up = want, False
            task = asyncio.create_task(self._ask(want, state))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def hang_up(self) -> None:
        """Give up the call that is under way; what came of it is still awaited."""
        self._given_up = True
        # Again each time: a cancellation can get lost when another event is ready in the same task.
        if self._under_way is not None:
            self._under_way.cancel()

    def take(self) -> Answered | None:
        """The answer that has come, taken once."""
        answered, self.answered = self.answered, None
        return answered

    async def _ask(self, call: Call, state: CaseState) -> None:
        self._under_way = workflow.start_activity(
            f"partner_{call}",
            _spelled(call, state),
            task_queue=self._queue,
            result_type=PartnerAnswer,
            summary=f"{state.id} {call}",
            **PARTNER_CALL,
        )
        answer: PartnerAnswer | None = None
        try:
            answer = await self._under_way
        except ActivityError:
            await self._rest(call)
        except asyncio.CancelledError:
            # Given up before it had begun; otherwise it is the engine that puts the whole run away.
            if not self._given_up:
                raise
        self._call, self._under_way = None, None
        self.answered = Answered(call, answer)

    async def _rest(self, call: Call) -> None:
        with suppress(TimeoutError):
            await workflow.wait_condition(
                lambda: self._given_up, timeout=BEFORE_ANOTHER, timeout_summary=f"{call} was cut off"
            )


def _spelled(call: Call, state: CaseState) -> PartnerCall:
    key = f"{state.id}:{call}"
    match call:
        case Call.OPEN:
            return PartnerCall(state.id, key, brief=state.brief)
        case Call.READ:
            return PartnerCall(state.id, key, after=state.applied)
        case Call.WITHDRAW:
            return PartnerCall(state.id, key, said=state.withdrawn_for)
        case Call.CONFIRM:
            return PartnerCall(state.id, key, said=f"{state.request} {state.last_kind}")
