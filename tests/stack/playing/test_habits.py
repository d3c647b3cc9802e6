"""What the people of the demo do next: each habit as one sentence."""

import pytest

import domain.events as happened
from domain.chapters.closing import OUTCOMES
from domain.events import Fact
from domain.levels import Level
from domain.request import Body, Card
from stack.playing.crew import Fate
from stack.playing.habits import CALLBACK_TRIES, WRONG_OUTCOME, next_step
from tests.stack.playing.stories import (
    ACCEPTED,
    NUMBER,
    PLACE,
    REGISTERED,
    leg,
    seconds,
    signed,
    situation,
    told,
)

CONTACTED = happened.FirstContacted("1", "call")
REPLIED = happened.ReplySubmitted("1", "solved", "done")


def test_a_desk_dispatches_within_the_limit():
    step = next_step(situation(told(REGISTERED, ACCEPTED)), set())
    assert step is not None
    assert step.path == f"/v1/requests/{NUMBER}/dispatch"
    assert seconds(step.at) == 2.0
    assert step.unit is None


def test_a_desk_that_leaves_it_to_the_system_does_nothing():
    assert next_step(situation(told(REGISTERED, ACCEPTED), Fate(desk="leaves_it")), set()) is None


def test_an_agent_asks_once_then_writes_down_then_accepts():
    asked = happened.InfoRequested("where?")
    supplied = happened.InfoSupplied("there")
    steps = [next_step(situation(told(*facts)), set()) for facts in ((REGISTERED,), (REGISTERED, asked))]
    assert [step and step.name for step in steps] == ["request_info", "supply_info"]
    accepting = next_step(situation(told(REGISTERED, asked, supplied)), set())
    assert accepting is not None
    assert (accepting.name, accepting.body) == ("accept", PLACE)


def test_a_prompt_unit_signs_contacts_and_replies_as_itself_before_its_stay_is_over():
    signing = next_step(situation(told(REGISTERED, ACCEPTED, leg(1, Level.GRID))), set())
    contacting = next_step(situation(signed()), set())
    replying = next_step(
        situation(
            told(
                REGISTERED, ACCEPTED, leg(1, Level.GRID), happened.LegSigned("1", automatic=False), CONTACTED
            )
        ),
        set(),
    )
    steps = (signing, contacting, replying)
    assert [step and step.name for step in steps] == ["sign:1", "first-contact:1", "complete:1:0"]
    assert all(step and step.unit and step.unit.endswith("grid_worker") for step in steps)
    assert replying is not None
    assert seconds(replying.at) == 2.0 + 5.0
    assert replying.body["outcome"] in OUTCOMES


def test_what_has_been_done_is_not_done_again():
    assert next_step(situation(told(REGISTERED, ACCEPTED)), {"dispatch"}) is None


@pytest.mark.parametrize(("habit", "silent"), [("silent_once", 1), ("silent_twice", 2)])
def test_a_silent_unit_lets_its_stay_pass_and_the_next_one_acts(habit: str, silent: int):
    fate = Fate(unit=habit)  # pyright: ignore[reportArgumentType]
    climbed = [REGISTERED, ACCEPTED, leg(1, Level.GRID)]
    for number, level in ((2, Level.COMMUNITY), (3, Level.TOWN))[:silent]:
        assert next_step(situation(told(*climbed), fate), set()) is None
        climbed.append(leg(number, level, "handed_up"))
    assert next_step(situation(told(*climbed), fate), set()) is not None


def test_at_the_top_of_the_ladder_nobody_is_silent():
    top = told(REGISTERED, ACCEPTED, leg(1, Level.DISTRICT))
    assert next_step(situation(top, Fate(unit="silent_once")), set()) is not None


def test_an_untouched_request_wakes_everybody_when_the_city_supervises():
    fate = Fate(unit="untouched")
    climbed = (
        REGISTERED,
        ACCEPTED,
        leg(1, Level.GRID),
        leg(2, Level.COMMUNITY, "handed_up"),
        leg(3, Level.TOWN, "handed_up"),
        leg(4, Level.DISTRICT, "handed_up"),
        happened.Supervised("4", Body.DISTRICT_LEADER, Card.YELLOW, "total"),
    )
    assert next_step(situation(told(*climbed), fate), set()) is None
    woken = told(*climbed, happened.Supervised("4", Body.CITY, Card.RED, "total"))
    step = next_step(situation(woken, fate), set())
    assert step is not None
    assert step.name == "sign:4"
    assert seconds(step.at) > 7.0


