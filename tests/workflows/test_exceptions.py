"""Governed exceptions in stories on a real Temporal server: legs that are taken away, and decisions nobody makes."""

from __future__ import annotations

from activities.messages import LegAnswer
from domain.commands import Dispatch, Reassign, Resume, Rule, Sign, Withdraw
from domain.events import ApplicationDecided, ReplyRefused
from domain.exceptions.applications import ExceptionKind
from domain.exceptions.terms import DutyAmendment
from domain.levels import Level
from domain.request import LegEnd, State
from domain.units import Role
from tests.support.builders import OTHER_OPERATOR, UNITS, actor, application, handler, terms
from tests.workflows.desk import Desk, kinds

DISPATCHER, CITIZEN = actor(Role.DISPATCHER), actor(Role.CITIZEN)
TOWN = UNITS[Level.TOWN]


async def dispatched(desk: Desk) -> str:
    """A request whose first leg waits at the grid worker's."""
    number = (await desk.open()).number
    await desk.do(number, DISPATCHER, Dispatch())
    return number


async def replied(desk: Desk, number: str, level: Level, leg: str) -> None:
    """The unit of a leg signs and replies, and then the caller lets it rest."""
    await desk.do(number, handler(level), Sign(leg))
    await desk.reply(number, level, leg)
    await desk.until_kind(number, "reply_submitted")
    await desk.do(number, CITIZEN, Withdraw())
    await desk.handle(number).result()


async def test_an_answer_of_a_returned_leg_is_refused_and_the_next_units_counts(desk: Desk) -> None:
    number = await dispatched(desk)
    await desk.do(number, handler(Level.GRID), application(ExceptionKind.RETURN, unit=TOWN))
    answer = await desk.do(number, DISPATCHER, Rule("a1", True, "the grid is not the right place"))
    assert answer.state == State.PENDING_DISPATCH
    await desk.do(number, DISPATCHER, Dispatch())
    late = LegAnswer(f"{number}-late", "", handler(Level.GRID), "solved", "done all the same")
    await desk.requests.complete_leg(number, "1", 1, late)
    timeline = await desk.until_kind(number, "reply_refused")
    assert [event.what.code for event in timeline if isinstance(event.what, ReplyRefused)] == ["leg_ended"]
    await replied(desk, number, Level.TOWN, "2")
    assert desk.state(number).legs[0].end is LegEnd.RETURNED


async def test_a_return_that_nobody_decides_is_refused_in_time_and_the_unit_goes_on(desk: Desk) -> None:
    number = await dispatched(desk)
    hasty = application(ExceptionKind.RETURN, terms=terms(ExceptionKind.RETURN, within=("1s", "1s", "2wh")))
    await desk.do(number, handler(Level.GRID), hasty)
    timeline = await desk.until_kind(number, "application_decided")
    [decided] = [event.what for event in timeline if isinstance(event.what, ApplicationDecided)]
    assert (decided.granted, decided.silent) == (False, True)
    await replied(desk, number, Level.GRID, "1")


async def test_a_suspended_request_keeps_its_leg_awaited(desk: Desk) -> None:
    number = await dispatched(desk)
    await desk.do(number, handler(Level.GRID), Sign("1"))
    await desk.do(number, handler(Level.GRID), application(ExceptionKind.SUSPENSION, reason="force_majeure"))
    suspended = await desk.do(number, DISPATCHER, Rule("a1", True, "the typhoon"))
    assert suspended.state == State.SUSPENDED
    resumed = await desk.do(number, DISPATCHER, Resume("the storm is over"))
    assert resumed.state == State.IN_PROGRESS
    await desk.reply(number, Level.GRID, "1")
    await desk.until_kind(number, "reply_submitted")
    await desk.do(number, CITIZEN, Withdraw())
    await desk.handle(number).result()


async def test_the_ruling_of_a_dispute_moves_the_lead_and_stands_on_the_timeline(desk: Desk) -> None:
    number = await dispatched(desk)
    await desk.do(number, DISPATCHER, application(ExceptionKind.DISPUTE))
    amendment = DutyAmendment("0201", Level.TOWN, TOWN.area, "town_office", "minutes of 23 November")
    ruling = Rule("a1", True, "the town leads", TOWN, amendment)
    ruled = await desk.do(number, actor(Role.ARBITER, person=OTHER_OPERATOR), ruling)
    assert ruled.state == State.PENDING_SIGN
    await replied(desk, number, Level.TOWN, "2")
    told = desk.records.timelines[number]
    [fact] = [event.what for event in told if event.what.kind == "dispute_ruled"]
    assert (fact.unit, fact.duty_entry, fact.amendment) == (TOWN, f"R-{number}-a1", amendment)


async def test_a_reassigned_leg_is_awaited_at_the_other_unit(desk: Desk) -> None:
    number = await dispatched(desk)
    await desk.do(number, handler(Level.GRID), Sign("1"))
    await desk.do(number, DISPATCHER, Reassign(TOWN, "a matter for the town"))
    await replied(desk, number, Level.TOWN, "2")
    assert kinds(desk.records.timelines[number]).count("leg_reassigned") == 1
