"""Escalations and the neighbours' part in words, in both languages: what moved, from whom to whom, and why."""

from __future__ import annotations

from dataclasses import dataclass

from domain import events as happened
from domain.events import Fact
from domain.levels import Level
from domain.partners import CaseStatus, Partner
from domain.request import Body, Card
from domain.whistles import WhistleEnd, WhistleKind
from stack.playing.views import View

LEVELS_ZH = {
    Level.GRID: "网格",
    Level.COMMUNITY: "社区",
    Level.TOWN: "镇街",
    Level.DISTRICT: "区",
    Level.CITY: "市",
}
BODIES = {
    Body.COMMUNITY: ("社区", "the community"),
    Body.TOWN: ("镇街", "the town"),
    Body.DISTRICT: ("区", "the district"),
    Body.DISTRICT_LEADER: ("区领导", "a district leader"),
    Body.CITY: ("市", "the city"),
}
CARDS = {Card.YELLOW: ("黄牌", "yellow card"), Card.RED: ("红牌", "red card")}
_CAUSES = {
    "dwell": ("停留时限已过，且无上级可接", "the stay is over and nobody stands above"),
    "total": ("总时限已过", "the total limit is used up"),
    "reminder": ("逾期再提醒", "overdue, reminded again"),
    "redo": ("诉求人不满意，重办", "the caller is dissatisfied"),
    "ordered": ("领导批示", "ordered by a person"),
    "share": ("协办逾期", "a joint unit's share is overdue"),
    "whistle": ("吹哨未按时到场或逾期", "a whistle was missed or is overdue"),
    "two_yellow_cards": ("一月内两张黄牌", "the unit's second yellow card in a month"),
}
_PASSED_BY_HALF = ("已用去总时限的一倍半", "one and a half times the total limit is used up")
PARTNERS_ZH = {
    Partner.ENFORCEMENT: "综合执法",
    Partner.AFFAIRS: "政务服务",
    Partner.VOLUNTEERS: "志愿服务",
}
_ENDS = {
    CaseStatus.DONE: ("已办结", "done"),
    CaseStatus.REFUSED: ("不予受理", "refused"),
    CaseStatus.WITHDRAWN: ("未承接", "not taken on"),
}
_WHISTLES = {
    WhistleKind.EMERGENCY: ("应急哨", "an emergency whistle"),
    WhistleKind.ENFORCEMENT: ("执法哨", "an enforcement whistle"),
    WhistleKind.DAILY: ("日常哨", "a daily whistle"),
    WhistleKind.COMMUNITY: ("社区哨", "a community whistle"),
}
_WHISTLE_ENDS = {
    WhistleEnd.RESOLVED: ("已解决", "resolved"),
    WhistleEnd.UNRESOLVED: ("未解决，提请区协调", "unresolved, and put to the district"),
    WhistleEnd.CANCELLED: ("因诉求终结而取消", "cancelled with its request"),
}
_COLOURS = {
    "partner": "blue",
    "joint": "green",
    "whistle": "bright_cyan",
    "up": "yellow",
    "supervision": "magenta",
    "card": "red",
    "black": "bright_red",
    "alarm": "cyan",
}


@dataclass(frozen=True, slots=True)
class Telling:
    """One of them in words; ``colour`` is how screens show it."""

    number: str
    zh: str
    en: str
    colour: str


def told(view: View, fact: Fact) -> Telling | None:
    """The words for what just happened to the request; ``None`` if it was no escalation, and nobody was involved."""
    match fact:
        case happened.LegDispatched(cause="handed_up"):
            return _moved_up(view, fact)
        case happened.Supervised():
            return _supervised(view, fact)
        case happened.AlarmRaised(what="post_vacant"):
            return _telling(view, f"岗位空缺，告警：{fact.detail}", f"vacant post: {fact.detail}", "alarm")
        case happened.CaseOpened() | happened.CaseReported() | happened.CaseSettled():
            return _case(view, fact)
        case happened.LegDispatched(cause="joined"):
            return _telling(
                view, f"请 {fact.unit.name_zh} 协办", f"the {fact.unit.level} is asked to join", "joint"
            )
        case happened.FieldTaskReported():
            done_zh, done_en = ("已完成", "done") if fact.done else ("未能完成", "not done")
            return _telling(view, f"现场任务{done_zh}", f"field task {done_en}", "joint")
        case _:
            return _whistled(view, fact)


