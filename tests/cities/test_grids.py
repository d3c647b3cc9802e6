"""Synthetic grids: as many as wanted, the same for ever, every community with at least one."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cities.grids import grid_code, share_out, weight_of
from cities.pack import CityPack
from domain.levels import Level

PINNED = "3d7a03feba219d7ddcb19419efb2b8f0f1162fd60b7d41cd0a11efa8c951a8b4"


def test_guangzhou_has_exactly_19500_grids(guangzhou: CityPack) -> None:
    assert guangzhou.divisions.count(Level.GRID) == 19_500
    assert len(set(guangzhou.divisions.areas(Level.GRID))) == 19_500


def test_the_grids_never_change(guangzhou: CityPack) -> None:
    codes = "\n".join(guangzhou.divisions.areas(Level.GRID))

    assert hashlib.sha256(codes.encode()).hexdigest() == PINNED


def test_a_community_has_between_2_and_20_grids_and_denser_ones_more(guangzhou: CityPack) -> None:
    divisions = guangzhou.divisions
    sizes: dict[str, list[int]] = {}
    for area in divisions.areas(Level.COMMUNITY):
        community = divisions.get(area)
        assert community is not None
        sizes.setdefault(community.kind, []).append(len(divisions.children(area)))

    assert all(2 <= size <= 20 for found in sizes.values() for size in found)
    averages = {kind: sum(found) / len(found) for kind, found in sizes.items()}
    assert averages["residents_committee"] > averages["villagers_committee"] + 0.3


def test_a_grid_says_that_it_is_synthetic_and_lies_in_its_community(guangzhou: CityPack) -> None:
    grid = guangzhou.divisions.get("440106012003013")

    assert grid is not None
    assert (grid.level, grid.synthetic, grid.name_zh) == (Level.GRID, True, "腰岗社区第013网格")
    assert guangzhou.divisions.ancestors(grid.area) == ("440106012003", "440106012", "440106", "4401")


@pytest.mark.parametrize(
    "area", ["440106012003014", "440106012003000", "44010601200301x", "440106012003٠١٣", ""]
)
def test_no_grid_is_found_beyond_the_serial_numbers(guangzhou: CityPack, area: str) -> None:
    assert area not in guangzhou.divisions
    assert guangzhou.divisions.get(area) is None


@given(
    communities=st.dictionaries(
        st.text("0123456789", min_size=1, max_size=12), st.booleans(), min_size=1, max_size=60
    ),
    more=st.integers(min_value=0, max_value=3000),
)
def test_any_total_is_shared_out_to_the_last_grid(communities: dict[str, bool], more: int) -> None:
    total = min(len(communities) + more, 20 * len(communities))

    counts = share_out(total, communities)

    assert sum(counts.values()) == total
    assert set(counts) == set(communities)
    assert min(counts.values()) >= 1


@pytest.mark.parametrize("total", [0, 2, 3 * 999 + 1])
def test_a_total_that_fits_no_serial_numbers_is_refused(total: int) -> None:
    with pytest.raises(ValueError, match="cannot be shared out among 3 communities"):
        share_out(total, {"1": True, "2": True, "3": False})


def test_weights_lie_between_2_and_20() -> None:
    unit = 2 * 2**96
    weights = [weight_of(str(number), dense=bool(number % 2)) / unit for number in range(2000)]

    assert min(weights) >= 2
    assert max(weights) < 20


def test_a_grid_code_is_the_community_and_three_digits() -> None:
    assert grid_code("440106012003", 7) == "440106012003007"
