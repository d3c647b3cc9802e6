"""Time: what a day is, where an office is open, and what a pause cuts out."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.commands import Order, PassTime, Register
from domain.events import DeadlineFired
from domain.lifecycle import decide, fold
from domain.limits.clock import Clock, ClockKind, pause, resume, start, threshold
from domain.limits.deadlines import next_due
from domain.limits.explain import explain
from domain.limits.policy import Policy, Urgency
from domain.request import State, begin
from domain.simulator import Simulation
from domain.time.calendar import CalendarRefused, WorkdayMode, WorkingCalendar
from domain.time.durations import Duration
from domain.units import SYSTEM
from tests.domain.test_pack_climb import pack
from tests.support.builders import MONDAY_MORNING, OFFICE, calendar, intake, policy, unclassified
from tests.support.courses import working

GUANGZHOU = ZoneInfo("Asia/Shanghai")
PERCENTS = (70, 90, 100, 150, 200)
HOLIDAYS = calendar(exceptions=((date(2026, 3, 9), ""), (date(2026, 3, 14), OFFICE)))


def local(text: str, zone: ZoneInfo = GUANGZHOU) -> datetime:
    """An instant by the clock on the wall."""
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


STARTS = [MONDAY_MORNING, local("2026-03-06T17:55"), local("2026-03-07T03:00"), local("2026-03-02T13:00")]
POLICIES = [policy(), policy(urgency=Urgency.CRITICAL, auto_dispatch=True), working()]


@pytest.mark.parametrize(("begun_at", "chosen"), list(product(STARTS, POLICIES)))
def test_pain_08_the_first_decision_looks_at_the_state_in_which_a_request_is_born(
    begun_at: datetime, chosen: Policy
) -> None:
    """Peer systems start clocks on a change of state only: who is born waiting, or closed, keeps a wrong clock."""
    accepted = Simulation.of(intake(policy=chosen, received_at=begun_at)).state
    total = accepted.clock(ClockKind.TOTAL)
    assert total is not None
    assert (total.started_at, total.is_running) == (begun_at, True)
    born = State.PENDING_SIGN if chosen.auto_dispatch else State.PENDING_DISPATCH
    assert accepted.state is born
    assert next_due(accepted) is not None
    unjudged = Simulation.of(unclassified(received_at=begun_at)).state
    assert {clock.kind for clock in unjudged.clocks} == {ClockKind.REGISTRATION}
    assert next_due(unjudged) == begun_at + timedelta(minutes=30)


def test_pain_08_a_story_that_begins_late_fires_at_once_what_has_passed_meanwhile() -> None:
    """As above: who is born with deadlines in the past must not wait for the next one."""
    born, now = begin(intake()), MONDAY_MORNING + timedelta(hours=2)
    state = fold(born, decide(born, Order("", SYSTEM, Register()), now))
    told = [event.what for event in decide(state, Order("", SYSTEM, PassTime()), now)]
    fired = [fact for fact in told if isinstance(fact, DeadlineFired)]
    assert fired[0].clock is ClockKind.DISPATCH
    assert fired[0].due_at == MONDAY_MORNING + timedelta(minutes=5)
    assert fired[0].lateness_seconds == timedelta(hours=1, minutes=55).total_seconds()


@st.composite
def closed_stretches(draw: st.DrawFn) -> tuple[datetime, datetime]:
    """Two instants between which the office does not open."""
    shut = draw(
        st.sampled_from(
            [
                (local("2026-03-02T12:00"), local("2026-03-02T14:00")),
                (local("2026-03-03T18:00"), local("2026-03-04T09:00")),
                (local("2026-03-06T18:00"), local("2026-03-10T09:00")),
            ]
        )
    )
    length = int((shut[1] - shut[0]).total_seconds())
    first, last = sorted((draw(st.integers(0, length)), draw(st.integers(0, length))))
    return shut[0] + timedelta(seconds=first), shut[0] + timedelta(seconds=last)


@given(closed_stretches(), st.sampled_from(["3wh", "2wd", "5wd"]))
def test_pain_11_a_pause_while_the_office_is_shut_changes_nothing(
    stretch: tuple[datetime, datetime], limit: str
) -> None:
    """Peer systems add the minutes of a paused weekend to a deadline that is counted in office hours."""
    clock = start(ClockKind.TOTAL, Duration.parse(limit), MONDAY_MORNING, HOLIDAYS)
    paused = resume(pause(clock, stretch[0]), stretch[1])
    assert _instants(paused) == _instants(clock)


def _instants(clock: Clock) -> list[datetime | None]:
    return [threshold(clock, percent, HOLIDAYS) for percent in PERCENTS]


@given(
    st.datetimes(datetime(2026, 2, 20), datetime(2026, 4, 20), timezones=st.just(UTC)),  # noqa: DTZ001
    st.sampled_from(["1wh", "5wh", "1wd", "3wd", "15wd"]),
)
def test_pain_13_every_warning_of_an_office_matter_falls_into_office_hours(
    begun_at: datetime, limit: str
) -> None:
    """Peer systems warn at midnight, or at once, because a share of a limit is taken by the clock on the wall."""
    clock = start(ClockKind.TOTAL, Duration.parse(limit), begun_at, HOLIDAYS)
    for due in _instants(clock):
        assert due is not None
        before = due - timedelta(microseconds=1)
        assert HOLIDAYS.working_between(before, due) == timedelta(microseconds=1)


def test_pain_14_a_day_is_one_of_four_things_and_the_limit_says_which() -> None:
    """Peer systems call eight hours of an office, a day of it, and a day of the wall's clock all "one day"."""
    friday = local("2026-03-06T10:00")
    spring = calendar()
    due = {text: spring.due(friday, Duration.parse(text)).at for text in ("24h", "1d", "7wh", "1wd")}
    assert due == {
        "24h": local("2026-03-07T10:00"),
        "1d": local("2026-03-07T10:00"),
        "7wh": local("2026-03-09T10:00"),
        "1wd": local("2026-03-09T18:00"),
    }
    new_york = calendar(zone="America/New_York")
    day_before = local("2026-03-07T10:00", ZoneInfo("America/New_York"))
    assert new_york.due(day_before, Duration.parse("1d")).at - day_before == timedelta(hours=23)
    assert new_york.due(day_before, Duration.parse("24h")).at - day_before == timedelta(hours=24)


