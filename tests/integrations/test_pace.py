"""The pace of one partner: calls wait for their turn, and for the instant that the partner named."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import pairwise

import pytest

from integrations.pace import LONGEST_WAIT, MOST_TRIES, Pace
from integrations.port import PartnerRejected, PartnerUnavailable

SHORTLY = timedelta(seconds=0.05)


class Partner:
    """Answers its calls with what it is given for each, the last one for ever; ``at`` is when each came."""

    def __init__(self, *answers: str | Exception) -> None:
        self.answers = list(answers)
        self.at: list[float] = []

    async def __call__(self) -> str:
        self.at.append(asyncio.get_running_loop().time())
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def pauses(self) -> list[float]:
        """The seconds from each call to the next."""
        return [after - before for before, after in pairwise(self.at)]


def busy(pause: timedelta | None) -> PartnerUnavailable:
    return PartnerUnavailable("answered 429", pause)


async def test_so_many_calls_a_second_are_made_however_many_want_to() -> None:
    partner, pace = Partner("yes"), Pace(50)
    assert await asyncio.gather(*(pace.keep(partner) for _ in range(5))) == ["yes"] * 5
    assert sum(partner.pauses) > 0.075


async def test_who_is_told_when_to_come_again_comes_then_and_so_does_everybody_else() -> None:
    partner, pace = Partner(busy(SHORTLY), "yes"), Pace(1000)
    first = asyncio.create_task(pace.keep(partner))
    while not partner.at:
        await asyncio.sleep(0)
    assert await asyncio.gather(first, pace.keep(partner)) == ["yes", "yes"]
    assert partner.pauses[0] > 0.045


@pytest.mark.parametrize("no", [PartnerRejected("unknown_case", "never heard of it"), busy(None)])
async def test_what_names_no_time_is_not_asked_again(no: Exception) -> None:
    partner = Partner(no, "yes")
    with pytest.raises(type(no)):
        await Pace(1000).keep(partner)
    assert len(partner.at) == 1


async def test_nobody_is_put_off_for_ever() -> None:
    partner = Partner(busy(timedelta()))
    with pytest.raises(PartnerUnavailable, match="429"):
        await Pace(1000).keep(partner)
    assert len(partner.at) == MOST_TRIES


async def test_a_long_pause_is_told_and_nobody_calls_before_it_is_over() -> None:
    partner, pace = Partner(busy(timedelta(hours=1)), "yes"), Pace(1000)
    for _ in range(2):
        with pytest.raises(PartnerUnavailable) as told:
            await pace.keep(partner)
        assert told.value.retry_after is not None
        assert told.value.retry_after > LONGEST_WAIT
    assert len(partner.at) == 1
