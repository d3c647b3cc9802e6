"""While the matter lies elsewhere: a deliberation pauses the promise, a partner does not, and both waits end."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from domain.commands import (
    Act,
    DeliberationResult,
    Dispatch,
    FirstContact,
    HandToPartner,
    PartnerResult,
    ReferDeliberation,
    Sign,
    StartJoint,
    SubmitReply,
    Urge,
)
from domain.events import AlarmRaised, DeadlineFired, DeliberationEnded, PartnerAnswered
from domain.levels import Level
from domain.limits.clock import ClockKind, threshold, used
from domain.limits.deadlines import next_due, pending
from domain.limits.explain import explain
from domain.limits.policy import ClockMode, Policy, Urgency
from domain.notices.telling import notices_of
from domain.partners import Partner
from domain.request import State
from domain.simulator import Simulation, replayed
from domain.time.durations import Duration
from domain.units import SYSTEM, Actor, Role
from tests.support.builders import MONDAY_MORNING, UNITS, actor, common, handler, intake, policy
from tests.support.tales import refusal_of

COMMUNITY = handler(Level.COMMUNITY)
QUESTION = ReferDeliberation("residents' hall", "Where shall the bins stand?")
CLUE = HandToPartner(Partner.ENFORCEMENT, "clue-7", "a stall on the pavement")
PARTNER = actor(Role.PARTNER)
TWENTY_MINUTES_ON = MONDAY_MORNING + timedelta(minutes=20)


def calm(**changes: object) -> Policy:
    """A matter that keeps office hours."""
    made: dict[str, object] = {
        "urgency": Urgency.NORMAL,
        "clock": ClockMode.WORKING,
        "dispatch": "1wh",
        "sign": "2wh",
        "first_contact": "4wh",
        "total": "4wd",
        "dwell": {"community": "1wd", "town": "1wd"},
        "review": "1wd",
        "callback_within": "2wd",
        "reminder_every": "1wd",
    }
    return policy(**{**made, **changes})


def days(number: float, minutes: float = 0) -> datetime:
    return MONDAY_MORNING + timedelta(days=number, minutes=minutes)


def at_the_community(**changes: object) -> Simulation:
    """A request signed and contacted by its community within ten minutes of the call."""
    story = Simulation.of(intake(policy=calm(), **changes))
    story.act(actor(Role.DISPATCHER), Dispatch(), days(0, 1))
    story.act(COMMUNITY, Sign("1"), days(0, 4))
    story.act(COMMUNITY, FirstContact("1", "call log"), days(0, 9))
    return story


def refused(story: Simulation, by: Actor, act: Act, at: datetime = TWENTY_MINUTES_ON) -> str:
    return refusal_of(story, by, act, at)


def test_a_deliberation_pauses_total_and_dwell_and_nothing_fires_meanwhile() -> None:
    story = at_the_community()
    story.act(COMMUNITY, QUESTION, days(0, 30))
    assert story.state.state is State.IN_DELIBERATION
    assert {deadline.clock.kind for deadline in pending(story.state)} == {ClockKind.DELIBERATION}
    story.wait_until(days(20))
    assert story.facts(DeadlineFired) == []
    story.act(COMMUNITY, DeliberationResult("beside the gate", agreed=True), days(21, 30))
    assert story.state.state is State.IN_PROGRESS
    total, dwell = story.state.clock(ClockKind.TOTAL), story.state.clock(ClockKind.DWELL, "1")
    assert total is not None
    assert dwell is not None
    assert used(total, days(21, 30), story.state.calendar) == timedelta(minutes=30)
    assert used(dwell, days(21, 30), story.state.calendar) == timedelta(minutes=29)
    assert len(explain(story.state, days(22))[1].pauses) == 1
    assert replayed(story.state.intake, story.timeline) == story.state


def test_every_threshold_still_fires_once_and_in_order_after_a_deliberation() -> None:
    story = at_the_community()
    story.act(COMMUNITY, QUESTION, days(0, 30))
    story.act(COMMUNITY, DeliberationResult("no agreement", agreed=False), days(14))
    story.wait_until(days(40))
    totals = [fact for fact in story.facts(DeadlineFired) if fact.clock is ClockKind.TOTAL]
    assert [fact.percent for fact in totals] == [70, 90, 100, 150, 200]
    assert min(fact.due_at for fact in totals) > days(14)


def test_a_contact_that_was_made_is_not_awaited_again_after_a_deliberation() -> None:
    story = at_the_community()
    story.act(COMMUNITY, QUESTION, days(0, 30))
    story.act(COMMUNITY, DeliberationResult("beside the gate", agreed=True), days(3))
    story.wait_until(days(9))
    assert (ClockKind.FIRST_CONTACT, "1") not in {
        (fact.clock, fact.leg) for fact in story.facts(DeadlineFired)
    }


def test_in_silence_a_deliberation_ends_at_its_limit_with_an_alarm_and_the_unit_goes_on() -> None:
    story = at_the_community(common=common(deliberation=Duration.parse("10wd")))
    story.act(COMMUNITY, QUESTION, days(0, 30))
    story.wait_until(days(30))
    (ended,) = story.facts(DeliberationEnded)
    assert ended.agreed is None
    assert next(fact.what for fact in story.facts(AlarmRaised)) == "not_deliberated"
    at = story.instants(DeliberationEnded)[0]
    assert at == story.state.calendar.due(days(0, 30), Duration.parse("10wd")).at
    assert story.state.state in (State.IN_PROGRESS, State.PENDING_SIGN)


@pytest.mark.parametrize(("asked", "due"), [("3wd", "3wd"), (None, "30wd")])
def test_a_unit_may_shorten_the_limit_of_a_deliberation(asked: str | None, due: str) -> None:
    story = at_the_community()
    limit = Duration.parse(asked) if asked else None
    story.act(COMMUNITY, ReferDeliberation("hall", "where?", limit), days(0, 30))
    assert next_due(story.state) == story.state.calendar.due(days(0, 30), Duration.parse(due)).at


@pytest.mark.parametrize("asked", ["31wd", "90d", "99999wd"])
def test_nobody_stretches_the_limit_of_a_deliberation(asked: str) -> None:
    act = ReferDeliberation("hall", "where?", Duration.parse(asked))
    assert refused(at_the_community(), COMMUNITY, act) == "limit_too_long"


def test_two_deliberations_are_the_most() -> None:
    story = at_the_community()
    for day in (0, 1):
        story.act(COMMUNITY, QUESTION, days(day, 30))
        story.act(COMMUNITY, DeliberationResult("undecided", agreed=False), days(day, 40))
    assert refused(story, COMMUNITY, QUESTION, days(1, 50)) == "deliberations_used_up"


@pytest.mark.parametrize("urgency", [Urgency.CRITICAL, Urgency.URGENT])
def test_nobody_deliberates_while_a_matter_burns(urgency: Urgency) -> None:
    story = Simulation.of(intake(policy=policy(urgency=urgency, dwell={"community": "1h", "town": "1h"})))
    story.act(actor(Role.DISPATCHER), Dispatch(), days(0, 1))
    story.act(COMMUNITY, Sign("1"), days(0, 4))
    assert refused(story, COMMUNITY, QUESTION) == "matter_too_urgent"


def test_what_is_confidential_is_not_put_to_residents() -> None:
    assert refused(at_the_community(request_type="report"), COMMUNITY, QUESTION) == "confidential"


@pytest.mark.parametrize("level", [Level.GRID, Level.DISTRICT])
def test_only_communities_and_towns_call_residents_together(level: Level) -> None:
    story = Simulation.of(intake(policy=calm(dwell={level.value: "1wd"})))
    story.act(actor(Role.DISPATCHER), Dispatch(), days(0, 1))
    story.act(handler(level), Sign("1"), days(0, 4))
    assert refused(story, handler(level), QUESTION) == "level_does_not_deliberate"


def test_a_partner_is_waited_for_while_the_total_runs_and_the_dwell_is_held() -> None:
    story = at_the_community()
    story.act(COMMUNITY, CLUE, days(0, 30))
    assert story.state.state is State.AWAITING_PARTNER
    kinds = {deadline.clock.kind for deadline in pending(story.state)}
    assert kinds == {ClockKind.TOTAL, ClockKind.PARTNER}
    total = story.state.clock(ClockKind.TOTAL)
    assert total is not None
    story.wait_until(days(8))
    assert threshold(total, 100, story.state.calendar) in {fact.due_at for fact in story.facts(DeadlineFired)}
    assert ClockKind.DWELL not in {fact.clock for fact in story.facts(DeadlineFired)}


def test_a_partners_answer_brings_the_matter_back_and_the_lead_is_told() -> None:
    story = at_the_community()
    story.act(COMMUNITY, CLUE, days(0, 30))
    (event,) = story.act(PARTNER, PartnerResult("done", "corrected on the spot", "clue-7"), days(0, 40))
    assert story.state.state is State.IN_PROGRESS
    assert story.state.partner is None
    (notice,) = notices_of(story.state, event)
    assert notice.recipient == UNITS[Level.COMMUNITY].code
    assert next_due(story.state) is not None


def test_an_answer_to_another_case_ends_no_wait_and_the_unit_may_type_its_own_in() -> None:
    story = at_the_community()
    story.act(COMMUNITY, CLUE, days(0, 30))
    for by in (PARTNER, SYSTEM):
        assert refused(story, by, PartnerResult("done", "late", "clue-6"), days(0, 31)) == "other_case"
        assert refused(story, by, PartnerResult("done", "which?"), days(0, 31)) == "other_case"
    assert refused(story, COMMUNITY, PartnerResult("perhaps", "x"), days(0, 31)) == "unknown_word"
    assert refused(story, handler(Level.TOWN), PartnerResult("done", "x"), days(0, 31)) == "not_your_leg"
    story.act(COMMUNITY, PartnerResult("refused", "by telephone: not theirs"), days(0, 32))
    assert story.facts(PartnerAnswered)[0].case == "clue-7"


def test_a_silent_partner_is_a_matter_for_people_and_the_unit_goes_on() -> None:
    story = at_the_community(common=common(partner=Duration.parse("2wd")))
    story.act(COMMUNITY, CLUE, days(0, 30))
    story.wait_until(days(2, 600))
    assert story.state.state is not State.AWAITING_PARTNER
    assert [fact.word for fact in story.facts(PartnerAnswered)] == ["silent"]
    alarm = next(fact for fact in story.facts(AlarmRaised) if fact.what == "partner_silent")
    assert "clue-7" in alarm.detail


def test_what_passed_while_a_partner_was_awaited_counts_from_its_return() -> None:
    """The dwell was held: it fires when it may speak again, and is late only from there."""
    story = at_the_community()
    story.act(COMMUNITY, CLUE, days(0, 30))
    story.act(PARTNER, PartnerResult("done", "settled", "clue-7"), days(2, 30))
    story.wait_until(days(2, 31))
    dwelt = [fact for fact in story.facts(DeadlineFired) if fact.clock is ClockKind.DWELL]
    assert [fact.percent for fact in dwelt] == [70, 90, 100]
    assert dwelt[-1].lateness_seconds == 0.0


def test_joint_units_contribute_while_the_matter_lies_elsewhere_and_the_lead_cannot_reply() -> None:
    story = at_the_community()
    story.act(COMMUNITY, StartJoint(UNITS[Level.TOWN], "measure the noise"), days(0, 20))
    story.act(COMMUNITY, CLUE, days(0, 30))
    story.act(handler(Level.TOWN), Sign("2"), days(0, 31))
    story.act(handler(Level.TOWN), SubmitReply("2", "solved", "measured"), days(0, 32))
    reply = SubmitReply("1", "solved", "done")
    assert refused(story, COMMUNITY, reply, days(0, 33)) == "not_possible_now"
    story.act(actor(Role.DISPATCHER), Urge("the caller asks"), days(0, 34))
    assert story.state.state is State.AWAITING_PARTNER
