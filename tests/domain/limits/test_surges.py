"""Surges: where and when they hold, and which of two would contradict each other."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.limits.surges import Surge, promised_policy
from tests.support.builders import MONDAY_MORNING

HOUR = timedelta(hours=1)
HOURS = st.integers(0, 5)
AREAS = st.sampled_from(["4401", "440106", "440106012", "440106013", "440104"])
CODES = st.sampled_from(["P-FLOOD", "P-SAFETY"])


def surge(**changes: Any) -> Surge:
    """A flood in Tianhe, from Monday morning until further order."""
    made = Surge(1, "flood", "440106", MONDAY_MORNING, None, {"P-FLOOD": "P-FLOOD-SURGE"})
    return replace(made, **changes)


@st.composite
def surges(draw: st.DrawFn) -> Surge:
    """A surge of some hours."""
    since = MONDAY_MORNING + draw(HOURS) * HOUR
    lasts = draw(st.none() | st.integers(1, 3))
    codes = draw(st.sets(CODES, min_size=1))
    until = None if lasts is None else since + lasts * HOUR
    return Surge(1, "s", draw(AREAS), since, until, dict.fromkeys(codes, "P-OTHER"))


def test_it_holds_inside_its_area_from_its_first_instant_to_before_its_last() -> None:
    until = MONDAY_MORNING + HOUR
    short = surge(until=until)
    assert short.holds("440106012003", MONDAY_MORNING)
    assert not short.holds("440104", MONDAY_MORNING)
    assert not short.holds("4401", MONDAY_MORNING), "a place that is not known so finely may lie elsewhere"
    assert not short.holds("440106", MONDAY_MORNING - timedelta(microseconds=1))
    assert not short.holds("440106", until)


def test_what_it_does_not_name_is_promised_as_usual() -> None:
    assert promised_policy("P-FLOOD", "440106012", MONDAY_MORNING, [surge()]) == "P-FLOOD-SURGE"
    assert promised_policy("P-SAFETY", "440106012", MONDAY_MORNING, [surge()]) == "P-SAFETY"
    assert promised_policy("P-FLOOD", "440104", MONDAY_MORNING, [surge()]) == "P-FLOOD"
    assert promised_policy("P-FLOOD", "440106", MONDAY_MORNING, []) == "P-FLOOD"


@given(surges(), surges(), AREAS, HOURS, CODES)
def test_two_that_do_not_collide_never_say_something_of_one_matter(
    one: Surge, other: Surge, area: str, hours: int, code: str
) -> None:
    assert one.collides_with(other) is other.collides_with(one)
    at = MONDAY_MORNING + hours * HOUR
    both = all(each.holds(area, at) and code in each.substitutions for each in (one, other))
    assert not both or one.collides_with(other)


@given(surges())
def test_each_collides_with_itself(one: Surge) -> None:
    assert one.collides_with(one)
