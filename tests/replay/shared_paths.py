"""The paths of work that is shared, waits elsewhere, is talked about, watched, corrected or ordered in bulk."""

from __future__ import annotations

from domain.commands import (
    Acknowledge,
    Attach,
    CancelCard,
    Comment,
    DeclineJoint,
    Delegate,
    DeliberationResult,
    Dispatch,
    GiveFieldTask,
    HandToPartner,
    HandUp,
    Instruct,
    MarkConfidential,
    PartnerResult,
    RaiseCard,
    Recalculate,
    RecallFieldTask,
    ReferDeliberation,
    RemoveJoint,
    ReportFieldTask,
    ReportInterim,
    ReviewPass,
    SendDown,
    Sign,
    StartJoint,
    Supervise,
    Withdraw,
)
from domain.events import DeadlineFired, Event
from domain.field_tasks import FieldParty
from domain.levels import Level
from domain.limits.clock import ClockKind
from domain.limits.policy import ClockMode, Urgency
from domain.partners import Partner
from domain.request import Card, Visibility
from domain.time.durations import Duration
from domain.units import SYSTEM, Role
from tests.replay.cast import (
    AGENT,
    CITIZEN,
    COMMUNITY,
    DISPATCHER,
    GRID,
    LEADER,
    REVIEWER,
    SUPERVISOR,
    TOWN,
    at_work,
    impatient,
    slow,
)
from tests.replay.stage import QUEUE, MemoryJob, Performance, Stage
from tests.support.builders import PHOTO, UNITS, actor, calendar
from worker.registry import make_bulk_worker
from workflows.bulk_client import BulkClient
from workflows.ids import bulk_workflow_id

FROM_THE_COMMUNITY = dict.fromkeys(("community", "town", "district"), "100s")


def limits_passed(timeline: list[Event]) -> set[ClockKind]:
    return {event.what.clock for event in timeline if isinstance(event.what, DeadlineFired)}


async def shared(stage: Stage) -> Performance:
    """A share delegated and contributed, one that is declined, and one that is taken back."""
    told = await at_work(stage, policy=slow(dwell=FROM_THE_COMMUNITY))
    await told.do(COMMUNITY, Delegate("1", UNITS[Level.GRID], "look at the spot"))
    await told.do(COMMUNITY, StartJoint(UNITS[Level.TOWN], "lend a lorry"))
    await told.do(TOWN, DeclineJoint("3", "no lorry to lend"))
    await told.do(DISPATCHER, StartJoint(UNITS[Level.DISTRICT], "lend a lorry"))
    await told.do(DISPATCHER, RemoveJoint("4", "not needed any more"))
    await told.do(GRID, Sign("2"))
    await told.reply(Level.GRID, "2")
    await told.until_kind("contributed")
    await told.reply(Level.COMMUNITY, "1")
    await told.until_kind("reply_submitted")
    await told.do(CITIZEN, Withdraw())
    return told


async def led_again(stage: Stage) -> Performance:
    """Handed up, and given back to the unit that stayed, which then holds one leg and answers in it."""
    told = await at_work(stage, policy=slow(dwell=FROM_THE_COMMUNITY))
    await told.do(COMMUNITY, HandUp("needs the town"))
    await told.do(TOWN, Sign("2"))
    await told.do(TOWN, SendDown("the committee can do it", UNITS[Level.COMMUNITY]))
    await told.do(COMMUNITY, Sign("3"))
    await told.reply(Level.COMMUNITY, "3")
    await told.until_kind("reply_submitted")
    await told.do(CITIZEN, Withdraw())
    return told


async def deliberated(stage: Stage) -> Performance:
    """Put to the residents twice: agreed the first time, without a result the second."""
    told = await at_work(stage, policy=slow(urgency=Urgency.NORMAL, dwell=FROM_THE_COMMUNITY))
    await told.do(COMMUNITY, ReferDeliberation("residents' hall", "Where shall the bins stand?"))
    await told.do(COMMUNITY, DeliberationResult("beside the gate", agreed=True))
    await told.do(COMMUNITY, ReferDeliberation("residents' hall", "Which gate?", Duration.parse("1s")))
    await told.until_kind("deliberation_ended", 2)
    await told.do(CITIZEN, Withdraw())
    return told


async def partner_answered(stage: Stage) -> Performance:
    """With the enforcement team, which corrects it."""
    told = await at_work(stage)
    await told.do(GRID, HandToPartner(Partner.ENFORCEMENT, "clue-7"))
    await told.do(
        actor(Role.PARTNER, person="team"), PartnerResult("done", "corrected on the spot", "clue-7")
    )
    await told.do(CITIZEN, Withdraw())
    return told


