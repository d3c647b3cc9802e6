"""A corrected calendar moves deadlines only by an explicit order, and takes nothing back."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from domain.commands import Recalculate
from domain.events import DeadlineFired
from domain.limits.clock import ClockKind
from domain.limits.explain import explain
from domain.limits.policy import ClockMode, Policy, Urgency
from domain.refusals import Refused
from domain.simulator import Simulation
from domain.summary import summarize
from domain.units import Role
from tests.support.builders import actor, calendar, intake, policy

FRIDAY = datetime(2026, 12, 25, 2, 0, tzinfo=UTC)
NEW_YEAR = ((date(2027, 1, 1), ""), (date(2027, 1, 4), ""))
PUBLISHED = calendar(exceptions=NEW_YEAR, known_until=date(2027, 12, 31))


def five_days() -> Policy:
    """A matter of the office with five working days."""
    return policy(
        clock=ClockMode.WORKING,
        urgency=Urgency.NORMAL,
        dispatch="1wh",
        sign="2wh",
        first_contact="4wh",
        total="5wd",
        dwell={"grid": "1wd", "district": "4wd"},
    )


def over_new_year() -> Simulation:
    """A request accepted on 25 December 2026, while 2027 is not on file."""
    return Simulation.of(intake(policy=five_days(), received_at=FRIDAY))


def test_beyond_the_last_year_on_file_the_deadline_is_provisional() -> None:
    row = summarize(over_new_year().state)
    assert row.total_due_at == datetime(2027, 1, 1, 10, 0, tzinfo=UTC)
    assert row.total_due_provisional


def test_the_published_year_moves_the_deadline_when_it_is_ordered() -> None:
    story = over_new_year()
    story.act(
        actor(Role.DUTY_LEADER), Recalculate(PUBLISHED, "2027 is published"), FRIDAY + timedelta(minutes=1)
    )
    row = summarize(story.state)
    assert row.total_due_at == datetime(2027, 1, 5, 10, 0, tzinfo=UTC)
    assert not row.total_due_provisional
    total = next(clock for clock in explain(story.state, FRIDAY) if clock.clock is ClockKind.TOTAL)
    assert (
        sum(((span.end - span.start) for span in total.counted), timedelta()).total_seconds()
        == total.amount_seconds
    )


def test_what_has_fired_stays_fired_and_does_not_fire_again() -> None:
    story = over_new_year()
    story.wait_until(datetime(2026, 12, 31, 9, 0, tzinfo=UTC))
    before = [fact.percent for fact in story.facts(DeadlineFired) if fact.clock is ClockKind.TOTAL]
    assert before == [70]
    story.act(
        actor(Role.DUTY_LEADER),
        Recalculate(PUBLISHED, "2027 is published"),
        datetime(2026, 12, 31, 9, 1, tzinfo=UTC),
    )
    story.wait_until(datetime(2027, 1, 6, 9, 0, tzinfo=UTC))
    after = [fact.percent for fact in story.facts(DeadlineFired) if fact.clock is ClockKind.TOTAL]
    assert after == [70, 90, 100]


def test_another_offices_calendar_and_an_unchanged_one_are_refused() -> None:
    story = over_new_year()
    for wrong, code in (
        (calendar(name="other"), "other_calendar"),
        (story.state.calendar, "calendar_unchanged"),
    ):
        with pytest.raises(Refused) as refusal:
            story.act(actor(Role.DUTY_LEADER), Recalculate(wrong, "why"), FRIDAY + timedelta(minutes=1))
        assert refusal.value.code == code
