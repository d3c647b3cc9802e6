"""Admission (社区事务准入): a community is asked before it has to take what is not on its list; that never counts."""

from __future__ import annotations

from datetime import timedelta

from domain.commands import Dispatch, Reassign, Rule, SendDown, Sign
from domain.events import Admitted, ApplicationDecided, LegDispatched, NotAdmitted, RefusalProposed
from domain.exceptions.applications import ApplicationStatus, ExceptionKind
from domain.levels import Level
from domain.limits.clock import ClockKind
from domain.request import LegEnd, LegRole, State
from domain.units import Role
from tests.support.builders import UNITS, actor, handler, policy, terms
from tests.support.courses import COMMUNITY, DISPATCHER, MINUTE, Course, of, working

ADMISSION = terms(ExceptionKind.ADMISSION)
VILLAGE = UNITS[Level.COMMUNITY]
ADMITS = Rule("a1", granted=True, note="we take it")
REFUSES = Rule("a1", granted=False, note="not on our list")


def asked() -> Course:
    """A town's matter that is sent to a community which has it not on its list."""
    course = Course.of(working(dwell={"town": "5wd", "district": "5wd"}))
    return course.act(DISPATCHER, Dispatch(VILLAGE, "nearest to the spot", ADMISSION))


def test_a_community_is_asked_before_it_has_to_sign() -> None:
    course = asked()
    assert course.state.state is State.ADMISSION_REVIEW
    assert course.last.kind is ExceptionKind.ADMISSION
    assert course.refusal(COMMUNITY, Sign("1")) == "not_possible_now"


def test_its_own_limits_begin_when_it_has_taken_the_matter_and_the_total_never_stops() -> None:
    course = Course.of(policy(sign="40min", dwell={"community": "2h", "town": "4h"}))
    course.act(DISPATCHER, Dispatch(VILLAGE, "", ADMISSION)).act(COMMUNITY, ADMITS, after=20 * MINUTE)
    assert course.state.state is State.PENDING_SIGN
    course.wait(39 * MINUTE)
    assert course.state.legs[0].auto_signed_at is None
    course.wait(MINUTE)
    assert course.state.legs[0].auto_signed_at == course.now
    total = course.state.clock(ClockKind.TOTAL)
    assert total is not None
    assert len(total.segments) == 1


def test_silence_admits() -> None:
    course = asked().wait(timedelta(days=1))
    decided = course.story.facts(ApplicationDecided)[0]
    assert (decided.granted, decided.silent) == (True, True)
    assert len(course.story.facts(Admitted)) == 1


def test_the_community_proposes_a_refusal_and_the_dispatcher_confirms_it() -> None:
    course = asked()
    assert course.refusal(DISPATCHER, REFUSES) == "refusal_not_proposed"
    course.act(COMMUNITY, REFUSES)
    assert course.state.state is State.ADMISSION_REVIEW
    assert len(course.story.facts(RefusalProposed)) == 1
    course.act(DISPATCHER, REFUSES)
    assert course.state.state is State.PENDING_DISPATCH
    assert course.state.legs[0].end is LegEnd.NOT_ADMITTED
    assert len(course.story.facts(NotAdmitted)) == 1


def test_a_refused_admission_is_no_return_and_not_counted() -> None:
    course = asked().act(COMMUNITY, REFUSES).act(DISPATCHER, REFUSES)
    assert course.state.reassignments == 0
    assert [application.kind for application in course.state.applications] == [ExceptionKind.ADMISSION]


def test_the_dispatcher_overrules_the_proposal() -> None:
    course = asked().act(COMMUNITY, REFUSES).act(DISPATCHER, ADMITS)
    assert course.state.state is State.PENDING_SIGN
    assert course.last.status is ApplicationStatus.GRANTED


def test_a_community_may_think_better_of_it_but_nobody_confirms_their_own_proposal() -> None:
    course = asked().act(COMMUNITY, REFUSES)
    assert course.refusal(actor(Role.DISPATCHER, person=COMMUNITY.person), REFUSES) == "same_person"
    assert course.act(COMMUNITY, ADMITS).state.state is State.PENDING_SIGN


def test_only_the_community_that_was_asked_answers() -> None:
    assert asked().refusal(handler(Level.TOWN), ADMITS) == "not_your_leg"
    assert asked().refusal(of(VILLAGE, Role.GRID_WORKER), ADMITS) == "role_not_allowed"


def test_after_a_refused_admission_the_duty_list_goes_on_above_the_community() -> None:
    course = asked().act(COMMUNITY, REFUSES).act(DISPATCHER, REFUSES).act(DISPATCHER, Dispatch())
    assert course.story.facts(LegDispatched)[-1].unit == UNITS[Level.TOWN]


def test_what_is_sent_down_or_reassigned_to_a_community_is_asked_too() -> None:
    town = handler(Level.TOWN)
    governing = working(dwell={"town": "5wd", "district": "5wd"})
    sent = Course.of(governing).signed().act(town, SendDown("a matter of the street", VILLAGE, ADMISSION))
    assert sent.state.state is State.ADMISSION_REVIEW
    assert sent.state.legs[0].role is LegRole.JOINT
    given = Course.of(governing).signed().act(DISPATCHER, Reassign(VILLAGE, "theirs", ADMISSION))
    assert given.state.state is State.ADMISSION_REVIEW
    assert given.state.reassignments == 1


def test_a_unit_above_the_community_is_not_asked() -> None:
    course = Course.of(working(dwell={"town": "5wd", "district": "5wd"}))
    course.act(DISPATCHER, Dispatch(UNITS[Level.TOWN], "", ADMISSION))
    assert course.state.state is State.PENDING_SIGN
    assert course.state.applications == ()
