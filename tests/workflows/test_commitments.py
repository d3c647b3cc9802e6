"""What was put off until a date (挂账) comes back on it: commitments on a real Temporal server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from temporalio.client import WorkflowExecutionStatus

from domain.commands import Dispatch, Reopen, Rule, Sign, Withdraw
from domain.errands import Errand
from domain.events import AlarmRaised, LegDispatched, PutIntoBacklog, Reopened
from domain.exceptions.applications import ExceptionKind
from domain.levels import Level
from domain.limits.policy import Urgency
from domain.request import ReopenCause, State
from domain.units import Role
from tests.support.builders import actor, application, handler, policy
from tests.workflows.desk import SLOW, Desk
from workflows.ids import commitment_id

CITIZEN, AGENT = actor(Role.CITIZEN), actor(Role.AGENT)
DISTRICT = actor(Role.DUTY_LEADER, person="district", level=Level.DISTRICT)


async def put_off(desk: Desk, seconds: float) -> str:
    """A request that its unit works on is closed with a promise for so soon."""
    made = await desk.open(policy(urgency=Urgency.NORMAL, **SLOW))
    await desk.do(made.number, actor(Role.DISPATCHER), Dispatch())
    await desk.do(made.number, handler(Level.GRID), Sign("1"))
    await promise(desk, made.number, seconds)
    return made.number


async def promise(desk: Desk, number: str, seconds: float) -> None:
    """Ask for the backlog and grant it."""
    until = datetime.now(UTC) + timedelta(seconds=seconds)
    holder = desk.state(number).lead
    assert holder is not None
    head = actor(Role.UNIT_HEAD, unit=holder.unit)
    await desk.do(number, head, application(ExceptionKind.BACKLOG, until=until))
    asked = desk.state(number).undecided[-1]
    answer = await desk.do(number, DISTRICT, Rule(asked.id, granted=True, note="promised"))
    assert answer.state == "closed"
    await desk.handle(number).result()


async def test_on_the_date_the_next_level_has_it_by_itself(desk: Desk) -> None:
    number = await put_off(desk, 2)
    waiting = await desk.client.get_workflow_handle(commitment_id(number)).describe()
    assert waiting.status is WorkflowExecutionStatus.RUNNING
    timeline = await desk.until_kind(number, "reopened")
    at, reopened = next((event.at, event.what) for event in timeline if isinstance(event.what, Reopened))
    promised = next(event.what for event in timeline if isinstance(event.what, PutIntoBacklog))
    assert at >= promised.commitment_due - timedelta(milliseconds=50)
    assert (reopened.cause, reopened.percent) == (ReopenCause.COMMITMENT, 100)
    held = [event.what.unit.level for event in timeline if isinstance(event.what, LegDispatched)]
    assert held == [Level.GRID, Level.COMMUNITY]
    assert await desk.client.get_workflow_handle(commitment_id(number)).result() == {"refused": ""}
    await desk.do(number, CITIZEN, Withdraw())


async def test_withdrawn_meanwhile_nothing_happens(desk: Desk) -> None:
    number = await put_off(desk, 1.5)
    await desk.again(number, AGENT, Reopen("it cannot wait", ReopenCause.WRONGLY_ENDED))
    await desk.do(number, CITIZEN, Withdraw())
    await desk.handle(number).result()
    before = len(desk.records.timelines[number])
    done = await desk.client.get_workflow_handle(commitment_id(number)).result()
    assert done == {"refused": "no_commitment"}
    assert len(desk.records.timelines[number]) == before
    assert desk.state(number).state is State.WITHDRAWN


async def test_until_the_date_the_centre_is_reminded_of_it(desk: Desk) -> None:
    number = await put_off(desk, 60)
    (promised,) = [e.what for e in desk.records.timelines[number] if isinstance(e.what, PutIntoBacklog)]
    due = datetime.now(UTC) + timedelta(seconds=2)
    reopen = Reopen("the date has come", ReopenCause.COMMITMENT)
    soon = Errand(f"{number}:soon", number, reopen, due, timedelta(seconds=0.7))
    await desk.requests.promise(soon)
    timeline = await desk.until_kind(number, "reopened")
    reviewed = [e.what.detail for e in timeline if isinstance(e.what, AlarmRaised)]
    assert reviewed == 2 * [f"promised for {promised.commitment_due:%Y-%m-%d}"]
    await desk.do(number, CITIZEN, Withdraw())


async def test_a_later_promise_takes_the_place_of_an_earlier_one(desk: Desk) -> None:
    number = await put_off(desk, 60)
    first = await desk.client.get_workflow_handle(commitment_id(number)).describe()
    await desk.again(number, AGENT, Reopen("sooner please", ReopenCause.WRONGLY_ENDED))
    await desk.do(number, handler(Level.GRID), Sign("2"))
    await promise(desk, number, 1.5)
    replaced = desk.client.get_workflow_handle(commitment_id(number), run_id=first.run_id)
    assert (await replaced.describe()).status is WorkflowExecutionStatus.TERMINATED
    await desk.until_kind(number, "reopened", times=2)
    await desk.do(number, CITIZEN, Withdraw())
