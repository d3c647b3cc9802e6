"""The statistics of the bench: percentiles, ratios of pairs, and what they come to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that is not exceeded by that share of all (nearest rank); NaN without values."""
    if not values:
        return math.nan
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


@dataclass(frozen=True)
class Spread:
    """A figure measured several times: the median, and how far it strayed."""

    median: float
    lowest: float
    highest: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """The spread of values; NaN without any."""
        if not values:
            return cls(math.nan, math.nan, math.nan)
        return cls(median(values), min(values), max(values))

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.lowest:.2f} to {self.highest:.2f})"


def neighbouring_ratios(ours: Sequence[float], bare: Sequence[float]) -> list[float]:
    """Each of our runs against the mean of the bare runs before and after it.

    ``bare`` has one more run than ``ours`` (bare, ours, bare, ...), so that a machine that drifts evenly drops out; or
    as many, and then each is held against its own neighbour.
    """
    if len(bare) == len(ours) + 1:
        around = [(before + after) / 2 for before, after in pairwise(bare)]
    elif len(bare) == len(ours):
        around = list(bare)
    else:
        raise ValueError(f"{len(ours)} runs of ours do not lie between {len(bare)} bare ones")
    return [mine / theirs for mine, theirs in zip(ours, around, strict=True) if theirs > 0]
