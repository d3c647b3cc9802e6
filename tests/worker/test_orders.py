"""The worker's own orders: once per key, and what is said where no story runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.commands import Answer, Order, Urge
from domain.refusals import Refused
from domain.request import Intake
from domain.units import Role
from tests.persistence.conftest import Append
from tests.support.builders import actor
from tests.support.stories import closed, entries, taken_in, worked
from worker.orders import Orders
from workflows.client import StoryEnded

PATIENCE = timedelta(seconds=0.05)


class Stories:
    """Stories that run only after some tries, or never."""

    def __init__(self, begin_at_try: int = 1_000_000) -> None:
        self.asked: list[str] = []
        self._begin_at_try = begin_at_try

    async def command(self, number: str, order: Order) -> Answer:
        self.asked.append(order.key)
        if len(self.asked) < self._begin_at_try:
            raise StoryEnded(number)
        return Answer(number, "in_progress", 7)

    async def resume(self, intake: Intake, order: Order) -> Answer:
        raise AssertionError(f"{order.act.act} goes on with no ended request")


def urge(key: str = "fresh") -> Order:
    return Order(key, actor(Role.DISPATCHER), Urge("请尽快处置"))


async def test_what_was_answered_before_is_answered_again_without_asking(
    engine: AsyncEngine, append: Append
) -> None:
    begun = await taken_in(engine)
    made = entries(begun, closed(begun))
    for entry in made:
        await append(entry)
    stories = Stories()
    assert await Orders(stories, engine).give(begun.number, urge(str(made[1].key))) == made[1].answer
    assert stories.asked == []


class MovedOn:
    """A story that obeyed the order under another attempt, and refuses it now."""

    def __init__(self, obey: Callable[[], Awaitable[None]]) -> None:
        self._obey = obey

    async def command(self, number: str, order: Order) -> Answer:
        await self._obey()
        raise Refused("not_possible_now", "state", "the request has moved on", "another act")

    async def resume(self, intake: Intake, order: Order) -> Answer:
        raise AssertionError(f"{intake.number} has not ended")


async def test_what_was_obeyed_while_it_was_asked_again_is_no_refusal(
    engine: AsyncEngine, append: Append
) -> None:
    begun = await taken_in(engine)
    first, second, *_ = entries(begun, closed(begun))
    await append(first)

    async def obey() -> None:
        await append(second)

    orders = Orders(MovedOn(obey), engine)
    assert await orders.give(begun.number, urge(str(second.key))) == second.answer
    with pytest.raises(Refused) as refused:
        await orders.give(begun.number, urge("another"))
    assert refused.value.code == "not_possible_now"


async def test_a_request_that_has_ended_refuses_by_the_rules(engine: AsyncEngine, append: Append) -> None:
    begun = await taken_in(engine)
    for entry in entries(begun, closed(begun)):
        await append(entry)
    with pytest.raises(Refused) as refused:
        await Orders(Stories(), engine).give(begun.number, urge())
    assert refused.value.code == "request_ended"


async def test_a_request_that_nobody_knows_is_not_found(engine: AsyncEngine) -> None:
    with pytest.raises(Refused) as refused:
        await Orders(Stories(), engine).give("20260302-99999", urge())
    assert refused.value.code == "not_found"


async def test_a_story_that_begins_a_moment_later_is_waited_for(engine: AsyncEngine) -> None:
    begun = await taken_in(engine)
    answer = await Orders(Stories(begin_at_try=2), engine).give(begun.number, urge())
    assert (answer.number, answer.seq) == (begun.number, 7)


async def test_a_story_that_does_not_begin_is_given_up_after_a_while(engine: AsyncEngine) -> None:
    begun = await taken_in(engine)
    with pytest.raises(Refused) as refused:
        await Orders(Stories(), engine, patience=PATIENCE).give(begun.number, urge())
    assert refused.value.code == "not_started"


async def test_an_open_request_whose_story_was_stopped_by_hand_is_said_not_to_run(
    engine: AsyncEngine, append: Append
) -> None:
    begun = await taken_in(engine)
    for entry in entries(begun, worked(begun)):
        await append(entry)
    order = Order("fresh", actor(Role.SUPERVISOR), Urge("请尽快处置"))
    with pytest.raises(Refused) as refused:
        await Orders(Stories(), engine, patience=PATIENCE).give(begun.number, order)
    assert refused.value.code == "not_started"
