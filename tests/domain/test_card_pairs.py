"""Two yellow cards in a local month at one unit make a pair; what the red card does is told in the ladder's tests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.card_pairs import CardPair, YellowCard, pairs_of

GUANGZHOU = "Asia/Shanghai"
NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


def card(number: str, at: datetime = NOON, unit: str = "U1", leg: str = "1") -> YellowCard:
    return YellowCard(unit, number, leg, at, GUANGZHOU)


def local(day: int, hour: int, minute: int = 0, month: int = 3) -> datetime:
    """An instant of Guangzhou's wall clock, which is eight hours ahead."""
    return datetime(2026, month, day, hour, minute, tzinfo=UTC) - timedelta(hours=8)


def hours_later(count: int) -> datetime:
    return NOON + timedelta(hours=count)


@pytest.mark.parametrize(
    ("cards", "pairs"),
    [
        ([], []),
        ([card("a")], []),
        ([card("b", hours_later(1)), card("a")], [("a", "b")]),
        ([card("a"), card("b", hours_later(1)), card("c", hours_later(2))], [("a", "b")]),
        ([card(name, hours_later(place)) for place, name in enumerate("abcd")], [("a", "b"), ("c", "d")]),
        ([card("a"), card("b", unit="U2")], []),
        ([card("a", leg="1"), card("a", hours_later(1), leg="2")], [("a", "a")]),
        ([card("a", local(31, 23, 59)), card("b", local(1, 0, 0, month=4))], []),
        ([card("a", local(1, 0, 0)), card("b", local(31, 23, 59))], [("a", "b")]),
        # In UTC these two fall into different months.
        ([card("a", local(1, 0, 0)), card("b", local(1, 9, 0))], [("a", "b")]),
    ],
)
def test_cards_pair_by_unit_and_local_month_in_the_order_of_their_issue(
    cards: list[YellowCard], pairs: list[tuple[str, str]]
) -> None:
    assert [(pair.earlier.number, pair.later.number) for pair in pairs_of(cards)] == pairs


def test_a_month_is_the_calendars_own() -> None:
    new_year = datetime(2025, 12, 31, 16, 0, tzinfo=UTC)
    assert YellowCard("U1", "a", "1", new_year, GUANGZHOU).month == "2026-01"
    assert YellowCard("U1", "a", "1", new_year, "UTC").month == "2025-12"


@st.composite
def issued(draw: st.DrawFn) -> list[YellowCard]:
    """Up to forty cards of three units in a quarter."""
    drawn = st.tuples(st.sampled_from(("U1", "U2", "U3")), st.integers(0, 90 * 24))
    found = draw(st.lists(drawn, max_size=40))
    return [card(f"n{place}", hours_later(hour), unit) for place, (unit, hour) in enumerate(found)]


@given(issued())
def test_each_card_counts_once_and_at_most_one_of_a_unit_and_month_waits(cards: list[YellowCard]) -> None:
    pairs = pairs_of(cards)
    used = [each for pair in pairs for each in (pair.earlier, pair.later)]
    assert len(set(used)) == len(used)
    assert set(used) <= set(cards)
    waiting = Counter((each.unit, each.month) for each in set(cards) - set(used))
    assert all(count == 1 for count in waiting.values())


@given(issued())
def test_a_pair_is_of_one_unit_and_month_and_its_later_card_is_the_later_one(cards: list[YellowCard]) -> None:
    for pair in pairs_of(cards):
        assert (pair.earlier.unit, pair.earlier.month) == (pair.later.unit, pair.later.month)
        assert pair.earlier.at <= pair.later.at


@given(issued(), st.randoms(use_true_random=False))
def test_the_order_in_which_cards_are_read_makes_no_difference(cards: list[YellowCard], chance) -> None:
    shuffled = list(cards)
    chance.shuffle(shuffled)
    assert pairs_of(shuffled) == pairs_of(cards)


@given(issued())
def test_what_has_been_paired_leaves_the_rest_to_pair_as_if_it_had_never_been(
    cards: list[YellowCard],
) -> None:
    """Cards that a pair holds are not looked at again, so later cards pair among those left over."""
    cards.sort(key=lambda each: each.at)
    half = len(cards) // 2
    first = pairs_of(cards[:half])
    held = {each for pair in first for each in (pair.earlier, pair.later)}
    rest = pairs_of([each for each in cards if each not in held])
    assert _unit_months(first) + _unit_months(rest) == _unit_months(pairs_of(cards))


def _unit_months(pairs: Sequence[CardPair]) -> Counter[tuple[str, str]]:
    return Counter((pair.later.unit, pair.later.month) for pair in pairs)
