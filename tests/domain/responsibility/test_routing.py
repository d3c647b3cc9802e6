"""Routing: category, place and duty list give one unit per level, with the entry as the reason."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

import pytest

from domain.levels import RESPONSE_LEVELS, Level
from domain.limits.policy import Dwell
from domain.refusals import Refused
from domain.responsibility.routing import (
    DutyEntry,
    Ladder,
    Place,
    entry_for,
    index_duty_list,
    ladder_for,
    ruled_first,
)
from domain.time.durations import Duration
from domain.units import Unit
from tests.support.builders import policy

WIDTHS = {Level.DISTRICT: 1, Level.TOWN: 2, Level.COMMUNITY: 3, Level.GRID: 4}
DAY = date(2026, 3, 2)


@dataclass
class SmallTown:
    """A directory in which every unit exists unless it is said to be vacant."""

    vacant: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)

    def unit(self, unit_type: str, level: Level, area: str, day: date) -> Unit | None:
        code = f"{area[: WIDTHS[level]]}-{unit_type}"
        missing = day.year < 2000 or not self.reaches(level, area) or code in self.vacant
        return None if missing else Unit(code, level, area[: WIDTHS[level]], code, code)

    def reaches(self, level: Level, area: str) -> bool:
        return len(area) >= WIDTHS[level]

    def admits(self, community: Unit, category: str) -> bool:
        return category not in self.refused


def entry(level: Level, **changes: object) -> DutyEntry:
    """The duty list's line for a leak on one level."""
    plain = DutyEntry(f"leak-{level}", "leak", level, f"{level}_unit", f"{level}_deputy", "by-law")
    return replace(plain, **changes)


DUTIES = [entry(level) for level in RESPONSE_LEVELS]


def ladder(
    area: str = "1234",
    *,
    duties: list[DutyEntry] | None = None,
    directory: SmallTown | None = None,
    route_level: Level = Level.GRID,
    day: date = DAY,
) -> Ladder:
    """The ladder of a leak."""
    return ladder_for(
        "leak",
        route_level,
        Place(area),
        policy=policy(),
        duty_list=index_duty_list(DUTIES if duties is None else duties),
        directory=directory or SmallTown(),
        day=day,
    )


def units(found: Ladder) -> list[str | None]:
    """The codes of a ladder's units, ``None`` for gaps."""
    return [rung.unit and rung.unit.code for rung in found.rungs]


def test_each_level_gets_the_unit_whose_area_holds_the_place() -> None:
    found = ladder()

    assert units(found) == ["1234-grid_unit", "123-community_unit", "12-town_unit", "1-district_unit"]
    assert [rung.duty_entry for rung in found.rungs] == [f"leak-{level}" for level in RESPONSE_LEVELS]


def test_levels_below_the_route_level_are_left_out() -> None:
    assert units(ladder(route_level=Level.TOWN)) == ["12-town_unit", "1-district_unit"]


def test_levels_without_a_dwell_are_left_out() -> None:
    hours = Duration.parse("1h")
    found = ladder_for(
        "leak",
        Level.GRID,
        Place("1234"),
        policy=replace(policy(), dwell=Dwell(hours, None, None, hours)),
        duty_list=index_duty_list(DUTIES),
        directory=SmallTown(),
        day=DAY,
    )

    assert units(found) == ["1234-grid_unit", "1-district_unit"]


def test_a_vacant_post_falls_to_its_fallback() -> None:
    rung = ladder(directory=SmallTown(vacant={"12-town_unit"})).at(Level.TOWN)

    assert rung is not None
    assert rung.unit is not None
    assert (rung.unit.code, rung.fallback, rung.gap) == ("12-town_deputy", True, "")


def test_a_level_without_anybody_is_a_gap_that_the_next_level_fills() -> None:
    found = ladder(directory=SmallTown(vacant={"1234-grid_unit", "1234-grid_deputy"}, refused={"leak"}))

    assert [rung.gap for rung in found.rungs] == ["post_vacant", "not_on_admission_list", "", ""]
    rung, gaps = found.next_above(None)
    assert rung is not None
    assert rung.level is Level.TOWN
    assert [gap.level for gap in gaps] == [Level.GRID, Level.COMMUNITY]


def test_a_coarse_place_leaves_gaps_below_it() -> None:
    assert [rung.gap for rung in ladder("12").rungs] == ["place_too_coarse", "place_too_coarse", "", ""]


def test_the_longest_matching_area_wins() -> None:
    special = entry(Level.TOWN, code="special", unit_type="harbour_office", area="12")
    duties = [*DUTIES, special, entry(Level.TOWN, code="wider", area="1")]

    near, beside = ladder(duties=duties).at(Level.TOWN), ladder("1334", duties=duties).at(Level.TOWN)

    assert near is not None
    assert beside is not None
    assert (near.duty_entry, beside.duty_entry) == ("special", "wider")


@pytest.mark.parametrize(
    ("day", "expected"), [(date(2026, 3, 1), "old"), (date(2026, 3, 2), "new"), (date(2030, 1, 1), "new")]
)
def test_the_entry_in_force_on_the_day_answers(day: date, expected: str) -> None:
    old = entry(Level.TOWN, code="old", valid_to=date(2026, 3, 1))
    new = entry(Level.TOWN, code="new", valid_from=date(2026, 3, 2))
    duties = [duty for duty in DUTIES if duty.level is not Level.TOWN]

    rung = ladder(duties=[*duties, old, new], day=day).at(Level.TOWN)

    assert rung is not None
    assert rung.duty_entry == expected


def test_a_level_without_an_entry_is_refused() -> None:
    with pytest.raises(Refused, match="duty_list_gap"):
        ladder(duties=DUTIES[:-1])


def test_a_place_too_coarse_for_every_level_is_refused() -> None:
    with pytest.raises(Refused, match="no_responsible_unit"):
        ladder("")


def test_a_ruling_goes_before_the_list_and_a_newer_ruling_before_an_older_one() -> None:
    older = entry(Level.TOWN, code="R-1", unit_type="water_works", area="12", valid_from=DAY)
    newer = entry(Level.TOWN, code="R-2", unit_type="road_office", area="12", valid_from=DAY)
    listed = [*DUTIES, entry(Level.TOWN, code="own", unit_type="own_unit", area="12")]

    duties = ruled_first(index_duty_list(listed), [older, newer])
    found = entry_for("leak", Level.TOWN, "1234", duties, DAY)
    before = entry_for("leak", Level.TOWN, "1234", duties, date(2026, 3, 1))
    elsewhere = entry_for("leak", Level.TOWN, "1334", duties, DAY)

    assert (found and found.code, before and before.code) == ("R-2", "own")
    assert elsewhere
    assert elsewhere.code == "leak-town"
    assert [each.code for each in index_duty_list(listed)["leak", Level.TOWN]] == ["leak-town", "own"]


def test_an_entry_for_a_finer_area_goes_before_a_ruling_for_a_wider_one() -> None:
    ruled = entry(Level.TOWN, code="R-1", area="1")
    finer = entry(Level.TOWN, code="finer", area="12")

    found = entry_for("leak", Level.TOWN, "1234", ruled_first(index_duty_list([finer]), [ruled]), DAY)

    assert found == finer


def test_a_ruling_may_answer_where_the_list_is_silent() -> None:
    ruled = entry(Level.GRID, category="noise", code="R-1")

    found = entry_for("noise", Level.GRID, "1234", ruled_first(index_duty_list(DUTIES), [ruled]), DAY)

    assert found == ruled
