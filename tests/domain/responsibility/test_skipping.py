"""Skip rules: certain matters go straight to a higher level, with a copy to those who are passed over (越级规则)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from domain.commands import Order, Register
from domain.levels import Level
from domain.lifecycle import decide
from domain.limits.policy import Urgency
from domain.notices.telling import notices_of
from domain.request import begin
from domain.responsibility.routing import DutyEntry, Ladder, Place, Skip, index_duty_list, ladder_for
from domain.responsibility.skipping import SkipRule, rule_for
from domain.units import SYSTEM
from tests.domain.responsibility.test_routing import DAY, DUTIES, SmallTown
from tests.support.builders import MONDAY_MORNING, UNITS, intake, policy

TO_TOWN = SkipRule("S1", Level.TOWN, (Level.GRID, Level.COMMUNITY), "decree 1", group="safety")


def ladder(rule: SkipRule | None, *, area: str = "1234", duties: list[DutyEntry] | None = None) -> Ladder:
    """The ladder of a leak under a skip rule."""
    return ladder_for(
        "leak",
        Level.GRID,
        Place(area),
        policy=policy(),
        duty_list=index_duty_list(DUTIES if duties is None else duties),
        directory=SmallTown(),
        day=DAY,
        skip_rule=rule,
    )


def test_the_ladder_begins_on_the_rules_level_and_the_levels_below_get_a_copy() -> None:
    found = ladder(TO_TOWN)

    assert [rung.level for rung in found.rungs] == [Level.TOWN, Level.DISTRICT]
    assert found.skip is not None
    assert found.skip.rule == "S1"
    assert [unit.code for unit in found.skip.copies] == ["1234-grid_unit", "123-community_unit"]


def test_a_rule_never_lowers_the_start() -> None:
    lowering = replace(TO_TOWN, start_level=Level.GRID)

    assert ladder(lowering) == ladder(None)
    assert ladder(None).skip is None


def test_a_copy_goes_only_where_the_duty_list_names_somebody() -> None:
    above_the_grid = [entry for entry in DUTIES if entry.level is not Level.GRID]
    not_yet = [replace(entry, valid_from=date(2030, 1, 1)) for entry in DUTIES if entry.level is Level.GRID]

    for duties in (above_the_grid, above_the_grid + not_yet):
        found = ladder(TO_TOWN, duties=duties).skip
        assert found is not None
        assert [unit.level for unit in found.copies] == [Level.COMMUNITY]


def test_a_place_too_coarse_for_a_copy_gives_none() -> None:
    found = ladder(TO_TOWN, area="12").skip

    assert found is not None
    assert found.copies == ()


def test_a_rule_answers_for_its_area_matter_and_urgency_only() -> None:
    rule = SkipRule("S", Level.TOWN, (), "", area="44", category="leak", urgency=Urgency.HIGH)

    assert rule.holds("leak", "safety", Urgency.HIGH, "4401")
    assert not rule.holds("noise", "safety", Urgency.HIGH, "4401")
    assert not rule.holds("leak", "safety", Urgency.NORMAL, "4401")
    assert not rule.holds("leak", "safety", Urgency.HIGH, "51")
    assert not TO_TOWN.holds("leak", "housing", Urgency.HIGH, "4401")


def test_the_most_exact_rule_wins() -> None:
    any_matter = SkipRule("any", Level.TOWN, (), "", urgency=Urgency.HIGH)
    group = replace(TO_TOWN, code="group")
    category = SkipRule("category", Level.DISTRICT, (), "", category="leak")
    here = replace(category, code="here", area="44")
    rules = [any_matter, group, category, here]

    def chosen(category: str, group: str, area: str) -> str | None:
        rule = rule_for(rules, category, group, Urgency.HIGH, area)
        return rule and rule.code

    assert chosen("leak", "safety", "4401") == "here"
    assert chosen("leak", "safety", "5101") == "category"
    assert chosen("noise", "safety", "4401") == "group"
    assert chosen("noise", "housing", "4401") == "any"
    assert rule_for([group], "noise", "housing", Urgency.HIGH, "44") is None


def test_units_that_are_passed_over_are_told_when_the_request_is_accepted() -> None:
    plain = intake()
    assert plain.snapshot is not None
    skipped = replace(plain.snapshot.ladder, skip=Skip("S1", (UNITS[Level.GRID], UNITS[Level.COMMUNITY])))
    state = begin(replace(plain, snapshot=replace(plain.snapshot, ladder=skipped)))

    told = {
        notice.recipient: notice.text_zh
        for event in decide(state, Order("", SYSTEM, Register()), MONDAY_MORNING)
        for notice in notices_of(state, event)
    }

    assert {UNITS[Level.GRID].code, UNITS[Level.COMMUNITY].code} < set(told)
    assert "越级规则 S1" in told[UNITS[Level.GRID].code]
