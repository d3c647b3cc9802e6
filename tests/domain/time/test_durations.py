"""Typed durations: what is read, what is refused and how."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.time.durations import LONGEST_AMOUNT, Duration, DurationRefused, Unit


@given(st.integers(1, LONGEST_AMOUNT), st.sampled_from(Unit))
def test_a_written_duration_reads_back_as_itself(amount: int, unit: Unit) -> None:
    duration = Duration(amount, unit)
    assert Duration.parse(str(duration)) == duration


@pytest.mark.parametrize(
    ("text", "amount", "unit"),
    [
        ("5s", 5, Unit.S),
        ("80min", 80, Unit.MIN),
        ("24h", 24, Unit.H),
        ("3d", 3, Unit.D),
        ("2wh", 2, Unit.WH),
        ("015wd", 15, Unit.WD),
    ],
)
def test_each_unit_is_read(text: str, amount: int, unit: Unit) -> None:
    assert Duration.parse(text) == Duration(amount, unit)


@pytest.mark.parametrize(
    "text",
    ["", "0wd", "000h", "-1h", "+1h", "1.5h", "1", "wd", "2 wh", " 2wh", "2wh\n", "2WH", "2m", "2w", "二wd", "٣h",
     "1e3s", "9999999999s", "1" * 10_000 + "h", "1h 30min"],
)  # fmt: skip
def test_anything_else_is_refused_with_what_would_be_right(text: str) -> None:
    with pytest.raises(DurationRefused, match="expected a whole number from 1") as refused:
        Duration.parse(text)
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize("amount", [0, -1, LONGEST_AMOUNT + 1])
def test_an_amount_out_of_range_is_refused(amount: int) -> None:
    with pytest.raises(DurationRefused):
        Duration(amount, Unit.H)


def test_only_working_units_are_working() -> None:
    assert {unit for unit in Unit if Duration(1, unit).is_working} == {Unit.WH, Unit.WD}


def test_elapsed_time_is_known_for_seconds_minutes_and_hours_only() -> None:
    assert Duration.parse("90s").elapsed == timedelta(seconds=90)
    assert Duration.parse("80min").elapsed == timedelta(minutes=80)
    assert Duration.parse("36h").elapsed == timedelta(hours=36)
    for text in ("1d", "1wh", "1wd"):
        with pytest.raises(DurationRefused):
            _ = Duration.parse(text).elapsed
