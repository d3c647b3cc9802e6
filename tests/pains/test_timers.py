"""Timers: none is overlooked, none stands in another's way, none is lost."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from temporalio import activity
from temporalio.client import Client

from activities.messages import Appended, Entry
from config.metrics import Metrics
from domain.commands import Order, PassTime
from domain.events import DeadlineFired
from domain.exceptions.applications import ExceptionKind
from domain.exceptions.terms import Reason
from domain.lifecycle import decide
from domain.limits.clock import ClockKind, threshold
from domain.limits.deadlines import next_due
from domain.limits.policy import Urgency
from domain.request import State
from domain.simulator import Simulation
from domain.time.durations import Duration
from domain.units import SYSTEM
from persistence.append import Appender
from persistence.engine import make_engine
from tests.domain.test_pack_climb import POLICIES, climb
from tests.persistence.conftest import appending_with
from tests.support.builders import MONDAY_MORNING, intake, policy, terms
from tests.support.courses import DISPATCHER, Course, of, working
from tests.support.memory import MemoryRecords, story_activities
from tests.support.numbers import fresh_number
from tests.support.stories import climbed, entries, taken_in
from worker.auditor import Auditor
from worker.registry import make_worker
from workflows.client import RequestClient

SECOND = timedelta(seconds=1)


def test_pain_01_of_two_thousand_open_requests_the_one_that_waits_longest_is_told_first() -> None:
    """Peer systems sweep the newest hundred, thousand or two thousand open cases and never see the oldest."""
    order = list(range(2_000))
    Random(1).shuffle(order)
    stories = {
        place: Simulation.of(
            intake(number=f"20260302-{place:07}", received_at=MONDAY_MORNING + place * SECOND)
        )
        for place in order
    }
    dues = {place: next_due(story.state) for place, story in stories.items()}
    assert sorted(dues, key=lambda place: dues[place] or MONDAY_MORNING) == sorted(order)
    look = MONDAY_MORNING + timedelta(minutes=5, seconds=20)
    for story in stories.values():
        story.wait_until(look)
    told = {place: fired for place, story in stories.items() if (fired := story.instants(DeadlineFired))}
    assert sorted(told) == list(range(21))
    assert all(fired == [dues[place]] for place, fired in told.items())


async def test_pain_02_one_request_that_cannot_be_written_stops_nobody_elses_escalation(
    temporal_client: Client,
) -> None:
    """Peer systems escalate in one batch, in which one broken record ends the run for everybody."""
    records = _BrokenFor()
    requests = RequestClient(temporal_client, "pain-tests", continue_after=4000)
    async with make_worker(temporal_client, "pain-tests", story_activities(requests, records)):
        made = [
            intake(number=fresh_number(), received_at=datetime.now(UTC), policy=QUICKLY_DISPATCHED)
            for _ in range(20)
        ]
        records.broken = made[7].number
        for each in made:
            records.begun[each.number] = each
            await requests.start(each)
        for each in made:
            if each.number != records.broken:
                await _until(records, each.number, "leg_dispatched")
        assert not records.timelines[records.broken]
        records.broken = ""
        await _until(records, made[7].number, "leg_dispatched")


QUICKLY_DISPATCHED = policy(dispatch="1s", sign="500s", total="600s", dwell={"grid": "500s"}, review="60s")


class _BrokenFor(MemoryRecords):
    """A timeline into which one request cannot be written."""

    broken = ""

    @activity.defn(name="append")
    async def append(self, entry: Entry) -> Appended:
        if entry.number == self.broken:
            raise RuntimeError("a record that no statement can write")
        return await super().append(entry)


async def _until(records: MemoryRecords, number: str, kind: str) -> None:
    for _ in range(400):
        if any(event.what.kind == kind for event in records.timelines[number]):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"{number} has no {kind}")


def test_pain_05_under_every_policy_of_the_city_the_whole_ladder_is_climbed() -> None:
    """Peer systems climb one rung, into a state that their scan does not look at, and stay there for ever."""
    for code in POLICIES:
        climbing = climb(code)
        snapshot = climbing.state.snapshot
        assert snapshot is not None
        rungs = [rung.level for rung in snapshot.ladder.rungs if rung.unit is not None]
        assert [leg.unit.level for leg in climbing.lead_legs] == rungs, code
        assert climbing.state.black_listed_at is not None, code
        assert any(fact.cause == "reminder" or fact.black_list for fact in climbing.supervised), code


def test_pain_09_whatever_pauses_there_are_each_threshold_is_said_once_and_in_order() -> None:
    """Peer systems that pause just before a threshold skip it, and lose the breach itself at a hundred per cent."""
    undisturbed = _percents(_suspended_at([]))
    for share in (60, 69, 71, 89, 91, 99, 101, 149, 199):
        assert _percents(_suspended_at([share])) == undisturbed, share
    assert _percents(_suspended_at([69, 99])) == undisturbed


def _suspended_at(shares: list[int]) -> Simulation:
    """A request that is suspended for three days when so much of its total is used, and is then left alone."""
    course = Course.of(
        policy(suspend=True, total="20h", dwell={"grid": "20h"}, sign="1h", urgency=Urgency.HIGH)
    )
    course.dispatched().signed()
    for share in shares:
        total = course.state.clock(ClockKind.TOTAL)
        assert total is not None
        due = threshold(total, share, course.state.calendar)
        assert due is not None
        course.wait(due - course.now)
        lead = course.state.lead
        assert lead is not None
        inaccessible = Reason("site_inaccessible", "现场无法进入", "no way in", Duration.parse("3d"))
        asked = terms(
            ExceptionKind.SUSPENSION,
            reasons=(inaccessible,),
            in_sum=Duration.parse("30d"),
            within=("9h",) * 3,
        )
        course.asks(of(lead.unit), ExceptionKind.SUSPENSION, terms=asked).rules(DISPATCHER, granted=True)
        assert course.state.state is State.SUSPENDED
        course.wait(timedelta(days=3, minutes=1))
        assert course.state.state is State.IN_PROGRESS
    course.wait(timedelta(days=9))
    return course.story


def _percents(story: Simulation) -> list[int]:
    return [fact.percent for fact in story.facts(DeadlineFired) if fact.clock is ClockKind.TOTAL]


def test_pain_10_a_year_of_waiting_costs_a_handful_of_wakings() -> None:
    """Peer systems look every minute from inside the workflow, until its history is full and it is ended by force."""
    course = Course.of(working()).dispatched().signed()
    reason = Reason(
        "statutory_procedure", "法定程序", "a procedure", Duration.parse("250wd"), for_hurried=False
    )
    asked = terms(ExceptionKind.SUSPENSION, reasons=(reason,), in_sum=Duration.parse("300wd"))
    lead = course.state.lead
    assert lead is not None
    course.asks(of(lead.unit), ExceptionKind.SUSPENSION, terms=asked).rules(DISPATCHER, granted=True)
    before = course.state.seq
    course.wait(timedelta(days=330))
    assert course.state.state is State.SUSPENDED
    assert course.state.seq == before


def test_pain_10_a_year_on_the_black_list_is_one_reminder_each_working_day() -> None:
    """As above, for a request that everybody forgets: its reminders follow each other without piling up."""
    story = Simulation.of(intake(policy=working()))
    story.wait_until(MONDAY_MORNING + timedelta(days=365))
    reminders = [fact.due_at for fact in story.facts(DeadlineFired) if fact.clock is ClockKind.REMINDER]
    days = [at.astimezone(ZoneInfo(story.state.calendar.zone)).date() for at in reminders]
    between = [days[0] + timedelta(days=n) for n in range((days[-1] - days[0]).days + 1)]
    assert days == [day for day in between if story.state.calendar.is_working_day(day)]
    assert len(story.state.clocks) < 20


def test_pain_20_reminders_of_one_second_are_spread_and_legal_deadlines_are_not() -> None:
    """Peer systems wake half a million timers in one second after a holiday, and stand still for hours."""
    stories = [Simulation.of(intake(number=f"20260302-{place:07}")) for place in range(500)]
    totals = [(story.state, clock) for story in stories if (clock := story.state.clock(ClockKind.TOTAL))]
    due = {threshold(clock, 100, state.calendar) for state, clock in totals}
    assert len(due) == 1
    reminders = {threshold(clock, 70, state.calendar, reminder=True) for state, clock in totals}
    assert len({at.replace(microsecond=0) for at in reminders if at}) > 50
    plain = threshold(totals[0][1], 70, totals[0][0].calendar)
    assert plain is not None
    assert all(timedelta() <= plain - at <= timedelta(minutes=1) for at in reminders if at)


def test_pain_20_what_was_missed_is_not_caught_up_with_one_reminder_for_each_day() -> None:
    """Peer systems that were away for a week fire every cycle they have missed, all at once."""
    story = Simulation.of(intake(policy=working()))
    story.wait_until(MONDAY_MORNING + timedelta(days=100))
    resting = story.state
    assert resting.clock(ClockKind.REMINDER) is not None
    awake = resting.as_of + timedelta(days=7)
    told = [event.what for event in decide(resting, Order("", SYSTEM, PassTime()), awake)]
    spoken = [fact.clock for fact in told if isinstance(fact, DeadlineFired)]
    assert spoken.count(ClockKind.REMINDER) == 1
    assert len(spoken) == len(set(spoken))


async def test_pain_21_a_deadline_that_nobody_fired_is_seen_by_somebody_else(
    database_url: str,
) -> None:
    """Peer systems lose timers in a crash, and nothing beside the timers notices."""
    engine = make_engine(database_url, pool_size=2)
    begun = await taken_in(engine)
    first, *_ = entries(begun, climbed(begun))
    await appending_with(Appender(engine))(first)
    metrics = Metrics()
    assert await Auditor(engine, metrics).look() == 1
    assert metrics.registry.get_sample_value("huying_deadlines_overdue_unfired") == 1
    await engine.dispose()


async def test_pain_22_a_deadline_fires_when_it_is_due_and_not_at_the_next_sweep(
    temporal_client: Client,
) -> None:
    """Peer systems look every five minutes, every hour, or by day only: whoever is late is late by design."""
    records = MemoryRecords()
    requests = RequestClient(temporal_client, "pain-tests-late", continue_after=4000)
    async with make_worker(temporal_client, "pain-tests-late", story_activities(requests, records)):
        made = [
            intake(number=fresh_number(), received_at=datetime.now(UTC), policy=QUICKLY_DISPATCHED)
            for _ in range(30)
        ]
        for each in made:
            records.begun[each.number] = each
        await asyncio.gather(*(requests.start(each) for each in made))
        for each in made:
            await _until(records, each.number, "leg_dispatched")
    late = [
        event.what.lateness_seconds
        for each in made
        for event in records.timelines[each.number]
        if isinstance(event.what, DeadlineFired)
    ]
    assert len(late) == 30
    assert max(late) < 5
