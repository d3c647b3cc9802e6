"""Who plays on the stage, and the policies and stretches that many paths have in common."""

from __future__ import annotations

from typing import Any

from domain.commands import Callback, Dispatch, FirstContact, Sign
from domain.levels import Level
from domain.limits.policy import CommonLimits, Policy
from domain.time.durations import Duration
from domain.units import Actor, Role
from tests.replay.stage import Performance, Stage
from tests.support.builders import actor, common, handler
from tests.support.builders import policy as promise

GRID, COMMUNITY, TOWN = handler(Level.GRID), handler(Level.COMMUNITY), handler(Level.TOWN)
CITIZEN, AGENT, DISPATCHER = actor(Role.CITIZEN), actor(Role.AGENT), actor(Role.DISPATCHER)
REVIEWER, SUPERVISOR = actor(Role.REVIEWER), actor(Role.SUPERVISOR)
LEADER = actor(Role.DUTY_LEADER, person="leader")
CALLER: Actor = actor(Role.CALLBACK_AGENT, person="caller")
SATISFIED = Callback(contacted=True, truthful=True, solved=True, satisfied=True)
UNHAPPY = Callback(contacted=True, truthful=True, solved=False, satisfied=False, attributable=True)


def slow(**changes: Any) -> Policy:
    """Limits that nobody meets while we play."""
    dwells = dict.fromkeys(("grid", "community", "town", "district"), "100s")
    limits = dict.fromkeys(("dispatch", "sign", "first_contact", "review", "callback_within"), "60s")
    return promise(**{**limits, "total": "600s", "dwell": dwells, **changes})


def quick(**changes: Any) -> Policy:
    """Limits that pass while we watch."""
    dwells = dict.fromkeys(("grid", "community", "town", "district"), "1s")
    limits = dict.fromkeys(("dispatch", "sign", "first_contact", "reminder_every"), "1s")
    return promise(**{**limits, "total": "4s", "dwell": dwells, **changes})


def impatient(**limits: str) -> CommonLimits:
    """The waiting places with shorter limits."""
    return common(**{name: Duration.parse(text) for name, text in limits.items()})


async def at_work(stage: Stage, policy: Policy | None = None, **changes: Any) -> Performance:
    """A request that its first unit, the grid worker unless the policy says otherwise, has signed for."""
    told = await stage.open(policy=policy or slow(), **changes)
    await told.do(DISPATCHER, Dispatch())
    first = told.state.lead
    assert first is not None
    await told.do(handler(first.level), Sign("1"))
    return told


async def replied(told: Performance) -> None:
    """From dispatch to a reply, as it should go."""
    await told.do(DISPATCHER, Dispatch())
    await told.do(GRID, Sign("1"))
    await told.do(GRID, FirstContact("1", "call log"))
    await told.reply(Level.GRID, "1")
    await told.until_kind("reply_submitted")
