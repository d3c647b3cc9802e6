"""The paths of shares with limits of their own, and of replies that wait for them."""

from __future__ import annotations

from domain.commands import ReviewPass, Rule, SetJoinRule, Sign, StartJoint
from domain.exceptions.applications import ExceptionKind
from domain.joining import Join, JoinRule
from domain.levels import Level
from domain.responsibility.superiors import Reach
from domain.time.durations import Duration
from tests.replay.cast import CALLER, COMMUNITY, DISPATCHER, REVIEWER, SATISFIED, TOWN, at_work, slow
from tests.replay.stage import Performance, Stage
from tests.support.builders import UNITS, application

FROM_THE_COMMUNITY = dict.fromkeys(("community", "town", "district"), "100s")
IN_DISTRICT = Reach(Level.DISTRICT, "440106")


async def joined_by_rule(stage: Stage) -> Performance:
    """One unit contributes in time; another is signed for, overdue and carded, and let go by approval."""
    told = await at_work(stage, policy=slow(dwell=FROM_THE_COMMUNITY, sign="2s"))
    await told.do(COMMUNITY, StartJoint(UNITS[Level.TOWN], "lend a lorry", mandatory=True, share=50))
    second = Duration.parse("3s")
    await told.do(
        DISPATCHER, StartJoint(UNITS[Level.DISTRICT], "measure", second, mandatory=True, reach=IN_DISTRICT)
    )
    await told.do(DISPATCHER, SetJoinRule(JoinRule(Join.ALL), "the answer needs both"))
    await told.do(TOWN, Sign("2"))
    await told.reply(Level.TOWN, "2")
    await told.until_kind("contributed")
    await told.reply(Level.COMMUNITY, "1")
    await told.until_kind("reply_refused")
    await told.until_kind("supervised")
    await told.do(COMMUNITY, application(ExceptionKind.REMOVAL, unit=UNITS[Level.DISTRICT]))
    await told.do(DISPATCHER, Rule("a1", granted=True, note="nothing came"))
    await told.reply(Level.COMMUNITY, "1", awaits=2)
    await told.until_kind("reply_submitted")
    await told.do(REVIEWER, ReviewPass())
    await told.do(CALLER, SATISFIED)
    return told


JOINT_PATHS = (joined_by_rule,)
