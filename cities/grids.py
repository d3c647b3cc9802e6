"""Synthetic grids (网格): no list of a city's grids is public, so a pack may have them derived.

Every grid belongs to one community; its code is the community's code and a serial number of three digits, from
001. Weights come from a hash of the community's code, so they never change; they lie between 2 and 20 and are,
on the average, somewhat higher in the denser kinds of community. Every community gets one grid, the rest is
shared out by the weights with largest remainders to exactly the total wanted. All of it is integer arithmetic:
the same everywhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

SERIAL_DIGITS = 3
MOST_PER_COMMUNITY = 999
_UNIT = 1 << 32
_FEWEST, _SPAN = 2, 18


def weight_of(code: str, *, dense: bool) -> int:
    """The weight of a community in units of 1/2**97, from 2 to 20: few communities are large."""
    drawn = int.from_bytes(hashlib.sha256(code.encode()).digest()[:4], "big")
    cube = drawn**3
    skewed = (drawn**2 * _UNIT + cube) if dense else 2 * cube
    return _FEWEST * 2 * _UNIT**3 + _SPAN * skewed


def share_out(total: int, communities: Mapping[str, bool]) -> dict[str, int]:
    """Divide ``total`` grids among the communities (code: whether of a dense kind), at least one for each.

    Raises:
        ValueError: there are fewer grids than communities, or more than their serial numbers can count.
    """
    if not len(communities) <= total <= len(communities) * MOST_PER_COMMUNITY:
        raise ValueError(f"{total} grids cannot be shared out among {len(communities)} communities")
    weights = {code: weight_of(code, dense=dense) - 2 * _UNIT**3 for code, dense in communities.items()}
    rest, whole = total - len(communities), sum(weights.values())
    shares = {code: divmod(weight * rest, whole) for code, weight in weights.items()}
    counts = {code: 1 + full for code, (full, _) in shares.items()}
    by_remainder = sorted(shares, key=lambda code: (-shares[code][1], code))
    for code in by_remainder[: total - sum(counts.values())]:
        counts[code] += 1
    return counts


def grid_code(community: str, serial: int) -> str:
    """The code of a community's grid with that serial number."""
    return f"{community}{serial:0{SERIAL_DIGITS}d}"
