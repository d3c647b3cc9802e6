"""The paths of governed exceptions: asked for, decided by a person or by silence, and what came of it."""

from __future__ import annotations

from domain.commands import Dispatch, Reassign, Resume, ReviewPass, Rule, Sign, Withdraw
from domain.exceptions.applications import ExceptionKind
from domain.exceptions.terms import DutyAmendment, Reason
from domain.levels import Level
from domain.limits.policy import Extension
from domain.time.durations import Duration
from domain.units import Role
from tests.replay.cast import (
    AGENT,
    CALLER,
    CITIZEN,
    COMMUNITY,
    DISPATCHER,
    GRID,
    LEADER,
    REVIEWER,
    SATISFIED,
    TOWN,
    at_work,
    slow,
)
from tests.replay.stage import Performance, Stage
from tests.support.builders import UNITS, actor, application, terms

ARBITER = actor(Role.ARBITER, person="arbiter")
OTHER_LEADER = actor(Role.DUTY_LEADER, person="another leader")

SHORT_STORM = Reason("force_majeure", "不可抗力", "force majeure", longest=Duration.parse("1s"))


async def returned(stage: Stage) -> Performance:
    """Returned by the unit, dispatched anew, and answered by both: the first one's answer comes too late."""
    told = await stage.open(policy=slow())
    await told.do(DISPATCHER, Dispatch())
    await told.do(GRID, application(ExceptionKind.RETURN, unit=UNITS[Level.TOWN]))
    await told.do(DISPATCHER, Rule("a1", granted=True, note="not a matter of the grid"))
    await told.do(DISPATCHER, Dispatch())
    await told.reply(Level.GRID, "1")
    await told.until_kind("reply_refused")
    await told.do(TOWN, Sign("2"))
    await told.reply(Level.TOWN, "2")
    await told.until_kind("reply_submitted")
    await told.do(CITIZEN, Withdraw())
    return told


async def reassigned(stage: Stage) -> Performance:
    """Given to another unit while the first one works, whose return lapses with its leg."""
    told = await at_work(stage)
    await told.do(GRID, application(ExceptionKind.RETURN))
    await told.do(DISPATCHER, Reassign(UNITS[Level.TOWN], "a matter of the town"))
    await told.do(TOWN, Sign("2"))
    await told.do(CITIZEN, Withdraw())
    return told


async def dispute_ruled(stage: Stage) -> Performance:
    """Disputed, and ruled to be another unit's, with an entry for the duty list."""
    told = await at_work(stage)
    await told.do(DISPATCHER, application(ExceptionKind.DISPUTE))
    town = UNITS[Level.TOWN]
    amendment = DutyAmendment("0201", Level.TOWN, town.area, "town_office", "minutes of the meeting")
    await told.do(ARBITER, Rule("a1", granted=True, note="the town leads", unit=town, amendment=amendment))
    await told.do(TOWN, Sign("2"))
    await told.do(CITIZEN, Withdraw())
    return told


async def admitted_by_silence(stage: Stage) -> Performance:
    """A community is asked whether it takes the matter, says nothing, and has it."""
    told = await stage.open(policy=slow())
    hasty = terms(ExceptionKind.ADMISSION, within=("1s", "1s", "2wh"))
    await told.do(DISPATCHER, Dispatch(UNITS[Level.COMMUNITY], "nearest to the spot", hasty))
    await told.until_kind("admitted")
    await told.do(COMMUNITY, Sign("1"))
    await told.do(CITIZEN, Withdraw())
    return told


async def admission_refused(stage: Stage) -> Performance:
    """A community would not take the matter, which is confirmed; the rung above it is next."""
    told = await stage.open(policy=slow())
    admission = terms(ExceptionKind.ADMISSION)
    await told.do(DISPATCHER, Dispatch(UNITS[Level.COMMUNITY], "nearest to the spot", admission))
    refusal = Rule("a1", granted=False, note="not on our list")
    await told.do(COMMUNITY, refusal)
    await told.do(DISPATCHER, refusal)
    await told.do(DISPATCHER, Dispatch())
    await told.do(TOWN, Sign("2"))
    await told.do(CITIZEN, Withdraw())
    return told