def short(number: str) -> str:
    """The last digits of a number, enough on one screen."""
    return number.rpartition("-")[2].lstrip("0") or "0"


def _moved_up(view: View, fact: happened.LegDispatched) -> Telling:
    before, now = view.held_before, fact.unit
    source_zh, source_en = (before.name_zh, str(before.level)) if before else ("", "")
    silent = fact.reason.startswith("dwell")
    why_zh, why_en = ("超时未办", "silent beyond its limit") if silent else ("主动上报", "handed it up")
    return _telling(
        view,
        f"{source_zh} {why_zh}，上移 {now.name_zh}",
        f"the {source_en} {why_en}: now the {now.level}",
        "up",
    )


def _supervised(view: View, fact: happened.Supervised) -> Telling:
    body_zh, body_en = BODIES[fact.body]
    by_half = fact.card is Card.RED and fact.cause == "total"
    cause_zh, cause_en = _PASSED_BY_HALF if by_half else _CAUSES[fact.cause]
    card_zh, card_en = CARDS[fact.card] if fact.card else ("", "")
    if fact.black_list:
        return _telling(
            view, f"列入{body_zh}黑榜：{cause_zh}", f"black list of {body_en}: {cause_en}", "black"
        )
    zh = f"{card_zh + '，' if card_zh else ''}{body_zh}督办：{cause_zh}"
    en = f"{card_en + ', ' if card_en else ''}{body_en} supervises: {cause_en}"
    return _telling(view, zh, en, "card" if fact.card else "supervision")


def _case(
    view: View, fact: happened.CaseOpened | happened.CaseReported | happened.CaseSettled
) -> Telling | None:
    partner_zh, partner_en = PARTNERS_ZH[fact.partner], str(fact.partner)
    if isinstance(fact, happened.CaseOpened):
        wait_zh, wait_en = (
            ("，等待结果", ", and waited for") if fact.waits else ("，同时继续办理", ", beside the handling")
        )
        return _telling(view, f"移交{partner_zh}{wait_zh}", f"handed to {partner_en}{wait_en}", "partner")
    if fact.status not in _ENDS:
        return None
    end_zh, end_en = _ENDS[fact.status]
    return _telling(view, f"{partner_zh}{end_zh}", f"case with {partner_en}: {end_en}", "partner")


def _whistled(view: View, fact: Fact) -> Telling | None:
    match fact:
        case happened.WhistleBlown():
            kind_zh, kind_en = _WHISTLES[fact.whistle_kind]
            called = "、".join(each.unit.name_zh for each in fact.summoned)
            zh = f"{fact.town.name_zh} 吹{kind_zh}，召集 {called}"
            return _telling(
                view, zh, f"{kind_en} calls {_count(len(fact.summoned), 'department')}", "whistle"
            )
        case happened.AttendanceMissed():
            missing = view.beside.whistles[fact.whistle].summons(fact.summons).unit.name_zh
            return _telling(
                view, f"{missing} 未到哨，黄牌", "a department did not come: yellow card", "whistle"
            )
        case happened.PlanAgreed():
            count = len(fact.decisions)
            return _telling(
                view, f"议定方案 {count} 项", f"plan agreed: {_count(count, 'decision')}", "whistle"
            )
        case happened.WhistleEnded():
            end_zh, end_en = _WHISTLE_ENDS[fact.end]
            return _telling(view, f"销哨：{end_zh}", f"the whistle ended: {end_en}", "whistle")
        case _:
            return None


def _telling(view: View, zh: str, en: str, kind: str) -> Telling:
    title = f"{short(view.number)} {view.title}".strip()
    return Telling(view.number, f"{title}：{zh}", en, _COLOURS[kind])


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
