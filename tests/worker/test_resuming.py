"""Orders to requests that have ended: those that the rules allow go on with the story, all others start nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.commands import Answer, Order, Reopen
from domain.refusals import Refused
from domain.request import Intake
from domain.units import Role
from tests.persistence.conftest import Append
from tests.support.builders import MONDAY_MORNING, actor
from tests.support.stories import closed, entries, taken_in
from worker.orders import Orders
from workflows.client import StoryEnded

REOPENED = Answer("20260302-00001", "pending_sign", 12)


class EndedStories:
    """Stories that have all ended."""

    def __init__(self) -> None:
        self.resumed: list[tuple[str, str]] = []

    async def command(self, number: str, order: Order) -> Answer:
        raise StoryEnded(f"{number} {order.key}")

    async def resume(self, intake: Intake, order: Order) -> Answer:
        self.resumed.append((intake.number, order.key))
        return REOPENED


async def ended(engine: AsyncEngine, append: Append) -> Intake:
    """A request that was closed within its first hour."""
    begun = await taken_in(engine)
    for entry in entries(begun, closed(begun)):
        await append(entry)
    return begun


def reopen(key: str = "again") -> Order:
    return Order(key, actor(Role.AGENT), Reopen("it is dark again"))


async def test_a_reopening_in_time_goes_on_with_the_story(engine: AsyncEngine, append: Append) -> None:
    begun, stories = await ended(engine, append), EndedStories()
    orders = Orders(stories, engine, now=lambda: MONDAY_MORNING + timedelta(days=3))
    assert await orders.give(begun.number, reopen()) == REOPENED
    assert stories.resumed == [(begun.number, "again")]


async def test_a_reopening_too_late_starts_nothing(engine: AsyncEngine, append: Append) -> None:
    begun, stories = await ended(engine, append), EndedStories()
    orders = Orders(stories, engine, now=lambda: MONDAY_MORNING + timedelta(days=60))
    with pytest.raises(Refused) as refused:
        await orders.give(begun.number, reopen())
    assert refused.value.code == "appeal_window_over"
    assert stories.resumed == []
