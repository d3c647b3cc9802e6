"""What must be true of a request whatever died while it lived: nothing lost, nothing doubled, nothing made up."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError

from domain.events import DeadlineFired, Event, LegDispatched
from domain.evolution import evolve
from domain.limits.clock import ClockKind
from domain.limits.deadlines import is_over
from domain.notices.telling import notices_of
from domain.request import Intake, RequestState, begin
from domain.summary import summarize
from persistence.engine import reading
from persistence.inbox import LEG_ARRIVED
from persistence.queries import find_summary
from persistence.tables import notices
from persistence.timeline import Recorded, read_intake, read_record
from persistence.verifying import examine
from workflows.ids import workflow_id
from workflows.options import APPEND
from workflows.request import _details

LONGEST_UNTOLD: timedelta = APPEND["schedule_to_close_timeout"] + timedelta(seconds=2)
"""No event may claim to be much older than its record: what could not be written down is decided anew."""
_SETTLING_SECONDS = 60.0


@dataclass(frozen=True)
class Life:
    """One request as the database tells it."""

    begun: Intake
    record: Sequence[Recorded]

    @property
    def number(self) -> str:
        return self.begun.number

    @property
    def events(self) -> list[Event]:
        return [recorded.event for recorded in self.record]

    @property
    def fired(self) -> list[DeadlineFired]:
        return [event.what for event in self.events if isinstance(event.what, DeadlineFired)]

    @property
    def states(self) -> list[RequestState]:
        """The state before the first event, and after each."""
        told = [begin(self.begun)]
        for event in self.events:
            told.append(evolve(told[-1], event))
        return told

    @property
    def state(self) -> RequestState:
        return self.states[-1]

    def count(self, kind: str) -> int:
        """How many facts of a kind there are."""
        return sum(event.what.kind == kind for event in self.events)


async def life(database: AsyncEngine, number: str) -> Life:
    """Read a request's whole record."""
    async with reading(database) as connection:
        begun = await read_intake(connection, number)
        record = await read_record(connection, number)
    assert begun is not None, f"{number} was accepted and is lost"
    return Life(begun, record)


async def lives(database: AsyncEngine, numbers: Iterable[str]) -> list[Life]:
    """As :func:`life`, for many."""
    return [await life(database, number) for number in numbers]


async def until(
    database: AsyncEngine,
    numbers: Sequence[str],
    kind: str,
    times: int = 1,
    *,
    seconds: float = 30,
    **fact: Any,
) -> None:
    """Wait until a kind of fact, with the given fields, stands so many times on each timeline."""
    give_up_at = time.monotonic() + seconds
    while behind := await _behind(database, numbers, kind, times, fact):
        assert time.monotonic() < give_up_at, f"not {times} times {kind} {fact} in {seconds} s: {behind}"
        await asyncio.sleep(0.1)


async def _behind(
    database: AsyncEngine, numbers: Sequence[str], kind: str, times: int, fact: dict[str, Any]
) -> dict[str, int]:
    query = text(
        "SELECT number, count(*) AS told FROM timeline WHERE kind = :kind AND number = ANY(:numbers) "
        "AND fact @> CAST(:fact AS jsonb) GROUP BY number"
    )
    asked = {"kind": kind, "numbers": list(numbers), "fact": json.dumps(fact)}
    async with reading(database) as connection:
        rows = (await connection.execute(query, asked)).all()
    told = dict.fromkeys(numbers, 0) | {row.number: row.told for row in rows}
    return {number: count for number, count in told.items() if count < times}


async def assert_sound(database: AsyncEngine, client: Client, numbers: Iterable[str]) -> list[Life]:
    """Check everything there is to check about these requests, and return them."""
    told = [await _assert_record_whole(database, number) for number in numbers]
    for one in told:
        _assert_deadlines_fired_once(one)
        await _assert_told_once(database, one)
        await _assert_engine_agrees(database, client, one.number)
    return told