async def hand_up_confirmed(stage: Stage) -> Performance:
    """Each passed dwell asks first: confirmed by a person, then by silence, then refused."""
    dwells = dict.fromkeys(("grid", "community", "town", "district"), "1s")
    told = await at_work(stage, policy=slow(dwell=dwells, confirm_hand_up=Duration.parse("1s")))
    await told.until_kind("application_made")
    await told.do(DISPATCHER, Rule("a1", granted=True, note="they cannot"))
    await told.do(COMMUNITY, Sign("2"))
    await told.until_kind("handed_up", 2)
    await told.do(TOWN, Sign("3"))
    await told.until_kind("application_made", 3)
    await told.do(DISPATCHER, Rule("a3", granted=False, note="they are nearly done"))
    await told.do(CITIZEN, Withdraw())
    return told


async def extended(stage: Stage) -> Performance:
    """Promised for a later date."""
    told = await at_work(stage, policy=slow(extension=Extension(1, Duration.parse("60s"), Level.TOWN)))
    await told.do(GRID, application(ExceptionKind.EXTENSION))
    await told.do(DISPATCHER, Rule("a1", granted=True, note="the facts are complex"))
    await told.do(CITIZEN, Withdraw())
    return told


async def suspended_for_a_time(stage: Stage) -> Performance:
    """Suspended, and resumed by itself."""
    told = await at_work(stage)
    brief = terms(ExceptionKind.SUSPENSION, reasons=(SHORT_STORM,))
    await told.do(GRID, application(ExceptionKind.SUSPENSION, terms=brief))
    await told.do(DISPATCHER, Rule("a1", granted=True, note="until the storm is over"))
    await told.until_kind("resumed")
    await told.do(CITIZEN, Withdraw())
    return told


async def suspended_and_resumed(stage: Stage) -> Performance:
    """Suspended, answered too early, resumed by hand and answered again."""
    told = await at_work(stage)
    await told.do(GRID, application(ExceptionKind.SUSPENSION, reason="force_majeure"))
    await told.do(DISPATCHER, Rule("a1", granted=True, note="a typhoon"))
    await told.reply(Level.GRID, "1")
    await told.until_kind("reply_refused")
    await told.do(DISPATCHER, Resume("the storm is over"))
    await told.reply(Level.GRID, "1", awaits=2)
    await told.until_kind("reply_submitted")
    await told.do(CITIZEN, Withdraw())
    return told


async def found_malicious(stage: Stage) -> Performance:
    """Found malicious, and the finding lifted on appeal before the request was closed."""
    told = await at_work(stage)
    await told.do(GRID, application(ExceptionKind.MALICIOUS))
    await told.do(LEADER, Rule("a1", granted=True, note="the facts are invented"))
    await told.do(CITIZEN, application(ExceptionKind.APPEAL))
    await told.do(OTHER_LEADER, Rule("a2", granted=True, note="there are photographs"))
    await told.reply(Level.GRID, "1")
    await told.until_kind("reply_submitted")
    await told.do(REVIEWER, ReviewPass())
    await told.do(CALLER, SATISFIED)
    return told


async def transferred_out(stage: Stage) -> Performance:
    """A group's matter, handed to the police at once by an agent."""
    told = await stage.open(policy=slow(), people=30)
    await told.do(AGENT, application(ExceptionKind.TRANSFER_OUT))
    return told


async def voided(stage: Stage) -> Performance:
    """A test record, struck by a leader."""
    told = await stage.open(policy=slow())
    await told.do(AGENT, application(ExceptionKind.VOID))
    await told.do(LEADER, Rule("a1", granted=True, note="a test"))
    return told


EXCEPTION_PATHS = (
    returned,
    reassigned,
    dispute_ruled,
    admitted_by_silence,
    admission_refused,
    hand_up_confirmed,
    extended,
    suspended_for_a_time,
    suspended_and_resumed,
    found_malicious,
    transferred_out,
    voided,
)
