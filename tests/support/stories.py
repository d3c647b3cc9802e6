"""Stories for the tests of what is kept: real intakes taken in, real events decided by the rules, in real entries."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from hashlib import sha256
from itertools import groupby
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from activities.messages import Entry
from domain.commands import Answer, Callback, Dispatch, FirstContact, ReviewPass, SubmitReply, Urge
from domain.evolution import evolve
from domain.levels import Level
from domain.notices.telling import Notice
from domain.request import Intake, begin
from domain.simulator import Simulation
from domain.summary import summarize
from domain.units import Role
from persistence.engine import writing
from persistence.intake import Draft, take_in
from tests.support.builders import MONDAY_MORNING, actor, handler, intake

MINUTE = timedelta(minutes=1)


def draft(**changes: Any) -> Draft:
    """A complete call under the key "key"; changes not known to a draft are the builder's."""
    own = {
        name: changes.pop(name)
        for name in list(changes)
        if name in ("key", "body_digest", "caller", "description")
    }
    made = intake(**changes)
    return Draft(
        key=own.get("key", "key"),
        body_digest=own.get("body_digest", "digest of the body"),
        local_day=date(2026, 3, 2),
        received_at=made.received_at,
        channel=made.channel,
        request_type=made.request_type,
        description=own.get("description", "路灯不亮 the street lamp is dark"),
        matter=made.matter,
        snapshot=made.snapshot,
        calendar=made.calendar,
        common=made.common,
        has_contact=made.has_contact,
        people=made.people,
        repeat_of=made.repeat_of,
        found_in=made.found_in,
        caller=own.get("caller"),
    )


async def taken_in(engine: AsyncEngine, key: str = "key", **changes: Any) -> Intake:
    """An intake stored under the key."""
    async with writing(engine) as connection:
        return (await take_in(connection, draft(key=key, **changes))).intake


def worked(begun: Intake) -> Simulation:
    """A request dispatched and signed, urged, in progress at its grid."""
    story = Simulation.of(begun)
    story.act(actor(Role.DISPATCHER), Dispatch(), MONDAY_MORNING + 2 * MINUTE)
    story.act(handler(Level.GRID), FirstContact("1", "call 8"), MONDAY_MORNING + 14 * MINUTE)
    story.act(actor(Role.CITIZEN), Urge("please"), MONDAY_MORNING + 15 * MINUTE)
    return story


def climbed(begun: Intake) -> Simulation:
    """A request that nobody touched for a day: it climbed all levels and was carded."""
    story = Simulation.of(begun)
    story.wait_until(MONDAY_MORNING + timedelta(days=1))
    return story


def closed(begun: Intake) -> Simulation:
    """A request that went the straight way to an answer that satisfied."""
    story = worked(begun)
    story.act(
        handler(Level.GRID), SubmitReply("1", "solved", "已修复", ("photo:1",)), MONDAY_MORNING + 30 * MINUTE
    )
    story.act(actor(Role.REVIEWER, person="reviewer"), ReviewPass(), MONDAY_MORNING + 40 * MINUTE)
    rated = Callback(contacted=True, truthful=True, solved=True, satisfied=True)
    story.act(actor(Role.CALLBACK_AGENT, person="caller"), rated, MONDAY_MORNING + 50 * MINUTE)
    return story


def entries(begun: Intake, story: Simulation) -> list[Entry]:
    """The story as the workflow hands it over: what happened at one instant is one entry."""
    state, made = begin(begun), list[Entry]()
    for at, together in groupby(story.timeline, key=lambda event: event.at):
        events = tuple(together)
        for event in events:
            state = evolve(state, event)
        key = f"{begun.number}:{events[0].seq}"
        made.append(
            Entry(
                number=begun.number,
                events=events,
                summary=summarize(state),
                notices=(
                    Notice(f"{key}:u", begun.number, state.seq, at, "u", events[0].what.kind, "中", "en"),
                ),
                key=key,
                digest=sha256(key.encode()).hexdigest(),
                answer=Answer(begun.number, state.state, state.seq),
            )
        )
    return made


def told(made: Iterable[Entry]) -> list[Any]:
    """All events of the entries, in order."""
    return [event for entry in made for event in entry.events]