async def _assert_record_whole(database: AsyncEngine, number: str) -> Life:
    async with reading(database) as connection:
        shown = await find_summary(connection, number)
    examined = await examine(database, number)
    assert examined is not None
    assert examined.findings == ()
    told = await life(database, number)
    assert [event.seq for event in told.events] == list(range(1, len(told.events) + 1))
    assert [event.what.kind for event in told.events].count("registered") == 1
    if shown is not None and shown.seq == told.state.seq:
        assert shown == summarize(told.state)
    # A unit's answer counts from when it was given, and what fell due before it from then too.
    kept_for_us = {event.at for event in told.events if event.what.kind in ("reply_submitted", "contributed")}
    for recorded in told.record:
        age = recorded.recorded_at - recorded.event.at
        assert timedelta() <= age
        assert age < LONGEST_UNTOLD or recorded.event.at in kept_for_us, recorded
    instants = [event.at for event in told.events]
    assert instants == sorted(instants)
    return told


def _assert_deadlines_fired_once(told: Life) -> None:
    """Each threshold fired once in a cycle with its own due instant, in the order of these, late as late as it was."""
    once = Counter((fact.clock, fact.leg, fact.percent, fact.due_at) for fact in told.fired)
    assert set(once.values()) <= {1}, (told.number, once.most_common(1))
    legal = Counter(
        (before.cycle, event.what.clock, event.what.leg, event.what.percent)
        for before, event in zip(told.states, told.events, strict=False)
        if isinstance(event.what, DeadlineFired) and event.what.clock is not ClockKind.REMINDER
    )
    assert set(legal.values()) <= {1}, (told.number, legal.most_common(1))
    for before, event in zip(told.states, told.events, strict=False):
        if not isinstance(event.what, DeadlineFired):
            continue
        fact = event.what
        clock = before.clock(fact.clock, fact.leg)
        assert clock is not None
        could_speak = max(fact.due_at, clock.live_since or fact.due_at)
        assert event.at >= fact.due_at, "fired before it was due"
        assert abs(fact.lateness_seconds - (event.at - could_speak).total_seconds()) < 1e-3
        if not clock.working and fact.percent >= 100 and fact.clock is not ClockKind.REMINDER:
            assert fact.due_at == clock.started_at + clock.amount * fact.percent / 100


async def _assert_told_once(database: AsyncEngine, told: Life) -> None:
    """The outbox holds what the events ask for and one announcement of each leg, neither more nor less."""
    expected = {
        notice.key
        for after, event in zip(told.states[1:], told.events, strict=True)
        for notice in notices_of(after, event)
    }
    legs = {event.what.leg for event in told.events if isinstance(event.what, LegDispatched)}
    # The request may have gone on since its events were read. Those that follow it are told under their own numbers.
    caused = notices.c.key.startswith(f"{told.number}:")
    so_far = select(notices).where(caused, notices.c.seq <= told.state.seq)
    async with reading(database) as connection:
        rows = (await connection.execute(so_far)).all()
    announced = [row.key for row in rows if row.subject == LEG_ARRIVED]
    assert {row.key for row in rows} - set(announced) == expected
    # A leg whose request ended at once may not have been announced any more.
    assert len(announced) <= len(legs)
    if not told.state.state.is_terminal:
        assert len(announced) == len(legs)


async def _assert_engine_agrees(database: AsyncEngine, client: Client, number: str) -> None:
    """The story holds the same state as the record; one that has just moved on is asked again."""
    told, said = "", None
    for _ in range(int(_SETTLING_SECONDS / 0.2)):
        state = (await life(database, number)).state
        told, said = _told_by(state), await _said_by(client, state)
        if told == said:
            return
        await asyncio.sleep(0.2)
    raise AssertionError(f"{number}: the record says {told}, the engine {said}")


def _told_by(state: RequestState) -> Any:
    if is_over(state):
        return {
            "number": state.number,
            "state": state.state.value,
            "how": state.ended_how,
            "events": state.seq,
        }
    return _details(state)


async def _said_by(client: Client, state: RequestState) -> Any:
    handle = client.get_workflow_handle(workflow_id(state.number))
    if is_over(state):
        described = await handle.describe()
        ended = described.status is WorkflowExecutionStatus.COMPLETED
        return await handle.result() if ended else described.status
    try:
        shown = await handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
    except RPCError as error:
        # Its last task was lost with a worker, and the engine has not given it to another one yet.
        return str(error)
    return shown.current_details
