"""Another city needs no code: a tiny one, made of files alone, in another zone and with codes of its own."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from cities.faults import PackFaults
from cities.pack import load_clock, load_pack
from domain.levels import Level
from domain.responsibility.routing import Place
from domain.time.durations import Duration

CITY = {
    "name_zh": "小城",
    "name_en": "Littleton",
    "scope": "full",
    "zone": "Europe/Lisbon",
    "week": ["08:00-16:00", "08:00-16:00", "08:00-16:00", "08:00-16:00", "08:00-12:00", "", ""],
    "mode": "same_time",
    "workdays": "feriados.csv",
    "code_widths": {"city": 1, "district": 2, "town": 4, "community": 6, "grid": 9},
    "grids": {
        "total": 5,
        "denser_kinds": [],
        "name_zh": "{community}-{serial}",
        "dropped_suffixes": ["-bairro"],
    },
    "exceptions": None,
    "skip_rules": None,
    "surges": None,
    "whistles": None,
    "partners": None,
}

BY_URGENCY = ("critical", "urgent", "high", "normal", "low", "consult")

POLICIES = {
    "notice_zh": "示例",
    "notice_en": "An example.",
    "common": {
        "registration": "1h",
        "registration_again": "1wd",
        "awaiting_info": "2wd",
        "callback_attempts": 2,
        "callback_days": 1,
        "sample_one_in": 10,
        "redo_percent": 50,
        "automatic_redos": 1,
        "reopen_days": 10,
        "deliberation": "10wd",
        "partner": "5wd",
        "interim_every": "5wd",
        "review": dict.fromkeys(BY_URGENCY, "30min"),
        "callback_within": dict.fromkeys(BY_URGENCY, "1d"),
        "reminder_every": dict.fromkeys(BY_URGENCY, "2h"),
        "thresholds": {"reminders": [50], "yellow_card": 100, "red_card": 120, "black_list": 300},
    },
    "policies": [
        {
            "policy": "P-WATER",
            "name_zh": "水",
            "name_en": "water",
            "urgency": "normal",
            "clock": "working",
            "dispatch": "1wh",
            "sign": "1wh",
            "first_contact": "2wh",
            "dwell": {"grid": "4wh", "community": None, "town": None, "district": "2wd"},
            "total": "3wd",
            "extension": None,
            "suspend": False,
            "start_level": "grid",
            "callback": "all",
            "auto_dispatch": True,
        }
    ],
}

TABLES = {
    "divisions.csv": """\
code,name,level,parent_code,kind
L00000,Littleton,city,,city
LA0000,North,district,L00000,district
LA0100,Hill,town,LA0000,parish
LA0101,Top-bairro,community,LA0100,bairro
LA0102,Foot-bairro,community,LA0100,bairro
""",
    "division_names.csv": "code,en\nLA0000,North District\n",
    "feriados.csv": "date,kind,name,shifts\n2026-06-10,holiday,Dia de Portugal,\n2026-06-13,workday,fair,10:00-12:00\n",
    "unit_types.csv": """\
id,levels,zh,en,scope
water_works,district,水务,Water Works,water
town_hall,city district,市政厅,Town Hall,all
warden,grid,管理员,Warden,all
deputy,grid,副管理员,Deputy Warden,all
""",
    "unit_names.csv": "type,kind,zh,en\n",
    "vacancies.csv": "unit,since,until,reason\n",
    "groups.csv": "code,identifier,zh,en\n1,water,水,Water\n",
    "categories.csv": """\
code,group,zh,en,identifier,type,lead_unit,joint,urgency,policy,route_level,links,external_codes
A1,water,漏水,Leak,leak,complaint,water_works,,normal,P-WATER,grid,,
""",
    "duty_list.csv": """\
code,category,level,unit_type,fallback_type,basis
1,A1,grid,warden,deputy,by-law 1
2,A1,district,water_works,town_hall,by-law 2
""",
    "admission_list.csv": "category,area,basis\n",
}


@pytest.fixture
def littleton(tmp_path: Path) -> Path:
    """The folder of the tiny pack."""
    folder = tmp_path / "littleton"
    folder.mkdir()
    for name, text in TABLES.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "city.json").write_text(json.dumps(CITY), encoding="utf-8")
    (folder / "policies.json").write_text(json.dumps(POLICIES), encoding="utf-8")
    return folder


def test_it_loads_and_routes_by_its_own_levels(littleton: Path) -> None:
    pack = load_pack(littleton)

    ladder = pack.ladder("leak", Place("LA0101001"), pack.policy_of("leak"), date(2026, 6, 1))

    assert pack.divisions.count(Level.GRID) == 5
    assert [
        rung.unit and (rung.unit.code, rung.unit.name_zh, rung.unit.name_en) for rung in ladder.rungs
    ] == [
        ("LA0101001-warden", "Top-001管理员", "Warden, LA0101001"),
        ("LA-water_works", "North水务", "Water Works, North District"),
    ]


def test_its_clock_is_its_own(littleton: Path) -> None:
    calendar = load_clock(littleton).calendar

    friday_noon = datetime(2026, 6, 12, 10, 30, tzinfo=UTC)  # 11:30 in Lisbon
    assert calendar.due(friday_noon, Duration.parse("1wh")).at == datetime(2026, 6, 13, 9, 30, tzinfo=UTC)
    assert not calendar.is_working_day(date(2026, 6, 10))
    assert calendar.known_until == date(2026, 12, 31)


def test_without_outlines_there_are_no_points(littleton: Path) -> None:
    pack = load_pack(littleton)

    assert pack.places.point("LA0101001") is None
    assert pack.locate(38.7, -9.1) is None


def test_a_pack_of_scope_clock_needs_a_calendar_only(tmp_path: Path) -> None:
    (tmp_path / "city.json").write_text(json.dumps({**CITY, "scope": "clock", "known_until": "2027-06-30"}))
    (tmp_path / "feriados.csv").write_text(TABLES["feriados.csv"])

    clock = load_clock(tmp_path)

    assert clock.city.name_en == "Littleton"
    assert clock.calendar.known_until == date(2027, 6, 30)
    with pytest.raises(PackFaults, match="a clock only"):
        load_pack(tmp_path)
