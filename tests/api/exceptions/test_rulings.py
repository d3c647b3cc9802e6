"""Who answers: disputes that are ruled once and do not recur, and communities that are asked before they must sign."""

import asyncio
from typing import Any

import pytest

from domain.levels import Level
from persistence.duties import DutiesInForce
from tests.api.conftest import BEGIN, BUREAU, CALL, TOWN, City

COMMAND_OFFICE = "440106012-town_command_office"
COMMUNITY = "440106012003-community_committee"
DISPUTED: dict[str, Any] = {
    "reason": "functions_overlap",
    "explanation": "两个机构都认为不属于本单位职责",
    "legal_basis": "街道职能配置规定",
}
APART: dict[str, Any] = {"separate_matter": True}
"""The caller says that it is another matter, so that it is not taken for a call about the one they have open."""
AMENDING: dict[str, Any] = {
    "granted": True,
    "note": "由综合指挥办公室牵头",
    "unit": COMMAND_OFFICE,
    "amendment": {"basis": "区编办意见2026-17号"},
}


async def disputed(city: City) -> str:
    """The number of a request over whose lead there is a dispute."""
    number = await city.in_progress(**APART)
    answer = await city.post("operator", f"/v1/requests/{number}/dispute", DISPUTED)
    assert (answer.status_code, answer.json()["state"]) == (200, "in_dispute"), answer.text
    return number


async def ruled(city: City, number: str, **changes: Any) -> Any:
    """The answer to the ruling of a request's first application."""
    return await city.post(
        "operator_2", f"/v1/requests/{number}/applications/a1/rule", {**AMENDING, **changes}
    )


def rung(made: dict[str, Any], level: str) -> tuple[str, str]:
    """Who answers on a level of a registered request's ladder, by which entry."""
    found = next(rung for rung in made["ladder"] if rung["level"] == level)
    return found["unit"], found["duty_entry"]


async def test_what_was_ruled_once_does_not_recur(running_city: City):
    before = await running_city.registered(**APART)
    assert rung(before, "town") == (TOWN, "0104-town")
    number = await disputed(running_city)
    answer = await ruled(running_city, number)
    assert (answer.status_code, answer.json()["state"]) == (200, "pending_sign")
    leg = (await running_city.get("operator", f"/v1/legs/{number}.2")).json()
    assert (leg["unit"], leg["duty_entry"]) == (COMMAND_OFFICE, f"R-{number}-a1")

    after = await running_city.begun(**APART)
    assert rung(after, "town") == (COMMAND_OFFICE, f"R-{number}-a1")
    await running_city.post("operator", f"/v1/requests/{after['number']}/dispatch")
    shown = (await running_city.get("operator", f"/v1/requests/{after['number']}")).json()
    assert (shown["unit"], shown["state"]) == (COMMAND_OFFICE, "pending_sign")


async def test_a_ruling_changes_nothing_for_other_places_matters_and_running_requests(running_city: City):
    running = await running_city.dispatched(**APART)
    await ruled(running_city, await disputed(running_city))
    neighbour = await running_city.registered(place={"area": "440106013"}, **APART)
    assert rung(neighbour, "town")[1] == "0104-town"
    other_matter = await running_city.registered(category="0203", **APART)
    assert rung(other_matter, "town") == (TOWN, "0203-town")
    shown = (await running_city.get("operator", f"/v1/requests/{running}")).json()
    assert shown["unit"] == TOWN


async def test_the_newest_ruling_goes_before_older_ones(running_city: City):
    await ruled(running_city, await disputed(running_city))
    running_city.clock.move(minutes=5)
    second = (await running_city.begun(**APART))["number"]
    await running_city.post("operator", f"/v1/requests/{second}/dispatch")
    await running_city.post("operator", f"/v1/requests/{second}/dispute", DISPUTED)
    answer = await ruled(running_city, second, unit=TOWN)
    assert answer.status_code == 200, answer.text
    third = await running_city.registered(**APART)
    assert rung(third, "town") == (TOWN, f"R-{second}-a1")


async def test_an_amendment_may_hold_in_a_part_of_the_units_area_only(running_city: City):
    place = {"area": "440106012003"}
    number = (await running_city.begun(place=place))["number"]
    await running_city.post(
        "operator", f"/v1/requests/{number}/dispatch", {"unit": TOWN, "reason": "镇街直接承办"}
    )
    await running_city.post("operator", f"/v1/requests/{number}/dispute", DISPUTED)
    answer = await ruled(running_city, number, amendment={"basis": "会议纪要", "area": "440106012003"})
    assert answer.status_code == 200, answer.text
    assert rung(await running_city.registered(place=place, **APART), "town")[0] == COMMAND_OFFICE
    assert rung(await running_city.registered(place={"area": "440106012007"}, **APART), "town")[0] == TOWN


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"amendment": {"basis": "会议纪要", "area": "440106013"}}, "amendment_elsewhere"),
        ({"amendment": {"basis": "会议纪要", "area": "999"}}, "amendment_elsewhere"),
        ({"amendment": {"basis": "会议纪要", "area": "4401"}}, "amendment_elsewhere"),
        ({"unit": "440106013-town_office"}, "amendment_elsewhere"),
        ({"unit": None}, "unit_missing"),
        ({"unit": "440106012-nothing"}, "unknown_unit"),
    ],
    ids=["a neighbour", "nowhere", "the whole city", "another town's unit", "nobody", "no such unit"],
)
async def test_an_amendment_that_would_not_lead_there_is_refused_with_the_whole_ruling(
    running_city: City, changes: dict[str, Any], code: str
):
    number = await disputed(running_city)
    refused = await ruled(running_city, number, **changes)
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    shown = (await running_city.get("operator", f"/v1/requests/{number}")).json()
    assert shown["state"] == "in_dispute"


