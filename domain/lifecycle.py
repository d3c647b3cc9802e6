"""The life cycle of a request: one table, and the one function that decides.

``TABLE`` is what a duty officer could read: which act is possible in which states, who may do it, and where
it leads. ``decide`` checks an order against it and asks the chapter that knows the act for the facts. Nothing
here reads a clock or a database; the workflow, the simulator, the doors and the tests all call the same
function.

Source: the table of transitions (流转表).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.chapters import (
    case_reports,
    closing,
    elsewhere,
    field_tasks,
    handling,
    joining,
    left_behind,
    merging,
    neighbours,
    opening,
    passing_time,
    reopening,
    sharing,
    steering,
    words,
)
from domain.chapters.exceptions import applying, returning, ruling, suspending
from domain.chapters.whistles import attending, calling, outcome, planning
from domain.commands import Act, Order, PassTime
from domain.events import Event, Fact, LegDispatched
from domain.evolution import evolve
from domain.field_tasks import FieldTaskState
from domain.limits.deadlines import is_over, owes_callback
from domain.refusals import Refused
from domain.request import LegRole, RequestState, State
from domain.standing import REOPENABLE, has_ended
from domain.units import HANDS, SYSTEM, Actor, Role

S, R = State, Role
OPEN = frozenset(state for state in State if not state.is_terminal)
ACCEPTED = OPEN - {S.REGISTERED, S.AWAITING_INFO}
AT_WORK = frozenset(
    {S.PENDING_SIGN, S.IN_DISPUTE, S.IN_PROGRESS, S.SUSPENDED, S.IN_DELIBERATION, S.AWAITING_PARTNER}
)
"""Where a unit holds the lead, whatever it waits for."""
SHARED = AT_WORK | {S.PENDING_DISPATCH, S.ADMISSION_REVIEW}
"""Where joint units go on with their shares, also while it is open who leads."""
APPEALABLE = OPEN | {S.CLOSED}
"""Where something can be asked for and decided: a citizen may appeal against a finding after the request was closed."""
CLOCKED = APPEALABLE | {S.MERGED}
"""Where something may still be waited for: after a merge, that the caller is asked about the answer."""
RULED = frozenset(
    {S.PENDING_DISPATCH, S.PENDING_SIGN, S.IN_PROGRESS, S.SUSPENDED, S.CLOSED, S.TRANSFERRED_OUT, S.VOIDED}
)
"""Where the decision on an application may lead."""
LEADS = frozenset({R.HANDLER, R.UNIT_HEAD})
CALLERS = LEADS | {R.DISPATCHER, R.DUTY_LEADER}
"""Who blows a whistle, for the own town or, from a command centre above, on its behalf."""
RATED = ACCEPTED | {S.CLOSED, S.WITHDRAWN, S.MERGED, S.TRANSFERRED_OUT}
"""Where the two sides of a whistle rate each other: the ratings have a time of their own."""

Chapter = Callable[[RequestState, Any, Actor, datetime], Iterable[Fact]]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: an act, its Chinese name, where it is possible, who may, where it may lead, and
    its chapter.
    """

    act: str
    zh: str
    frm: frozenset[State]
    who: frozenset[Role]
    to: frozenset[State]
    chapter: Chapter


def _row(
    act: str, zh: str, frm: Iterable[State], who: Iterable[Role], to: Iterable[State], chapter: Any
) -> Row:
    return Row(act, zh, frozenset(frm), frozenset(who), frozenset(to), chapter)


STAYS = frozenset[State]()
"""An act that changes no state."""

