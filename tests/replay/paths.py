"""The named ways through a request's life that are kept as histories. Each plays one request to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from domain.commands import (
    Accept,
    AnswerDirectly,
    Callback,
    Dispatch,
    FirstContact,
    HandUp,
    Redo,
    Reject,
    RequestInfo,
    ReviewBack,
    ReviewPass,
    SendDown,
    Sign,
    Supervise,
    SupplyInfo,
    Urge,
    Withdraw,
)
from domain.durations import Duration
from domain.events import Event, Supervised
from domain.levels import Level
from domain.policy import CallbackRule, CommonLimits, Policy, Urgency
from domain.refusals import Refused
from domain.request import Body, Card, Matter, PolicySnapshot
from domain.routing import Place
from domain.units import Actor, Role
from tests.replay.stage import Performance, Stage
from tests.support.builders import actor, common, handler, ladder, policy
from workflows.options import APPEND

GRID, COMMUNITY = handler(Level.GRID), handler(Level.COMMUNITY)
CITIZEN, AGENT, DISPATCHER = actor(Role.CITIZEN), actor(Role.AGENT), actor(Role.DISPATCHER)
REVIEWER, SUPERVISOR = actor(Role.REVIEWER), actor(Role.SUPERVISOR)
LEADER = actor(Role.DUTY_LEADER, person="leader")
CALLER: Actor = actor(Role.CALLBACK_AGENT, person="caller")
SATISFIED = Callback(contacted=True, truthful=True, solved=True, satisfied=True)
UNHAPPY = Callback(contacted=True, truthful=True, solved=False, satisfied=False, attributable=True)


APPEND_PATIENCE = APPEND["schedule_to_close_timeout"].total_seconds()


def slow(**changes: Any) -> Policy:
    """Limits that nobody meets while we play."""
    dwells = dict.fromkeys(("grid", "community", "town", "district"), "100s")
    limits = dict.fromkeys(("dispatch", "sign", "first_contact", "review", "callback_within"), "60s")
    return policy(**{**limits, "total": "600s", "dwell": dwells, **changes})


def quick(**changes: Any) -> Policy:
    """Limits that pass while we watch."""
    dwells = dict.fromkeys(("grid", "community", "town", "district"), "1s")
    limits = dict.fromkeys(("dispatch", "sign", "first_contact", "reminder_every"), "1s")
    return policy(**{**limits, "total": "4s", "dwell": dwells, **changes})


def impatient(**limits: str) -> CommonLimits:
    """The waiting places with shorter limits."""
    return common(**{name: Duration.parse(text) for name, text in limits.items()})


def city_supervises(timeline: list[Event]) -> bool:
    return any(isinstance(event.what, Supervised) and event.what.body is Body.CITY for event in timeline)


async def replied(told: Performance) -> None:
    """From dispatch to a reply, as it should go."""
    await told.do(DISPATCHER, Dispatch())
    await told.do(GRID, Sign("1"))
    await told.do(GRID, FirstContact("1", "call log"))
    await told.reply(Level.GRID, "1")
    await told.until_kind("reply_submitted")


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
    )
}
"""Every path by its name."""
