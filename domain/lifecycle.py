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

from domain.chapters import closing, handling, opening, passing_time, steering
from domain.commands import Act, Order, PassTime
from domain.events import Event, Fact
from domain.evolution import evolve
from domain.refusals import Refused
from domain.request import RequestState, State
from domain.units import SYSTEM, Actor, Role

S, R = State, Role
OPEN = frozenset(state for state in State if not state.is_terminal)
HANDS = frozenset({R.HANDLER, R.UNIT_HEAD, R.GRID_WORKER})

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
        _row("dispatch", "分派", {S.PENDING_DISPATCH}, {R.DISPATCHER, R.SYSTEM}, {S.PENDING_SIGN}, handling.dispatch),
        _row("sign", "签收", {S.PENDING_SIGN, S.IN_PROGRESS}, HANDS, {S.IN_PROGRESS}, handling.sign),
        _row("first_contact", "首次联系", {S.IN_PROGRESS}, HANDS, STAYS, handling.first_contact),
        _row("hand_up", "上报", {S.IN_PROGRESS}, HANDS, {S.PENDING_SIGN}, handling.hand_up),
        _row("send_down", "下沉", {S.IN_PROGRESS}, {R.DISPATCHER, R.HANDLER, R.UNIT_HEAD}, {S.PENDING_SIGN}, handling.send_down),
        _row("submit_reply", "反馈", {S.IN_PROGRESS, S.PENDING_SIGN, S.PENDING_REVIEW, S.PENDING_CALLBACK}, HANDS, {S.PENDING_REVIEW},
             closing.submit_reply),
        _row("review_pass", "审核通过", {S.PENDING_REVIEW}, {R.REVIEWER}, {S.PENDING_CALLBACK, S.CLOSED}, closing.review_pass),
        _row("review_back", "回退重办", {S.PENDING_REVIEW}, {R.REVIEWER}, {S.IN_PROGRESS}, closing.review_back),
        _row("callback", "回访", {S.PENDING_CALLBACK}, {R.CALLBACK_AGENT}, {S.PENDING_CALLBACK, S.CLOSED, S.PENDING_SIGN}, closing.callback),
        _row("redo", "重办", {S.PENDING_CALLBACK}, {R.CALLBACK_AGENT, R.REVIEWER, R.DUTY_LEADER}, {S.PENDING_SIGN}, closing.redo),
        _row("withdraw", "撤诉", OPEN, {R.CITIZEN}, {S.WITHDRAWN}, closing.withdraw),
        _row("urge", "催办", OPEN - {S.REGISTERED, S.AWAITING_INFO}, {R.CITIZEN, R.DISPATCHER, R.SUPERVISOR, R.SYSTEM}, STAYS, steering.urge),
        _row("supervise", "督办", OPEN - {S.REGISTERED, S.AWAITING_INFO}, {R.SUPERVISOR}, STAYS, steering.supervise),
        _row("recalculate", "重算时限", OPEN, {R.DUTY_LEADER}, STAYS, steering.recalculate),
        _row("refuse_reply", "驳回迟到的反馈", OPEN, {R.SYSTEM}, STAYS, closing.refuse_reply),
        _row("pass_time", "到时", OPEN, {R.SYSTEM}, State, passing_time.pass_time),
        _row("continue_story", "续写", OPEN, {R.SYSTEM}, STAYS, steering.continue_story),
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
    return (*overdue, *_numbered(present, order, row.chapter(present, order.act, order.by, now), now))


def _time_first(state: RequestState, row: Row, now: datetime) -> tuple[Event, ...]:
    """What has fallen due by ``now`` happens before the order, so that nobody outruns a deadline by a moment."""
    if row.act in _KEEP_THEIR_OWN_TIME:
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
    return [row.act for row in TABLE.values() if state.state in row.frm and row.who & held]


def act_names() -> frozenset[str]:
    """Every act of the table."""
    return frozenset(TABLE)


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
        raise Refused(
            "request_ended",
            "state",
            f"the request has ended as {state.state}",
            "a new request, or a reopening within the appeal window",
        )
    expected = ", ".join(sorted(row.frm))
    raise Refused(
        "not_possible_now",
        "state",
        f"{row.act} is not possible while the request is {state.state}",
        f"one of: {expected}",
    )


def _numbered(state: RequestState, order: Order, facts: Iterable[Fact], now: datetime) -> tuple[Event, ...]:
    return tuple(Event(state.seq + place, now, order.by, fact) for place, fact in enumerate(facts, start=1))


def known_act(name: str) -> type[Act]:
    """The record of an act by its name in the table, as the doors spell it.

    Raises:
        Refused: ``unknown_command``.
    """
    for record in Act.__args__:
        if record.__dataclass_fields__["act"].default == name:
            return record
    raise Refused("unknown_command", "command", f"there is no command {name}", ", ".join(sorted(TABLE)))