TABLE: dict[str, Row] = {
    row.act: row
    for row in (
        _row("register", "登记", {S.REGISTERED}, {R.SYSTEM}, {S.REGISTERED, S.PENDING_DISPATCH, S.PENDING_SIGN}, opening.register),
        _row("request_info", "要求补充", {S.REGISTERED}, {R.AGENT}, {S.AWAITING_INFO}, opening.request_info),
        _row("supply_info", "补充信息", {S.AWAITING_INFO}, {R.CITIZEN, R.AGENT}, {S.REGISTERED}, opening.supply_info),
        _row("accept", "受理", {S.REGISTERED}, {R.AGENT, R.SYSTEM}, {S.PENDING_DISPATCH, S.PENDING_SIGN}, opening.accept),
        _row("reject", "不予受理", {S.REGISTERED, S.AWAITING_INFO}, {R.AGENT, R.DUTY_LEADER}, {S.NOT_ACCEPTED}, opening.reject),
        _row("answer_directly", "直接答复", {S.REGISTERED}, {R.AGENT}, {S.ANSWERED_DIRECTLY}, opening.answer_directly),
        _row("dispatch", "分派", {S.PENDING_DISPATCH}, {R.DISPATCHER, R.SYSTEM}, {S.PENDING_SIGN, S.ADMISSION_REVIEW}, handling.dispatch),
        _row("sign", "签收", ACCEPTED, HANDS, {S.IN_PROGRESS}, handling.sign),
        _row("first_contact", "首次联系", {S.IN_PROGRESS}, HANDS, STAYS, handling.first_contact),
        _row("hand_up", "上报", {S.IN_PROGRESS}, HANDS, {S.PENDING_SIGN}, handling.hand_up),
        _row("send_down", "下沉", {S.IN_PROGRESS}, {R.DISPATCHER, R.HANDLER, R.UNIT_HEAD}, {S.PENDING_SIGN, S.ADMISSION_REVIEW},
             handling.send_down),
        _row("delegate", "转派", {S.IN_PROGRESS}, LEADS, STAYS, sharing.delegate),
        _row("start_joint", "发起协办", {S.PENDING_SIGN, S.IN_PROGRESS}, LEADS | {R.DISPATCHER}, STAYS, sharing.start_joint),
        _row("decline_joint", "谢绝协办", ACCEPTED, HANDS, STAYS, sharing.decline_joint),
        _row("remove_joint", "解除协办", ACCEPTED, {R.DISPATCHER}, STAYS, sharing.remove_joint),
        _row("set_join_rule", "设定会办规则", AT_WORK, LEADS | {R.DISPATCHER}, STAYS, joining.set_join_rule),
        _row("refer_deliberation", "提请议事", {S.IN_PROGRESS}, LEADS, {S.IN_DELIBERATION}, elsewhere.refer_deliberation),
        _row("deliberation_result", "议事结果", {S.IN_DELIBERATION}, LEADS, {S.IN_PROGRESS}, elsewhere.deliberation_result),
        _row("hand_to_partner", "转外部系统", {S.IN_PROGRESS}, LEADS, {S.AWAITING_PARTNER}, elsewhere.hand_to_partner),
        _row("partner_result", "外部反馈", {S.AWAITING_PARTNER}, LEADS | {R.PARTNER, R.DISPATCHER, R.SYSTEM}, {S.IN_PROGRESS}, elsewhere.partner_result),
        _row("open_case", "移交外部系统", {S.IN_PROGRESS}, HANDS, {S.AWAITING_PARTNER}, neighbours.open_case),
        _row("withdraw_case", "撤回外部案件", ACCEPTED, LEADS | {R.DISPATCHER}, STAYS, neighbours.withdraw_case),
        _row("settle_case", "人工登记外部结果", ACCEPTED | {S.CLOSED}, LEADS | {R.DISPATCHER}, {S.IN_PROGRESS}, neighbours.settle_case),
        _row("report_case", "外部案件进展", State, {R.SYSTEM}, {S.IN_PROGRESS}, case_reports.report_case),
        _row("report_found", "外部新发现问题", State, {R.SYSTEM}, STAYS, case_reports.report_found),
        _row("give_field_task", "派发现场任务", {S.IN_PROGRESS, S.AWAITING_PARTNER}, HANDS, STAYS, field_tasks.give_field_task),
        _row("report_field_task", "现场反馈", ACCEPTED, HANDS | {R.PARTNER}, STAYS, field_tasks.report_field_task),
        _row("recall_field_task", "撤回现场任务", SHARED, HANDS, STAYS, field_tasks.recall_field_task),
        _row("whistle", "吹哨", SHARED, CALLERS, STAYS, calling.whistle),
        _row("acknowledge_whistle", "应哨", ACCEPTED, HANDS, STAYS, attending.acknowledge_whistle),
        _row("attend_whistle", "报到", ACCEPTED, HANDS, STAYS, attending.attend_whistle),
        _row("object_to_whistle", "对吹哨提出异议", ACCEPTED, HANDS, STAYS, attending.object_to_whistle),
        _row("agree_plan", "议定处置方案", SHARED, CALLERS, {S.PENDING_SIGN}, planning.agree_plan),
        _row("end_whistle", "销哨", SHARED, CALLERS, STAYS, outcome.end_whistle),
        _row("rate_whistle", "评价到哨部门", RATED, CALLERS, STAYS, outcome.rate_whistle),
        _row("rate_call", "评价吹哨", RATED, HANDS, STAYS, attending.rate_call),
        _row("confirm_unjustified", "认定不当吹哨", RATED, {R.SUPERVISOR, R.DUTY_LEADER}, STAYS,
             outcome.confirm_unjustified),
        _row("interim_report", "阶段性反馈", {S.IN_PROGRESS, S.AWAITING_PARTNER}, HANDS, STAYS, words.interim_report),
        _row("submit_reply", "反馈", ACCEPTED, HANDS, {S.PENDING_REVIEW}, closing.submit_reply),
        _row("review_pass", "审核通过", {S.PENDING_REVIEW}, {R.REVIEWER}, {S.PENDING_CALLBACK, S.CLOSED}, closing.review_pass),
        _row("review_back", "回退重办", {S.PENDING_REVIEW}, {R.REVIEWER}, {S.IN_PROGRESS}, closing.review_back),
        _row("callback", "回访", {S.PENDING_CALLBACK, S.MERGED}, {R.CALLBACK_AGENT},
             {S.PENDING_CALLBACK, S.CLOSED, S.MERGED, S.REGISTERED, S.PENDING_DISPATCH, S.PENDING_SIGN}, closing.callback),
        _row("redo", "重办", {S.PENDING_CALLBACK}, {R.CALLBACK_AGENT, R.REVIEWER, R.DUTY_LEADER}, {S.PENDING_SIGN}, closing.redo),
        _row("withdraw", "撤诉", OPEN, {R.CITIZEN}, {S.WITHDRAWN}, closing.withdraw),
        _row("apply", "申请", APPEALABLE, set(R) - {R.SYSTEM}, RULED | {S.IN_DISPUTE}, applying.apply),
        _row("rule", "审批", APPEALABLE, set(R) - {R.CITIZEN, R.PARTNER, R.SYSTEM}, RULED, ruling.rule),
        _row("resume", "恢复", {S.SUSPENDED}, LEADS | {R.DISPATCHER}, {S.IN_PROGRESS}, suspending.resume),
        _row("reassign", "改派", {S.PENDING_SIGN, S.IN_PROGRESS}, {R.DISPATCHER}, {S.PENDING_SIGN, S.ADMISSION_REVIEW},
             returning.reassign),
        _row("urge", "催办", ACCEPTED, {R.CITIZEN, R.DISPATCHER, R.SUPERVISOR, R.SYSTEM}, STAYS, steering.urge),
        _row("supervise", "督办", ACCEPTED, {R.SUPERVISOR}, STAYS, steering.supervise),
        _row("cancel_card", "撤销督办牌", ACCEPTED, {R.SUPERVISOR}, STAYS, steering.cancel_card),
        _row("raise_card", "黄牌升红牌", ACCEPTED, {R.SYSTEM}, STAYS, steering.raise_card),
        _row("comment", "留言", OPEN, Role, STAYS, words.comment),
        _row("attach", "附件", OPEN, Role, STAYS, words.attach),
        _row("instruct", "批示", ACCEPTED, {R.DUTY_LEADER}, STAYS, words.instruct),
        _row("acknowledge", "签阅批示", ACCEPTED, HANDS, STAYS, words.acknowledge),
        _row("mark_confidential", "设为保密件", OPEN, {R.AGENT, R.REVIEWER}, STAYS, words.mark_confidential),
        _row("merge", "合并重复件", OPEN, {R.AGENT, R.DISPATCHER}, {S.MERGED}, merging.merge),
        _row("adopt", "并入", OPEN, {R.SYSTEM}, STAYS, merging.adopt),
        _row("disown", "解除并案", OPEN | REOPENABLE, {R.SYSTEM}, STAYS, merging.disown),
        _row("hear_answer", "并案答复", {S.MERGED}, {R.SYSTEM}, STAYS, merging.hear_answer),
        _row("reopen", "重启", REOPENABLE, {R.CALLBACK_AGENT, R.REVIEWER, R.DUTY_LEADER, R.AGENT, R.SYSTEM},
             {S.REGISTERED, S.PENDING_DISPATCH, S.PENDING_SIGN}, reopening.reopen),
        _row("remind_of_commitment", "挂账复核", {S.CLOSED}, {R.SYSTEM}, STAYS, reopening.remind_of_commitment),
        _row("recalculate", "重算时限", OPEN, {R.DUTY_LEADER}, STAYS, steering.recalculate),
        _row("move_policy", "迁移政策", ACCEPTED, {R.DUTY_LEADER}, STAYS, steering.move_policy),
        _row("refuse_reply", "驳回迟到的反馈", OPEN, {R.SYSTEM}, STAYS, closing.refuse_reply),
        _row("pass_time", "到时", CLOCKED, {R.SYSTEM}, State, passing_time.pass_time),
        _row("continue_story", "续写", CLOCKED, {R.SYSTEM}, STAYS, steering.continue_story),
    )
}  # fmt: skip


