"""Every cell of the transition table: state x act x role is allowed, or refused with the exact code."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from typing import TypeVar

import pytest

from domain.commands import (
    Accept,
    Acknowledge,
    AcknowledgeWhistle,
    Act,
    Adopt,
    AgreePlan,
    AnswerDirectly,
    Attach,
    AttendWhistle,
    Callback,
    CancelCard,
    Comment,
    ConfirmUnjustified,
    ContinueStory,
    DeclineJoint,
    Delegate,
    DeliberationResult,
    Disown,
    Dispatch,
    EndWhistle,
    FirstContact,
    GiveFieldTask,
    HandToPartner,
    HandUp,
    HearAnswer,
    Instruct,
    MarkConfidential,
    Merge,
    MovePolicy,
    ObjectToWhistle,
    OpenCase,
    Order,
    PartnerResult,
    PassTime,
    RaiseCard,
    RateCall,
    RateWhistle,
    Reassign,
    Recalculate,
    RecallFieldTask,
    Redo,
    ReferDeliberation,
    RefuseReply,
    Register,
    Reject,
    RemindOfCommitment,
    RemoveJoint,
    Reopen,
    ReportCase,
    ReportFieldTask,
    ReportFound,
    ReportInterim,
    RequestInfo,
    Resume,
    ReviewBack,
    ReviewPass,
    Rule,
    SendDown,
    SetJoinRule,
    SettleCase,
    Sign,
    StartJoint,
    SubmitReply,
    Supervise,
    SupplyInfo,
    Urge,
    Withdraw,
    WithdrawCase,
)
from domain.exceptions.applications import ExceptionKind
from domain.field_tasks import FieldParty
from domain.joining import Join, JoinRule
from domain.levels import Level
from domain.lifecycle import HANDS, TABLE, decide, fold, known_act, possible_acts
from domain.limits.policy import Extension, Urgency
from domain.partners import CaseStatus, Partner
from domain.refusals import Refused
from domain.request import Card, PolicySnapshot, RequestState, State, Visibility, begin
from domain.simulator import Simulation
from domain.time.durations import Duration
from domain.units import SYSTEM, Actor, Role
from domain.whistles import Decision, Mode, Post, WhistleKind
from tests.support.builders import (
    CLUE,
    MONDAY_MORNING,
    OPERATOR,
    OTHER_OPERATOR,
    PHOTO,
    UNITS,
    actor,
    application,
    calendar,
    case_terms,
    handler,
    intake,
    ladder,
    policy,
    terms,
    unclassified,
    whistle,
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
    "cancel_card": CancelCard("1", Card.YELLOW, "issued by mistake"),
    "raise_card": RaiseCard("1", "two yellow cards"),
    "delegate": Delegate("1", UNITS[Level.GRID], "look at the spot"),
    "start_joint": StartJoint(UNITS[Level.TOWN], "lend a lorry"),
    "decline_joint": DeclineJoint("1", "no lorry to lend"),
    "remove_joint": RemoveJoint("1", "not needed any more"),
    "set_join_rule": SetJoinRule(JoinRule(Join.ALL), "the answer needs everybody"),
    "refer_deliberation": ReferDeliberation("residents' hall", "Where shall the bins stand?"),
    "deliberation_result": DeliberationResult("beside the gate", agreed=True),
    "hand_to_partner": HandToPartner(Partner.ENFORCEMENT, "clue-7"),
    "open_case": OpenCase(CLUE, case_terms(Partner.ENFORCEMENT)),
    "withdraw_case": WithdrawCase("20260302-0000001-p1", "a mistake"),
    "settle_case": SettleCase("20260302-0000001-p1", CaseStatus.DONE, "corrected on the spot", "scan-1"),
    "report_case": ReportCase("20260302-0000001-p1", CaseStatus.DONE, "on_site_result", version=2),
    "report_found": ReportFound("20260302-0000001-p1", ("20260303-0000001",)),
    "partner_result": PartnerResult("done", "corrected on the spot", "clue-7"),
    "give_field_task": GiveFieldTask(
        FieldParty.PROPERTY_FIRM, "Garden Court", "Clear the stairs.", Duration.parse("4h")
    ),
    "report_field_task": ReportFieldTask("f1", True, "The stairs are clear."),
    "recall_field_task": RecallFieldTask("f1", "cleared by the residents"),
    "whistle": whistle(
        town=UNITS[Level.COMMUNITY], summoned=(UNITS[Level.TOWN],), kind=WhistleKind.COMMUNITY
    ),
    "acknowledge_whistle": AcknowledgeWhistle("w1"),
    "attend_whistle": AttendWhistle("w1", Mode.ONLINE, "Officer Li", Post.HEAD),
    "object_to_whistle": ObjectToWhistle("w1", "Regulation 12", "not a power of ours"),
    "agree_plan": AgreePlan(
        "w1", "agreed on the spot", (Decision(UNITS[Level.TOWN], "clear it", Duration.parse("1d")),)
    ),
    "end_whistle": EndWhistle("w1", resolved=False, text="nobody came"),
    "rate_whistle": RateWhistle("w1", UNITS[Level.TOWN].code, 5, 4, 4),
    "rate_call": RateCall("w1", 4),
    "confirm_unjustified": ConfirmUnjustified("w1", "a matter of the town alone"),
    "comment": Comment("The caller has rung again."),
    "attach": Attach(PHOTO),
    "instruct": Instruct("Settle it this week."),
    "acknowledge": Acknowledge("i1"),
    "interim_report": ReportInterim("A lorry has been ordered."),
    "mark_confidential": MarkConfidential(Visibility.LEAD_ONLY, "the caller fears the neighbour"),
    "merge": Merge("20260302-0000002", State.IN_PROGRESS),
    "adopt": Adopt("20260302-0000003", has_contact=True),
    "disown": Disown("20260302-0000003"),
    "hear_answer": HearAnswer("20260302-0000002", LATER, "solved"),
    "reopen": Reopen("it leaks again"),
    "remind_of_commitment": RemindOfCommitment(),
    "recalculate": Recalculate(calendar(known_until=date(2027, 12, 31)), "2027 is published"),
    "move_policy": MovePolicy(PolicySnapshot(policy(version=2), ladder()), "a corrected promise"),
    "refuse_reply": RefuseReply("1", "not_possible_now", "moved on"),
    "apply": application(ExceptionKind.TRANSFER_OUT, reason="petition"),
    "rule": Rule("a9", granted=True, note="as asked"),
    "resume": Resume("the flood is gone"),
    "reassign": Reassign(UNITS[Level.TOWN], "a matter of the town"),
    "pass_time": PassTime(),
    "continue_story": ContinueStory(2),
}


BENDABLE = policy(
    urgency=Urgency.HIGH,
    dwell={"community": "1h", "town": "2h", "district": "4h"},
    extension=Extension(2, Duration.parse("2h"), Level.TOWN),
    suspend=True,
)
"""It climbs from the community on, and may be extended and suspended."""

COMPLETE = "a complete call"
UNCLASSIFIED = "a call that says neither what nor where"

Steps = tuple[tuple[Actor, Act], ...]

CITIZEN, COMMUNITY = actor(Role.CITIZEN), handler(Level.COMMUNITY)

WAYS: dict[State, tuple[State | str, Steps]] = {
    State.REGISTERED: (UNCLASSIFIED, ()),
    State.AWAITING_INFO: (State.REGISTERED, ((actor(Role.AGENT), ACTS["request_info"]),)),
    State.ANSWERED_DIRECTLY: (State.REGISTERED, ((actor(Role.AGENT), ACTS["answer_directly"]),)),
    State.NOT_ACCEPTED: (State.REGISTERED, ((actor(Role.DUTY_LEADER), ACTS["reject"]),)),
    State.PENDING_DISPATCH: (COMPLETE, ()),
    State.PENDING_SIGN: (State.PENDING_DISPATCH, ((actor(Role.DISPATCHER), Dispatch()),)),
    State.IN_PROGRESS: (State.PENDING_SIGN, ((COMMUNITY, Sign("1")),)),
    State.PENDING_REVIEW: (State.IN_PROGRESS, ((COMMUNITY, SubmitReply("1", "solved", "done")),)),
    State.PENDING_CALLBACK: (State.PENDING_REVIEW, ((actor(Role.REVIEWER), ReviewPass()),)),
    State.CLOSED: (State.PENDING_CALLBACK, ((actor(Role.CALLBACK_AGENT), ACTS["callback"]),)),
    State.IN_DELIBERATION: (State.IN_PROGRESS, ((COMMUNITY, ACTS["refer_deliberation"]),)),
    State.AWAITING_PARTNER: (State.IN_PROGRESS, ((COMMUNITY, ACTS["hand_to_partner"]),)),
    State.MERGED: (State.IN_PROGRESS, ((actor(Role.DISPATCHER), ACTS["merge"]),)),
    State.ADMISSION_REVIEW: (
        State.PENDING_DISPATCH,
        ((actor(Role.DISPATCHER), Dispatch(UNITS[Level.COMMUNITY], "", terms(ExceptionKind.ADMISSION))),),
    ),
    State.IN_DISPUTE: (State.IN_PROGRESS, ((actor(Role.DISPATCHER), application(ExceptionKind.DISPUTE)),)),
    State.SUSPENDED: (
        State.IN_PROGRESS,
        (
            (COMMUNITY, application(ExceptionKind.SUSPENSION, reason="force_majeure")),
            (actor(Role.DISPATCHER), Rule("a1", granted=True, note="a typhoon")),
        ),
    ),
    State.TRANSFERRED_OUT: (
        State.PENDING_DISPATCH,
        ((actor(Role.AGENT), application(ExceptionKind.TRANSFER_OUT, reason="police_110")),),
    ),
    State.VOIDED: (
        State.PENDING_DISPATCH,
        (
            (actor(Role.AGENT), application(ExceptionKind.VOID)),
            (actor(Role.DUTY_LEADER, person=OTHER_OPERATOR), Rule("a1", granted=True, note="a test")),
        ),
    ),
    State.WITHDRAWN: (State.PENDING_DISPATCH, ((CITIZEN, Withdraw()),)),
}
"""How a request comes to each state by the ordinary way: from where, and by which steps, a second apart."""


@cache
def in_state(state: State) -> RequestState:
    """A request that came to a state by the ordinary way, with a community leg, so that it can go up and
    down.
    """
    story = _on_the_way_to(state)
    assert story.state.state is state
    return story.state


def _on_the_way_to(state: State) -> Simulation:
    before, steps = WAYS[state]
    if before == UNCLASSIFIED:
        return Simulation.of(unclassified())
    if before == COMPLETE:
        return Simulation.of(intake(policy=BENDABLE))
    story = _on_the_way_to(State(before))
    for by, act in steps:
        story.act(by, act, story.state.as_of + timedelta(seconds=1))
    return story


def somebody(role: Role) -> Actor:
    """The right person in a role: handlers belong to the lead unit."""
    if role is Role.SYSTEM:
        return SYSTEM
    if role in HANDS:
        return actor(role, unit=UNITS[Level.COMMUNITY])
    return actor(role, person=OTHER_OPERATOR)


Cell = tuple[str] | tuple[str, State] | tuple[str, State, Role]
"""An act, everywhere, in a state, or in a state by a role: the narrower one counts."""

ASKED = terms(ExceptionKind.TRANSFER_OUT)

REFUSED_BY_ITS_CHAPTER: dict[Cell, str] = {
    ("rule",): "application_unknown",
    **dict.fromkeys(
        ((act,) for act in ("withdraw_case", "settle_case", "report_case", "report_found")), "case_unknown"
    ),
    ("apply", State.CLOSED): "request_ended",
    ("callback", State.MERGED): "request_ended",
    ("continue_story", State.MERGED): "request_ended",
    ("register",): "already_registered",
    ("remind_of_commitment",): "no_commitment",
    ("sign", State.IN_PROGRESS): "already_signed",
    ("sign", State.IN_DELIBERATION): "already_signed",
    ("sign", State.AWAITING_PARTNER): "already_signed",
    ("sign", State.SUSPENDED): "already_signed",
    ("sign", State.IN_DISPUTE): "already_signed",
    ("submit_reply", State.IN_DISPUTE): "not_possible_now",
    ("submit_reply", State.IN_DELIBERATION): "not_possible_now",
    ("submit_reply", State.AWAITING_PARTNER): "not_possible_now",
    ("submit_reply", State.SUSPENDED): "not_possible_now",
    ("start_joint", State.PENDING_SIGN, Role.HANDLER): "not_signed",
    ("start_joint", State.PENDING_SIGN, Role.UNIT_HEAD): "not_signed",
    ("decline_joint",): "not_possible_now",
    ("remove_joint",): "not_possible_now",
    ("remove_joint", State.PENDING_DISPATCH): "leg_unknown",
    ("remove_joint", State.PENDING_REVIEW): "leg_ended",
    ("remove_joint", State.PENDING_CALLBACK): "leg_ended",
    ("report_field_task",): "field_task_unknown",
    ("recall_field_task",): "field_task_unknown",
    **dict.fromkeys(
        (
            ("acknowledge_whistle",),
            ("attend_whistle",),
            ("object_to_whistle",),
            ("agree_plan",),
            ("end_whistle",),
            ("rate_whistle",),
            ("rate_call",),
            ("confirm_unjustified",),
        ),
        "whistle_unknown",
    ),
    ("acknowledge",): "nothing_to_acknowledge",
    ("acknowledge", State.PENDING_DISPATCH): "not_possible_now",
    ("cancel_card",): "no_such_card",
    ("cancel_card", State.PENDING_DISPATCH): "leg_unknown",
    ("raise_card",): "no_such_card",
    ("raise_card", State.PENDING_DISPATCH): "leg_unknown",
    ("submit_reply", State.PENDING_SIGN): "not_signed",
    ("submit_reply", State.ADMISSION_REVIEW): "not_signed",
    ("sign", State.ADMISSION_REVIEW): "not_possible_now",
    **dict.fromkeys(
        ((act, State.PENDING_DISPATCH) for act in ("sign", "submit_reply", "decline_joint")), "leg_unknown"
    ),
    **dict.fromkeys(
        (
            (act, state)
            for act in ("sign", "submit_reply", "decline_joint")
            for state in (State.PENDING_REVIEW, State.PENDING_CALLBACK)
        ),
        "leg_ended",
    ),
    ("send_down",): "bottom_of_ladder",
}
"""What the table allows and the act of ``ACTS`` is refused all the same, with its code."""

REFUSED_BY_ITS_CHAPTER.update(
    {
        ("apply", state): "not_possible_now"
        for state in State
        if not state.is_terminal and state not in ASKED.states
    }
)
REFUSED_BY_ITS_CHAPTER.update(
    {
        ("apply", state, role): "role_not_allowed"
        for state in State
        for role in Role
        if not state.is_terminal and role not in (*ASKED.asked_by, Role.SYSTEM)
    }
)

STAYS_AT_FIRST: dict[Cell, bool] = dict.fromkeys(
    [
        ("apply",),
        ("pass_time",),
        ("reject", State.REGISTERED, Role.AGENT),
        ("reject", State.AWAITING_INFO, Role.AGENT),
    ],
    True,
)
"""What may lead elsewhere, and stays where it is as the act of ``ACTS`` stands."""

CELLS = [(state, name) for state in State for name in TABLE]


@pytest.mark.parametrize(("state", "name"), CELLS)
def test_each_cell_is_allowed_or_refused_exactly(state: State, name: str) -> None:
    """For every role: what the table allows leads where the table says; everything else is refused with its code and
    changes nothing.
    """
    request = in_state(state)
    for role in Role:
        order = Order("key", somebody(role), ACTS[name])
        expected = _expected_refusal(state, name, role)
        if expected is None:
            after = fold(request, decide(request, order, request.as_of + timedelta(seconds=1)))
            assert after.state in _destinations(state, name, role), role
            continue
        with pytest.raises(Refused) as refusal:
            decide(request, order, request.as_of + timedelta(seconds=1))
        assert refusal.value.code == expected, role
        assert refusal.value.title_zh
        assert refusal.value.field or expected in ("request_ended", "not_possible_now")


def _expected_refusal(state: State, name: str, role: Role) -> str | None:
    row = TABLE[name]
    if state not in row.frm:
        return "request_ended" if state.is_terminal else "not_possible_now"
    if role not in row.who:
        return "role_not_allowed"
    return _said_of(REFUSED_BY_ITS_CHAPTER, name, state, role)


def _destinations(state: State, name: str, role: Role) -> frozenset[State]:
    if _said_of(STAYS_AT_FIRST, name, state, role):
        return frozenset({state})
    return TABLE[name].to or frozenset({state})


T = TypeVar("T")


def _said_of(cells: dict[Cell, T], name: str, state: State, role: Role) -> T | None:
    narrower_first: tuple[Cell, ...] = ((name, state, role), (name, state), (name,))
    return next((cells[cell] for cell in narrower_first if cell in cells), None)


def test_every_state_has_a_way() -> None:
    assert set(WAYS) == set(State)


def test_what_is_listed_as_refused_is_allowed_by_the_table() -> None:
    for name, *where in REFUSED_BY_ITS_CHAPTER:
        assert all(each in TABLE[name].frm | TABLE[name].who for each in where)


ASKED_BY_TIME = ExceptionKind.HAND_UP
"""Nobody asks for it: a passed dwell does, under the policy's own limit."""

