"""The terms of exceptions and the skip rules of a pack: what Guangzhou's say, and every fault that they may have."""

from datetime import date
from pathlib import Path

import pytest

from cities.pack import CityPack, load_pack
from domain.exceptions.applications import ExceptionKind, Seat, Silence
from domain.levels import Level
from domain.limits.policy import Urgency
from domain.responsibility.routing import Place
from domain.time.durations import Duration
from domain.units import Role
from tests.cities.breaking import (
    Break,
    Found,
    appended,
    city,
    exception,
    missing,
    overwritten,
    policy,
    refused_with,
    silent_about,
    thin_copy,
    without_exception,
)

DAY = date(2026, 3, 2)
ONE = {"code": "sole", "zh": "唯一", "en": "the only one"}
WITHIN = {"critical": "5min", "urgent": "30min", "others": "2wh"}

BREAKS: dict[str, tuple[Break, Found]] = {
    "a city that is silent about exceptions": (
        silent_about("exceptions"),
        Found("city.json", "", "exceptions", "does not say where its terms stand"),
    ),
    "a city that is silent about skip rules": (
        silent_about("skip_rules"),
        Found("city.json", "", "skip_rules", "does not say where its skip rules stand"),
    ),
    "terms that are missing": (
        missing("exceptions.json"),
        Found("exceptions.json", "", "", "the file is missing"),
    ),
    "terms that are no JSON": (
        overwritten("exceptions.json", b'{"exceptions": ['),
        Found("exceptions.json", "line 1", "", "no JSON"),
    ),
    "terms of another shape": (
        overwritten("exceptions.json", b'{"exceptions": [7]}'),
        Found("exceptions.json", "exceptions[0]", "", "7"),
    ),
    "a kind unheard of": (
        exception("void", kind="forget"),
        Found("exceptions.json", "forget", "kind", "'forget'"),
    ),
    "a kind left out": (
        without_exception("backlog"),
        Found("exceptions.json", "backlog", "kind", "nothing is said about this kind"),
    ),
    "terms of a hand-up": (
        exception("admission", kind="hand_up"),
        Found("exceptions.json", "hand_up", "kind", "said by each policy"),
    ),
    "a hand-up confirmed in another clock than its policy's": (
        policy("P-VENDOR", confirm_hand_up="2h"),
        Found("policies.json", "P-VENDOR", "confirm_hand_up", "2h does not fit the working clock"),
    ),
    "a kind twice": (
        exception("malicious", kind="unreasonable"),
        Found("exceptions.json", "unreasonable", "kind", "the kind stands twice"),
    ),
    "an unknown role": (
        exception("return", asked_by=["handler", "mayor"]),
        Found("exceptions.json", "return", "asked_by.1", "'mayor'"),
    ),
    "nobody who may ask": (
        exception("return", asked_by=[]),
        Found("exceptions.json", "return", "asked_by", "the list is empty"),
    ),
    "an unknown state": (
        exception("return", states=["pending_signature"]),
        Found("exceptions.json", "return", "states.0", "'pending_signature'"),
    ),
    "a state twice": (
        exception("return", states=["in_progress", "in_progress"]),
        Found("exceptions.json", "return", "states", "in_progress stands twice"),
    ),
    "a state at the end": (
        exception("return", states=["closed"]),
        Found("exceptions.json", "return", "states", "nothing is asked of a request that is closed"),
    ),
    "an appeal against what was struck": (
        exception("appeal", states=["voided"]),
        Found("exceptions.json", "appeal", "states", "nothing is asked of a request that is voided"),
    ),
    "an unknown particular": (
        exception("return", needs=["sympathy"]),
        Found("exceptions.json", "return", "needs.0", "'sympathy'"),
    ),
    "nobody who decides": (
        exception("return", decided_by=[]),
        Found("exceptions.json", "return", "decided_by", "the list is empty"),
    ),
    "no reason": (
        exception("return", reasons=[]),
        Found("exceptions.json", "return", "reasons", "the list is empty"),
    ),
    "a reason twice": (
        exception("return", reasons=[ONE, ONE]),
        Found("exceptions.json", "return", "reasons", "sole stands twice"),
    ),
    "a reason without Chinese": (
        exception("return", reasons=[{**ONE, "zh": ""}]),
        Found("exceptions.json", "return", "reasons.0.zh", "''"),
    ),
    "a silence that means nothing": (
        exception("return", silence="maybe"),
        Found("exceptions.json", "return", "silence", "'maybe'"),
    ),
    "a quota of none": (
        exception("return", per_leg=0),
        Found("exceptions.json", "return", "per_leg", "greater than or equal to 1"),
    ),
    "a critical decision in office hours": (
        exception("return", within={**WITHIN, "critical": "1wh"}),
        Found("exceptions.json", "return", "within.critical", "1wh waits for office hours"),
    ),
    "an ordinary decision in natural time": (
        exception("return", within={**WITHIN, "others": "2h"}),
        Found("exceptions.json", "return", "within.others", "2h runs outside office hours"),
    ),
    "an urgency without a limit": (
        exception("return", within={"critical": "5min", "others": "2wh"}),
        Found("exceptions.json", "return", "within.urgent", "field required"),
    ),
    "a window of nothing": (
        exception("return", window={}),
        Found("exceptions.json", "return", "window", "neither a clock nor a time since dispatch"),
    ),
    "a window that is a share of no clock": (
        exception("return", window={"since_dispatch": "4wh", "percent": 50}),
        Found("exceptions.json", "return", "window.percent", "50 % of no clock"),
    ),
    "a window beyond its clock": (
        exception("return", window={"clock": "total", "percent": 101}),
        Found("exceptions.json", "return", "window.percent", "less than or equal to 100"),
    ),
    "a window of a clock that does not run then": (
        exception("return", window={"clock": "review"}),
        Found("exceptions.json", "return", "window.clock", "no window ends with review"),
    ),
    "a hurried window in office hours": (
        exception("return", hurried_window={"since_dispatch": "1wh"}),
        Found("exceptions.json", "return", "hurried_window.since_dispatch", "1wh waits for office hours"),
    ),
    "an ordinary window in natural time": (
        exception("return", window={"since_dispatch": "4h"}),
        Found("exceptions.json", "return", "window.since_dispatch", "4h runs outside office hours"),
    ),
    "a reason longer than all together": (
        exception("suspension", reasons=[{**ONE, "longest": "61wd"}]),
        Found("exceptions.json", "suspension", "reasons", "sole: 61wd is more than 60wd in sum"),
    ),
    "a reason of another clock than the sum": (
        exception("suspension", reasons=[{**ONE, "longest": "5d"}]),
        Found("exceptions.json", "suspension", "reasons", "sole: 5d cannot be added up to 60wd"),
    ),
    "a citizen who decides": (
        exception("appeal", decided_by=["duty_leader", "citizen"]),
        Found("exceptions.json", "appeal", "decided_by", "a citizen decides nothing"),
    ),
    "a person who asks what the rules ask": (
        exception("admission", asked_by=["dispatcher"]),
        Found("exceptions.json", "admission", "asked_by", "nobody applies for it"),
    ),
    "a system that applies": (
        exception("return", asked_by=["handler", "system"]),
        Found("exceptions.json", "return", "asked_by", "the system never applies for return"),
    ),
    # skip rules
    "a skip rule for an unknown area": (
        appended("skip_rules.csv", "S1,999999,0203,,,town,,x"),
        Found("skip_rules.csv", "line 3", "area", "unknown area 999999"),
    ),
    "a skip rule for an unknown category": (
        appended("skip_rules.csv", "S1,,9999,,,town,,x"),
        Found("skip_rules.csv", "line 3", "category", "unknown category 9999"),
    ),
    "a skip rule for an unknown group": (
        appended("skip_rules.csv", "S1,,,nothing,,town,,x"),
        Found("skip_rules.csv", "line 3", "group", "unknown group nothing"),
    ),
    "a skip rule for a category and a group": (
        appended("skip_rules.csv", "S1,,0203,city_appearance,,town,,x"),
        Found("skip_rules.csv", "line 3", "group", "names a category and a group"),
    ),
    "a skip rule of an unknown urgency": (
        appended("skip_rules.csv", "S1,,0203,,soon,town,,x"),
        Found("skip_rules.csv", "line 3", "urgency", "'soon'"),
    ),
    "a skip rule to the city": (
        appended("skip_rules.csv", "S1,,0203,,,city,,x"),
        Found("skip_rules.csv", "line 3", "start_level", "the city handles nothing"),
    ),
    "a skip rule that lifts nothing": (
        appended("skip_rules.csv", "S1,,0203,,,grid,,x"),
        Found("skip_rules.csv", "line 3", "start_level", "no matter of the rule begins below the grid"),
    ),
    "a skip rule to a level without a dwell": (
        appended("skip_rules.csv", "S1,,0702,,,district,,x"),
        Found("skip_rules.csv", "line 3", "start_level", "P-LEAK of 0702 has no dwell on the level district"),
    ),
    "a copy to whoever gets the matter": (
        appended("skip_rules.csv", "S1,,0203,,,town,community town,x"),
        Found("skip_rules.csv", "line 3", "copies", "the town needs no copy"),
    ),
    "a skip rule's code twice": (
        appended("skip_rules.csv", "S-BUILDING-LIWAN,,0203,,,town,,x"),
        Found("skip_rules.csv", "line 3", "code", "S-BUILDING-LIWAN stands twice"),
    ),
    "two skip rules for one question": (
        appended("skip_rules.csv", "S1,440103,0204,,,town,,x"),
        Found("skip_rules.csv", "line 3", "category", "0204 in 440103 stands twice"),
    ),
}

