"""Shares of the work in stories on a real Temporal server: joint legs are announced and awaited beside the lead's."""

from __future__ import annotations

from domain.commands import (
    Comment,
    Delegate,
    Dispatch,
    HandToPartner,
    RemoveJoint,
    Sign,
    StartJoint,
    Withdraw,
)
from domain.joining import Join, JoinRule
from domain.levels import Level
from domain.limits.clock import ClockKind
from domain.partners import Partner
from domain.request import Card, LegEnd, State
from domain.time.durations import Duration
from domain.units import Role
from tests.support.builders import UNITS, actor, common, handler, policy
from tests.workflows.desk import SLOW, Desk, kinds

DISPATCHER, CITIZEN = actor(Role.DISPATCHER), actor(Role.CITIZEN)


async def test_a_delegated_share_is_announced_once_and_its_answer_is_a_contribution(desk: Desk) -> None:
    dwells = {"community": "100s", "town": "100s", "district": "100s"}
    number = (await desk.open(policy(**{**SLOW, "dwell": dwells}))).number
    await desk.do(number, DISPATCHER, Dispatch())
    community = handler(Level.COMMUNITY)
    await desk.do(number, community, Sign("1"))
    await desk.do(number, community, Delegate("1", UNITS[Level.GRID], "look at the spot"))
    await desk.do(number, DISPATCHER, StartJoint(UNITS[Level.TOWN], "lend a lorry"))
    await desk.do(number, DISPATCHER, RemoveJoint("3", "not needed after all"))
    await desk.do(number, handler(Level.GRID), Sign("2"))
    await desk.reply(number, Level.GRID, "2")
    await desk.until_kind(number, "contributed")
    await desk.reply(number, Level.COMMUNITY, "1")
    timeline = await desk.until_kind(number, "reply_submitted")
    assert kinds(timeline).count("leg_dispatched") == 3
    assert [leg.end for leg in desk.state(number).legs] == [None, LegEnd.CONTRIBUTED, LegEnd.REMOVED]
    assert desk.records.posted.count(f"{number}:2:posted:1") == 1
    await desk.do(number, CITIZEN, Withdraw())
    await desk.handle(number).result()


async def test_a_joint_unit_is_late_by_itself_and_the_reply_waits_until_it_has_contributed(
    desk: Desk,
) -> None:
    number = (await desk.open(policy(**SLOW))).number
    await desk.do(number, DISPATCHER, Dispatch())
    await desk.do(number, handler(Level.GRID), Sign("1"))
    needed = JoinRule(Join.ALL)
    asked = StartJoint(UNITS[Level.TOWN], "lend a lorry", Duration.parse("1s"), mandatory=True, join=needed)
    await desk.do(number, DISPATCHER, asked)
    await desk.reply(number, Level.GRID, "1")
    await desk.until_kind(number, "reply_refused")
    timeline = await desk.until_kind(number, "supervised")
    assert kinds(timeline).count("supervised") == 1
    lead, share = desk.state(number).legs
    assert (lead.late, share.late, share.cards) == ((), (ClockKind.JOINT,), (Card.YELLOW,))
    await desk.do(number, handler(Level.TOWN), Sign("2"))
    await desk.reply(number, Level.TOWN, "2")
    await desk.until_kind(number, "contributed")
    await desk.reply(number, Level.GRID, "1", awaits=2)
    await desk.until_kind(number, "reply_submitted")
    assert desk.state(number).state is State.PENDING_REVIEW
    await desk.do(number, CITIZEN, Withdraw())
    await desk.handle(number).result()


async def test_a_silent_partner_gives_the_matter_back_by_itself(desk: Desk) -> None:
    quick = common(partner=Duration.parse("1s"))
    number = (await desk.open(common=quick)).number
    await desk.do(number, DISPATCHER, Dispatch())
    await desk.do(number, handler(Level.GRID), Sign("1"))
    waiting = await desk.do(number, handler(Level.GRID), HandToPartner(Partner.AFFAIRS, "case-1"))
    assert waiting.state == State.AWAITING_PARTNER
    await desk.do(number, CITIZEN, Comment("any news?"))
    timeline = await desk.until_kind(number, "partner_answered")
    assert kinds(timeline)[-3:] == ["deadline_fired", "alarm_raised", "partner_answered"]
    assert desk.state(number).state is State.IN_PROGRESS
    await desk.do(number, CITIZEN, Withdraw())
    await desk.handle(number).result()