REFUSED_KIND: dict[tuple[ExceptionKind, Role], str] = {
    (ExceptionKind.DISPUTE, Role.UNIT_HEAD): "dispute_too_early",
    (ExceptionKind.APPEAL, Role.CITIZEN): "nothing_to_appeal",
    (ExceptionKind.REMOVAL, Role.HANDLER): "nothing_to_remove",
    (ExceptionKind.REMOVAL, Role.UNIT_HEAD): "nothing_to_remove",
}
"""What the terms of a kind allow and is refused all the same, with its code."""

KINDS = [(state, kind) for state in State for kind in ExceptionKind if kind is not ASKED_BY_TIME]


@pytest.mark.parametrize(("state", "kind"), KINDS)
def test_each_exception_may_be_asked_for_exactly_where_and_by_whom_its_terms_say(
    state: State, kind: ExceptionKind
) -> None:
    """For every role: what the terms allow is asked for, or takes effect; everything else is refused with its code."""
    request = in_state(state)
    for role in Role:
        order = Order("key", somebody(role), application(kind))
        expected = _expected_refusal_of(kind, state, role)
        if expected is None:
            after = fold(request, decide(request, order, request.as_of + timedelta(seconds=1)))
            assert [asked.kind for asked in after.applications[len(request.applications) :]] == [kind]
            continue
        with pytest.raises(Refused) as refusal:
            decide(request, order, request.as_of + timedelta(seconds=1))
        assert refusal.value.code == expected, role
        assert refusal.value.title_zh


