"""Every fault of a pack is found and named: a copy of Guangzhou's is broken in one place, and only that is faulted."""

from pathlib import Path

import pytest

from cities.faults import PackFaults
from cities.pack import load_clock, load_pack
from tests.cities.breaking import (
    Break,
    Found,
    appended,
    city,
    common,
    emptied,
    missing,
    overwritten,
    policy,
    refused_with,
    replaced,
    thin_copy,
    without_line,
)

FIRE_DWELL = {"grid": "10min", "community": "10min", "town": "20min", "district": "80min"}
WIDTHS = {"city": 4, "district": 6, "town": 9, "community": 12, "grid": 15}

BREAKS: dict[str, tuple[Break, Found]] = {
    # files and their shape
    "a missing table": (
        missing("duty_list.csv"),
        Found("duty_list.csv", "", "", "the file is missing"),
    ),
    "missing policies": (missing("policies.json"), Found("policies.json", "", "", "the file is missing")),
    "missing outlines": (
        missing("districts.geojson"),
        Found("districts.geojson", "", "", "the file is missing"),
    ),
    "a missing city": (missing("city.json"), Found("city.json", "", "", "the file is missing")),
    "a file that is no text": (
        overwritten("groups.csv", b"\xff\xfe\x00"),
        Found("groups.csv", "", "", "cannot be read"),
    ),
    "a missing column": (
        replaced("categories.csv", ",route_level,", ",level,"),
        Found("categories.csv", "line 1", "route_level", "the column is missing"),
    ),
    "a column twice": (
        replaced("groups.csv", "code,identifier,zh,en", "code,code,zh,en"),
        Found("groups.csv", "line 1", "identifier", "the column is missing"),
    ),
    "a cell too many": (
        appended("vacancies.csv", "440103-water_bureau,2026-01-01,,flood, again"),
        Found("vacancies.csv", "line 3", "", "5 cells under 4 columns"),
    ),
    "broken quotes": (
        appended("vacancies.csv", '440103-water_bureau,2026-01-01,,"flood" again'),
        Found("vacancies.csv", "line 3", "", "no CSV"),
    ),
    "broken JSON": (
        replaced("city.json", '"scope": "full",', '"scope": "full"'),
        Found("city.json", "line 5", "", "no JSON"),
    ),
    "an unknown field of the city": (city(moon=1), Found("city.json", "", "moon", "extra inputs")),
    "a pack without catalogue": (city(scope="clock"), Found("city.json", "", "scope", "a clock only")),
    # the calendar
    "a bad date": (
        replaced("workdays.csv", "2026-10-10,", "2026-10-32,"),
        Found("workdays.csv", "line 199", "date", "'2026-10-32'"),
    ),
    "a date in another form": (
        replaced("workdays.csv", "2026-10-10,", "10/10/2026,"),
        Found("workdays.csv", "line 199", "date", "not a date in the form 2026-01-31"),
    ),
    "a kind of day unheard of": (
        replaced("workdays.csv", "2026-10-10,workday", "2026-10-10,halfday"),
        Found("workdays.csv", "line 199", "kind", "'halfday'"),
    ),
    "a day twice": (
        appended("workdays.csv", "2026-10-10,holiday,National Day"),
        Found("workdays.csv", "line 200", "date", "2026-10-10 stands twice"),
    ),
    "a year left out": (
        appended("workdays.csv", "2028-01-03,holiday,New Year's Day"),
        Found("workdays.csv", "", "date", "the year 2027 has no days"),
    ),
    "no day at all": (
        emptied("workdays.csv"),
        Found("workdays.csv", "", "", "no year is on file"),
    ),
    "no working day": (
        city(week=[""] * 7),
        Found("city.json", "", "week", "no day of the week has opening hours"),
    ),
    "six days in a week": (city(week=["09:00-17:00"] * 6), Found("city.json", "", "week", "at least 7")),
    "hours that run backwards": (
        city(week=["18:00-09:00", *["09:00-17:00"] * 6]),
        Found("city.json", "", "week[0]", "18:00-09:00"),
    ),
    "an unknown zone": (city(zone="Asia/Kanton"), Found("city.json", "", "zone", "no such time zone")),
    "an unknown way of counting": (city(mode="noon"), Found("city.json", "", "mode", "'noon'")),
    # divisions
    "a division whose parent is missing": (
        replaced(
            "divisions.csv",
            "翠洲社区居民委员会,village,440103001000",
            "翠洲社区居民委员会,village,440103999000",
        ),
        Found("divisions.csv", "line 5", "parent_code", "the parent 440103999000 is missing"),
    ),
    "a division under a stranger": (
        replaced(
            "divisions.csv",
            "翠洲社区居民委员会,village,440103001000",
            "翠洲社区居民委员会,village,440103002000",
        ),
        Found("divisions.csv", "line 5", "parent_code", "440103001101 does not lie inside 440103002000"),
    ),
    "a division twice": (
        appended("divisions.csv", "440103001101,翠洲,village,440103001000,residents_committee"),
        Found("divisions.csv", "line 227", "code", "440103001101 stands twice"),
    ),
    "two roots": (
        replaced("divisions.csv", "荔湾区,district,440100000000", "荔湾区,district,"),
        Found("divisions.csv", "line 3", "parent_code", "2 divisions have no parent"),
    ),
    "a code of another level": (
        appended("divisions.csv", "440103001102,新街道,town,440103000000,subdistrict"),
        Found("divisions.csv", "line 227", "code", "440103001102 is not the code of a town"),
    ),
    "an unknown level of division": (
        replaced("divisions.csv", "岭南街道,town", "岭南街道,borough"),
        Found("divisions.csv", "line 6", "level", "'borough'"),
    ),
    "widths that do not rise": (
        city(code_widths={**WIDTHS, "town": 6}),
        Found("city.json", "", "code_widths", "does not rise"),
    ),
    "no widths": (city(code_widths=None), Found("city.json", "", "code_widths", "does not rise")),
    "a grid's width that fits no serial number": (
        city(code_widths={**WIDTHS, "grid": 16}),
        Found("city.json", "", "code_widths.grid", "16 does not fit"),
    ),
    "fewer grids than communities": (
        city(
            grids={
                "total": 100,
                "denser_kinds": [],
                "name_zh": "{community}{serial}",
                "dropped_suffixes": [],
            }
        ),
        Found("city.json", "", "grids.total", "100 grids cannot be shared out"),
    ),
    "a name for nowhere": (
        appended("division_names.csv", "440199000000,Atlantis"),
        Found("division_names.csv", "line 3", "code", "440199000000 is no division"),
    ),
    "a point of nowhere": (
        appended("town_points.csv", "440103999000,无,23.1,113.2,1,X,hanzi"),
        Found("town_points.csv", "line 5", "code", "440103999000 is no town"),
    ),
    "a point off the earth": (
        appended("town_points.csv", "440103001000,沙面街道,123.1,113.2,1,X,hanzi"),
        Found("town_points.csv", "line 5", "lat", "less than or equal to 90"),
    ),
    "an outline of nowhere": (
        replaced("districts.geojson", '"id":"440103"', '"id":"440199"'),
        Found("districts.geojson", "440199", "id", "440199 is no district"),
    ),
    # units
    "a unit type twice": (
        appended("unit_types.csv", "water_bureau,district,水务,Water,water"),
        Found("unit_types.csv", "line 43", "id", "water_bureau stands twice"),
    ),
    "a unit type on an unknown level": (
        replaced("unit_types.csv", "water_bureau,district", "water_bureau,county"),
        Found("unit_types.csv", "line 9", "levels", "'county'"),
    ),
    "a name for an unknown unit type": (
        appended("unit_names.csv", "moon_bureau,,{place}月亮局,Moon Bureau"),
        Found("unit_names.csv", "line 12", "type", "unknown unit type moon_bureau"),
    ),
    "a name without its place": (
        appended("unit_names.csv", "water_bureau,,水务局,Water Bureau"),
        Found("unit_names.csv", "line 12", "zh", "should match pattern"),
    ),
    "a vacancy of an unknown unit": (
        appended("vacancies.csv", "440103-moon_bureau,2026-01-01,,gone"),
        Found("vacancies.csv", "line 3", "unit", "unknown unit 440103-moon_bureau"),
    ),
    "a vacancy that ends before it begins": (
        appended("vacancies.csv", "440103-water_bureau,2026-02-01,2026-01-01,gone"),
        Found("vacancies.csv", "line 3", "until", "2026-01-01 is before 2026-02-01"),
    ),
    # the catalogue
    "a category twice": (
        replaced("categories.csv", "1402,supervision", "1401,supervision"),
        Found("categories.csv", "line 78", "code", "1401 stands twice"),
    ),
    "an identifier twice": (
        replaced("categories.csv", ",discipline_lead,", ",official_conduct,"),
        Found("categories.csv", "line 78", "identifier", "official_conduct stands twice"),
    ),
    "an unknown group": (
        replaced("categories.csv", "1402,supervision", "1402,weather"),
        Found("categories.csv", "line 78", "group", "unknown group weather"),
    ),
    "an unknown lead unit": (
        replaced("categories.csv", ",report,discipline_commission,", ",report,moon_bureau,"),
        Found("categories.csv", "line 78", "lead_unit", "unknown unit type moon_bureau"),
    ),
    "a lead that never holds a leg": (
        replaced("categories.csv", ",report,discipline_commission,", ",report,property_company,"),
        Found("categories.csv", "line 78", "lead_unit", "property_company never holds a leg"),
    ),
    "an unknown joint party": (
        replaced("categories.csv", ",public_security_bureau town_office,", ",moon_bureau town_office,"),
        Found("categories.csv", "line 2", "joint", "unknown unit type moon_bureau"),
    ),
    "an unknown policy": (
        replaced("categories.csv", "normal,P-VENDOR,grid", "normal,P-MOON,grid"),
        Found("categories.csv", "line 14", "policy", "unknown policy P-MOON"),
    ),
    "an urgency unlike the policy's": (
        replaced("categories.csv", "normal,P-VENDOR,grid", "low,P-VENDOR,grid"),
        Found("categories.csv", "line 14", "urgency", "low differs from the urgency of P-VENDOR"),
    ),
    "a route level on which nothing may stay": (
        replaced("categories.csv", "normal,P-CONDUCT,district", "normal,P-CONDUCT,town"),
        Found("categories.csv", "line 77", "route_level", "P-CONDUCT has no dwell on the level town"),
    ),
    "an unknown route level": (
        replaced("categories.csv", "normal,P-VENDOR,grid", "normal,P-VENDOR,street"),
        Found("categories.csv", "line 14", "route_level", "'street'"),
    ),
    # the duty list
    "a level without a duty entry": (
        without_line("duty_list.csv", "0203-town,"),
        Found("duty_list.csv", "0203 town", "", "nobody answers for 0203 on the level town"),
    ),
    "a duty entry for one area only": (
        replaced(
            "duty_list.csv",
            "0203-town,0203,town,town_office,town_command_office,属地管理 / territorial responsibility,,",
            "0203-town,0203,town,town_office,town_command_office,属地管理,440103,",
        ),
        Found("duty_list.csv", "0203 town", "", "nobody answers for 0203 on the level town"),
    ),
    "a duty entry without fallback": (
        replaced(
            "duty_list.csv",
            "0203-grid,0203,grid,grid_worker,backup_grid_worker",
            "0203-grid,0203,grid,grid_worker,",
        ),
        Found("duty_list.csv", "line 45", "fallback_type", "no fallback unit"),
    ),
    "a fallback onto itself": (
        replaced(
            "duty_list.csv",
            "0203-grid,0203,grid,grid_worker,backup_grid_worker",
            "0203-grid,0203,grid,grid_worker,grid_worker",
        ),
        Found("duty_list.csv", "line 45", "fallback_type", "the fallback is the unit itself"),
    ),
    "a fallback that cannot exist there": (
        replaced(
            "duty_list.csv",
            "0203-grid,0203,grid,grid_worker,backup_grid_worker",
            "0203-grid,0203,grid,grid_worker,town_office",
        ),
        Found("duty_list.csv", "line 45", "fallback_type", "there is no town_office on the level grid"),
    ),
    "a duty entry with an unknown unit type": (
        replaced(
            "duty_list.csv",
            "0203-district,0203,district,urban_mgmt_bureau",
            "0203-district,0203,district,moon_bureau",
        ),
        Found("duty_list.csv", "line 48", "unit_type", "unknown unit type moon_bureau"),
    ),
    "a duty entry for an unknown category": (
        appended("duty_list.csv", "9999-town,9999,town,town_office,town_command_office,x,,,"),
        Found("duty_list.csv", "line 225", "category", "unknown category 9999"),
    ),
    "a duty entry for an unknown area": (
        appended("duty_list.csv", "0203-x,0203,town,town_office,town_command_office,x,440199,,"),
        Found("duty_list.csv", "line 225", "area", "unknown area 440199"),
    ),
    "a duty entry's code twice": (
        appended("duty_list.csv", "0203-town,0203,town,town_office,town_command_office,x,440103,,"),
        Found("duty_list.csv", "line 225", "code", "0203-town stands twice"),
    ),
    "two duty entries for the same days": (
        appended("duty_list.csv", "0203-x,0203,town,town_office,town_command_office,x,,2026-01-01,"),
        Found("duty_list.csv", "line 225", "valid_from", "0203-x overlaps 0203-town"),
    ),
    "duty entries with a hole between": (
        replaced(
            "duty_list.csv",
            "属地管理 / territorial responsibility,,,\n0203-district",
            "属地管理,,,2026-05-31\n0203-x,0203,town,town_office,town_command_office,x,,2026-07-01,\n0203-district",
        ),
        Found("duty_list.csv", "0203 town", "valid_to", "nobody answers from 2026-06-01 on"),
    ),
    "a duty that ends for good": (
        replaced(
            "duty_list.csv",
            "属地管理 / territorial responsibility,,,\n0203-district",
            "属地管理,,,2026-05-31\n0203-district",
        ),
        Found("duty_list.csv", "0203 town", "valid_to", "nobody answers from 2026-06-01 on"),
    ),
    "a duty that ends before it begins": (
        appended(
            "duty_list.csv", "0203-x,0203,town,town_office,town_command_office,x,440103,2026-06-01,2026-05-01"
        ),
        Found("duty_list.csv", "line 225", "valid_to", "2026-05-01 is before 2026-06-01"),
    ),
    "an admission of an unknown category": (
        appended("admission_list.csv", "9999,,x"),
        Found("admission_list.csv", "line 52", "category", "unknown category 9999"),
    ),
    "an admission in an unknown area": (
        appended("admission_list.csv", "0802,440199,x"),
        Found("admission_list.csv", "line 52", "area", "unknown area 440199"),
    ),
    "an admission twice": (
        appended("admission_list.csv", "0203,,x"),
        Found("admission_list.csv", "line 52", "category", "0203 stands twice"),
    ),
    # policies
    "a policy twice": (
        replaced("policies.json", '"P-GAS"', '"P-FIRE"'),
        Found("policies.json", "P-FIRE", "policy", "the policy stands twice"),
    ),
    "dwells beyond the total": (
        policy("P-FIRE", total="100min"),
        Found(
            "policies.json",
            "P-FIRE",
            "dwell",
            "10min + 10min + 20min + 80min is more than the total of 100min",
        ),
    ),
    "dwells in days beyond a total in hours": (
        policy("P-VENDOR", total="15wh"),
        Found("policies.json", "P-VENDOR", "dwell", "more than the total of 15wh"),
    ),
    "working hours on a fire": (
        policy("P-FIRE", dispatch="1wh"),
        Found("policies.json", "P-FIRE", "dispatch", "1wh does not fit the natural clock"),
    ),
    "working hours in a fire's dwell": (
        policy("P-FIRE", dwell={**FIRE_DWELL, "grid": "1wh"}, total="4h"),
        Found("policies.json", "P-FIRE", "dwell.grid", "1wh does not fit the natural clock"),
    ),
    "natural time on a matter of office hours": (
        policy("P-VENDOR", sign="1h"),
        Found("policies.json", "P-VENDOR", "sign", "1h does not fit the working clock"),
    ),
    "a start above the first level": (
        policy("P-VENDOR", start_level="town"),
        Found("policies.json", "P-VENDOR", "start_level", "town is not the first level with a dwell"),
    ),
    "a limit that is none": (
        policy("P-VENDOR", total="three days"),
        Found("policies.json", "P-VENDOR", "total", "is not a duration"),
    ),
    "an unknown level of dwell": (
        policy("P-VENDOR", dwell={**FIRE_DWELL, "street": "1wd"}),
        Found("policies.json", "P-VENDOR", "dwell.street", "extra inputs"),
    ),
    "an unknown urgency": (
        policy("P-VENDOR", urgency="whenever"),
        Found("policies.json", "P-VENDOR", "urgency", "'whenever'"),
    ),
    "an urgency without a review limit": (
        common(review={"critical": "30min", "urgent": "1wd", "high": "1wd", "normal": "1wd", "low": "1wd"}),
        Found("policies.json", "common", "review.consult", "no limit for this urgency"),
    ),
    "thresholds that do not rise": (
        common(thresholds={"reminders": [90, 70], "yellow_card": 100, "red_card": 150, "black_list": 200}),
        Found("policies.json", "P-FIRE", "thresholds", "does not rise"),
    ),
}