def test_a_unit_hands_up_what_it_cannot_solve_unless_nobody_stands_above():
    fate = Fate(unit="hands_up")
    grid = told(REGISTERED, ACCEPTED, leg(1, Level.GRID), happened.LegSigned("1", automatic=False), CONTACTED)
    top = told(
        REGISTERED, ACCEPTED, leg(1, Level.DISTRICT), happened.LegSigned("1", automatic=False), CONTACTED
    )
    steps = [next_step(situation(view, fate), set()) for view in (grid, top)]
    assert [step and step.name for step in steps] == ["hand-up:1", "complete:1:0"]


def test_a_wrong_outcome_is_meant_to_be_refused_and_then_put_right():
    view = told(REGISTERED, ACCEPTED, leg(1, Level.GRID), happened.LegSigned("1", automatic=False), CONTACTED)
    wrong = next_step(situation(view, Fate(unit="wrong_outcome")), set())
    assert wrong is not None
    assert wrong.meant_to_fail
    assert wrong.body["outcome"] == WRONG_OUTCOME
    assert WRONG_OUTCOME not in OUTCOMES
    right = next_step(situation(view, Fate(unit="wrong_outcome")), {wrong.name})
    assert right is not None
    assert right.name == "complete:1:0"
    assert not right.meant_to_fail


def test_a_poor_reply_is_sent_back_once():
    fate = Fate(unit="poor_reply")
    facts = (REGISTERED, ACCEPTED, leg(1, Level.GRID), happened.LegSigned("1", automatic=False), CONTACTED)
    poor = next_step(situation(told(*facts), fate), set())
    assert poor is not None
    assert "evidence" not in poor.body
    back = next_step(situation(told(*facts, REPLIED), fate), set())
    better = next_step(situation(told(*facts, REPLIED, happened.ReviewedBack("no photo")), fate), set())
    passing = next_step(
        situation(told(*facts, REPLIED, happened.ReviewedBack("no photo"), REPLIED), fate), set()
    )
    assert [step and step.name for step in (back, better, passing)] == [
        "review-back:1",
        "complete:1:1",
        "review-pass:2",
    ]


def test_a_dissatisfied_caller_is_satisfied_the_second_time():
    asked = (REGISTERED, ACCEPTED, leg(1, Level.GRID), REPLIED, happened.ReviewPassed())
    first = next_step(situation(told(*asked), Fate(callback="dissatisfied")), set())
    again = (*asked, happened.RedoOrdered("dissatisfied", 50, automatic=True), leg(2, Level.GRID))
    second = next_step(
        situation(told(*again, REPLIED, happened.ReviewPassed()), Fate(callback="dissatisfied")), set()
    )
    assert first is not None
    assert (first.body["satisfied"], first.body["attributable"]) == (False, True)
    assert second is not None
    assert second.body["satisfied"] is True


def test_a_second_cycle_is_worked_off_in_half_the_time():
    redo = (happened.RedoOrdered("dissatisfied", 50, automatic=True), leg(2, Level.GRID))
    working = (happened.LegSigned("2", automatic=False), happened.FirstContacted("2", "call"))
    view = told(REGISTERED, ACCEPTED, leg(1, Level.GRID), REPLIED, happened.ReviewPassed(), *redo, *working)
    step = next_step(situation(view), set())
    assert step is not None
    assert seconds(step.at) == 6.0 + 2.5


def test_who_is_never_reached_is_tried_a_few_times_and_then_left_to_the_limit():
    facts: list[Fact] = [REGISTERED, ACCEPTED, leg(1, Level.GRID), REPLIED, happened.ReviewPassed()]
    for _ in range(CALLBACK_TRIES):
        step = next_step(situation(told(*facts), Fate(callback="unreachable")), set())
        assert step is not None
        assert step.body["contacted"] is False
        facts.append(happened.CallbackTried(contacted=False))
    assert next_step(situation(told(*facts), Fate(callback="unreachable")), set()) is None


@pytest.mark.parametrize("habit", ["urges", "withdraws"])
def test_a_citizen_urges_or_withdraws_while_the_first_unit_works(habit: str):
    fate = Fate(citizen=habit, unit="silent_once")  # pyright: ignore[reportArgumentType]
    step = next_step(situation(signed(), fate), set())
    assert step is not None
    assert step.path.endswith(habit.removesuffix("s"))


def test_nobody_does_anything_with_a_request_that_has_ended():
    ended = told(REGISTERED, ACCEPTED, happened.Withdrawn(""))
    assert next_step(situation(ended), set()) is None
