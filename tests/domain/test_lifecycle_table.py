"""Every cell of the transition table: state x act x role is allowed, or refused with the exact code."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from domain.commands import (
    Accept,
    Act,
    AnswerDirectly,
    Callback,
    ContinueStory,
    Dispatch,
    FirstContact,
    HandUp,
    Order,
    PassTime,
    Recalculate,
    Redo,
    RefuseReply,
    Register,
    Reject,
    RequestInfo,
    ReviewBack,
    ReviewPass,
    SendDown,
    Sign,
    SubmitReply,
    Supervise,
    SupplyInfo,
    Urge,
    Withdraw,
)
from domain.levels import Level
from domain.lifecycle import TABLE, decide, fold, known_act, possible_acts
from domain.refusals import Refused
from domain.request import RequestState, State, begin
from domain.simulator import Simulation
from domain.units import SYSTEM, Actor, Role
from tests.support.builders import (
    MONDAY_MORNING,
    OPERATOR,
    OTHER_OPERATOR,
    UNITS,
    actor,
    calendar,
    handler,
    intake,
    policy,
    unclassified,
)

LATER = MONDAY_MORNING + timedelta(minutes=4)

ACTS: dict[str, Act] = {
    "register": Register(),
    "request_info": RequestInfo("Which street?"),
    "supply_info": SupplyInfo("Jianshe Road 5"),
    "accept": Accept(intake().matter, intake().snapshot),
    "reject": Reject("outside_area", "call the neighbouring city"),
    "answer_directly": AnswerDirectly("K-12", "The office opens at nine."),
    "dispatch": Dispatch(),
    "sign": Sign("1"),
    "first_contact": FirstContact("1", "call log 7"),
    "hand_up": HandUp("needs the town"),
    "send_down": SendDown("a matter of the grid"),
    "submit_reply": SubmitReply("1", "solved", "The rubbish is gone."),
    "review_pass": ReviewPass(),
    "review_back": ReviewBack("a photograph is missing"),
    "callback": Callback(contacted=True, satisfied=True),
    "redo": Redo("the caller asks again"),
    "withdraw": Withdraw(),
    "urge": Urge(),
    "supervise": Supervise("watched by the mayor"),
    "recalculate": Recalculate(calendar(known_until=date(2027, 12, 31)), "2027 is published"),
    "refuse_reply": RefuseReply("1", "not_possible_now", "moved on"),
    "pass_time": PassTime(),
    "continue_story": ContinueStory(2),
}


def in_state(state: State) -> RequestState:
    """A request that came to a state by the ordinary way, with a community leg, so that it can go up and
    down.
    """
    if state in (State.REGISTERED, State.AWAITING_INFO, State.ANSWERED_DIRECTLY, State.NOT_ACCEPTED):
        return _unjudged(state)
    story = Simulation.of(intake(policy=policy(dwell={"community": "1h", "town": "2h", "district": "4h"})))
    operator, community = actor(Role.DISPATCHER), handler(Level.COMMUNITY)
    steps: list[tuple[State, Actor, Act]] = [
        (State.PENDING_DISPATCH, operator, Dispatch()),
        (State.PENDING_SIGN, community, Sign("1")),
        (State.IN_PROGRESS, community, SubmitReply("1", "solved", "done")),
        (State.PENDING_REVIEW, actor(Role.REVIEWER), ReviewPass()),
        (State.PENDING_CALLBACK, actor(Role.CALLBACK_AGENT), Callback(contacted=True, satisfied=True)),
    ]
    if state is State.WITHDRAWN:
        story.act(actor(Role.CITIZEN), Withdraw(), LATER)
        return story.state
    for before, by, act in steps:
        if state is before:
            break
        story.act(by, act, story.state.entered_at + timedelta(seconds=1))
    assert story.state.state is state
    return story.state


def _unjudged(state: State) -> RequestState:
    story = Simulation.of(unclassified())
    act: dict[State, tuple[Role, Act]] = {
        State.AWAITING_INFO: (Role.AGENT, ACTS["request_info"]),
        State.ANSWERED_DIRECTLY: (Role.AGENT, ACTS["answer_directly"]),
        State.NOT_ACCEPTED: (Role.DUTY_LEADER, ACTS["reject"]),
    }
    if state in act:
        role, order = act[state]
        story.act(actor(role), order, LATER)
    return story.state


def somebody(role: Role, state: RequestState) -> Actor:
    """The right person in a role: handlers belong to the lead unit."""
    if role is Role.SYSTEM:
        return SYSTEM
    if role in (Role.HANDLER, Role.UNIT_HEAD, Role.GRID_WORKER):
        return actor(role, unit=UNITS[Level.COMMUNITY])
    return actor(role, person=OTHER_OPERATOR)


CELLS = [(state, name, role) for state in State for name in TABLE for role in Role]


@pytest.mark.parametrize(("state", "name", "role"), CELLS)
def test_each_cell_is_allowed_or_refused_exactly(state: State, name: str, role: Role) -> None:
    """What the table allows leads where the table says; everything else is refused with its code and changes
    nothing.
    """
    row, request = TABLE[name], in_state(state)
    order = Order("key", somebody(role, request), ACTS[name])
    expected = _expected_refusal(request, name, role)
    if expected is not None:
        with pytest.raises(Refused) as refusal:
            decide(request, order, request.entered_at + timedelta(seconds=2))
        assert refusal.value.code == expected
        assert refusal.value.title_zh
        assert refusal.value.field or expected in ("request_ended", "not_possible_now")
        return
    after = fold(request, decide(request, order, request.entered_at + timedelta(seconds=2)))
    assert after.state is request.state or after.state in row.to


def _expected_refusal(request: RequestState, name: str, role: Role) -> str | None:
    row = TABLE[name]
    if request.state not in row.frm:
        return "request_ended" if request.state.is_terminal else "not_possible_now"
    if role not in row.who:
        return "role_not_allowed"
    if name == "register":
        return "already_registered"
    if name == "sign" and request.state is State.IN_PROGRESS:
        return "already_signed"
    if name == "submit_reply" and request.state is State.PENDING_SIGN:
        return "not_signed"
    if name == "submit_reply" and request.state in (State.PENDING_REVIEW, State.PENDING_CALLBACK):
        return "leg_ended"
    if name == "send_down":
        return "bottom_of_ladder"
    return None


def test_every_act_of_the_union_stands_in_the_table() -> None:
    assert {known_act(name).__name__ for name in TABLE} == {type(act).__name__ for act in ACTS.values()}
    assert set(TABLE) == set(ACTS)


def test_every_open_state_has_an_act_for_time() -> None:
    assert TABLE["pass_time"].frm == frozenset(state for state in State if not state.is_terminal)


def test_the_screen_is_told_what_is_possible() -> None:
    assert possible_acts(in_state(State.PENDING_REVIEW), {Role.REVIEWER}) == ["review_pass", "review_back"]


def test_an_unknown_command_is_refused_by_name() -> None:
    with pytest.raises(Refused) as refusal:
        known_act("explode")
    assert refusal.value.code == "unknown_command"


def test_a_person_who_saw_an_older_version_is_told_what_changed() -> None:
    request = in_state(State.PENDING_DISPATCH)
    order = replace(Order("key", actor(Role.DISPATCHER), Dispatch()), expected_seq=request.seq - 1)
    with pytest.raises(Refused) as refusal:
        decide(request, order, LATER)
    assert refusal.value.code == "changed_meanwhile"
    assert str(request.seq) in refusal.value.expected


def test_register_happens_once() -> None:
    request = begin(intake())
    events = decide(request, Order("", SYSTEM, Register()), MONDAY_MORNING)
    assert [event.what.kind for event in events] == ["registered", "accepted"]
    assert [event.seq for event in events] == [1, 2]


def test_who_proposed_a_rejection_cannot_confirm_it() -> None:
    story = Simulation.of(unclassified())
    story.act(actor(Role.AGENT, person=OPERATOR), ACTS["reject"], LATER)
    assert story.state.state is State.REGISTERED
    with pytest.raises(Refused) as refusal:
        story.act(actor(Role.DUTY_LEADER, person=OPERATOR), ACTS["reject"], LATER)
    assert refusal.value.code == "same_person"
    story.act(actor(Role.DUTY_LEADER, person=OTHER_OPERATOR), ACTS["reject"], LATER)
    assert story.state.state is State.NOT_ACCEPTED


def test_who_replied_cannot_review() -> None:
    request = in_state(State.PENDING_REVIEW)
    assert request.reply is not None
    with pytest.raises(Refused) as refusal:
        decide(request, Order("k", actor(Role.REVIEWER, person=request.reply.by), ReviewPass()), LATER)
    assert refusal.value.code == "same_person"


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (SubmitReply("1", "fantastic", "text"), "unknown_outcome"),
        (SubmitReply("1", "solved", "   "), "text_missing"),
        (SubmitReply("1", "solved", "x" * 4001), "text_too_long"),
        (SubmitReply("9", "solved", "text"), "leg_unknown"),
        (SubmitReply("1", "solved", "text", tuple("e" * 21)), "too_much_evidence"),
        (FirstContact("1", ""), "text_missing"),
        (HandUp(""), "text_missing"),
        (SendDown("there", UNITS[Level.DISTRICT]), "not_in_subtree"),
    ],
)
def test_bad_input_of_a_unit_is_refused_with_its_code(act: Act, code: str) -> None:
    request = in_state(State.IN_PROGRESS)
    with pytest.raises(Refused) as refusal:
        decide(request, Order("k", handler(Level.COMMUNITY), act), LATER)
    assert refusal.value.code == code


def test_another_unit_cannot_touch_the_leg() -> None:
    request = in_state(State.PENDING_SIGN)
    with pytest.raises(Refused) as refusal:
        decide(request, Order("k", handler(Level.TOWN), Sign("1")), LATER)
    assert refusal.value.code == "not_your_leg"