def decide(state: RequestState, order: Order, now: datetime) -> tuple[Event, ...]:
    """The events that follow from an order at ``now`` (aware, UTC); numbered on from the state's last. Whatever fell due
    before the order happens first.

    Raises:
        Refused: ``not_possible_now``, ``request_ended``, ``role_not_allowed``, ``changed_meanwhile``, or a
        code of the act's own chapter.
    """
    row = TABLE[order.act.act]
    _check_version(state, order)
    _check_state(state, row)
    if order.by.role not in row.who:
        allowed = ", ".join(sorted(row.who))
        raise Refused(
            "role_not_allowed", "role", f"{order.by.role} may not {order.act.act}", f"one of: {allowed}"
        )
    overdue = _time_first(state, row, now)
    present = fold(state, overdue)
    _check_state(present, row)
    done = _numbered(present, order.by, row.chapter(present, order.act, order.by, now), now)
    return (*overdue, *done, *_left_behind(present, done, now))


def _left_behind(state: RequestState, done: tuple[Event, ...], now: datetime) -> tuple[Event, ...]:
    """What the request moves past is cleared up after with the act that moved it."""
    if not done or not (state.undecided or state.cases or _has_joint_units(state, done)):
        return ()
    after = fold(state, done)
    return _numbered(after, SYSTEM, left_behind.left_behind(after), now)