def _expected_refusal_of(kind: ExceptionKind, state: State, role: Role) -> str | None:
    governing, row = terms(kind), TABLE["apply"]
    if state not in row.frm:
        return "request_ended"
    if role not in row.who:
        return "role_not_allowed"
    if state.is_terminal and state not in governing.states:
        return "request_ended"
    if role not in governing.asked_by:
        return "role_not_allowed"
    if state not in governing.states:
        return "not_possible_now"
    return REFUSED_KIND.get((kind, role))


def test_every_act_of_the_union_stands_in_the_table() -> None:
    assert {known_act(name).__name__ for name in TABLE} == {type(act).__name__ for act in ACTS.values()}
    assert set(TABLE) == set(ACTS)


def test_every_open_state_has_an_act_for_time() -> None:
    assert TABLE["pass_time"].frm >= frozenset(state for state in State if not state.is_terminal)


def test_the_screen_is_told_what_is_possible() -> None:
    assert possible_acts(in_state(State.PENDING_REVIEW), {Role.REVIEWER}) == [
        "review_pass",
        "review_back",
        "apply",
        "comment",
        "attach",
        "mark_confidential",
    ]


def test_only_who_may_decide_something_is_told_of_deciding() -> None:
    disputed = in_state(State.IN_DISPUTE)
    assert "rule" in possible_acts(disputed, {Role.ARBITER})
    assert "rule" not in possible_acts(disputed, {Role.DISPATCHER})
    assert "rule" not in possible_acts(in_state(State.IN_PROGRESS), {Role.ARBITER})


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