FOLLOWED_BY_OTHERS = {
    "a missing column",  # by the unknown one in its place
    "a column twice",  # by the missing one whose place it took
    "a category twice",  # by what the code it gave up leaves behind
    "a policy twice",  # by categories of the policy that gave up its name
    "an outline of nowhere",  # by the district that lost its outline
    "thresholds that do not rise",  # by the same for every policy
}


@pytest.mark.parametrize("name", BREAKS)
def test_a_broken_pack_is_refused_with_file_row_and_reason(name: str, tmp_path: Path) -> None:
    break_it, expected = BREAKS[name]
    refused_with(expected, break_it, tmp_path, alone=name not in FOLLOWED_BY_OTHERS)


def test_a_working_clock_for_a_fire_faults_the_clock_and_every_limit_in_working_time(tmp_path: Path) -> None:
    pack = thin_copy(tmp_path)
    policy("P-FIRE", clock="working", total="2wh")(pack)

    with pytest.raises(PackFaults) as refused:
        load_pack(pack)

    assert [(fault.row, fault.field) for fault in refused.value.faults] == [
        ("P-FIRE", "clock"),
        ("P-FIRE", "total"),
    ]


def test_a_review_in_working_time_is_refused_for_critical_matters_only(tmp_path: Path) -> None:
    pack = thin_copy(tmp_path)
    everywhere = dict.fromkeys(("critical", "urgent", "high", "normal", "low", "consult"), "1wd")
    common(review=everywhere, reminder_every=everywhere)(pack)

    with pytest.raises(PackFaults) as refused:
        load_pack(pack)

    critical = {"P-FIRE", "P-GAS", "P-LIFT-TRAP", "P-FLOOD"}
    assert {(fault.row, fault.field) for fault in refused.value.faults} == {
        (code, field) for code in critical for field in ("review", "reminder_every")
    }


