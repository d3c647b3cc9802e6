"""What a city says about whistles: Guangzhou's kinds and list, and every fault that such a file may have."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cities.faults import PackFaults
from cities.pack import CityPack, load_pack
from domain.levels import Level
from domain.time.durations import Duration
from domain.whistles import Post, WhistleKind
from tests.cities.breaking import Break, Found, missing, overwritten, refused_with, silent_about, thin_copy


def test_every_kind_has_its_clocks(guangzhou: CityPack) -> None:
    said = {
        kind: tuple(map(str, (terms.acknowledge, terms.attend, terms.plan, terms.result)))
        for kind, terms in guangzhou.whistles.kinds.items()
    }
    assert said == {
        WhistleKind.EMERGENCY: ("5min", "30min", "None", "24h"),
        WhistleKind.ENFORCEMENT: ("30min", "2h", "1wd", "5wd"),
        WhistleKind.DAILY: ("2wh", "1wd", "3wd", "10wd"),
        WhistleKind.COMMUNITY: ("2wh", "1wd", "3wd", "7wd"),
    }


def test_a_rural_town_has_an_hour_to_wait_in_an_emergency(guangzhou: CityPack) -> None:
    book = guangzhou.whistles
    in_the_country = book.terms(WhistleKind.EMERGENCY, "town")
    in_the_city = book.terms(WhistleKind.EMERGENCY, "subdistrict")
    assert in_the_country is not None
    assert in_the_city is not None
    assert (in_the_country.attend, in_the_city.attend) == (Duration.parse("60min"), Duration.parse("30min"))
    assert book.terms(WhistleKind.DAILY, "town") == book.terms(WhistleKind.DAILY, "subdistrict")


def test_a_community_calls_its_town_and_a_town_its_district(guangzhou: CityPack) -> None:
    called = {
        kind: (terms.started_by, terms.summons, terms.authority_from)
        for kind, terms in guangzhou.whistles.kinds.items()
    }
    assert called[WhistleKind.COMMUNITY] == (Level.COMMUNITY, Level.TOWN, Post.STAFF)
    assert called[WhistleKind.DAILY] == (Level.TOWN, Level.DISTRICT, Post.DEPUTY_HEAD)


def test_the_list_names_powers_for_matters_and_who_holds_them(guangzhou: CityPack) -> None:
    book = guangzhou.whistles
    assert book.is_listed("0203", "vending_penalty", "urban_mgmt_bureau")
    assert not book.is_listed("0203", "vending_penalty", "ecology_bureau")
    assert not book.is_listed("1301", "vending_penalty", "urban_mgmt_bureau")
    power = book.power("vending_penalty")
    assert power is not None
    assert power.zh == "占道经营处罚、暂扣工具"
    assert book.power("none_such") is None


def test_where_nobody_may_whistle_the_book_is_empty(tmp_path: Path) -> None:
    pack = thin_copy(tmp_path)
    city = pack / "city.json"
    city.write_text(json.dumps({**json.loads(city.read_text(encoding="utf-8")), "whistles": None}))
    assert load_pack(pack).whistles.terms(WhistleKind.DAILY, "subdistrict") is None


def whistles(change: Any) -> Break:
    """The file of whistles with a change made to its content."""

    def apply(pack: Path) -> None:
        file = pack / "whistles.json"
        content = json.loads(file.read_text(encoding="utf-8"))
        change(content)
        file.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")

    return apply


def kind(place: int, **changes: Any) -> Break:
    """Fields of one kind changed."""
    return whistles(lambda content: content["kinds"][place].update(changes))


def entry(**changes: Any) -> Break:
    """Fields of the first entry of the list changed."""
    return whistles(lambda content: content["entries"][0].update(changes))


def power(**changes: Any) -> Break:
    """Fields of the first power of the first entry changed."""
    return whistles(lambda content: content["entries"][0]["powers"][0].update(changes))


FILE = "whistles.json"
BREAKS: dict[str, tuple[Break, Found]] = {
    "a city that is silent about whistles": (
        silent_about("whistles"),
        Found("city.json", "", "whistles", "does not say where its whistles stand"),
    ),
    "whistles that are missing": (missing(FILE), Found(FILE, "", "", "the file is missing")),
    "whistles that are no JSON": (overwritten(FILE, b'{"kinds": ['), Found(FILE, "line 1", "", "no JSON")),
    "a post that nobody knows": (
        kind(0, authority_from="mayor"),
        Found(FILE, "", "kinds.0.authority_from", "'mayor'"),
    ),
    "a kind that is missing": (
        whistles(lambda content: content["kinds"].pop(2)),
        Found(FILE, "daily", "kind", "nothing is said"),
    ),
    "a kind twice": (
        whistles(lambda content: content["kinds"].append(content["kinds"][2])),
        Found(FILE, "daily", "kind", "stands twice"),
    ),
    "a call downwards": (
        kind(1, summons="town"),
        Found(FILE, "enforcement", "summons", "the town calls nobody below it"),
    ),
    "an emergency by appointment": (
        kind(0, may_name_time=True),
        Found(FILE, "emergency", "may_name_time", "waits for no appointed time"),
    ),
    "an emergency in office hours": (
        kind(0, result="3wd"),
        Found(FILE, "emergency", "result", "waits for office hours"),
    ),
    "a plan after the result": (
        kind(2, plan="11wd"),
        Found(FILE, "daily", "result", "10wd is over before plan, 11wd"),
    ),
    "an entry twice": (
        whistles(lambda content: content["entries"].append(content["entries"][0])),
        Found(FILE, "WL-01", "code", "stands twice"),
    ),
    "an unknown matter": (entry(categories=["9999"]), Found(FILE, "WL-01", "categories", "9999")),
    "an unknown holder of a power": (
        power(code="new_power", unit_type="moon_bureau"),
        Found(FILE, "WL-01", "powers", "unknown unit type moon_bureau"),
    ),
    "a holder whom nobody calls": (
        power(code="new_power", unit_type="grid_worker"),
        Found(FILE, "WL-01", "powers", "no whistle calls a grid_worker"),
    ),
    "a power with two holders": (
        whistles(lambda content: content["entries"][1]["powers"][0].update(code="gas_shutoff")),
        Found(FILE, "WL-02", "powers", "gas_shutoff is held by urban_mgmt_bureau too"),
    ),
}


@pytest.mark.parametrize("name", BREAKS)
def test_each_fault_is_found_where_it_stands(name: str, tmp_path: Path) -> None:
    break_it, expected = BREAKS[name]
    refused_with(expected, break_it, tmp_path, alone=True)


def test_a_broken_file_is_refused_as_a_whole(tmp_path: Path) -> None:
    pack = thin_copy(tmp_path)
    kind(0, radius=1)(pack)
    entry(categories=[])(pack)
    with pytest.raises(PackFaults) as refused:
        load_pack(pack)
    assert [fault.field for fault in refused.value.faults] == ["kinds.0.radius", "entries.0.categories"]
