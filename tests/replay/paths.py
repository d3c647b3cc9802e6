"""The named ways through a request's life that are kept as histories. Each plays one request to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from domain.commands import (
    Accept,
    AnswerDirectly,
    Dispatch,
    HandUp,
    Merge,
    MovePolicy,
    Redo,
    Reject,
    Reopen,
    RequestInfo,
    ReviewBack,
    ReviewPass,
    Rule,
    SendDown,
    Sign,
    Supervise,
    SupplyInfo,
    Urge,
    Withdraw,
)
from domain.errands import Errand
from domain.events import Event, Supervised
from domain.exceptions.applications import ExceptionKind
from domain.levels import Level
from domain.limits.policy import CallbackRule, Urgency
from domain.refusals import Refused
from domain.request import Body, Card, Matter, PolicySnapshot, ReopenCause, State
from domain.responsibility.routing import Place
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
    SUPERVISOR,
    UNHAPPY,
    impatient,
    quick,
    replied,
    slow,
)
from tests.replay.exception_paths import EXCEPTION_PATHS
from tests.replay.family_paths import FAMILY_PATHS
from tests.replay.joint_paths import JOINT_PATHS
from tests.replay.neighbour_paths import NEIGHBOUR_PATHS
from tests.replay.shared_paths import SHARED_PATHS
from tests.replay.stage import Performance, Stage
from tests.replay.whistle_paths import WHISTLE_PATHS
from tests.support.builders import UNITS, actor, application, ladder, terms
from workflows.ids import commitment_id
from workflows.options import APPEND

APPEND_PATIENCE = APPEND["schedule_to_close_timeout"].total_seconds()


def city_supervises(timeline: list[Event]) -> bool:
    return any(isinstance(event.what, Supervised) and event.what.body is Body.CITY for event in timeline)


async def straight(stage: Stage) -> Performance:
    """Dispatched, signed, contacted, replied, reviewed, called back, closed."""
    told = await stage.open(policy=slow())
    await replied(told)
    await told.do(REVIEWER, ReviewPass())
    await told.do(CALLER, SATISFIED)
    return told


async def climb(stage: Stage) -> Performance:
    """Nobody does anything: four levels, cards, the black list, the city, reminders; the citizen gives up."""
    told = await stage.open(policy=quick())
    await told.until(city_supervises)
    fired = sum(event.what.kind == "deadline_fired" for event in told.timeline)
    await told.until_kind("deadline_fired", fired + 2)
    await told.do(CITIZEN, Withdraw("nobody came"))
    return told


async def climb_over_vacant_posts(stage: Stage) -> Performance:
    """As the climb, where two levels have nobody."""
    told = await stage.open(policy=quick(), missing=(Level.GRID, Level.TOWN))
    await told.until_kind("leg_dispatched", 2)
    await told.do(CITIZEN, Withdraw())
    return told


async def critical(stage: Stage) -> Performance:
    """A critical matter is dispatched by the system in the first task."""
    told = await stage.open(policy=slow(urgency=Urgency.CRITICAL, auto_dispatch=True))
    await told.do(GRID, Sign("1"))
    await told.do(CITIZEN, Withdraw())
    return told


async def hand_up_and_send_down(stage: Stage) -> Performance:
    """Up by hand, a joint contribution, down again, and closed from there."""
    told = await stage.open(policy=slow(callback=CallbackRule.NONE))
    await told.do(DISPATCHER, Dispatch())
    await told.do(GRID, Sign("1"))
    await told.do(GRID, HandUp("needs the committee"))
    await told.do(COMMUNITY, Sign("2"))
    await told.reply(Level.GRID, "1")
    await told.until_kind("contributed")
    await told.do(COMMUNITY, SendDown("a matter of the grid"))
    await told.do(GRID, Sign("3"))
    await told.reply(Level.GRID, "3")
    await told.until_kind("reply_submitted")
    await told.do(REVIEWER, ReviewPass())
    return told


async def redo(stage: Stage) -> Performance:
    """Dissatisfied: a second cycle; then one more by decision; then rated."""
    told = await stage.open(policy=slow())
    await replied(told)
    await told.do(REVIEWER, ReviewPass())
    await told.do(CALLER, UNHAPPY)
    for leg, ending in (("2", Redo("the caller asks again")), ("3", SATISFIED)):
        await told.do(GRID, Sign(leg))
        await told.reply(Level.GRID, leg)
        await told.until_kind("reply_submitted", int(leg))
        await told.do(REVIEWER, ReviewPass())
        await told.do(CALLER, ending)
    return told


async def review_back(stage: Stage) -> Performance:
    """The reply goes back, and the unit is awaited under its next id."""
    told = await stage.open(policy=slow())
    await replied(told)
    await told.do(REVIEWER, ReviewBack("no photograph"))
    await told.reply(Level.GRID, "1", awaits=2)
    await told.until_kind("reply_submitted", 2)
    await told.do(CITIZEN, Withdraw())
    return told


async def withdrawn(stage: Stage) -> Performance:
    """Taken back before anybody held it."""
    told = await stage.open(policy=slow())
    await told.do(CITIZEN, Withdraw())
    return told


async def answered_directly(stage: Stage) -> Performance:
    """Answered during the call."""
    told = await stage.open_unclear()
    await told.do(AGENT, AnswerDirectly("KB-7", "Open on working days from nine."))
    return told


async def not_accepted(stage: Stage) -> Performance:
    """An agent proposes, the duty leader confirms."""
    told = await stage.open_unclear()
    await told.do(AGENT, Reject("outside_area", "call Foshan"))
    await told.do(LEADER, Reject("outside_area", "call Foshan"))
    return told


async def info_asked_and_supplied(stage: Stage) -> Performance:
    """The citizen is asked, answers, and the request is accepted with what was learned."""
    told = await stage.open_unclear()
    await told.do(AGENT, RequestInfo("Where?"))
    await told.do(CITIZEN, SupplyInfo("Wushan Road 1"))
    chosen = slow()
    matter = Matter("0201", "city_appearance", Place("440106012003017"))
    await told.do(AGENT, Accept(matter, PolicySnapshot(chosen, ladder(of=chosen))))
    await told.do(DISPATCHER, Dispatch())
    await told.do(CITIZEN, Withdraw())
    return told


async def info_never_supplied(stage: Stage) -> Performance:
    """The citizen is asked and stays silent."""
    told = await stage.open_unclear(common=impatient(awaiting_info="1s"))
    await told.do(AGENT, RequestInfo("Where?"))
    await told.until_kind("rejected")
    return told


async def nobody_judges(stage: Stage) -> Performance:
    """Registered and forgotten: the duty leader is alarmed, and again."""
    told = await stage.open_unclear(common=impatient(registration="1s", registration_again="1s"))
    await told.until_kind("alarm_raised", 2)
    await told.do(CITIZEN, Withdraw())
    return told


async def reply_refused(stage: Stage) -> Performance:
    """A reply that came too early is refused in the story, recorded, and awaited again."""
    told = await stage.open(policy=slow())
    await told.do(DISPATCHER, Dispatch())
    await told.reply(Level.GRID, "1")
    await told.until_kind("reply_refused")
    await told.do(GRID, Sign("1"))
    await told.reply(Level.GRID, "1", awaits=2, outcome="partly_solved")
    await told.until_kind("reply_submitted")
    await told.do(CITIZEN, Withdraw())
    return told


async def desks_stay_silent(stage: Stage) -> Performance:
    """Nobody reviews: passed by itself. Nobody calls back: closed unrated."""
    told = await stage.open(policy=slow(review="1s", callback_within="1s"))
    await replied(told)
    await told.until_kind("closed")
    return told


async def many_at_once(stage: Stage) -> Performance:
    """Orders in one moment, one key twice, a refusal among them."""
    told = await stage.open(policy=slow())
    both = await asyncio.gather(
        *(told.do(actor(Role.DISPATCHER, person=who), Dispatch()) for who in ("one", "two")),
        *(told.do(SUPERVISOR, Urge("once"), key="same") for _ in range(3)),
        return_exceptions=True,
    )
    assert sum(isinstance(outcome, Refused) for outcome in both) == 1
    await told.do(SUPERVISOR, Supervise("watched", Card.YELLOW))
    with suppress(Refused):
        await told.do(REVIEWER, ReviewPass())
    await told.do(CITIZEN, Urge())
    await told.do(CITIZEN, Withdraw())
    return told


async def report_lost(stage: Stage) -> Performance:
    """Every append is written and its report lost once, as when a worker dies in between."""
    told = await stage.open_forgetfully(policy=slow())
    await replied(told)
    await told.do(REVIEWER, ReviewPass())
    await told.do(CALLER, SATISFIED)
    return told


async def timeline_away(stage: Stage) -> Performance:
    """The timeline cannot be reached for longer than an append is tried: decided again, by a person and by time."""
    told = await stage.open(policy=slow(sign="2s"))
    told.lose_the_timeline(APPEND_PATIENCE + 1)
    await told.do(DISPATCHER, Dispatch())
    told.lose_the_timeline(APPEND_PATIENCE + 2 + 1)
    await told.until_kind("leg_signed")
    await told.do(CITIZEN, Withdraw())
    return told


async def in_new_runs(stage: Stage) -> Performance:
    """A request with so many events that its story goes on in new runs, with a leg open throughout."""
    told = await stage.open(policy=slow(), runs_of=40)
    await told.do(DISPATCHER, Dispatch())
    await told.do(GRID, Sign("1"))
    for _ in range(2):
        so_far = sum(event.what.kind == "story_continued" for event in told.timeline)
        while sum(event.what.kind == "story_continued" for event in told.timeline) == so_far:
            await told.do(SUPERVISOR, Urge())
            # A run goes on anew in a moment without orders.
            await asyncio.sleep(0.1)
    awaits = told.stage.records.rows[told.number].legs[0].awaits
    await told.reply(Level.GRID, "1", awaits=awaits)
    await told.until_kind("reply_submitted")
    await told.do(REVIEWER, ReviewPass())
    await told.do(CALLER, SATISFIED)
    return told


async def migrated(stage: Stage) -> Performance:
    """Put under a quick policy in a surge, climbs by it, and is put back under a slow one."""
    told = await stage.open(policy=slow())
    await told.do(DISPATCHER, Dispatch())
    await told.do(GRID, Sign("1"))
    hurried, usual = quick(version=2), slow(version=3)
    await told.do(LEADER, MovePolicy(PolicySnapshot(hurried, ladder(of=hurried)), "a storm"))
    await told.until_kind("leg_dispatched", 2)
    await told.do(LEADER, MovePolicy(PolicySnapshot(usual, ladder(of=usual)), "it is over"))
    await told.do(CITIZEN, Withdraw())
    return told


async def merged(stage: Stage) -> Performance:
    """Follows another request, with the report of every append lost once."""
    parent = await stage.open(policy=slow())
    told = await stage.open_forgetfully(policy=slow())
    await told.do(DISPATCHER, Dispatch())
    await told.do(DISPATCHER, Merge(parent.number, State.PENDING_DISPATCH))
    await parent.until_kind("adopted")
    return told


async def parent_withdrawn(stage: Stage) -> Performance:
    """Takes two others in, lets one go, is withdrawn, and sends the other one on."""
    told = await stage.open(policy=slow())
    first, second = await stage.open(policy=slow()), await stage.open(policy=slow())
    for place, child in enumerate((first, second), start=1):
        await child.do(DISPATCHER, Merge(told.number, State.PENDING_DISPATCH))
        await told.until_kind("adopted", place)
    await first.do_again(AGENT, Reopen("another lamp", ReopenCause.WRONGLY_ENDED))
    await told.until_kind("disowned")
    await told.do(CITIZEN, Withdraw())
    await second.until_kind("reopened")
    return told


async def parent_gone(stage: Stage) -> Performance:
    """Follows a request that has ended meanwhile, goes on alone in the same run, and is withdrawn."""
    parent = await stage.open(policy=slow())
    await parent.do(CITIZEN, Withdraw())
    told = await stage.open(policy=slow())
    await told.do(DISPATCHER, Merge(parent.number, State.PENDING_DISPATCH))
    await told.until_kind("reopened")
    await told.do(CITIZEN, Withdraw())
    return told


async def reopened(stage: Stage) -> Performance:
    """Closed, opened again in a run that recalls it, refused once on the way, and closed once more."""
    told = await straight(stage)
    await told.do_again(AGENT, Reopen("it is dark again"))
    await told.do(GRID, Sign("2"))
    with suppress(Refused):
        await told.do(REVIEWER, ReviewPass())
    await told.reply(Level.GRID, "2")
    await told.until_kind("reply_submitted", 2)
    await told.do(REVIEWER, ReviewPass())
    await told.do(CALLER, SATISFIED)
    return told


async def appealed(stage: Stage) -> Performance:
    """Closed with a finding, and told on after its end until the silence of the judges answers the appeal."""
    told = await stage.open(policy=slow())
    await told.do(DISPATCHER, Dispatch())
    await told.do(GRID, Sign("1"))
    await told.do(GRID, application(ExceptionKind.UNREASONABLE))
    await told.do(LEADER, Rule("a1", granted=True, note="beyond what policy allows"))
    await told.reply(Level.GRID, "1")
    await told.until_kind("reply_submitted")
    await told.do(REVIEWER, ReviewPass())
    await told.do(CALLER, SATISFIED)
    hasty = terms(ExceptionKind.APPEAL, within=("1s", "1s", "1wh"))
    await told.do_again(CITIZEN, application(ExceptionKind.APPEAL, terms=hasty))
    await told.until_kind("application_decided", 2)
    return told


async def put_off(stage: Stage, seconds: float) -> Performance:
    """Closed with a promise for so soon."""
    told = await stage.open(policy=slow(urgency=Urgency.NORMAL))
    await told.do(DISPATCHER, Dispatch())
    await told.do(GRID, Sign("1"))
    until = datetime.now(UTC) + timedelta(seconds=seconds)
    head = actor(Role.UNIT_HEAD, unit=UNITS[Level.GRID])
    await told.do(head, application(ExceptionKind.BACKLOG, until=until))
    district = actor(Role.DUTY_LEADER, person="leader", level=Level.DISTRICT)
    await told.do(district, Rule(told.state.undecided[-1].id, granted=True, note="promised"))
    told.earlier = await told.histories()
    return told


async def commitment(stage: Stage) -> Performance:
    """Put off until a date, on which the next level has it."""
    told = await put_off(stage, 3)
    await told.until_kind("reopened")
    await told.told_beside(commitment_id(told.number))
    await told.do(CITIZEN, Withdraw())
    return told


async def commitment_reviewed(stage: Stage) -> Performance:
    """Put off, and looked at twice before the date: each time an ended story goes on for one event."""
    told = await put_off(stage, 600)
    due_at = datetime.now(UTC) + timedelta(seconds=3)
    reopen = Reopen("the date has come", ReopenCause.COMMITMENT)
    soon = Errand(f"{told.number}:soon", told.number, reopen, due_at, timedelta(seconds=1.2))
    await told.requests.promise(soon)
    await told.until_kind("alarm_raised")
    told.earlier.extend(await told.present_histories())
    await told.until_kind("reopened")
    await told.told_beside(commitment_id(told.number))
    await told.do(CITIZEN, Withdraw())
    return told


PATHS: dict[str, Callable[[Stage], Awaitable[Performance]]] = {
    path.__name__: path
    for path in (
        straight,
        climb,
        climb_over_vacant_posts,
        critical,
        hand_up_and_send_down,
        redo,
        review_back,
        withdrawn,
        answered_directly,
        not_accepted,
        info_asked_and_supplied,
        info_never_supplied,
        nobody_judges,
        reply_refused,
        desks_stay_silent,
        many_at_once,
        report_lost,
        timeline_away,
        in_new_runs,
        migrated,
        merged,
        parent_withdrawn,
        parent_gone,
        reopened,
        appealed,
        commitment,
        commitment_reviewed,
        *EXCEPTION_PATHS,
        *JOINT_PATHS,
        *NEIGHBOUR_PATHS,
        *SHARED_PATHS,
        *FAMILY_PATHS,
        *WHISTLE_PATHS,
    )
}
"""Every path by its name."""
