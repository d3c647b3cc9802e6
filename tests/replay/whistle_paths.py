"""The path of a whistle: nobody comes in time, the district joins, and it is carried to its end and rated."""

from __future__ import annotations

from domain.commands import (
    AcknowledgeWhistle,
    AgreePlan,
    AttendWhistle,
    ConfirmUnjustified,
    EndWhistle,
    ObjectToWhistle,
    RateCall,
    RateWhistle,
    Sign,
    Withdraw,
)
from domain.levels import Level
from domain.limits.clock import WHISTLE_CLOCKS
from domain.time.durations import Duration
from domain.whistles import Decision, Mode, Post, WhistleKind
from tests.replay.cast import CITIZEN, SUPERVISOR, TOWN, at_work, slow
from tests.replay.shared_paths import limits_passed
from tests.replay.stage import Performance, Stage
from tests.support.builders import SQUARE, UNITS, whistle, whistle_terms
from tests.support.courses import OTHER_BUREAU, of

URBAN = UNITS[Level.DISTRICT]
FROM_THE_TOWN = dict.fromkeys(("town", "district"), "100s")


async def whistled(stage: Stage) -> Performance:
    """Two bureaus are called and miss it; they come late, plan, contribute, and both sides rate each other."""
    told = await at_work(stage, policy=slow(dwell=FROM_THE_TOWN))
    terms = whistle_terms(WhistleKind.EMERGENCY, limits=("1s", "1s", "1s", "2s"))
    await told.do(TOWN, whistle(summoned=(URBAN, OTHER_BUREAU), terms=terms))
    await told.until(lambda timeline: limits_passed(timeline) >= WHISTLE_CLOCKS)
    for unit in (URBAN, OTHER_BUREAU):
        await told.do(of(unit), AcknowledgeWhistle("w1"))
        await told.do(of(unit), AttendWhistle("w1", Mode.ON_SITE, "Officer Li", Post.HEAD, SQUARE))
    await told.do(of(URBAN), ObjectToWhistle("w1", "Regulation 12", "a matter of the town"))
    clear = Decision(URBAN, "clear the stalls", Duration.parse("60s"))
    await told.do(TOWN, AgreePlan("w1", "agreed on the spot", (clear,)))
    await told.do(of(URBAN), Sign("2"))
    await told.reply(Level.DISTRICT, "2")
    await told.until_kind("contributed")
    await told.do(TOWN, EndWhistle("w1", resolved=True, text="cleared together"))
    for unit in (URBAN, OTHER_BUREAU):
        await told.do(TOWN, RateWhistle("w1", unit.code, 1, 4, 4))
        await told.do(of(unit), RateCall("w1", 2))
    await told.do(SUPERVISOR, ConfirmUnjustified("w1", "the town could have done it alone"))
    await told.do(CITIZEN, Withdraw())
    return told


WHISTLE_PATHS = (whistled,)
