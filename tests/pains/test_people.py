"""People: vacant posts, ends that are ends, notices, and citizens who call again."""

from __future__ import annotations

from datetime import timedelta
from itertools import combinations

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.commands import Callback, Order, Reopen, ReviewPass, Sign, SubmitReply
from domain.events import AlarmRaised, LegDispatched, Reopened
from domain.evolution import evolve
from domain.levels import RESPONSE_LEVELS, Level
from domain.lifecycle import decide
from domain.limits.clock import ClockKind
from domain.limits.cumulative import cumulative
from domain.limits.deadlines import next_due, pending
from domain.notices.telling import notices_of
from domain.refusals import Refused
from domain.request import State, begin
from domain.simulator import Simulation
from domain.summary import summarize
from domain.units import Role
from persistence.append import Appender
from persistence.engine import make_engine
from tests.domain.test_lifecycle_table import in_state
from tests.persistence.conftest import appending_with, rows
from tests.support.builders import MONDAY_MORNING, actor, intake, policy
from tests.support.courses import Course, of
from tests.support.stories import climbed, entries, taken_in

VACANT = [
    missing for count in range(len(RESPONSE_LEVELS)) for missing in combinations(RESPONSE_LEVELS, count)
]


@pytest.mark.parametrize("missing", VACANT, ids=lambda missing: "+".join(missing) or "none")
def test_pain_04_a_vacant_post_is_stepped_over_aloud(missing: tuple[Level, ...]) -> None:
    """Peer systems skip what has no assignee or no superior, count that as success, and tell nobody."""
    story = Simulation.of(intake(missing=missing))
    story.wait_until(MONDAY_MORNING + timedelta(days=2))
    held = [fact.unit.level for fact in story.facts(LegDispatched)]
    assert held == [level for level in RESPONSE_LEVELS if level not in missing]
    vacancies = [fact.detail for fact in story.facts(AlarmRaised) if fact.what == "post_vacant"]
    assert len(vacancies) == len(missing)
    assert all(any(detail.startswith(level) for detail in vacancies) for level in missing)
    assert story.state.black_listed_at is not None


@pytest.mark.parametrize("state", [state for state in State if state.is_terminal])
def test_pain_07_whatever_ends_a_request_ends_its_clocks(state: State) -> None:
    """Peer systems close, merge or withdraw a case and go on to warn, to escalate and to count it as late."""
    ended = in_state(state)
    assert pending(ended) == []
    assert next_due(ended) is None
    assert summarize(ended).next_due_at is None
    assert not any(clock.is_running for clock in ended.clocks)
    left_alone = Simulation(ended)
    left_alone.wait_until(ended.as_of + timedelta(days=1_000))
    assert left_alone.timeline == []


async def test_pain_19_a_notice_is_kept_once_however_often_its_cause_is_written(database_url: str) -> None:
    """Peer systems send mail inside a step that is retried: hundreds of the same, in one night."""
    engine: AsyncEngine = make_engine(database_url, pool_size=4)
    begun = await taken_in(engine)
    append, expected = appending_with(Appender(engine)), set[str]()
    for entry in entries(begun, climbed(begun)):
        await append(entry)
        await append(entry)
        expected |= {notice.key for notice in entry.notices}
    kept = await rows(engine, "SELECT key FROM notices")
    assert sorted(row["key"] for row in kept) == sorted(expected)
    await engine.dispose()


def test_pain_19_nobody_is_told_the_same_thing_twice_by_one_event() -> None:
    """As above: two questionnaires for one case."""
    story = Simulation.of(intake())
    story.wait_until(MONDAY_MORNING + timedelta(days=5))
    state, keys = begin(story.state.intake), list[str]()
    for event in story.timeline:
        state = evolve(state, event)
        keys += [notice.key for notice in notices_of(state, event)]
    assert len(keys) == len(set(keys)) > 20


def _closed() -> Course:
    course = Course.of(policy())
    _close(course.dispatched())
    return course


def _close(course: Course) -> None:
    lead = course.state.lead
    assert lead is not None
    unit = of(lead.unit)
    course.act(unit, Sign(lead.id)).act(unit, SubmitReply(lead.id, "solved", "mended"))
    course.act(actor(Role.REVIEWER, person="reviewer"), ReviewPass())
    course.act(
        actor(Role.CALLBACK_AGENT, person="caller"), Callback(contacted=True, solved=True, satisfied=True)
    )
    assert course.state.state is State.CLOSED


def test_pain_23_a_request_may_be_opened_again_and_again_each_time_with_clocks_of_its_own() -> None:
    """Peer systems fail at the third reopening, refuse to count anew, or go on counting the old limit."""
    course = _closed()
    spent = cumulative(course.state, course.now).used
    for turn in range(1, 7):
        course.act(actor(Role.CALLBACK_AGENT), Reopen("dark again"), timedelta(days=2))
        assert course.state.cycle == turn + 1
        total = course.state.clock(ClockKind.TOTAL)
        assert total is not None
        assert (total.started_at, total.is_running) == (course.now, True)
        _close(course)
        carried_on = cumulative(course.state, course.now).used
        assert carried_on > spent
        spent = carried_on
    assert len(course.story.facts(Reopened)) == 6
    assert sum(clock.kind is ClockKind.TOTAL for clock in course.state.clocks) == 7


def test_pain_23_until_when_one_may_reopen_is_decided_in_one_place_by_our_own_clock() -> None:
    """As above: three layers disagreed on an hour, five days and ten, and believed the caller's own clock."""
    for days, allowed in ((29, True), (31, False)):
        course = _closed()
        again = Order("again", actor(Role.CALLBACK_AGENT), Reopen("dark again"))
        at = course.now + timedelta(days=days)
        if allowed:
            assert decide(course.state, again, at)
            continue
        with pytest.raises(Refused) as refusal:
            decide(course.state, again, at)
        assert refusal.value.code == "appeal_window_over"