FOLLOWED_BY_OTHERS = {
    "terms of a hand-up",  # by the kind that gave up its name
    "a kind twice",  # by the kind that gave up its name
}


@pytest.mark.parametrize("name", BREAKS)
def test_broken_terms_are_refused_with_file_row_and_reason(name: str, tmp_path: Path) -> None:
    break_it, expected = BREAKS[name]
    refused_with(expected, break_it, tmp_path, alone=name not in FOLLOWED_BY_OTHERS)


def test_a_city_may_say_that_nothing_can_be_asked_for_and_nothing_skips(tmp_path: Path) -> None:
    pack = thin_copy(tmp_path)
    city(exceptions=None, skip_rules=None)(pack)

    loaded = load_pack(pack)

    assert loaded.exceptions == {}
    assert loaded.skip_rules == ()


def test_every_kind_has_its_terms(guangzhou: CityPack) -> None:
    assert set(guangzhou.exceptions) == set(ExceptionKind) - {ExceptionKind.HAND_UP}


def test_a_return_is_asked_for_once_per_leg_early_and_decided_fast(guangzhou: CityPack) -> None:
    terms = guangzhou.exceptions[ExceptionKind.RETURN]

    assert terms.per_leg == 1
    assert (terms.decided_by, terms.silence) == ((Role.DISPATCHER,), Silence.REFUSED)
    assert [str(terms.within.of(urgency)) for urgency in (Urgency.CRITICAL, Urgency.URGENT, Urgency.LOW)] == [
        "5min",
        "30min",
        "2wh",
    ]
    assert terms.hurried_window is not None
    assert terms.hurried_window.percent == 50
    assert terms.window is not None
    assert str(terms.window.since_dispatch) == "4wh"
    assert len(terms.reasons) == 8


