"""Carrying errands: what is answered is done, what is refused is told, what can only wait is tried again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from temporalio.testing import ActivityEnvironment

from activities.errands import Errands
from activities.messages import ErrandDone
from domain.commands import Adopt, Answer, Order
from domain.errands import Errand
from domain.refusals import Refused
from domain.units import SYSTEM
from tests.support.builders import MONDAY_MORNING

ADOPT = Errand("child:adopt:parent:1", "parent", Adopt("child", has_contact=True))


class Ways:
    """Remembers what was given and promised; refuses with a code if it has one."""

    def __init__(self, code: str = "") -> None:
        self.code = code
        self.given: list[tuple[str, Order]] = []
        self.promised: list[Errand] = []

    async def give(self, number: str, order: Order) -> Answer:
        self.given.append((number, order))
        if self.code:
            raise Refused(self.code, "number", "no", "another one")
        return Answer(number, "in_progress", 9)

    async def promise(self, errand: Errand) -> None:
        self.promised.append(errand)


async def carried(ways: Ways, errand: Errand) -> ErrandDone:
    return await ActivityEnvironment().run(Errands(ways.give, ways.promise).run_errand, errand)


async def test_an_errand_is_an_order_of_the_system_under_its_own_key() -> None:
    ways = Ways()
    assert await carried(ways, ADOPT) == ErrandDone()
    assert ways.given == [("parent", Order(ADOPT.key, SYSTEM, ADOPT.act))]
    assert ways.promised == []


async def test_a_refusal_is_told_by_its_code() -> None:
    assert await carried(Ways("request_ended"), ADOPT) == ErrandDone("request_ended")


async def test_a_story_that_has_not_begun_is_asked_again_later() -> None:
    with pytest.raises(Refused, match="not_started"):
        await carried(Ways("not_started"), ADOPT)


async def test_an_errand_for_a_date_is_promised_and_not_given_yet() -> None:
    ways, later = Ways(), replace(ADOPT, at=MONDAY_MORNING)
    assert await carried(ways, later) == ErrandDone()
    assert (ways.given, ways.promised) == ([], [later])