def _has_joint_units(state: RequestState, done: tuple[Event, ...]) -> bool:
    asked = any(isinstance(event.what, LegDispatched) and event.what.role is LegRole.JOINT for event in done)
    return asked or any(leg.role is LegRole.JOINT and leg.is_open for leg in state.legs)


def _time_first(state: RequestState, row: Row, now: datetime) -> tuple[Event, ...]:
    """What has fallen due by ``now`` happens before the order, so that nobody outruns a deadline by a moment."""
    if row.act in _KEEP_THEIR_OWN_TIME or is_over(state):
        return ()
    return decide(state, Order("", SYSTEM, PassTime()), now)


_KEEP_THEIR_OWN_TIME = frozenset({"register", "pass_time"})


def fold(state: RequestState, events: Iterable[Event]) -> RequestState:
    """The state after all the events."""
    for event in events:
        state = evolve(state, event)
    return state


def possible_acts(state: RequestState, roles: Iterable[Role]) -> list[str]:
    """The acts that the table allows somebody with these roles in this state, for screens and problem
    documents.
    """
    held = frozenset(roles)
    return [
        row.act
        for row in TABLE.values()
        if state.state in row.frm and row.who & held and _has_its_object(state, row, held)
    ]


def _has_its_object(state: RequestState, row: Row, held: frozenset[Role]) -> bool:
    match row.act:
        case "rule":
            return any(held.intersection(asked.deciders) for asked in state.undecided)
        case "callback":
            return state.state is S.PENDING_CALLBACK or owes_callback(state)
        case "withdraw_case" | "settle_case":
            return bool(state.open_cases)
        case "decline_joint" | "remove_joint":
            return any(leg.role is LegRole.JOINT and leg.is_open for leg in state.legs)
        case "report_field_task" | "recall_field_task":
            return any(task.state is FieldTaskState.GIVEN for task in state.field_tasks)
        case "acknowledge_whistle" | "attend_whistle" | "object_to_whistle" | "agree_plan" | "end_whistle":
            return any(each.is_open for each in state.whistles)
        case "rate_whistle" | "rate_call" | "confirm_unjustified":
            return any(not each.is_open for each in state.whistles)
        case _:
            return True


def _check_version(state: RequestState, order: Order) -> None:
    if order.expected_seq is not None and order.expected_seq != state.seq:
        raise Refused(
            "changed_meanwhile",
            "If-Match",
            f"the request is at event {state.seq}, not at {order.expected_seq}",
            f"read the request again: event {state.seq}",
        )


def _check_state(state: RequestState, row: Row) -> None:
    if state.state in row.frm:
        return
    if state.state.is_terminal:
        raise has_ended(state)
    expected = ", ".join(sorted(row.frm))
    raise Refused(
        "not_possible_now",
        "state",
        f"{row.act} is not possible while the request is {state.state}",
        f"one of: {expected}",
    )


def _numbered(state: RequestState, by: Actor, facts: Iterable[Fact], now: datetime) -> tuple[Event, ...]:
    return tuple(Event(state.seq + place, now, by, fact) for place, fact in enumerate(facts, start=1))


def known_act(name: str) -> type[Act]:
    """The record of an act by its name in the table, as the doors spell it.

    Raises:
        Refused: ``unknown_command``.
    """
    for record in Act.__args__:
        if record.__dataclass_fields__["act"].default == name:
            return record
    raise Refused("unknown_command", "command", f"there is no command {name}", ", ".join(sorted(TABLE)))
