"""What a city has prepared for a surge: Guangzhou's sets, and every fault that such a file may have."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from cities.faults import PackFaults
from cities.pack import CityPack, load_pack
from domain.limits.policy import faults_of
from domain.responsibility.routing import Place, unanswered_levels
from tests.cities.breaking import Break, Found, missing, overwritten, silent_about, thin_copy

DAY = date(2026, 3, 2)


def test_every_matter_of_a_prepared_set_has_somebody_on_every_level(guangzhou: CityPack) -> None:
    assert set(guangzhou.surges.sets) == {"flood", "typhoon"}
    for surge_set in guangzhou.surges.sets.values():
        for usual, instead in surge_set.substitutions.items():
            surge = guangzhou.surges.policies[instead]
            assert faults_of(surge, guangzhou.calendar.office_day) == []
            for category in guangzhou.categories.values():
                if category.policy == usual:
                    ladder = guangzhou.ladder(category.code, Place("440106012003001"), surge, DAY)
                    assert ladder.rungs


def test_a_surge_hurries_and_never_slows_down(guangzhou: CityPack) -> None:
    begun = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
    for usual, instead in guangzhou.surges.sets["typhoon"].substitutions.items():
        before, after = guangzhou.policies[usual], guangzhou.surges.policies[instead]
        for limit in ("sign", "total"):
            due = [guangzhou.calendar.due(begun, getattr(policy, limit)).at for policy in (after, before)]
            assert due == sorted(due), (usual, limit)


def test_what_is_prepared_is_no_policy_of_the_table_and_known_all_the_same(guangzhou: CityPack) -> None:
    assert not set(guangzhou.surges.policies) & set(guangzhou.policies)
    assert set(guangzhou.every_policy) == set(guangzhou.surges.policies) | set(guangzhou.policies)


def test_a_level_without_an_entry_is_named(guangzhou: CityPack) -> None:
    leak = guangzhou.category("0702")
    surge = guangzhou.surges.policies["P-SAFETY-SURGE"]
    unanswered = unanswered_levels(leak.code, leak.route_level, surge, guangzhou.duty_index, DAY)
    assert unanswered == ["district"]


def surges(change: Any) -> Break:
    """The file of surges with a change made to its content."""

    def apply(pack: Path) -> None:
        file = pack / "surges.json"
        content = json.loads(file.read_text(encoding="utf-8"))
        change(content)
        file.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")

    return apply


def with_total(content: Any) -> None:
    content["policies"][0]["total"] = "1min"


def with_a_code_twice(content: Any) -> None:
    content["policies"].append(content["policies"][0])


def with_a_code_of_the_table(content: Any) -> None:
    content["policies"][0]["policy"] = "P-FLOOD"


def of_an_unknown_policy(content: Any) -> None:
    content["sets"][0]["substitutions"] = {"P-NONE": "P-FLOOD-SURGE"}


def to_an_unknown_policy(content: Any) -> None:
    content["sets"][0]["substitutions"] = {"P-FLOOD": "P-NONE"}


def to_a_level_without_anybody(content: Any) -> None:
    content["sets"][0]["substitutions"] = {"P-LEAK": "P-SAFETY-SURGE"}


def empty_set(content: Any) -> None:
    content["sets"][0]["substitutions"] = {}


BREAKS: dict[str, tuple[Break, Found]] = {
    "a city that is silent about surges": (
        silent_about("surges"),
        Found("city.json", "", "surges", "does not say where its surges stand"),
    ),
    "surges that are missing": (missing("surges.json"), Found("surges.json", "", "", "the file is missing")),
    "surges that are no JSON": (
        overwritten("surges.json", b'{"sets": ['),
        Found("surges.json", "line 1", "", "no JSON"),
    ),
    "surges of another shape": (surges(empty_set), Found("surges.json", "", "sets.0.substitutions", "{}")),
    "a policy that cannot be published": (
        surges(with_total),
        Found("surges.json", "P-FLOOD-SURGE", "", "dwell:"),
    ),
    "a policy twice": (surges(with_a_code_twice), Found("surges.json", "P-FLOOD-SURGE", "", "stands twice")),
    "a policy of the table": (
        surges(with_a_code_of_the_table),
        Found("surges.json", "P-FLOOD", "", "of the policy table has this code"),
    ),
    "a substitution of an unknown policy": (
        surges(of_an_unknown_policy),
        Found("surges.json", "flood", "substitutions.P-NONE", "unknown policy P-NONE"),
    ),
    "a substitution by an unknown policy": (
        surges(to_an_unknown_policy),
        Found("surges.json", "flood", "substitutions.P-FLOOD", "unknown policy P-NONE"),
    ),
    "a level on which nobody answers": (
        surges(to_a_level_without_anybody),
        Found("surges.json", "flood", "substitutions.P-LEAK", "nobody answers for"),
    ),
}


@pytest.mark.parametrize("name", BREAKS)
def test_each_fault_is_found_and_named(name: str, tmp_path: Path) -> None:
    apply, found = BREAKS[name]
    pack = thin_copy(tmp_path)
    apply(pack)
    with pytest.raises(PackFaults) as refused:
        load_pack(pack)
    faults = [
        fault
        for fault in refused.value.faults
        if (fault.file, fault.row, fault.field) == (found.file, found.row, found.field)
        and found.reason in fault.reason
    ]
    assert faults, refused.value.faults
