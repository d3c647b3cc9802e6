"""Every real type has its category, every arrival its grid, always the same one."""

from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import get_args

import pytest

from api.requests.bodies import Channel
from cities.pack import load_pack, pack_folder
from domain.levels import Level
from domain.responsibility.routing import Place
from stack.errors import StackProblem
from stack.playing.arrivals import read_stream
from stack.playing.pairing import UNMAPPED_CATEGORY, read_pairing
from stack.playing.tables import rows_of

PACK = load_pack("guangzhou")
PAIRING = read_pairing(PACK)
STREAM = read_stream()
DEMO = pack_folder("guangzhou") / "demo"


def test_every_type_of_the_stream_stands_in_the_table_with_a_reason():
    table = {row["boston_type"]: row for row in rows_of(DEMO / "categories_of_boston.csv", "boston_type")}
    assert {arrival.kind for arrival in STREAM} == set(table)
    assert all(row["why"] and row["category"] in PACK.categories for row in table.values())


def test_every_source_of_the_stream_has_a_channel_that_the_door_takes():
    table = {row["boston_source"]: row["channel"] for row in rows_of(DEMO / "channels_of_boston.csv", "why")}
    assert {arrival.source for arrival in STREAM} == set(table)
    assert set(table.values()) <= set(get_args(Channel))


def test_a_type_that_the_table_does_not_know_becomes_another_matter():
    strange = replace(STREAM[0], kind="Lost Umbrella")
    assert PAIRING.matter_of(strange).category == UNMAPPED_CATEGORY


def test_an_arrival_always_gets_the_same_grid_of_the_city():
    for arrival in STREAM[::500]:
        matter = PAIRING.matter_of(arrival)
        assert PACK.divisions.level_of(matter.area) is Level.GRID
        assert matter.area in PACK.divisions
        assert read_pairing(PACK).matter_of(arrival) == matter


def test_neighbours_stay_neighbours():
    towns = {PAIRING.grid_for("Roxbury/Ward 8", f"{house} Dudley St")[:9] for house in range(50)}
    assert len(towns) == 1


def test_every_arrival_finds_somebody_responsible():
    for arrival in STREAM[::200]:
        matter = PAIRING.matter_of(arrival)
        policy = PACK.policy_of(matter.category)
        ladder = PACK.ladder(matter.category, Place(matter.area, "", None, None), policy, date(2026, 11, 23))
        assert any(rung.unit for rung in ladder.rungs)


def test_the_known_districts_get_about_their_share():
    quarters = [f"quarter {number}/ward" for number in range(4000)]
    districts = Counter(PAIRING.grid_for(quarter, "1 A St")[:6] for quarter in quarters)
    assert districts["440111"] / len(quarters) == pytest.approx(0.2, abs=0.02)
    assert districts["440117"] / len(quarters) == pytest.approx(0.028, abs=0.01)
    assert len(districts) == 11


def test_a_table_that_names_no_category_of_the_city_is_one_sentence(tmp_path: Path):
    for name in ("categories_of_boston.csv", "channels_of_boston.csv", "district_shares.csv"):
        (tmp_path / name).write_bytes((DEMO / name).read_bytes())
    (tmp_path / "categories_of_boston.csv").write_text("boston_type,category,why\nX,9999,no reason\n")
    with pytest.raises(StackProblem, match="gives 'X' the category 9999"):
        read_pairing(PACK, tmp_path)
