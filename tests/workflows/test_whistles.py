"""Whistles in stories on a real Temporal server: limits fire by themselves, plans are legs, ratings follow the end."""

from __future__ import annotations

from domain.commands import (
    AgreePlan,
    AttendWhistle,
    Callback,
    Dispatch,
    EndWhistle,
    RateCall,
    RateWhistle,
    ReviewPass,
    Sign,
)
from domain.levels import Level
from domain.request import Body, State
from domain.time.durations import Duration
from domain.units import Role
from domain.whistles import Decision, Mode, Post, WhistleKind
from tests.support.builders import SQUARE, UNITS, actor, handler, policy, whistle, whistle_terms
from tests.support.courses import OTHER_BUREAU, of
from tests.workflows.desk import SLOW, Desk, kinds

URBAN, TOWN = UNITS[Level.DISTRICT], handler(Level.TOWN)
DWELLS = {"town": "100s", "district": "100s"}
HERE = AttendWhistle("w1", Mode.ON_SITE, "Officer Li", Post.HEAD, SQUARE)


async def at_the_town(desk: Desk) -> str:
    """A request that its town has signed for."""
    number = (await desk.open(policy(**{**SLOW, "dwell": DWELLS}))).number
    await desk.do(number, actor(Role.DISPATCHER), Dispatch())
    await desk.do(number, TOWN, Sign("1"))
    return number


async def test_one_comes_and_one_does_not_and_the_plan_is_a_leg_that_its_unit_answers(desk: Desk) -> None:
    number = await at_the_town(desk)
    terms = whistle_terms(WhistleKind.EMERGENCY, limits=("1s", "1s", None, "60s"))
    await desk.do(number, TOWN, whistle(summoned=(URBAN, OTHER_BUREAU), terms=terms))
    await desk.do(number, of(URBAN), HERE)
    timeline = await desk.until_kind(number, "attendance_missed")
    assert kinds(timeline).count("attendance_missed") == 1
    missed = desk.state(number).whistles[0].summons_of(OTHER_BUREAU.code)
    assert missed is not None
    assert missed.missed_at is not None
    told = [notice.recipient for notice in desk.records.notices if notice.subject == "attendance_missed"]
    assert f"body:{Body.DISTRICT}" in told
    clear = Decision(URBAN, "clear the stalls", Duration.parse("60s"))
    await desk.do(number, TOWN, AgreePlan("w1", "agreed on the spot", (clear,)))
    await desk.do(number, of(URBAN), Sign("2"))
    await desk.reply(number, Level.DISTRICT, "2")
    await desk.until_kind(number, "contributed")
    assert desk.records.posted.count(f"{number}:2:posted:1") == 1
    await desk.do(number, TOWN, EndWhistle("w1", resolved=True, text="cleared together"))


async def test_both_sides_rate_a_request_that_has_closed(desk: Desk) -> None:
    number = await at_the_town(desk)
    await desk.do(number, TOWN, whistle())
    await desk.do(number, of(URBAN), HERE)
    await desk.do(number, TOWN, EndWhistle("w1", resolved=True, text="cleared together"))
    await desk.reply(number, Level.TOWN, "1")
    await desk.until_kind(number, "reply_submitted")
    await desk.do(number, actor(Role.REVIEWER), ReviewPass())
    await desk.do(number, actor(Role.CALLBACK_AGENT), Callback(contacted=True, satisfied=True))
    await desk.handle(number).result()
    assert desk.state(number).state is State.CLOSED
    await desk.again(number, TOWN, RateWhistle("w1", URBAN.code, 5, 5, 4))
    await desk.again(number, of(URBAN), RateCall("w1", 4))
    assert desk.state(number).whistles[0].is_rated
    assert kinds(desk.records.timelines[number])[-2:] == ["whistle_rated", "call_rated"]
    assert desk.state(number).state is State.CLOSED