async def partner_silent(stage: Stage) -> Performance:
    """With a partner that never answers."""
    told = await at_work(stage, common=impatient(partner="1s"))
    await told.do(GRID, HandToPartner(Partner.AFFAIRS, "case-1"))
    await told.until_kind("partner_answered")
    await told.do(CITIZEN, Withdraw())
    return told


async def talked_about(stage: Stage) -> Performance:
    """Commented, illustrated, instructed, acknowledged; the citizen told how far it is, and then no more."""
    policy = slow(urgency=Urgency.NORMAL, clock=ClockMode.WORKING)
    told = await at_work(stage, policy=policy, common=impatient(interim_every="1s"))
    await told.do(CITIZEN, Comment("any news?"))
    await told.do(AGENT, Attach(PHOTO))
    await told.do(LEADER, Instruct("Settle it this week."))
    await told.do(GRID, Acknowledge("i1"))
    await told.do(GRID, ReportInterim("A lorry has been ordered."))
    await told.until_kind("alarm_raised")
    await told.do(REVIEWER, MarkConfidential(Visibility.LEAD_ONLY, "the caller fears the neighbour"))
    await told.do(CITIZEN, Withdraw())
    return told


async def carded(stage: Stage) -> Performance:
    """A yellow card, raised to a red one as the unit's second of the month, which is taken back."""
    told = await at_work(stage)
    await told.do(SUPERVISOR, Supervise("watched", Card.YELLOW))
    await told.do(SYSTEM, RaiseCard("1", "two yellow cards"))
    await told.do(SUPERVISOR, CancelCard("1", Card.RED, "the other card was a mistake"))
    await told.do(CITIZEN, Withdraw())
    return told


async def reminded(stage: Stage) -> Performance:
    """No contact, no reply: carded twice, put on the black list, and reminded from then on."""
    told = await at_work(stage, policy=slow(total="1s", first_contact="1s", reminder_every="1s"))
    await told.until(lambda timeline: ClockKind.REMINDER in limits_passed(timeline))
    await told.do(CITIZEN, Withdraw())
    return told


async def own_initiative(stage: Stage) -> Performance:
    """Withdrawn by the caller, and carried to its end without them, since it is critical."""
    told = await stage.open(policy=slow(urgency=Urgency.CRITICAL, auto_dispatch=True))
    await told.do(GRID, Sign("1"))
    await told.do(CITIZEN, Withdraw("the neighbour saw to it"))
    await told.reply(Level.GRID, "1")
    await told.until_kind("reply_submitted")
    await told.do(REVIEWER, ReviewPass())
    return told


async def calendar_corrected(stage: Stage) -> Performance:
    """Counted anew when the next year's calendar is published."""
    told = await at_work(stage)
    published = calendar(known_until=calendar().known_until.replace(year=2027))
    await told.do(LEADER, Recalculate(published, "the next year is published"))
    await told.do(CITIZEN, Withdraw())
    return told


async def in_bulk(stage: Stage) -> Performance:
    """Dispatched by a bulk job, which rests after its first request and goes on in another run."""
    told, other = await stage.open(policy=slow()), await stage.open(policy=slow())
    job = MemoryJob(told.orders.give, DISPATCHER, Dispatch(), [other.number, told.number])
    jobs, workflow = BulkClient(stage.client, QUEUE), bulk_workflow_id(told.number)
    async with make_bulk_worker(stage.client, QUEUE, [job.bulk_give]):
        job.rests_after = 1
        await jobs.start(told.number)
        await told.told_beside(workflow)
        job.rests_after = None
        await jobs.start(told.number)
        await told.told_beside(workflow)
    await told.do(CITIZEN, Withdraw())
    return told


async def field_parties(stage: Stage) -> Performance:
    """One field party reports, one is called off, and one stays silent."""
    told = await at_work(stage, policy=slow(dwell=FROM_THE_COMMUNITY))
    for within in ("60s", "60s", "1s"):
        clear = GiveFieldTask(
            FieldParty.PROPERTY_FIRM, "Garden Court", "Clear the stairs.", Duration.parse(within)
        )
        await told.do(COMMUNITY, clear)
    await told.do(actor(Role.PARTNER), ReportFieldTask("f1", True, "The stairs are clear."))
    await told.do(COMMUNITY, RecallFieldTask("f2", "cleared by the residents"))
    await told.until(lambda timeline: ClockKind.FIELD_TASK in limits_passed(timeline))
    await told.do(CITIZEN, Withdraw())
    return told


SHARED_PATHS = (
    field_parties,
    shared,
    led_again,
    deliberated,
    partner_answered,
    partner_silent,
    talked_about,
    carded,
    reminded,
    own_initiative,
    calendar_corrected,
    in_bulk,
)
