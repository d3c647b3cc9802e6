"""A city's terms for its neighbouring systems: Guangzhou's own, and every fault that such a file may have."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cities.pack import CityPack, load_pack
from domain.partners import Partner
from domain.time.durations import Duration
from tests.cities.breaking import (
    Break,
    Found,
    city,
    missing,
    overwritten,
    refused_with,
    silent_about,
    thin_copy,
)


def test_every_partner_has_its_terms(guangzhou: CityPack) -> None:
    assert set(guangzhou.partners) == set(Partner)
    enforcement = guangzhou.partners[Partner.ENFORCEMENT]
    assert enforcement.answer_within == Duration.parse("5wd")
    assert enforcement.poll_every == timedelta(hours=4)
    assert enforcement.hold_gaps == timedelta(hours=24)
    assert enforcement.zh
    assert enforcement.en


def test_only_volunteers_claim_what_they_do(guangzhou: CityPack) -> None:
    claimed = {partner for partner, terms in guangzhou.partners.items() if terms.claim_within is not None}
    assert claimed == {Partner.VOLUNTEERS}


def test_a_city_may_have_no_partner(tmp_path: Path) -> None:
    pack = thin_copy(tmp_path)
    city(partners=None)(pack)
    assert load_pack(pack).partners == {}


def partner(name: str, /, **changes: Any) -> Break:
    """Fields of the terms of one partner changed."""

    def apply(pack: Path) -> None:
        file = pack / "partners.json"
        content = json.loads(file.read_text(encoding="utf-8"))
        row = next(row for row in content["partners"] if row["partner"] == name)
        row.update(changes)
        file.write_text(json.dumps(content), encoding="utf-8")

    return apply


BREAKS: dict[str, tuple[Break, Found]] = {
    "a city that is silent about partners": (
        silent_about("partners"),
        Found("city.json", "", "partners", "does not say where its partners stand"),
    ),
    "partners that are missing": (
        missing("partners.json"),
        Found("partners.json", "", "", "the file is missing"),
    ),
    "partners that are no JSON": (
        overwritten("partners.json", b'{"partners": ['),
        Found("partners.json", "line 1", "", "no JSON"),
    ),
    "a file without a partner": (
        overwritten("partners.json", b'{"partners": []}'),
        Found("partners.json", "", "partners", "[]"),
    ),
    "a system that nobody knows": (
        partner("affairs", partner="post_office"),
        Found("partners.json", "", "partners.1.partner", "'post_office'"),
    ),
    "an answer within no time": (
        partner("affairs", answer_within="soon"),
        Found("partners.json", "", "partners.1.answer_within", "'soon'"),
    ),
    "a partner twice": (
        partner("affairs", partner="enforcement"),
        Found("partners.json", "enforcement", "partner", "it stands twice"),
    ),
    "a partner asked in office hours only": (
        partner("affairs", poll_every="4wh"),
        Found("partners.json", "affairs", "poll_every", "does not go on day and night"),
    ),
    "a partner asked all the time": (
        partner("affairs", poll_every="1s"),
        Found("partners.json", "affairs", "poll_every", "out of bounds"),
    ),
    "a message held for a month": (
        partner("affairs", hold_gaps="720h"),
        Found("partners.json", "affairs", "hold_gaps", "out of bounds"),
    ),
    "a task that may stay unclaimed for ever": (
        partner("volunteers", claim_within=None),
        Found("partners.json", "volunteers", "claim_within", "would wait for ever"),
    ),
    "a clue to be claimed": (
        partner("enforcement", claim_within="1d"),
        Found("partners.json", "enforcement", "claim_within", "nobody claims anything"),
    ),
}


@pytest.mark.parametrize("name", BREAKS)
def test_each_fault_is_found_and_named(name: str, tmp_path: Path) -> None:
    break_it, found = BREAKS[name]
    refused_with(found, break_it, tmp_path, alone=name != "a partner twice")
