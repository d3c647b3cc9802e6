"""The paths of families in which a request is answered, and those that follow it hear of it."""

from __future__ import annotations

from domain.commands import Merge, Reopen, ReviewPass, Sign
from domain.levels import Level
from domain.limits.policy import CallbackRule
from domain.request import State
from tests.replay.cast import AGENT, CALLER, DISPATCHER, GRID, REVIEWER, SATISFIED, UNHAPPY, replied, slow
from tests.replay.stage import Performance, Stage

NOT_CALLED = slow(callback=CallbackRule.NONE)


async def answered_through(stage: Stage) -> Performance:
    """Follows another, hears its answer, hears that it is taken back, hears another one, and its caller is content."""
    parent, told = await stage.open(policy=NOT_CALLED), await stage.open(policy=slow())
    await follow(told, parent)
    await replied(parent)
    await parent.do(REVIEWER, ReviewPass())
    await told.until_kind("answered_through")
    await parent.do_again(AGENT, Reopen("it is dark again"))
    await told.until_kind("answered_through", 2)
    told.earlier = await told.histories()
    await replied_again(parent)
    await told.until_kind("answered_through", 3)
    await told.do(CALLER, SATISFIED)
    return told


async def answers_a_child(stage: Stage) -> Performance:
    """Another follows it and hears its answer; the caller of that one is not content, and goes on alone."""
    told, child = await stage.open(policy=NOT_CALLED), await stage.open(policy=slow())
    await follow(child, told)
    await replied(told)
    await told.do(REVIEWER, ReviewPass())
    await child.until_kind("answered_through")
    told.earlier = await told.histories()
    await child.do(CALLER, UNHAPPY)
    await told.until_kind("disowned")
    return told


async def follow(child: Performance, parent: Performance) -> None:
    """Merge one into the other, and wait until that is done."""
    await child.do(DISPATCHER, Merge(parent.number, State.PENDING_DISPATCH))
    await parent.until_kind("adopted")
    child.earlier = await child.histories()


async def replied_again(told: Performance) -> None:
    """From a reopening to the end that it had before."""
    await told.do(GRID, Sign("2"))
    await told.reply(Level.GRID, "2")
    await told.until_kind("reply_submitted", 2)
    await told.do(REVIEWER, ReviewPass())


FAMILY_PATHS = (answered_through, answers_a_child)
