"""The Guangzhou pack: real divisions, a full catalogue, and somebody responsible everywhere on every level."""

import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from cities.catalogue import Category
from cities.duties import levels_of
from cities.pack import CityPack, load_pack
from domain.levels import RESPONSE_LEVELS, Level
from domain.limits.policy import Urgency
from domain.refusals import Refused
from domain.responsibility.routing import Place
from domain.time.durations import Duration
from domain.units import Unit

TODAY = date(2026, 11, 22)
GRID = "440106012003013"


def places_in_every_district(pack: CityPack) -> Iterator[str]:
    """The last grids of the first, the middle and the last community of every district."""
    for district in pack.divisions.areas(Level.DISTRICT):
        communities = [area for area in pack.divisions.areas(Level.COMMUNITY) if area.startswith(district)]
        for community in (communities[0], communities[len(communities) // 2], communities[-1]):
            yield pack.divisions.children(community)[-1]


def test_it_has_the_real_divisions(guangzhou: CityPack) -> None:
    counts = {level: guangzhou.divisions.count(level) for level in Level}

    assert counts[Level.CITY] == 1
    assert counts[Level.DISTRICT] == 11
    assert counts[Level.TOWN] == 178
    assert counts[Level.COMMUNITY] == 2_851


def test_every_division_lies_in_one_of_the_level_above(guangzhou: CityPack) -> None:
    divisions = guangzhou.divisions
    above = {Level.DISTRICT: Level.CITY, Level.TOWN: Level.DISTRICT, Level.COMMUNITY: Level.TOWN}

    for level, parent_level in above.items():
        for area in divisions.areas(level):
            parent = divisions.ancestors(area)[0]
            assert divisions.level_of(parent) is parent_level
            assert area in divisions.children(parent)


def test_it_has_80_categories_and_32_policies(guangzhou: CityPack) -> None:
    assert len(guangzhou.categories) == 80
    assert len(guangzhou.policies) == 32
    assert {category.policy for category in guangzhou.categories.values()} == set(guangzhou.policies)
    assert guangzhou.category("street_vending") is guangzhou.category("0203")
    assert guangzhou.policy_of("other_matter").code == "P-DEFAULT"


def test_only_critical_matters_are_dispatched_by_themselves_and_reviewed_within_half_an_hour(
    guangzhou: CityPack,
) -> None:
    for policy in guangzhou.policies.values():
        critical = policy.urgency is Urgency.CRITICAL
        assert policy.version == 1
        assert policy.auto_dispatch is critical
        assert str(policy.review) == ("30min" if critical else "1wd")
        assert str(policy.callback_within) == ("1d" if critical else "2wd")
        assert str(policy.reminder_every) == ("1h" if critical else "1wd")


def test_a_policy_is_as_the_policy_table_says(guangzhou: CityPack) -> None:
    policy = guangzhou.policies["P-LIFT-TRAP"]

    assert policy.total == Duration.parse("2h")
    assert policy.dwell.levels() == (Level.COMMUNITY, Level.TOWN, Level.DISTRICT)
    assert policy.thresholds.reminders == (70, 90)
    assert guangzhou.common.registration == Duration.parse("30min")
    assert guangzhou.common.sample_one_in == 5


def test_every_category_has_a_full_ladder_at_places_in_every_district(guangzhou: CityPack) -> None:
    for area in places_in_every_district(guangzhou):
        for category in guangzhou.categories.values():
            policy = guangzhou.policies[category.policy]

            ladder = guangzhou.ladder(category.code, Place(area), policy, TODAY)

            levels = levels_of(category, guangzhou.policies)
            if ladder.skip is not None:
                levels = levels[len(levels) - len(ladder.rungs) :]
            assert tuple(rung.level for rung in ladder.rungs) == levels
            for rung in ladder.rungs:
                assert rung.unit is not None, (category.code, area, rung)
                assert rung.duty_entry == f"{category.code}-{rung.level}"
                assert not rung.fallback
                assert area.startswith(rung.unit.area)
                assert rung.unit.level is rung.level


def test_a_ladder_names_who_answers_on_each_level(guangzhou: CityPack) -> None:
    ladder = guangzhou.ladder("street_vending", Place(GRID), guangzhou.policies["P-VENDOR"], TODAY)

    assert [rung.unit and (rung.unit.code, rung.unit.name_zh) for rung in ladder.rungs] == [
        (f"{GRID}-grid_worker", "腰岗社区第013网格网格员"),
        ("440106012003-community_committee", "腰岗社区居委会"),
        ("440106012-town_office", "天园街道办事处"),
        ("440106-urban_mgmt_bureau", "天河区城市管理和综合执法局"),
    ]
    assert ladder.rungs[-1].unit is not None
    assert (
        ladder.rungs[-1].unit.name_en == "Urban Management and Integrated Enforcement Bureau, Tianhe District"
    )


def test_a_place_known_only_by_its_town_has_gaps_below_it(guangzhou: CityPack) -> None:
    ladder = guangzhou.ladder("0203", Place("440106012"), guangzhou.policies["P-VENDOR"], TODAY)

    assert [rung.gap for rung in ladder.rungs] == ["place_too_coarse", "place_too_coarse", "", ""]
    rung, gaps = ladder.next_above(None)
    assert rung is not None
    assert rung.level is Level.TOWN
    assert len(gaps) == 2


def test_a_vacant_post_falls_to_its_stand_in_and_without_one_leaves_a_gap(guangzhou: CityPack) -> None:
    policy = guangzhou.policies["P-VENDOR"]

    stood_in = guangzhou.ladder("0203", Place("440103019003001"), policy, TODAY).rungs[0]
    vacant = guangzhou.ladder("0203", Place("440114003203001"), policy, TODAY).rungs[0]
    before = guangzhou.ladder("0203", Place("440114003203001"), policy, date(2025, 12, 31)).rungs[0]

    assert stood_in.unit is not None
    assert stood_in.unit.code == "440103019003001-backup_grid_worker"
    assert stood_in.fallback
    assert (vacant.unit, vacant.gap) == (None, "post_vacant")
    assert before.unit is not None
    assert before.unit.code == "440114003203001-grid_worker"


@pytest.mark.parametrize("area", ["", "440199", "440106012999", "4401060120030130"])
def test_a_place_outside_the_city_is_refused(guangzhou: CityPack, area: str) -> None:
    with pytest.raises(Refused, match="unknown_place"):
        guangzhou.ladder("0203", Place(area), guangzhou.policies["P-VENDOR"], TODAY)


def test_the_city_as_a_whole_is_too_coarse_a_place(guangzhou: CityPack) -> None:
    with pytest.raises(Refused, match="no_responsible_unit"):
        guangzhou.ladder("0203", Place("4401"), guangzhou.policies["P-VENDOR"], TODAY)


def test_an_unknown_category_is_refused(guangzhou: CityPack) -> None:
    with pytest.raises(Refused, match="unknown_category"):
        guangzhou.category("9999")


def test_every_category_that_passes_through_communities_is_on_their_admission_list(
    guangzhou: CityPack,
) -> None:
    admitted = {admission.category for admission in guangzhou.admissions}
    passing = {
        category.code
        for category in guangzhou.categories.values()
        if Level.COMMUNITY in levels_of(category, guangzhou.policies)
    }

    assert passing == admitted


def test_matters_of_discipline_never_go_to_a_town_or_a_grid(guangzhou: CityPack) -> None:
    for code in ("official_conduct", "discipline_lead"):
        category = guangzhou.category(code)
        [entry] = [entry for entry in guangzhou.duty_list if entry.category == category.code]
        assert entry.level is Level.DISTRICT
        assert entry.unit_type == "discipline_commission"


def test_the_district_entry_is_the_lead_department_where_the_lead_is_one(guangzhou: CityPack) -> None:
    def leads_a_district(category: Category) -> bool:
        return Level.DISTRICT in guangzhou.unit_types[category.lead_unit].levels

    for category in filter(leads_a_district, guangzhou.categories.values()):
        for entry in guangzhou.duty_index.get((category.code, Level.DISTRICT), ()):
            assert entry.unit_type == category.lead_unit


def test_a_unit_is_found_by_its_code_and_lies_in_the_subtrees_above(guangzhou: CityPack) -> None:
    directory = guangzhou.directory
    worker, office = (
        directory.unit_by_code(f"{GRID}-grid_worker"),
        directory.unit_by_code("440106012-town_office"),
    )
    elsewhere = directory.unit_by_code("440106013-town_office")

    assert isinstance(worker, Unit)
    assert isinstance(office, Unit)
    assert isinstance(elsewhere, Unit)
    assert worker.lies_within(office)
    assert not worker.lies_within(elsewhere)
    assert not office.lies_within(worker)


@pytest.mark.parametrize(
    "code",
    [
        "",
        "440106",
        "440106-",
        "440106-moon_bureau",
        "440106-town_office",
        "440199-water_bureau",
        "-water_bureau",
    ],
)
def test_no_unit_is_found_where_none_can_be(guangzhou: CityPack, code: str) -> None:
    assert guangzhou.directory.unit_by_code(code) is None


def test_the_city_and_each_district_have_a_command_centre(guangzhou: CityPack) -> None:
    city = guangzhou.directory.unit_by_code("4401-command_centre")
    district = guangzhou.directory.unit_by_code("440106-command_centre")

    assert city is not None
    assert district is not None
    assert (city.level, city.name_zh) == (Level.CITY, "广州市指挥中心")
    assert district.lies_within(city)


def test_the_units_within_a_town_are_listed_from_the_top_down(guangzhou: CityPack) -> None:
    units = list(guangzhou.directory.within("440103001"))

    assert units[0].area == "440103001"
    assert {unit.level for unit in units} == {Level.TOWN, Level.COMMUNITY, Level.GRID}
    assert all(unit.area.startswith("440103001") for unit in units)
    assert len({unit.code for unit in units}) == len(units)


def test_units_are_called_as_their_kind_of_division_calls_them(guangzhou: CityPack) -> None:
    def name(code: str) -> str:
        unit = guangzhou.directory.unit_by_code(code)
        assert unit is not None
        return unit.name_zh

    assert name("440111103-town_office") == "人和镇人民政府"
    assert name("440106012-town_office") == "天园街道办事处"
    assert name("440117405-town_office") == "大岭山林场管理处"
    assert name("440106-party_office") == "天河区委办公室督查室"


def test_the_calendar_counts_moved_working_days(guangzhou: CityPack) -> None:
    zone = ZoneInfo("Asia/Shanghai")
    start = datetime(2024, 9, 27, 16, 30, tzinfo=zone)

    assert guangzhou.calendar.office_day == timedelta(hours=7)
    assert guangzhou.calendar.due(start, Duration.parse("3wd")).at == datetime(
        2024, 10, 8, 18, 0, tzinfo=zone
    )
    assert guangzhou.calendar.due(start, Duration.parse("4wh")).at == datetime(
        2024, 9, 29, 11, 30, tzinfo=zone
    )


def test_a_deadline_in_a_year_not_yet_published_is_provisional(guangzhou: CityPack) -> None:
    start = datetime(2026, 12, 30, 10, 0, tzinfo=ZoneInfo("Asia/Shanghai"))

    assert not guangzhou.calendar.due(start, Duration.parse("1wd")).provisional
    assert guangzhou.calendar.due(start, Duration.parse("15wd")).provisional


def test_the_pack_loads_and_routes_quickly() -> None:
    started = time.process_time()
    pack = load_pack("guangzhou")
    loaded = time.process_time()
    policy = pack.policies["P-VENDOR"]
    for _ in range(1000):
        pack.ladder("0203", Place(GRID), policy, TODAY)
    routed = time.process_time()

    assert loaded - started < 1.0
    assert (routed - loaded) / 1000 < 0.001


def test_the_response_levels_each_have_a_holder_of_legs(guangzhou: CityPack) -> None:
    for level in RESPONSE_LEVELS:
        assert any(level in kind.levels for kind in guangzhou.unit_types.values())