def test_only_force_majeure_suspends_a_hurried_matter_and_nothing_beyond_sixty_days(
    guangzhou: CityPack,
) -> None:
    terms = guangzhou.exceptions[ExceptionKind.SUSPENSION]

    assert [reason.code for reason in terms.reasons if reason.for_hurried] == ["force_majeure"]
    assert (terms.per_request, str(terms.in_sum)) == (2, "60wd")
    longest = {reason.code: reason.longest and str(reason.longest) for reason in terms.reasons}
    assert longest == {
        "waiting_for_citizen": "5wd",
        "statutory_procedure": "30wd",
        "force_majeure": None,
        "litigation": None,
        "site_inaccessible": "3wd",
        "deliberation": "30wd",
    }


def test_silence_grants_only_what_the_rules_ask(guangzhou: CityPack) -> None:
    granted = {kind for kind, terms in guangzhou.exceptions.items() if terms.silence is Silence.GRANTED}

    assert granted == {ExceptionKind.ADMISSION}


def test_an_extension_is_approved_where_the_policy_says_and_a_commitment_by_the_district(
    guangzhou: CityPack,
) -> None:
    assert guangzhou.exceptions[ExceptionKind.EXTENSION].decided_at is Seat.POLICY
    backlog = guangzhou.exceptions[ExceptionKind.BACKLOG]
    assert backlog.decided_at is Seat.DISTRICT
    assert {"plan", "until"} <= set(backlog.needs)
    assert all(reason.longest == Duration.parse("365d") for reason in backlog.reasons)


def test_illegal_building_in_the_old_town_goes_straight_to_the_district(guangzhou: CityPack) -> None:
    policy = guangzhou.policies["P-ILLEGAL-BUILD"]
    there = guangzhou.ladder("0204", Place("440103001101001"), policy, DAY)
    elsewhere = guangzhou.ladder("0204", Place("440106012003001"), policy, DAY)

    assert [rung.level for rung in there.rungs] == [Level.DISTRICT]
    assert there.skip is not None
    assert [unit.level for unit in there.skip.copies] == [Level.COMMUNITY, Level.TOWN]
    assert elsewhere.skip is None
    assert elsewhere.rungs[0].level is Level.GRID
