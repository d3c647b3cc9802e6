"""Exceptions survive being spelled: what is asked for on its way to the workflow, and every fact on the timeline."""

from __future__ import annotations

import json

from pydantic import TypeAdapter

from domain.commands import Dispatch, Order, Reassign, Resume, Rule
from domain.exceptions.applications import ExceptionKind
from domain.exceptions.terms import DutyAmendment
from domain.levels import Level
from domain.request import RequestState
from domain.units import Actor
from persistence.forms import canonical, facts
from tests.support.builders import UNITS, application, terms
from tests.support.courses import (
    AGENT,
    ARBITER,
    COMMUNITY,
    DISPATCHER,
    DUTY_LEADER,
    OTHER_BUREAU,
    OTHER_TOWN,
    Course,
    head,
)

AMENDMENT = DutyAmendment("0201", Level.DISTRICT, "440106", "ecology_bureau", "ruling")

orders = TypeAdapter(Order)
states = TypeAdapter(RequestState)


def courses() -> list[Course]:
    """Requests that went through every kind of exception."""
    returned = Course.of().dispatched().asks(COMMUNITY, ExceptionKind.RETURN).rules(DISPATCHER, granted=True)
    ruled = (
        Course.of()
        .signed()
        .act(DISPATCHER, Reassign(OTHER_TOWN, "theirs"))
        .asks(DISPATCHER, ExceptionKind.DISPUTE)
    )
    ruled.rules(ARBITER, granted=True, unit=OTHER_BUREAU, amendment=AMENDMENT)
    longer = Course.of().signed().asks(COMMUNITY, ExceptionKind.EXTENSION).rules(DISPATCHER, granted=True)
    longer.asks(COMMUNITY, ExceptionKind.SUSPENSION).rules(DISPATCHER, granted=True)
    longer.act(COMMUNITY, Resume("he came")).asks(COMMUNITY, ExceptionKind.MALICIOUS)
    longer.rules(DUTY_LEADER, granted=True).asks(head(Level.COMMUNITY), ExceptionKind.BACKLOG)
    longer.rules(DUTY_LEADER, granted=True)
    admission = terms(ExceptionKind.ADMISSION)
    asked = Course.of().act(DISPATCHER, Dispatch(UNITS[Level.COMMUNITY], "", admission))
    asked.act(COMMUNITY, Rule("a1", granted=False, note="not ours"))
    moved = Course.of().asks(AGENT, ExceptionKind.TRANSFER_OUT, reason="police_110")
    return [returned, ruled, longer, asked, moved]


def test_every_fact_of_an_exception_survives_being_spelled() -> None:
    seen = set[str]()
    for course in courses():
        for event in course.story.timeline:
            spelled = canonical(facts.dump_python(event.what, mode="json"))
            assert facts.validate_python(json.loads(spelled)) == event.what
            seen.add(event.what.kind)
    assert {"leg_returned", "dispute_ruled", "deadline_extended", "suspended", "put_into_backlog"} <= seen
    assert {"application_made", "refusal_proposed", "exclusion_marked", "transferred_out"} <= seen


def test_what_is_asked_for_survives_its_way_to_the_workflow() -> None:
    for kind in set(ExceptionKind) - {ExceptionKind.HAND_UP}:
        order = Order("key", Actor(COMMUNITY.role, COMMUNITY.person), application(kind))
        assert orders.validate_json(orders.dump_json(order)) == order


def test_a_state_with_applications_goes_on_in_a_new_run() -> None:
    for course in courses():
        assert states.validate_json(states.dump_json(course.state)) == course.state
