"""The bare workflow: the steps of a straight request and nothing else, as the ceiling to be measured against.

Same counts and kinds of steps as a request: a local activity for each thing that happens, updates with validators, a
short remote activity and an asynchronous one completed by id, one timer armed anew when its instant changes, search
attributes. No rules, no database, no codec.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy, SearchAttributeKey, SearchAttributeUpdate
from temporalio.exceptions import ApplicationError
from temporalio.workflow import ActivityCancellationType

STATE = SearchAttributeKey.for_keyword("HuyingState")
LEVEL = SearchAttributeKey.for_keyword("HuyingLevel")
DUE_AT = SearchAttributeKey.for_datetime("HuyingDueAt")

FIRST, LAST = "pending_dispatch", "closed"
NEXT = {
    "pending_dispatch": "pending_sign",
    "pending_sign": "in_progress",
    "in_progress": "pending_review",
    "pending_review": "pending_callback",
    "pending_callback": LAST,
}
HANDED = "1.1"
"""The id of the activity that is completed from outside."""

_LOCAL: dict[str, Any] = {"start_to_close_timeout": timedelta(seconds=5)}
_REMOTE: dict[str, Any] = {"start_to_close_timeout": timedelta(seconds=10)}
_ASYNCHRONOUS: dict[str, Any] = {
    "start_to_close_timeout": timedelta(days=3650),
    "retry_policy": RetryPolicy(maximum_attempts=1),
    "cancellation_type": ActivityCancellationType.ABANDON,
}


@dataclass(frozen=True)
class Errand:
    """What a bare workflow starts with; ``due_at`` is the first deadline, which moves it on when nobody does."""

    number: str
    due_at: datetime
    text: str


@dataclass(frozen=True)
class Step:
    """One thing that happens: a command, an answer, a deadline. ``due_at`` is set where a deadline fired."""

    number: str
    act: str
    text: str
    due_at: datetime | None = None
    bell: int = 0
    """Port on which a caller waits for the news that this step was noted; 0 if nobody does."""


@dataclass(frozen=True)
class Done:
    """Where the errand stands after a step."""

    number: str
    state: str
    seq: int


@workflow.defn(name="Errand")
class ErrandWorkflow:
    """Five steps forward, then the end."""

    @workflow.init
    def __init__(self, errand: Errand) -> None:
        self._errand = errand
        self._state = FIRST
        self._shown = FIRST
        self._seq = 0
        self._due_at = errand.due_at
        self._armed: datetime | None = None
        self._sleeper: asyncio.Task[None] | None = None
        self._handing: list[asyncio.Task[None]] = []
        self._pen = asyncio.Lock()
        self._changed = self._rings = False

    @workflow.run
    async def run(self, errand: Errand) -> Done:
        """Wait for steps until the last one."""
        await self._step(Step(errand.number, "register", errand.text), moves=False)
        while self._state != LAST:
            self._changed = False
            self._hand_out()
            self._arm()
            self._show()
            await workflow.wait_condition(lambda: self._changed or self._rings)
            if self._rings:
                self._rings = False
                await self._step(Step(errand.number, "pass_time", errand.text, self._armed))
        self._show()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return Done(errand.number, self._state, self._seq)

    @workflow.update(name="command")
    async def command(self, step: Step) -> Done:
        """Go on by one step; ``urge`` stays where it is."""
        await workflow.wait_condition(lambda: self._seq > 0)
        return await self._step(step, moves=step.act != "urge")

    @command.validator
    def _refuse(self, step: Step) -> None:
        if self._state == LAST or not step.act:
            raise ApplicationError("the errand has ended", type="ended", non_retryable=True)

    async def _step(self, step: Step, *, moves: bool = True) -> Done:
        async with self._pen:
            self._seq = await workflow.execute_local_activity(
                "note", args=[step, self._seq + 1], result_type=int, **_LOCAL
            )
            if moves:
                self._state = NEXT[self._state]
                self._due_at = workflow.now() + timedelta(hours=self._seq)
            self._changed = True
            return Done(step.number, self._state, self._seq)

    def _hand_out(self) -> None:
        if self._state == "pending_sign" and not self._handing:
            self._handing = [asyncio.create_task(self._post()), asyncio.create_task(self._await_answer())]

    async def _post(self) -> None:
        await workflow.execute_activity(
            "post", Step(self._errand.number, "post", "the unit"), summary="the unit", **_REMOTE
        )

    async def _await_answer(self) -> None:
        answer = await workflow.execute_activity(
            "answer", activity_id=HANDED, result_type=Step, summary="the unit", **_ASYNCHRONOUS
        )
        await self._step(answer)

    def _arm(self) -> None:
        if self._armed == self._due_at:
            return
        if self._sleeper is not None:
            self._sleeper.cancel()
        self._armed = self._due_at
        self._sleeper = asyncio.create_task(self._sleep_until(self._due_at))

    async def _sleep_until(self, instant: datetime) -> None:
        while (ahead := instant - workflow.now()) > timedelta():
            await workflow.sleep(ahead, summary=f"due {instant:%Y-%m-%d %H:%M:%SZ}")
        self._rings = self._armed == instant

    def _show(self) -> None:
        if self._shown == self._state:
            return
        updates: list[SearchAttributeUpdate[Any]] = [
            STATE.value_set(self._state),
            DUE_AT.value_set(self._due_at),
        ]
        if self._state == "pending_sign":
            updates.append(LEVEL.value_set("grid"))
        if self._state == LAST:
            updates[1:] = [LEVEL.value_unset(), DUE_AT.value_unset()]
        workflow.upsert_search_attributes(updates)  # pyright: ignore[reportUnknownMemberType]
        self._shown = self._state
