"""The statistics of the bench, on figures that can be checked by eye."""

from __future__ import annotations

import math

import pytest

from bench.figures import Spread, neighbouring_ratios, percentile


def test_a_percentile_is_a_value_that_was_measured():
    values = [float(n) for n in range(100, 0, -1)]
    assert [percentile(values, share) for share in (0.5, 0.99, 1.0)] == [50.0, 99.0, 100.0]
    assert percentile([7.0], 0.01) == 7.0
    assert math.isnan(percentile([], 0.5))


def test_a_spread_shows_the_median_and_how_far_it_strayed():
    assert Spread.of([0.9, 0.5, 0.7]) == Spread(0.7, 0.5, 0.9)
    assert str(Spread(0.7, 0.5, 0.9)) == "0.70 (0.50 to 0.90)"
    assert math.isnan(Spread.of([]).median)


def test_a_machine_that_drifts_evenly_leaves_the_ratio_alone():
    bare, ours = [10.0, 20.0, 30.0], [0.6 * 15, 0.6 * 25]
    assert neighbouring_ratios(ours, bare) == pytest.approx([0.6, 0.6])


def test_as_many_bare_runs_are_neighbours_one_by_one():
    assert neighbouring_ratios([6.0, 9.0], [10.0, 10.0]) == pytest.approx([0.6, 0.9])
    with pytest.raises(ValueError, match="2 runs"):
        neighbouring_ratios([6.0, 9.0], [10.0])
