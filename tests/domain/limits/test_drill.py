"""A drill is the same policy at the pace of an exercise."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from cities.pack import load_pack
from domain.levels import RESPONSE_LEVELS
from domain.limits.drill import LONGEST_TOTAL, SHORTEST_TOTAL, drill
from domain.limits.policy import ClockMode, Policy, faults_of
from domain.time.durations import Duration, Unit
from tests.support import builders

OFFICE_DAY = timedelta(hours=7)
POLICIES = load_pack("guangzhou").policies


def seconds(limit: Duration) -> int:
    assert limit.unit is Unit.S
    return limit.amount


def is_a_proper_drill(original: Policy, made: Policy) -> None:
    limits = [seconds(limit) for _, limit in made.limits()] + [seconds(made.reminder_every)]
    assert SHORTEST_TOTAL <= seconds(made.total) <= LONGEST_TOTAL
    assert min(limits) >= 1
    assert max(limits) == seconds(made.total)
    assert made.dwell.levels() == original.dwell.levels()
    assert sum(seconds(limit) for level in made.dwell.levels() if (limit := made.dwell.at(level))) <= seconds(
        made.total
    )
    assert made.clock is ClockMode.NATURAL
    assert made.extension is None
    assert made.thresholds == original.thresholds
    assert faults_of(made, OFFICE_DAY) == []


@pytest.mark.parametrize("code", POLICIES)
def test_every_policy_of_the_city_has_a_drill_that_may_be_published(code: str):
    is_a_proper_drill(POLICIES[code], drill(POLICIES[code], OFFICE_DAY))


def test_limits_keep_their_shares_of_the_total():
    made = drill(POLICIES["P-VENDOR"], OFFICE_DAY)
    assert str(made.total) == "60s"
    assert (str(made.sign), str(made.first_contact), str(made.dwell.grid)) == ("2s", "5s", "5s")
    assert (str(made.dwell.town), str(made.dwell.district)) == ("20s", "20s")


def test_the_total_grows_until_the_shortest_limit_lasts_a_second():
    made = drill(POLICIES["P-FIRE"], OFFICE_DAY)
    assert (str(made.total), str(made.dispatch)) == ("120s", "1s")


def test_beyond_the_longest_total_the_shortest_limit_is_raised_to_a_second():
    made = drill(POLICIES["P-AID-EMERG"], OFFICE_DAY)
    assert (str(made.total), str(made.dispatch)) == ("180s", "1s")


def test_desks_never_outlast_the_matter():
    made = drill(POLICIES["P-ROAD-HAZARD"], OFFICE_DAY)
    assert made.callback_within == made.total


def test_the_name_tells_a_drill_from_the_citys_own_limits():
    made = drill(POLICIES["P-VENDOR"], OFFICE_DAY)
    assert (made.name_zh, made.name_en) == ("占道经营（演练）", "street vending (drill)")


amounts = some.integers(1, 100_000)


@given(
    dwells=some.dictionaries(
        some.sampled_from([level.value for level in RESPONSE_LEVELS]), amounts, min_size=1
    ),
    others=some.lists(amounts, min_size=3, max_size=3),
    spare=some.integers(0, 100_000),
)
def test_any_sound_policy_becomes_a_sound_drill(dwells: dict[str, int], others: list[int], spare: int):
    dispatch, sign, first_contact = others
    total = max(sum(dwells.values()), *others) + spare
    original = builders.policy(
        dwell={level: f"{amount}min" for level, amount in dwells.items()},
        total=f"{total}min",
        dispatch=f"{dispatch}min",
        sign=f"{sign}min",
        first_contact=f"{first_contact}min",
    )
    is_a_proper_drill(original, drill(original, OFFICE_DAY))
