"""The loads: what is counted, and what is not."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

from bench.jobs import Told, as_many, closed_loop, open_loop
from bench.sides import CallFailed


@dataclass
class Teller:
    """Takes so many seconds for a story; every n-th fails."""

    seconds: float = 0.01
    fails_each: int = 0
    told: list[float] = field(default_factory=list[float])

    async def tell(self) -> str:
        await asyncio.sleep(self.seconds)
        self.told.append(time.perf_counter())
        if self.fails_each and len(self.told) % self.fails_each == 0:
            raise CallFailed("no")
        return "told"


async def test_what_is_finished_in_the_warm_up_or_after_the_window_is_not_timed():
    teller = Teller(seconds=0.05)
    told = await closed_loop([teller], lambda side: side.tell(), warm_up=0.2, window=0.3)
    assert told.finished == len(teller.told)
    assert 0 < len(told.seconds) < told.finished


async def test_errors_are_counted_and_the_first_few_are_kept():
    told = await as_many([Teller(fails_each=2)], lambda side: side.tell(), count=20)
    assert (told.finished, told.errors, len(told.complaints)) == (10, 10, 3)
    assert told.complaints[0] == "CallFailed: no"


async def test_an_open_loop_times_from_the_instant_at_which_a_call_was_due():
    slow = Teller(seconds=0.1)
    told = await open_loop([slow], lambda side: side.tell(), rate=50, window=0.2)
    assert told.finished == 10
    assert max(told.seconds) > 0.5, "the tenth call waited for the nine before it"


async def test_none_is_begun_after_the_last_instant():
    told = await as_many(
        [Teller(seconds=0.05)], lambda side: side.tell(), count=1000, until=time.time() + 0.2
    )
    assert told.finished < 20


def test_loads_are_added_up():
    told = Told(finished=1, seconds=[1.0], results=["a"])
    told.add(Told(finished=2, errors=1, seconds=[2.0, 3.0], results=["b", "c"], complaints=["x"]))
    assert (told.finished, told.errors, told.seconds, told.results) == (
        3,
        1,
        [1.0, 2.0, 3.0],
        ["a", "b", "c"],
    )
