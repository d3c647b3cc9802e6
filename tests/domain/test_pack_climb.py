"""The untouched request under each policy of a whole city: its own limits, calendar and ladder, nothing made up.

Every request is called in shortly before closing time on the day before a long holiday, so that whoever counted
wall-clock time in an office matter would be found out.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from cities.catalogue import Category
from cities.pack import CityPack, load_pack
from domain.events import AlarmRaised, DeadlineFired, Event, LegDispatched, LegSigned, Supervised
from domain.levels import Level
from domain.limits.clock import Clock, ClockKind
from domain.limits.policy import Policy, Urgency, comparable
from domain.request import Body, Card, Intake, LegRole, Light, Matter, PolicySnapshot, RequestState, State
from domain.responsibility.routing import Place
from domain.simulator import Simulation, replayed

CITY = "guangzhou"
GRID = "440106012003001"
CALLED_AT = datetime(2026, 9, 24, 17, 40, tzinfo=ZoneInfo("Asia/Shanghai"))
"""Twenty minutes before the office closes for the Mid-Autumn holiday; the National Day week follows."""
WATCHED = {Urgency.CRITICAL: timedelta(days=6), Urgency.URGENT: timedelta(days=40)}
MONTHS = timedelta(days=150)
"""Long enough for twice fifteen working days, the climb before them, and weeks of reminders."""
INSTANT = timedelta(microseconds=1)


@lru_cache(maxsize=1)
def pack() -> CityPack:
    return load_pack(CITY)


POLICIES = sorted(pack().policies)


@dataclass(frozen=True)
class Climb:
    """What became of one untouched request, and the facts in the forms in which the tests ask for them."""

    policy: Policy
    story: Simulation

    @property
    def state(self) -> RequestState:
        return self.story.state

    @property
    def fired(self) -> list[DeadlineFired]:
        return [event.what for event in self.story.timeline if isinstance(event.what, DeadlineFired)]

    @property
    def supervised(self) -> list[Supervised]:
        return [event.what for event in self.story.timeline if isinstance(event.what, Supervised)]

    @property
    def lead_legs(self) -> list[LegDispatched]:
        facts = (event.what for event in self.story.timeline)
        return [fact for fact in facts if isinstance(fact, LegDispatched) and fact.role is LegRole.LEAD]

    def of(self, kind: ClockKind) -> list[DeadlineFired]:
        """What the clocks of one kind said, in order."""
        return [fact for fact in self.fired if fact.clock is kind]

    def clock_behind(self, fact: DeadlineFired) -> Clock:
        """The clock that spoke. Reminders follow each other on one that is wound up anew, all alike."""
        clock = self.state.clock(fact.clock, fact.leg)
        assert clock is not None
        return clock


@lru_cache(maxsize=len(POLICIES))
def climb(code: str) -> Climb:
    """The request that nobody touches, watched for months."""
    made = intake_under(pack().policies[code])
    story = Simulation.of(made)
    story.wait_until(last_look(pack().policies[code]))
    assert replayed(made, story.timeline) == story.state
    return Climb(pack().policies[code], story)


def last_look(policy: Policy) -> datetime:
    """When we stop watching a request under the policy."""
    return CALLED_AT + WATCHED.get(policy.urgency, MONTHS)


def intake_under(policy: Policy) -> Intake:
    """A call about a matter of the catalogue that stands under the policy."""
    city, day = pack(), CALLED_AT.date()
    category = category_under(policy)
    place = Place(GRID)
    return Intake(
        number="20260924-0000001",
        received_at=CALLED_AT,
        channel="phone_12345",
        request_type=category.type,
        matter=Matter(category.code, category.group, place),
        snapshot=PolicySnapshot(policy, city.ladder(category.code, place, policy, day)),
        calendar=city.calendar.extract(day),
        common=city.common,
        caller_ref=None,
        has_contact=True,
        digest="0" * 64,
    )


def category_under(policy: Policy) -> Category:
    """A matter under the policy that is routed from its lowest level up; some begin higher."""
    under = [each for each in pack().categories.values() if each.policy == policy.code]
    return min(under, key=lambda each: max(each.route_level.rank, policy.start_level.rank))


def test_the_city_has_its_thirty_two_policies() -> None:
    assert len(POLICIES) == 32
    assert pack().calendar.working_between(CALLED_AT, CALLED_AT + timedelta(days=3)) == timedelta(minutes=20)
    assert not pack().calendar.is_working_day(date(2026, 10, 2))


@pytest.mark.parametrize("code", POLICIES)
def test_it_climbs_every_level_that_has_a_dwell_in_order(code: str) -> None:
    seen = climb(code)
    assert [leg.unit.level for leg in seen.lead_legs] == list(seen.policy.dwell.levels())
    signed = [event.what for event in seen.story.timeline if isinstance(event.what, LegSigned)]
    assert [fact.leg for fact in signed] == [leg.leg for leg in seen.lead_legs]
    assert all(fact.automatic for fact in signed)
    assert all(leg.is_open for leg in seen.state.legs), "escalation lets no unit off"
    late = [ClockKind.DWELL in leg.late for leg in seen.state.legs]
    assert all(late), "whoever let a dwell pass is scored for it"


@pytest.mark.parametrize("code", POLICIES)
def test_handling_goes_first_to_the_policys_own_start_level(code: str) -> None:
    seen = climb(code)
    assert seen.lead_legs[0].unit.level is seen.policy.start_level
    alarms = [event.what.what for event in seen.story.timeline if isinstance(event.what, AlarmRaised)]
    others = [what for what in alarms if what != "no_interim_report"]
    assert others == ([] if seen.policy.auto_dispatch else ["not_dispatched"])


@pytest.mark.parametrize("code", POLICIES)
def test_a_matter_of_more_than_a_week_owes_its_caller_a_report_each_week_and_a_short_one_none(
    code: str,
) -> None:
    seen, calendar = climb(code), pack().calendar
    owed = [fact.due_at for fact in seen.of(ClockKind.INTERIM)]
    week = 5 * calendar.office_day
    is_long = seen.policy.total.is_working and comparable(seen.policy.total, calendar.office_day) > week
    assert bool(owed) is is_long
    assert all(calendar.working_between(one, next_one) >= week for one, next_one in pairwise(owed))
    assert len([clock for clock in seen.state.clocks if clock.kind is ClockKind.INTERIM]) == int(is_long)


@pytest.mark.parametrize("code", POLICIES)
def test_supervision_only_rises_and_reaches_the_city(code: str) -> None:
    seen = climb(code)
    ranks = [fact.body.rank for fact in seen.supervised]
    assert ranks == sorted(ranks)
    assert seen.state.supervised_by is Body.CITY
    assert seen.state.light is Light.BLACK
    assert sum(fact.black_list for fact in seen.supervised) == 1
    assert seen.state.state is State.IN_PROGRESS


@pytest.mark.parametrize("code", POLICIES)
def test_a_card_of_a_colour_is_issued_once_for_each_leg(code: str) -> None:
    seen = climb(code)
    issued = Counter((fact.leg, fact.card) for fact in seen.supervised if fact.card)
    assert set(issued.values()) == {1}
    assert {card for _, card in issued} == {Card.YELLOW, Card.RED}
    assert {(leg.id, card) for leg in seen.state.legs for card in leg.cards} == set(issued)


@pytest.mark.parametrize("code", POLICIES)
def test_each_threshold_speaks_once_in_order_and_in_time(code: str) -> None:
    seen = climb(code)
    marks: dict[tuple[ClockKind, str | None], list[int]] = defaultdict(list)
    for fact in seen.fired:
        if fact.clock not in (ClockKind.REMINDER, ClockKind.INTERIM):
            marks[fact.clock, fact.leg].append(fact.percent)
    assert marks.pop((ClockKind.TOTAL, None)) == [70, 90, 100, 150, 200]
    dwelt = [marks.pop((ClockKind.DWELL, leg.leg)) for leg in seen.lead_legs]
    assert dwelt == [[70, 90, 100]] * len(dwelt)
    assert set(map(tuple, marks.values())) == {(100,)}
    dues = [fact.due_at for fact in seen.fired]
    assert dues == sorted(dues)
    assert {fact.lateness_seconds for fact in seen.fired} == {0.0}


@pytest.mark.parametrize("code", POLICIES)
def test_office_matters_fall_due_while_the_office_is_open_and_others_to_the_second(code: str) -> None:
    seen, calendar = climb(code), pack().calendar
    for fact in seen.fired:
        clock = seen.clock_behind(fact)
        if clock.working:
            assert calendar.working_between(fact.due_at - INSTANT, fact.due_at) == INSTANT, fact
        elif fact.percent >= 100 and fact.clock is not ClockKind.REMINDER:
            assert fact.due_at == clock.started_at + clock.amount * fact.percent / 100, fact
    total = seen.state.clock(ClockKind.TOTAL)
    assert total is not None
    assert total.working is seen.policy.total.is_working


@pytest.mark.parametrize("code", POLICIES)
def test_the_total_runs_from_acceptance_to_what_the_calendar_promises(code: str) -> None:
    seen, calendar = climb(code), pack().calendar
    due = next(fact.due_at for fact in seen.of(ClockKind.TOTAL) if fact.percent == 100)
    assert due == calendar.due(CALLED_AT, seen.policy.total).at
    assert len([clock for clock in seen.state.clocks if clock.kind is ClockKind.TOTAL]) == 1


@pytest.mark.parametrize("code", POLICIES)
def test_reminders_go_on_at_their_pace_after_the_black_list(code: str) -> None:
    seen = climb(code)
    black_listed = next(fact.due_at for fact in seen.of(ClockKind.TOTAL) if fact.percent == 200)
    reminders = [fact.due_at for fact in seen.of(ClockKind.REMINDER)]
    assert len(reminders) >= 10
    assert reminders[0] > black_listed
    gaps = [spent(seen, earlier, later) for earlier, later in pairwise(reminders)]
    pace = spent(seen, black_listed, reminders[0])
    assert max(gaps) <= 2 * pace
    assert min(gaps) > timedelta()
    # The last one before we stopped looking is no older than one pace: they do not peter out.
    assert spent(seen, reminders[-1], last_look(seen.policy)) <= 2 * pace
    assert len([clock for clock in seen.state.clocks if clock.kind is ClockKind.REMINDER]) == 1


def spent(seen: Climb, earlier: datetime, later: datetime) -> timedelta:
    """The time between two instants as the policy's reminders count it."""
    if seen.policy.reminder_every.is_working:
        return pack().calendar.working_between(earlier, later)
    return later - earlier


def test_across_the_city_nobody_is_told_before_something_is_due() -> None:
    told: list[tuple[Event, Level | None]] = []
    for code in POLICIES:
        told += [
            (event, event.what.level)
            for event in climb(code).story.timeline
            if isinstance(event.what, DeadlineFired) and event.at < event.what.due_at
        ]
    assert told == []
