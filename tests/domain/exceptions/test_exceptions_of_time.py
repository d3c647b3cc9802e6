"""Extension and suspension (延期、挂起): a later date is asked for, decided, counted, and never takes anything back."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from domain.commands import HandUp, MovePolicy, Recalculate, Resume, Rule, SubmitReply
from domain.events import (
    AlarmRaised,
    ApplicationDecided,
    ApplicationMade,
    DeadlineExtended,
    DeadlineFired,
    HandedUp,
    Resumed,
    Supervised,
    Suspended,
)
from domain.exceptions.applications import ApplicationStatus, ExceptionKind
from domain.levels import Level
from domain.limits.clock import ClockKind, promised
from domain.limits.explain import explain
from domain.limits.policy import Extension, Urgency
from domain.request import Body, Card, Light, PolicySnapshot, RequestState, State
from domain.time.durations import Duration
from domain.units import Role
from tests.support.builders import UNITS, actor, application, calendar, handler, ladder, policy, terms
from tests.support.courses import (
    COMMUNITY,
    DISPATCHER,
    DUTY_LEADER,
    MINUTE,
    Course,
    working,
)

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
EXTENSION, SUSPENSION = ExceptionKind.EXTENSION, ExceptionKind.SUSPENSION
TOWN_DISPATCHER = actor(Role.DISPATCHER, unit=UNITS[Level.TOWN], person="dispatcher of the town")
COMMUNITY_DISPATCHER = actor(Role.DISPATCHER, unit=UNITS[Level.COMMUNITY], person="too low")
GUANGZHOU = ZoneInfo("Asia/Shanghai")


def due(state: RequestState, kind: ClockKind, leg: str | None = None) -> datetime:
    """When a limit ends as it stands."""
    clock = state.clock(kind, leg)
    assert clock is not None
    end = promised(clock, 100, state.calendar)
    assert end is not None
    return end


def fired(course: Course, kind: ClockKind) -> list[int]:
    """The thresholds of a clock that fired, in order."""
    return [fact.percent for fact in course.story.facts(DeadlineFired) if fact.clock is kind]


def in_progress(governing: Extension | None = None) -> Course:
    """A community works on an ordinary matter of twenty working days."""
    return Course.of(working(extension=governing) if governing else None).signed()


def suspended(reason: str = "waiting_for_citizen", **changes: object) -> Course:
    """A community waits for the citizen."""
    return (
        Course.of(working(**changes))
        .signed()
        .asks(COMMUNITY, SUSPENSION, reason=reason)
        .rules(DISPATCHER, granted=True)
    )


# Extension


def test_an_extension_moves_the_total_and_the_dwell_of_the_lead_by_so_many_working_days() -> None:
    course = in_progress()
    total, dwell = due(course.state, ClockKind.TOTAL), due(course.state, ClockKind.DWELL, "1")
    course.asks(COMMUNITY, EXTENSION).rules(DISPATCHER, granted=True)
    # Both ends fall five office days later, at the same time of day: at the close of office.
    assert due(course.state, ClockKind.TOTAL) == total + 7 * DAY
    assert due(course.state, ClockKind.DWELL, "1") == dwell + 7 * DAY
    assert course.story.facts(DeadlineExtended)[0].due_at == total + 7 * DAY


def test_the_main_clock_runs_on_while_an_extension_is_undecided_and_silence_refuses_it() -> None:
    course = in_progress()
    before = due(course.state, ClockKind.TOTAL)
    course.asks(COMMUNITY, EXTENSION)
    assert due(course.state, ClockKind.TOTAL) == before
    total = course.state.clock(ClockKind.TOTAL)
    assert total is not None
    assert total.is_running
    course.wait(2 * DAY)
    assert course.last.status is ApplicationStatus.REFUSED
    assert course.story.facts(ApplicationDecided)[0].silent
    assert due(course.state, ClockKind.TOTAL) == before


def test_an_extension_is_asked_for_before_four_fifths_of_the_limit_are_used() -> None:
    course = in_progress()
    total = course.state.clock(ClockKind.TOTAL)
    assert total is not None
    end = promised(total, 80, course.state.calendar)
    assert end is not None
    course.wait(end - course.now)
    lead = course.state.lead
    assert lead is not None
    assert course.refusal(handler(lead.level), application(EXTENSION)) == "window_passed"


def test_an_extension_needs_its_evidence() -> None:
    assert in_progress().refusal(COMMUNITY, application(EXTENSION, evidence=())) == "particulars_missing"


def test_the_policy_says_how_often_and_a_refused_extension_is_not_counted() -> None:
    course = in_progress(Extension(1, Duration.parse("5wd"), Level.TOWN))
    course.asks(COMMUNITY, EXTENSION).rules(DISPATCHER, granted=False)
    course.asks(COMMUNITY, EXTENSION).rules(DISPATCHER, granted=True)
    assert course.refusal(COMMUNITY, application(EXTENSION)) == "quota_used_up"


def test_a_matter_whose_policy_knows_no_extension_and_a_critical_one_are_never_extended() -> None:
    course = Course.of(working(extension=None)).signed()
    assert course.refusal(COMMUNITY, application(EXTENSION)) == "no_extension"
    allowing = Extension(1, Duration.parse("2h"), Level.TOWN)
    critical = Course.of(policy(urgency=Urgency.CRITICAL, extension=allowing)).signed()
    assert critical.refusal(handler(Level.GRID), application(EXTENSION)) == "no_extension"


def test_the_first_extension_is_decided_where_the_policy_says_and_the_second_in_the_district() -> None:
    course = in_progress().asks(COMMUNITY, EXTENSION)
    assert course.last.seat is Level.TOWN
    assert course.refusal(COMMUNITY_DISPATCHER, Rule("a1", granted=True, note="well")) == "seat_too_low"
    course.rules(TOWN_DISPATCHER, granted=True)
    course.asks(COMMUNITY, EXTENSION)
    assert course.last.seat is Level.DISTRICT
    assert course.refusal(TOWN_DISPATCHER, Rule("a2", granted=True, note="well")) == "seat_too_low"
    assert course.rules(DISPATCHER, granted=True).last.status is ApplicationStatus.GRANTED


def test_below_the_district_an_extension_is_decided_above_the_unit_that_asks() -> None:
    course = (
        in_progress(Extension(1, Duration.parse("5wd"), Level.TOWN))
        .act(COMMUNITY, HandUp("too big"))
        .signed()
    )
    assert course.asks(handler(Level.TOWN), EXTENSION).last.seat is Level.DISTRICT
    course.act(handler(Level.TOWN), HandUp("too big")).signed()
    course.asks(handler(Level.DISTRICT), EXTENSION)
    assert course.last.seat is Level.TOWN


def test_more_than_fifteen_working_days_in_sum_are_decided_in_the_district() -> None:
    course = in_progress(Extension(2, Duration.parse("16wd"), Level.TOWN)).asks(COMMUNITY, EXTENSION)
    assert course.last.seat is Level.DISTRICT


def test_what_fired_stays_fired_and_the_rest_moves_with_the_limit() -> None:
    course = in_progress()
    total = course.state.clock(ClockKind.TOTAL)
    assert total is not None
    seventy = promised(total, 70, course.state.calendar, reminder=True)
    assert seventy is not None
    course.wait(seventy + HOUR - course.now)
    lead = course.state.lead
    assert lead is not None
    course.asks(handler(lead.level), EXTENSION).rules(DISPATCHER, granted=True)
    course.wait(200 * DAY)
    assert fired(course, ClockKind.TOTAL) == [70, 90, 100, 150, 200]
    assert course.state.light is Light.BLACK


def test_an_approval_after_the_limit_takes_no_card_back() -> None:
    late = terms(EXTENSION, within=("9d", "9d", "60wd"), in_sum=Duration.parse("90wd"))
    short = policy(
        total="4h",
        sign="30min",
        dwell={"town": "4h"},
        extension=Extension(1, Duration.parse("4h"), Level.TOWN),
    )
    told = Course.of(short).signed()
    town = handler(Level.TOWN)
    told.act(town, application(EXTENSION, terms=late)).wait(5 * HOUR)
    assert told.state.card is Card.YELLOW
    told.rules(DISPATCHER, granted=True)
    assert told.state.card is Card.YELLOW
    assert told.state.light is Light.RED
    told.wait(4 * HOUR)
    assert fired(told, ClockKind.TOTAL) == [70, 90, 100]


def test_an_extension_lapses_when_the_unit_replies() -> None:
    course = in_progress().asks(COMMUNITY, EXTENSION)
    course.act(COMMUNITY, SubmitReply("1", "solved", "done"))
    assert course.last.status is ApplicationStatus.LAPSED
    assert course.story.facts(DeadlineExtended) == []


# Suspension


def test_a_suspension_stops_every_clock_but_the_one_that_ends_it() -> None:
    course = suspended()
    assert course.state.state is State.SUSPENDED
    running = {clock.kind for clock in course.state.clocks if clock.is_running}
    assert running == {ClockKind.RESUME}


def test_a_suspension_ends_by_itself_after_its_reasons_longest_time_and_the_rest_is_added() -> None:
    course = suspended()
    began = course.now
    total = due(course.state, ClockKind.TOTAL)
    course.wait(30 * DAY)
    resumed = course.story.instants(Resumed)[0]
    # Five working days from Monday: to the close of office on the Monday after.
    assert resumed == datetime(2026, 3, 9, 18, 0, tzinfo=GUANGZHOU)
    assert course.story.facts(Resumed)[0].automatic
    lost = course.state.calendar.working_between(began, resumed)
    assert course.state.calendar.working_between(total, due(course.state, ClockKind.TOTAL)) == lost


def test_the_unit_or_a_dispatcher_resumes_earlier() -> None:
    for who in (COMMUNITY, DISPATCHER):
        course = suspended().wait(DAY).act(who, Resume("the citizen came"))
        assert course.state.state is State.IN_PROGRESS
        assert not course.story.facts(Resumed)[0].automatic
        assert course.state.clock(ClockKind.DWELL, "1") is not None
        running = {clock.kind for clock in course.state.clocks if clock.is_running}
        assert running == {ClockKind.TOTAL, ClockKind.DWELL, ClockKind.FIRST_CONTACT, ClockKind.INTERIM}
    assert suspended().refusal(handler(Level.TOWN), Resume("now")) == "not_your_leg"
    assert suspended().refusal(COMMUNITY, Resume(" ")) == "text_missing"


def test_a_pause_of_an_hour_cuts_exactly_its_working_time_out_of_every_limit() -> None:
    course = suspended()
    total, dwell = due(course.state, ClockKind.TOTAL), due(course.state, ClockKind.DWELL, "1")
    course.act(COMMUNITY, Resume("the citizen came"), after=HOUR)
    office = course.state.calendar
    assert office.working_between(total, due(course.state, ClockKind.TOTAL)) == HOUR
    assert office.working_between(dwell, due(course.state, ClockKind.DWELL, "1")) == HOUR


def test_nothing_but_the_end_of_the_suspension_fires_while_it_lasts() -> None:
    course = suspended("statutory_procedure", total="10wd").wait(20 * DAY)
    assert course.state.state is State.SUSPENDED
    assert fired(course, ClockKind.TOTAL) == []
    assert course.story.facts(HandedUp) == []


def test_until_lifted_ends_at_the_sum_of_sixty_working_days() -> None:
    course = suspended("force_majeure")
    began = course.now
    course.wait(200 * DAY)
    ended = course.story.instants(Resumed)[0]
    assert course.state.calendar.working_between(began, ended) == 60 * course.state.calendar.office_day


def test_the_second_suspension_gets_what_the_first_left_and_there_is_no_third() -> None:
    course = Course.of(working(total="200wd")).signed()
    course.asks(COMMUNITY, SUSPENSION, reason="force_majeure").rules(DISPATCHER, granted=True)
    course.act(DISPATCHER, Resume("the flood is gone"), after=56 * DAY)
    lead = course.state.lead
    assert lead is not None
    course.asks(handler(lead.level), SUSPENSION, reason="statutory_procedure").rules(DISPATCHER, granted=True)
    course.wait(100 * DAY)
    began, ended = course.story.instants(Suspended), course.story.instants(Resumed)
    office = course.state.calendar
    spent = [office.working_between(a, b) for a, b in zip(began, ended, strict=True)]
    assert sum(spent, timedelta()) <= 60 * office.office_day
    assert spent[1] >= 19 * office.office_day
    lead = course.state.lead
    assert lead is not None
    again = application(SUSPENSION, reason="site_inaccessible")
    assert course.refusal(handler(lead.level), again) == "quota_used_up"


def test_the_sum_alone_forbids_a_further_suspension() -> None:
    unlimited = terms(SUSPENSION, per_request=None)
    course = Course.of(working(total="300wd")).signed()
    course.act(COMMUNITY, application(SUSPENSION, terms=unlimited, reason="force_majeure"))
    course.rules(DISPATCHER, granted=True).wait(200 * DAY)
    lead = course.state.lead
    assert lead is not None
    again = application(SUSPENSION, terms=unlimited, reason="site_inaccessible")
    assert course.refusal(handler(lead.level), again) == "suspension_used_up"


def test_a_refused_suspension_is_not_counted() -> None:
    course = in_progress()
    for _ in range(3):
        course.asks(COMMUNITY, SUSPENSION).rules(DISPATCHER, granted=False)
    assert course.asks(COMMUNITY, SUSPENSION).last.status is ApplicationStatus.OPEN


def test_a_hurried_matter_is_suspended_for_force_majeure_only() -> None:
    urgent = Course.of(policy(suspend=False)).signed()
    grid = handler(Level.GRID)
    assert urgent.refusal(grid, application(SUSPENSION)) == "not_for_hurried"
    urgent.asks(grid, SUSPENSION, reason="force_majeure").rules(DISPATCHER, granted=True)
    assert urgent.state.state is State.SUSPENDED


def test_an_ordinary_matter_whose_policy_knows_no_suspension_waits_for_force_majeure_only() -> None:
    course = Course.of(working(suspend=False)).signed()
    assert course.refusal(COMMUNITY, application(SUSPENSION)) == "no_suspension"
    course.asks(COMMUNITY, SUSPENSION, reason="force_majeure").rules(DISPATCHER, granted=True)
    assert course.state.state is State.SUSPENDED


def test_an_application_waits_through_a_suspension_and_is_decided_after_it() -> None:
    course = Course.of(working()).signed()
    course.asks(COMMUNITY, ExceptionKind.RETURN)
    course.asks(COMMUNITY, SUSPENSION).act(DISPATCHER, Rule("a2", granted=True, note="he is away"))
    order = Rule("a1", granted=True, note="theirs")
    assert course.refusal(DISPATCHER, order) == "not_possible_now"
    course.wait(30 * DAY)
    decided = next(
        event
        for event in course.story.timeline
        if isinstance(event.what, ApplicationDecided) and event.what.application == "a1"
    )
    assert decided.at == course.story.instants(Resumed)[0]
    late = next(
        fact
        for fact in course.story.facts(DeadlineFired)
        if fact.clock is ClockKind.DECISION and fact.leg == "a1"
    )
    assert late.lateness_seconds == 0


def test_a_correction_of_the_calendar_reaches_a_suspended_clock() -> None:
    course = suspended()
    holiday = calendar(exceptions=((date(2026, 3, 4), ""),))
    course.act(DUTY_LEADER, Recalculate(holiday, "a stop of work")).act(COMMUNITY, Resume("he came"))
    fresh = Course.of(working(), calendar=holiday).signed()
    lost = 2 * MINUTE
    office = course.state.calendar
    assert (
        office.working_between(due(fresh.state, ClockKind.TOTAL), due(course.state, ClockKind.TOTAL)) == lost
    )


# A dwell that asks before handling moves up


def confirming(**changes: object) -> Course:
    """A signed matter whose policy asks a dispatcher before handling moves up."""
    return Course.of(working(confirm_hand_up=Duration.parse("2wh"), **changes)).signed()


def test_a_passed_dwell_asks_first_and_silence_means_yes() -> None:
    course = confirming().wait(8 * DAY)
    asked = course.story.facts(ApplicationMade)[0]
    assert asked.exception is ExceptionKind.HAND_UP
    assert course.story.facts(HandedUp) == []
    course.wait(DAY)
    assert course.state.lead is not None
    assert course.state.lead.level is Level.TOWN
    assert course.story.facts(HandedUp)[0].cause == "dwell"


def test_a_refused_hand_up_leaves_the_lead_with_its_unit_under_supervision() -> None:
    course = confirming().wait(8 * DAY)
    began = course.story.instants(ApplicationMade)[0]
    course.now = began
    course.rules(DISPATCHER, granted=False).wait(3 * DAY)
    assert course.state.lead is not None
    assert course.state.lead.level is Level.COMMUNITY
    told = course.story.facts(Supervised)[0]
    assert (told.body, told.card, told.cause) == (Body.TOWN, Card.YELLOW, "dwell")


def test_a_confirmed_hand_up_moves_handling_at_once() -> None:
    course = confirming().wait(8 * DAY)
    course.now = course.story.instants(ApplicationMade)[0]
    course.rules(DISPATCHER, granted=True)
    assert course.state.lead is not None
    assert course.state.lead.level is Level.TOWN


def test_a_confirmed_hand_up_that_meets_only_vacant_rungs_raises_their_alarms() -> None:
    course = confirming().wait(8 * DAY)
    course.now = course.story.instants(ApplicationMade)[0]
    vacant = working(version=2, total="21wd", confirm_hand_up=Duration.parse("2wh"))
    above = ladder(of=vacant, missing=(Level.TOWN, Level.DISTRICT))
    course.act(DUTY_LEADER, MovePolicy(PolicySnapshot(vacant, above), "both posts are vacant"))
    course.rules(DISPATCHER, granted=True)
    vacancies = [fact for fact in course.story.facts(AlarmRaised) if fact.what == "post_vacant"]
    assert len(vacancies) == 2
    assert course.story.facts(Supervised)[0].card is Card.YELLOW


def test_a_unit_that_hands_up_itself_leaves_the_question_without_its_object() -> None:
    course = confirming().wait(8 * DAY)
    course.now = course.story.instants(ApplicationMade)[0]
    course.act(COMMUNITY, HandUp("too hard"))
    assert course.last.status is ApplicationStatus.LAPSED
    assert len(course.story.facts(HandedUp)) == 1


def test_the_new_clocks_are_explained() -> None:
    course = suspended()
    rules = {clock.clock: clock.rule for clock in explain(course.state, course.now)}
    assert rules["decision"] == "terms of suspension, decision of a1 = 2wh"
    assert rules["resume"] == "suspension a1 for waiting_for_citizen, longest = 5wd"


def test_an_extended_limit_names_the_application_that_made_it_longer() -> None:
    course = in_progress().asks(COMMUNITY, EXTENSION).rules(DISPATCHER, granted=True)
    rules = {clock.clock: clock.rule for clock in explain(course.state, course.now)}
    assert rules["total"] == "policy P-TEST version 1, total = 20wd + 5wd (extension a1)"
    assert rules["dwell"] == "policy P-TEST version 1, dwell.community = 5wd + 5wd (extension a1)"
    assert rules["sign"] == "policy P-TEST version 1, sign = 4wh"