def test_faults_of_several_files_are_told_together(tmp_path: Path) -> None:
    pack = thin_copy(tmp_path)
    without_line("duty_list.csv", "0203-town,")(pack)
    appended("admission_list.csv", "9999,,x")(pack)
    policy("P-FIRE", total="100min")(pack)

    with pytest.raises(PackFaults, match="has 3 faults") as refused:
        load_pack(pack)

    assert {fault.file for fault in refused.value.faults} == {
        "duty_list.csv",
        "admission_list.csv",
        "policies.json",
    }


def test_hours_of_a_dated_exception_are_checked_with_its_line(tmp_path: Path) -> None:
    pack = thin_copy(tmp_path)
    (pack / "workdays.csv").write_text("date,kind,name,shifts\n2026-01-04,workday,New Year,12:00-09:00\n")

    with pytest.raises(PackFaults) as refused:
        load_clock(pack)

    [fault] = refused.value.faults
    assert (fault.file, fault.row, fault.field) == ("workdays.csv", "line 2", "shifts")


def test_a_pack_that_does_not_exist_is_a_fault_that_names_those_that_do() -> None:
    with pytest.raises(PackFaults, match="guangzhou") as refused:
        load_pack("atlantis")

    assert refused.value.faults[0].reason == "there is no such folder"
