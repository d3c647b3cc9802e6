"""Appeals after the end, on a real Temporal server: the story goes on until somebody, or nobody, decides."""

from __future__ import annotations

from domain.commands import Apply, Callback, Dispatch, ReviewPass, Rule, Sign, StartJoint
from domain.exceptions.applications import ApplicationStatus, ExceptionKind
from domain.levels import Level
from domain.request import Exclusion, State
from domain.units import Role
from tests.support.builders import UNITS, actor, application, handler, terms
from tests.workflows.desk import Desk

GRID = handler(Level.GRID)
CITIZEN = actor(Role.CITIZEN, person="citizen")
LEADER, OTHER_LEADER = (actor(Role.DUTY_LEADER, person=name) for name in ("leader", "another leader"))


def appeal(within: str) -> Apply:
    """An appeal that is decided within so long."""
    return application(
        ExceptionKind.APPEAL, terms=terms(ExceptionKind.APPEAL, within=(within, within, "1wd"))
    )


async def in_callback(desk: Desk, *, shared: bool = False) -> str:
    """A request that was found unreasonable and answered; if ``shared``, another unit has not done its part yet."""
    number = (await desk.open()).number
    await desk.do(number, actor(Role.DISPATCHER), Dispatch())
    await desk.do(number, GRID, Sign("1"))
    if shared:
        await desk.do(number, actor(Role.DISPATCHER), StartJoint(UNITS[Level.TOWN], "look at the drain"))
    await desk.do(number, GRID, application(ExceptionKind.UNREASONABLE))
    await desk.do(number, LEADER, Rule("a1", granted=True, note="beyond what policy allows"))
    await desk.reply(number, Level.GRID, "1")
    await desk.until_kind(number, "reply_submitted")
    await desk.do(number, actor(Role.REVIEWER), ReviewPass())
    return number


async def closed(desk: Desk) -> str:
    """A request that was found unreasonable, answered and closed, and whose story has ended."""
    number = await in_callback(desk)
    await desk.do(number, actor(Role.CALLBACK_AGENT), Callback(contacted=True, satisfied=False))
    await desk.handle(number).result()
    return number


async def test_an_appeal_after_the_end_is_decided_and_the_story_ends_again(desk: Desk) -> None:
    number = await closed(desk)
    await desk.again(number, CITIZEN, appeal("60s"))
    answer = await desk.do(number, OTHER_LEADER, Rule("a2", granted=True, note="the facts were wrong"))
    assert answer.state == State.CLOSED
    await desk.handle(number).result()
    assert desk.state(number).exclusion is None


async def test_an_appeal_after_the_end_that_nobody_decides_is_refused_in_time(desk: Desk) -> None:
    number = await closed(desk)
    await desk.again(number, CITIZEN, appeal("1s"))
    await desk.handle(number).result()
    state = desk.state(number)
    assert state.applications[-1].status is ApplicationStatus.REFUSED
    assert state.exclusion is Exclusion.UNREASONABLE
    assert state.state is State.CLOSED


async def test_a_unit_that_answers_too_late_does_not_keep_the_appeal_from_being_decided(desk: Desk) -> None:
    number = await in_callback(desk, shared=True)
    await desk.do(number, CITIZEN, appeal("60s"))
    await desk.do(number, actor(Role.CALLBACK_AGENT), Callback(contacted=True, satisfied=False))
    await desk.reply(number, Level.TOWN, "2")
    answer = await desk.do(number, OTHER_LEADER, Rule("a2", granted=True, note="the facts were wrong"))
    assert answer.state == State.CLOSED
    await desk.handle(number).result()
    assert desk.state(number).legs[1].replied_at is None