async def test_only_a_dispute_amends_the_duty_list(running_city: City):
    number = await running_city.in_progress()
    body = {"reason": "several_units", "explanation": "须会同供电部门", "evidence": ["纪要-1"]}
    await running_city.post(f"unit:{TOWN}", f"/v1/legs/{number}.1/extend", body)
    refused = await ruled(running_city, number, unit=None)
    assert (refused.status_code, refused.json()["code"]) == (422, "amendment_without_dispute")


async def test_a_unit_disputes_after_its_return_was_refused(running_city: City):
    number = await running_city.dispatched()
    early = await running_city.post(f"unit:{TOWN}", f"/v1/legs/{number}.1/dispute", DISPUTED)
    assert (early.status_code, early.json()["code"]) == (409, "dispute_too_early")
    body = {**DISPUTED, "reason": "wrong_function", "unit": BUREAU}
    await running_city.post(f"unit:{TOWN}", f"/v1/legs/{number}.1/return", body)
    path = f"/v1/requests/{number}/applications/a1/rule"
    await running_city.post("operator", path, {"granted": False, "note": "属街道职责"})
    opened = await running_city.post(f"unit:{TOWN}", f"/v1/legs/{number}.1/dispute", DISPUTED)
    assert (opened.status_code, opened.json()["state"]) == (200, "in_dispute")


async def unlisted(city: City) -> str:
    """A request that waits for dispatch, on a matter that no community has on its list."""
    call = {**CALL, "category": "0105", "place": {"area": "440106012003"}}
    return (await city.begun(**call))["number"]


async def test_a_community_is_asked_before_it_must_sign_for_what_is_not_on_its_list(running_city: City):
    number = await unlisted(running_city)
    body = {"unit": COMMUNITY, "reason": "就近核查"}
    sent = await running_city.post("operator", f"/v1/requests/{number}/dispatch", body)
    assert (sent.status_code, sent.json()["state"]) == (200, "admission_review")
    path = f"/v1/requests/{number}/applications/a1/rule"
    admitted = await running_city.post(
        "unit", path, {"granted": True, "note": "同意承接"}, X_Acting_Unit=COMMUNITY
    )
    assert (admitted.status_code, admitted.json()["state"]) == (200, "pending_sign")


async def test_a_communitys_refusal_is_confirmed_by_a_dispatcher_and_is_no_return(running_city: City):
    number = await unlisted(running_city)
    await running_city.post(
        "operator", f"/v1/requests/{number}/dispatch", {"unit": COMMUNITY, "reason": "就近核查"}
    )
    path = f"/v1/requests/{number}/applications/a1/rule"
    proposed = await running_city.post(
        "unit", path, {"granted": False, "note": "不在准入清单"}, X_Acting_Unit=COMMUNITY
    )
    assert proposed.json()["state"] == "admission_review"
    confirmed = await running_city.post("operator", path, {"granted": False, "note": "同意"})
    assert (confirmed.status_code, confirmed.json()["state"]) == (200, "pending_dispatch")


async def test_a_community_signs_at_once_for_what_is_on_its_list(running_city: City):
    number = (await running_city.begun(place={"area": "440106012003"}))["number"]
    body = {"unit": COMMUNITY, "reason": "就近核查"}
    sent = await running_city.post("operator", f"/v1/requests/{number}/dispatch", body)
    assert (sent.status_code, sent.json()["state"]) == (200, "pending_sign")


async def test_a_matter_that_skips_levels_goes_straight_up_and_those_passed_over_are_told(running_city: City):
    made = await running_city.begun(category="0204", place={"area": "440103001101"})
    assert made["skip_rule"] == "S-BUILDING-LIWAN"
    assert [rung["level"] for rung in made["ladder"]] == ["district"]
    shown = (await running_city.get("operator", f"/v1/requests/{made['number']}")).json()
    assert shown["skip_rule"] == "S-BUILDING-LIWAN"
    for unit in ("440103001101-community_committee", "440103001-town_office"):
        told = (await running_city.get("operator", f"/v1/notices?recipient={unit}")).json()["items"]
        assert ["越级规则 S-BUILDING-LIWAN" in notice["text_zh"] for notice in told] == [True]
    usual = await running_city.registered(category="0204", **APART)
    assert usual["skip_rule"] is None


async def test_another_process_hears_of_a_ruling_when_its_memory_fades(
    running_city: City, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("persistence.duties.REMEMBERED_SECONDS", 0.2)
    elsewhere = DutiesInForce(running_city.doors.database, running_city.doors.pack)
    question = ("0104", Level.TOWN)
    before = [entry.code for entry in (await elsewhere.index())[question]]
    number = await disputed(running_city)
    await ruled(running_city, number)
    await asyncio.sleep(0.25)
    after = (await elsewhere.index())[question]
    assert [entry.code for entry in after] == [f"R-{number}-a1", *before]
    assert (after[0].unit_type, after[0].fallback_type) == ("town_command_office", "town_office")
    assert after[0].valid_from == BEGIN.date()
