"""The supervision ladder row by row and rule by rule, in a city where one level alone holds the request.

Other rules are told elsewhere: a card once per leg and colour in ``test_climb.py`` and ``test_pack_climb.py``, who may
take one back in ``test_words.py``, which skip rule counts in ``test_skipping.py``.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from domain.commands import CancelCard, Dispatch, HandUp, RaiseCard, Sign, Supervise
from domain.events import AlarmRaised, DeadlineFired, LegDispatched, Supervised
from domain.levels import RESPONSE_LEVELS, Level
from domain.limits.clock import ClockKind
from domain.limits.policy import Urgency
from domain.refusals import Refused
from domain.request import Body, Card, Leg, LegRole, Light
from domain.responsibility.ladder import LEVEL_OF_BODY
from domain.responsibility.routing import Skip
from domain.simulator import Simulation
from domain.units import SYSTEM, Role
from tests.support.builders import MONDAY_MORNING, UNITS, actor, handler, intake, policy
from tests.support.tales import every_notice

TOTAL = timedelta(hours=8)
FAR = "1000h"
"""A dwell that does not pass while the total limit is looked at."""

NEXT_ABOVE: dict[Level, Level] = dict(pairwise(RESPONSE_LEVELS))
SUPERVISOR = actor(Role.SUPERVISOR)


def used(share: float) -> datetime:
    """The instant at which so much of the total limit is used."""
    return MONDAY_MORNING + TOTAL * share


def held_by(level: Level, *, dwell: str = FAR) -> Simulation:
    """A request that a level holds, signed, with all levels above it still to come."""
    above = [each for each in RESPONSE_LEVELS if not level.is_above(each)]
    limits = {each.value: dwell if each is level else FAR for each in above}
    story = Simulation.of(intake(policy=policy(dwell=limits)))
    story.act(actor(Role.DISPATCHER), Dispatch(), MONDAY_MORNING)
    story.act(handler(level), Sign("1"), MONDAY_MORNING)
    return story


def told_by_deadlines(story: Simulation, clock: ClockKind, percent: int) -> set[str]:
    """Who was told that so much of a limit is used."""
    words = f"{percent} % of the {clock} limit is used"
    return {notice.recipient for notice in every_notice(story) if notice.text_en.endswith(words)}


def lead_of(story: Simulation) -> Leg:
    assert story.state.lead is not None
    return story.state.lead


def last_supervision(story: Simulation) -> Supervised:
    return story.facts(Supervised)[-1]


@pytest.mark.parametrize(
    ("share", "light"),
    [
        (0.5, Light.GREEN),
        (0.7, Light.YELLOW),
        (0.999, Light.YELLOW),
        (1.0, Light.RED),
        (1.999, Light.RED),
        (2.0, Light.BLACK),
        (9.0, Light.BLACK),
    ],
)
def test_the_light_says_how_much_of_the_total_limit_is_used(share: float, light: Light) -> None:
    story = held_by(Level.TOWN)
    story.wait_until(used(share))
    assert story.state.light is light


def test_at_a_yellow_light_the_unit_is_reminded_and_at_nine_tenths_its_head() -> None:
    story = held_by(Level.TOWN)
    story.wait_until(used(0.9))
    reminded = [fact.notify for fact in story.facts(DeadlineFired) if fact.clock is ClockKind.TOTAL]
    assert reminded == ["handler", "unit_head"]
    assert told_by_deadlines(story, ClockKind.TOTAL, 70) == {UNITS[Level.TOWN].code}


def test_at_a_black_light_duty_leader_and_discipline_observer_are_told_and_the_request_is_listed() -> None:
    story = held_by(Level.TOWN)
    story.wait_until(used(1.999))
    assert story.state.black_listed_at is None
    before = len(every_notice(story))
    story.wait_until(used(2.0))
    assert story.state.black_listed_at is not None
    assert story.state.card is Card.RED
    listed = {
        notice.recipient for notice in every_notice(story)[before:] if notice.text_en.endswith("black list")
    }
    assert listed == {"post:duty_leader", "post:discipline_observer"}


@pytest.mark.parametrize(
    ("level", "at_seven_tenths", "at_nine_tenths"),
    [
        (Level.GRID, {"unit"}, {"post:backup_grid_worker"}),
        (Level.COMMUNITY, {"unit"}, {"post:town_dispatcher"}),
        (Level.TOWN, {"unit", "post:town_dispatcher"}, {"post:town_duty_leader"}),
        (Level.DISTRICT, {"unit"}, {"unit"}),
    ],
)
def test_a_dwell_that_runs_out_is_told_twice_to_those_whom_the_ladder_names(
    level: Level, at_seven_tenths: set[str], at_nine_tenths: set[str]
) -> None:
    story = held_by(level, dwell="4h")
    story.wait_until(used(0.49))
    for percent, expected in ((70, at_seven_tenths), (90, at_nine_tenths)):
        named = {UNITS[level].code if name == "unit" else name for name in expected}
        assert told_by_deadlines(story, ClockKind.DWELL, percent) == named


@pytest.mark.parametrize("level", NEXT_ABOVE)
def test_a_dwell_that_has_passed_moves_handling_up_and_the_lower_unit_stays_joint(level: Level) -> None:
    story = held_by(level, dwell="4h")
    story.wait_until(used(0.5))
    assert lead_of(story).unit == UNITS[NEXT_ABOVE[level]]
    below = story.state.legs[0]
    assert (below.role, below.is_open) == (LegRole.JOINT, True)
    assert ClockKind.DWELL in below.late
    assert not story.facts(Supervised), "handling moves, and nobody supervises yet"


def test_a_districts_dwell_that_has_passed_brings_the_districts_supervision_and_a_yellow_card() -> None:
    story = held_by(Level.DISTRICT, dwell="4h")
    story.wait_until(used(0.5))
    fact = last_supervision(story)
    assert (fact.body, fact.card, fact.cause) == (Body.DISTRICT, Card.YELLOW, "dwell")
    assert lead_of(story).unit == UNITS[Level.DISTRICT]


@pytest.mark.parametrize(
    ("level", "at_yellow", "at_red", "listed_at"),
    [
        (Level.GRID, Body.COMMUNITY, Body.TOWN, Level.DISTRICT),
        (Level.COMMUNITY, Body.TOWN, Body.DISTRICT, Level.DISTRICT),
        (Level.TOWN, Body.DISTRICT, Body.DISTRICT_LEADER, Level.DISTRICT),
        (Level.DISTRICT, Body.DISTRICT_LEADER, Body.CITY, Level.CITY),
    ],
)
def test_the_total_limit_brings_yellow_card_red_card_and_black_list_with_a_rising_supervision(
    level: Level, at_yellow: Body, at_red: Body, listed_at: Level
) -> None:
    story = held_by(level)
    story.wait_until(used(0.999))
    assert story.state.supervised_by is None
    story.wait_until(used(1.0))
    yellow = last_supervision(story)
    assert (yellow.leg, yellow.body, yellow.card) == ("1", at_yellow, Card.YELLOW)
    story.wait_until(used(1.5))
    red = last_supervision(story)
    assert (red.leg, red.body, red.card) == ("1", at_red, Card.RED)
    story.wait_until(used(2.0))
    assert story.state.black_listed_at is not None
    assert LEVEL_OF_BODY[story.state.black_listed_at] is listed_at


@pytest.mark.parametrize(
    ("level", "body"),
    [
        (Level.GRID, Body.TOWN),
        (Level.COMMUNITY, Body.DISTRICT),
        (Level.TOWN, Body.DISTRICT_LEADER),
        (Level.DISTRICT, Body.CITY),
    ],
)
def test_rule_2_a_second_yellow_card_in_a_month_brings_a_red_one_with_the_ladders_next_supervision(
    level: Level, body: Body
) -> None:
    story = held_by(level)
    story.wait_until(used(1.0))
    story.act(SYSTEM, RaiseCard("1", "two yellow cards"), used(1.1))
    fact = last_supervision(story)
    assert (fact.body, fact.card, fact.cause) == (body, Card.RED, "two_yellow_cards")
    assert lead_of(story).cards == (Card.YELLOW, Card.RED)
    story.wait_until(used(1.5))
    assert last_supervision(story).card is None, "the ladder's own red card would be the leg's second"


def test_rule_2_the_red_card_is_the_units_that_earned_the_yellow_one_also_after_handling_has_moved_up() -> (
    None
):
    story = held_by(Level.GRID)
    story.act(SUPERVISOR, Supervise("late", Card.YELLOW), used(0.1))
    story.act(handler(Level.GRID), HandUp("needs the committee"), used(0.2))
    story.act(SYSTEM, RaiseCard("1", "two yellow cards"), used(0.3))
    grid, committee = story.state.legs
    assert (grid.cards, committee.cards) == ((Card.YELLOW, Card.RED), ())
    assert [notice.recipient for notice in every_notice(story)][-1] == UNITS[Level.GRID].code


def test_rule_2_no_red_card_comes_of_a_yellow_one_that_was_taken_back_nor_a_second_red_one() -> None:
    def refusal(story: Simulation, leg: str = "1") -> str:
        with pytest.raises(Refused) as refused:
            story.act(SYSTEM, RaiseCard(leg, "two yellow cards"), used(0.5))
        return refused.value.code

    story = held_by(Level.TOWN)
    assert refusal(story) == "no_such_card"
    assert refusal(story, "9") == "leg_unknown"
    story.act(SUPERVISOR, Supervise("late", Card.YELLOW), used(0.1))
    story.act(SUPERVISOR, Supervise("very late", Card.RED), used(0.2))
    assert refusal(story) == "card_issued_before"
    story.act(SUPERVISOR, CancelCard("1", Card.YELLOW, "by mistake"), used(0.3))
    assert refusal(story) == "no_such_card"


def test_rule_2_the_red_card_may_be_taken_back_by_the_body_above_the_yellow_ones_issuer_and_not_below() -> (
    None
):
    story = held_by(Level.COMMUNITY)
    story.wait_until(used(1.0))
    story.act(SYSTEM, RaiseCard("1", "two yellow cards"), used(1.1))
    back = CancelCard("1", Card.RED, "the pair was counted wrongly")
    with pytest.raises(Refused) as refused:
        story.act(actor(Role.SUPERVISOR, level=Level.TOWN), back, used(1.2))
    assert refused.value.code == "supervisor_too_low"
    story.act(actor(Role.SUPERVISOR, level=Level.DISTRICT), back, used(1.3))
    assert story.state.card is Card.YELLOW


def test_rule_4_all_four_levels_hear_of_a_critical_matter_when_it_is_accepted() -> None:
    story = Simulation.of(intake(policy=policy(urgency=Urgency.CRITICAL)))
    warned = [notice.recipient for notice in every_notice(story) if notice.text_en.endswith("was accepted")]
    assert warned == [UNITS[level].code for level in RESPONSE_LEVELS]
    calm = Simulation.of(intake())
    assert not [notice for notice in every_notice(calm) if notice.text_en.endswith("was accepted")]


def test_rule_4_a_silent_unit_does_not_keep_a_critical_matter() -> None:
    story = Simulation.of(intake(policy=policy(urgency=Urgency.CRITICAL, auto_dispatch=True)))
    story.wait_until(MONDAY_MORNING + timedelta(hours=3))
    assert lead_of(story).level.is_above(Level.GRID)


@pytest.mark.parametrize("gap", ["not_on_admission_list", "post_vacant", "place_too_coarse"])
def test_rule_5_a_level_without_a_unit_for_the_category_is_skipped_aloud_and_the_next_one_takes_it(
    gap: str,
) -> None:
    made = intake(missing=(Level.COMMUNITY,))
    assert made.snapshot is not None
    rungs = tuple(replace(rung, gap=gap if rung.unit is None else "") for rung in made.snapshot.ladder.rungs)
    ladder = replace(made.snapshot.ladder, rungs=rungs)
    story = Simulation.of(replace(made, snapshot=replace(made.snapshot, ladder=ladder)))
    story.act(actor(Role.DISPATCHER), Dispatch(), MONDAY_MORNING)
    story.act(handler(Level.GRID), HandUp("needs the committee"), MONDAY_MORNING + timedelta(minutes=20))
    assert lead_of(story).level is Level.TOWN
    [alarm] = story.facts(AlarmRaised)
    assert alarm.detail.startswith(f"community: {gap}")


def test_rule_6_when_handling_moves_up_the_new_levels_dwell_begins_and_the_total_runs_on() -> None:
    story = held_by(Level.COMMUNITY, dwell="2h")
    before = story.state.clock(ClockKind.TOTAL)
    story.wait_until(used(0.25))
    story.act(handler(Level.TOWN), Sign("2"), used(0.25) + timedelta(minutes=3))
    dwell = story.state.clock(ClockKind.DWELL, "2")
    assert dwell is not None
    assert dwell.is_running
    assert dwell.started_at >= used(0.25)
    total = story.state.clock(ClockKind.TOTAL)
    assert total is not None
    assert before is not None
    assert (total.started_at, total.amount) == (MONDAY_MORNING, before.amount)
    story.wait_until(used(1.0))
    assert last_supervision(story).cause == "total"


def test_rule_7_a_skipped_matter_is_never_handled_below_and_the_units_passed_over_get_a_copy() -> None:
    made = intake(policy=policy(dwell={"town": "2h", "district": "4h"}))
    assert made.snapshot is not None
    ladder = replace(made.snapshot.ladder, skip=Skip("S-7", (UNITS[Level.GRID], UNITS[Level.COMMUNITY])))
    story = Simulation.of(replace(made, snapshot=replace(made.snapshot, ladder=ladder)))
    story.wait_until(used(2.0))
    assert [fact.unit.level for fact in story.facts(LegDispatched)] == [Level.TOWN, Level.DISTRICT]
    copies = [notice.recipient for notice in every_notice(story) if "S-7" in notice.text_en]
    assert copies == [UNITS[Level.GRID].code, UNITS[Level.COMMUNITY].code]