def test_pain_14_the_reckoning_behind_a_deadline_is_shown() -> None:
    """As above: nobody can check a deadline that nobody can see the making of."""
    story = Simulation.of(intake(policy=working(), received_at=local("2026-03-06T10:00")))
    total = next(clock for clock in explain(story.state, story.state.as_of) if clock.clock == "total")
    assert (total.limit, total.working_time) == ("20wd", True)
    counted = sum((each.end - each.start for each in total.counted), timedelta())
    assert counted == timedelta(seconds=total.amount_seconds)
    assert total.counted[0].start == local("2026-03-06T10:00")
    assert total.counted[-1].end == total.due_at


def test_pain_15_a_weekend_worked_in_exchange_for_a_holiday_counts_and_the_holiday_does_not() -> None:
    """Peer systems know holidays only, so every make-up Saturday of a Chinese year is a day off."""
    city = pack().calendar
    worked = [day for day, hours in city.exceptions if hours and day.weekday() >= 5]
    off = [day for day, hours in city.exceptions if not hours and day.weekday() < 5]
    assert {day.year for day in worked} >= set(range(2019, 2027))
    assert len(off) > len(worked)
    for saturday in (day for day in worked if day.year == 2026):
        due = city.due(datetime.combine(saturday, datetime.min.time(), GUANGZHOU), Duration.parse("1wh")).at
        assert due.astimezone(GUANGZHOU).date() == saturday
    for holiday in (day for day in off if day.year == 2026):
        before = datetime.combine(holiday, datetime.min.time(), GUANGZHOU)
        assert city.working_between(before, before + timedelta(days=1)) == timedelta()


def test_pain_16_an_office_in_a_zone_with_summer_time_keeps_its_hours() -> None:
    """Peer systems compute history with today's offset, and shift every chain by an hour twice a year."""
    boston = calendar(zone="America/New_York", mode=WorkdayMode.SAME_TIME)
    zone = ZoneInfo("America/New_York")
    for day, change in (("2026-03-06", timedelta(hours=-1)), ("2026-10-30", timedelta(hours=1))):
        friday = local(f"{day}T10:00", zone)
        due = boston.due(friday, Duration.parse("1wd")).at
        assert due.astimezone(zone).hour == 10
        assert due - friday == timedelta(days=3) + change
        assert due.tzinfo is UTC
        assert boston.working_between(friday, due) == timedelta(hours=7)


@pytest.mark.parametrize(
    "odd",
    [
        calendar(week=("", "", "", "", "", "", "23:59-24:00")),
        calendar(week=("00:00-24:00",) * 7),
        calendar(exceptions=tuple((date(2026, 3, 1) + timedelta(days=n), "") for n in range(3_000))),
        calendar(week=("09:00-09:01", "", "", "", "", "", "")),
    ],
    ids=["one minute a week", "never shut", "eight years of holidays", "a minute on Mondays"],
)
def test_pain_17_the_oddest_calendar_answers_at_once(odd: WorkingCalendar) -> None:
    """Peer systems search day by day for an open minute, for minutes, until the year 2038, or for ever."""
    taken = min(_seconds_to_answer(odd) for _ in range(5))
    assert taken < 0.010


def _seconds_to_answer(odd: WorkingCalendar) -> float:
    begun = time.perf_counter()
    for limit in ("1wh", "60wd"):
        due = odd.due(MONDAY_MORNING, Duration.parse(limit)).at
        odd.working_between(MONDAY_MORNING, due)
    return time.perf_counter() - begun


def test_pain_17_a_calendar_in_which_nothing_would_ever_end_is_refused() -> None:
    """As above: an office that never opens, and a limit beyond every year on file."""
    with pytest.raises(CalendarRefused) as refusal:
        calendar(week=("",) * 7)
    assert refusal.value.code == "never_open"
    with pytest.raises(CalendarRefused) as refusal:
        calendar(week=("", "", "", "", "", "", "09:00-09:01")).due(MONDAY_MORNING, Duration.parse("999999wd"))
    assert refusal.value.code == "beyond_horizon"
