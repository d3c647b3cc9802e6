"""What is told about shared work: who owes a share hears of its limit, and who leads of what came of it."""

from __future__ import annotations

from collections.abc import Iterator

from domain import events as happened
from domain.events import Event
from domain.joining import Join, JoinRule
from domain.limits.clock import ClockKind
from domain.limits.deadlines import FIRST_LIMIT
from domain.notices.recipients import Words, by_another, to_lead, to_leg
from domain.request import Leg, LegRole, LegState, RequestState
from domain.units import Role


def is_of_a_share(state: RequestState, fired: happened.DeadlineFired) -> bool:
    """Whether the limit that was reached is a joint unit's own."""
    return fired.clock in (ClockKind.SIGN, ClockKind.JOINT) and _joint(state, fired.leg) is not None


def words_of_a_share(state: RequestState, fired: happened.DeadlineFired) -> Iterator[Words]:
    """A joint unit hears of its limits; the lead unit, which answers for the whole, that one was missed."""
    leg = _joint(state, fired.leg)
    if leg is None:
        return
    if fired.clock is ClockKind.SIGN:
        yield from to_leg(state, leg.id, "协办签收时限已到，视为签收", "not signed in time, taken as signed")
    elif fired.percent < FIRST_LIMIT:
        zh, en = (
            f"协办时限已用 {fired.percent}%，请尽快反馈",
            f"{fired.percent} % of your share's limit is used",
        )
        yield from to_leg(state, leg.id, zh, en)
    else:
        yield from to_leg(
            state, leg.id, "协办已逾期，请立即反馈", "your share is overdue, please contribute now"
        )
        zh, en = f"{leg.unit.name_zh}协办逾期未反馈", f"{leg.unit.name_en} has not contributed in time"
        yield from to_lead(state, zh, en)


def words_of_sharing(state: RequestState, event: Event) -> Iterator[Words]:
    """Who is told what of joint units that come and go; ``state`` is the state after the event."""
    match event.what:
        case happened.LegDispatched(role=LegRole.JOINT, unit=unit, reason=task) if by_another(state, event):
            yield from to_lead(state, f"{unit.name_zh}参与协办：{task}", f"{unit.name_en} joins in: {task}")
        case happened.Contributed(leg=leg, text=text):
            yield from _of_a_unit(state, leg, "已反馈协办结果", "has contributed", text)
        case happened.JointDeclined(leg=leg, reason=reason):
            yield from _of_a_unit(state, leg, "谢绝协办", "declines to join", reason)
        case happened.JointRemoved(leg=leg, reason=reason):
            yield from _of_removal(state, event, leg, reason)
        case happened.JoinRuleSet(rule=rule) if by_another(state, event):
            zh, en = _told(rule)
            yield from to_lead(state, f"会办规则：{zh}", f"join rule: {en}")
        case _:
            return


def _told(rule: JoinRule) -> tuple[str, str]:
    match rule.join:
        case Join.LEAD_DECIDES:
            return "由主办单位决定何时答复", "the lead unit decides when to reply"
        case Join.ALL:
            return "须待全部必办协办单位反馈后答复", "the reply waits for every mandatory contribution"
        case Join.QUORUM:
            zh = f"须待 {rule.quorum} 个必办协办单位反馈后答复"
            return zh, f"the reply waits for {rule.quorum} of the mandatory contributions"


def _joint(state: RequestState, leg_id: str | None) -> Leg | None:
    leg = state.leg(leg_id) if leg_id else None
    return leg if leg is not None and leg.role is LegRole.JOINT else None


def _of_removal(state: RequestState, event: Event, leg_id: str, reason: str) -> Iterator[Words]:
    """Where its unit has come to hold another leg, that goes on in the place of the share."""
    instead = _held_instead(state, leg_id) if event.by.role is Role.SYSTEM else None
    if instead is None:
        yield from to_leg(state, leg_id, f"无需继续协办：{reason}", f"you are let go: {reason}")
    elif instead.role is LegRole.LEAD:
        yield from to_leg(state, leg_id, "转为主办，原协办任务终止", "you lead now, your joint share ends")
    else:
        zh, en = f"原协办由承办件 {instead.id} 接续", f"leg {instead.id} takes the place of your joint share"
        yield from to_leg(state, leg_id, zh, en)
    if event.by.role is not Role.SYSTEM:
        yield from _of_a_unit(state, leg_id, "不再协办", "joins in no more", reason)


def _held_instead(state: RequestState, leg_id: str) -> Leg | None:
    ended = state.leg(leg_id)
    held = (leg for leg in reversed(state.legs) if leg.state is not LegState.ENDED)
    return next((leg for leg in held if ended is not None and leg.unit.code == ended.unit.code), None)


def _of_a_unit(state: RequestState, leg_id: str, zh: str, en: str, said: str) -> Iterator[Words]:
    """For the unit that leads: what became of a joint unit's share."""
    leg = state.leg(leg_id)
    if leg is not None:
        yield from to_lead(state, f"{leg.unit.name_zh}{zh}：{said}", f"{leg.unit.name_en} {en}: {said}")
