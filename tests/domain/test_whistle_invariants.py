"""Whoever does what in a whistle, and in whatever order: each limit speaks once, and nobody rates twice."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.commands import (
    AcknowledgeWhistle,
    Act,
    AgreePlan,
    AttendWhistle,
    ConfirmUnjustified,
    EndWhistle,
    ObjectToWhistle,
    RateCall,
    RateWhistle,
    Sign,
    SubmitReply,
    Withdraw,
)
from domain.events import AttendanceMissed, CallRated, DeadlineFired, DistrictJoined, Fact, WhistleRated
from domain.levels import Level
from domain.limits.clock import WHISTLE_CLOCKS
from domain.limits.deadlines import next_due
from domain.refusals import Refused
from domain.request import Card, LegEnd, LegRole, RequestState
from domain.simulator import replayed
from domain.time.durations import Duration
from domain.units import Actor, Role, Unit
from domain.whistles import Decision, Mode, Post, WhistleEnd, WhistleKind, whistle_standing
from persistence.forms import acts
from persistence.forms import facts as fact_form
from tests.support.builders import SQUARE, UNITS, actor, handler, whistle
from tests.support.courses import CITIZEN, OTHER_BUREAU, Course, of, working
from tests.support.tales import every_notice

TOWN, URBAN = handler(Level.TOWN), UNITS[Level.DISTRICT]
BUREAUS = (URBAN, OTHER_BUREAU)
Step = tuple[Actor, Act, timedelta]


def steps_of(unit: Unit) -> st.SearchStrategy[tuple[Actor, Act]]:
    """What a department may do."""
    return st.one_of(
        st.builds(AcknowledgeWhistle, _whistles),
        st.builds(
            AttendWhistle,
            _whistles,
            st.just(Mode.ON_SITE),
            st.just("Li"),
            st.sampled_from(Post),
            st.just(SQUARE),
        ),
        st.builds(ObjectToWhistle, _whistles, st.just("Regulation 12"), st.just("no")),
        st.builds(RateCall, _whistles, _marks),
        st.builds(Sign, st.sampled_from(("2", "3", "4"))),
        st.builds(SubmitReply, st.sampled_from(("2", "3", "4")), st.just("solved"), st.just("done")),
    ).map(lambda act: (of(unit), act))


_whistles = st.sampled_from(("w1", "w2"))
_marks = st.integers(1, 5)
_decisions = st.lists(
    st.sampled_from((*BUREAUS, UNITS[Level.TOWN])), min_size=1, max_size=2, unique=True
).map(lambda units: tuple(Decision(unit, "act", Duration.parse("1d")) for unit in units))
_of_the_town = st.one_of(
    st.sampled_from(list(WhistleKind)[:3]).flatmap(
        lambda kind: st.sampled_from((BUREAUS, (URBAN,))).map(
            lambda units: whistle(summoned=units, kind=kind)
        )
    ),
    st.builds(
        AgreePlan,
        _whistles,
        st.just("agreed"),
        _decisions,
        st.sampled_from((None, URBAN.code)),
        keeps_shares=st.just(True),
    ),
    st.builds(EndWhistle, _whistles, st.booleans(), st.just("over")),
    st.builds(
        RateWhistle, _whistles, st.sampled_from([unit.code for unit in BUREAUS]), _marks, _marks, _marks
    ),
    st.just(SubmitReply("1", "solved", "all is well")),
).map(lambda act: (TOWN, act))
_of_others = st.sampled_from(
    (
        (CITIZEN, Withdraw()),
        (actor(Role.SUPERVISOR, level=Level.DISTRICT), ConfirmUnjustified("w1", "needless")),
    )
)
_waits = st.sampled_from([timedelta(minutes=1), timedelta(minutes=40), timedelta(hours=5), timedelta(days=2)])
_steps = st.lists(
    st.tuples(
        st.one_of(_of_the_town, _of_the_town, *(steps_of(unit) for unit in BUREAUS), _of_others), _waits
    ).map(lambda pair: (*pair[0], pair[1])),
    max_size=25,
)


@settings(max_examples=40)
@given(_steps)
def test_each_limit_speaks_once_nobody_rates_twice_and_nothing_runs_after_the_end(steps: list[Step]) -> None:
    course = Course.of(working(dwell={"town": "10wd", "district": "10wd"})).signed()
    course.act(TOWN, whistle(summoned=BUREAUS))
    for by, act, wait in steps:
        course.wait(wait)
        with suppress(Refused):
            course.act(by, act)
    course.wait(timedelta(days=60))
    facts, state = [event.what for event in course.story.timeline], course.state

    limits = [
        (fact.clock, fact.leg)
        for fact in facts
        if isinstance(fact, DeadlineFired) and fact.clock in WHISTLE_CLOCKS
    ]
    assert len(limits) == len(set(limits))
    for kind in (AttendanceMissed, WhistleRated, CallRated):
        said = [(fact.whistle, fact.summons) for fact in facts if isinstance(fact, kind)]
        assert len(said) == len(set(said))
    joined = [fact.whistle for fact in facts if isinstance(fact, DistrictJoined)]
    assert len(joined) == len(set(joined))
    _check_whistles(course, state, facts)
    _check_decisions(state)
    assert replayed(state.intake, course.story.timeline) == state
    assert every_notice(course.story)


def _check_whistles(course: Course, state: RequestState, facts: list[Fact]) -> None:
    running = {
        (clock.leg or "").partition(".")[0]
        for clock in state.clocks
        if clock.is_running and clock.kind in WHISTLE_CLOCKS
    }
    for each in state.whistles:
        assert each.is_open or each.id not in running
        assert whistle_standing(each, (), state.calendar, course.now)
        if state.state.is_terminal:
            assert not each.is_open
            assert next_due(state) is None
        if each.end is WhistleEnd.CANCELLED:
            assert not any(summons.rating or summons.justified for summons in each.summonses)
        for summons in each.summonses:
            missed = AttendanceMissed(each.id, summons.id, Card.YELLOW)
            assert (summons.missed_at is not None) is (missed in facts)


def _check_decisions(state: RequestState) -> None:
    """What was decided is done, goes on, or ends with the request or with the lead of its unit."""
    for leg in state.legs:
        if leg.mandatory and leg.end is LegEnd.REMOVED:
            assert any(each.role is LegRole.LEAD and each.unit == leg.unit for each in state.legs)


def test_a_whistle_is_kept_and_read_again_as_it_was() -> None:
    course = Course.of(working(dwell={"town": "10wd"})).signed().act(TOWN, whistle(summoned=BUREAUS))
    for event in course.story.timeline:
        spelled = fact_form.dump_json(event.what)
        assert fact_form.validate_json(spelled) == event.what
    act = whistle(summoned=BUREAUS, attend_at=course.now)
    assert acts.validate_json(acts.dump_json(act)) == act
