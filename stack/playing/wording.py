"""Escalations in words, in both languages: what moved, from whom to whom, and why."""

from __future__ import annotations

from dataclasses import dataclass

from domain import events as happened
from domain.events import Fact
from domain.levels import Level
from domain.request import Body, Card
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
    "two_yellow_cards": ("一月内两张黄牌", "the unit's second yellow card in a month"),
}
_PASSED_BY_HALF = ("已用去总时限的一倍半", "one and a half times the total limit is used up")
_COLOURS = {"up": "yellow", "supervision": "magenta", "card": "red", "black": "bright_red", "alarm": "cyan"}


@dataclass(frozen=True, slots=True)
class Telling:
    """One escalation in words; ``colour`` is how screens show it."""

    number: str
    zh: str
    en: str
    colour: str


def told(view: View, fact: Fact) -> Telling | None:
    """The words for what just happened to the request; ``None`` if it was no escalation."""
    match fact:
        case happened.LegDispatched(cause="handed_up"):
            return _moved_up(view, fact)
        case happened.Supervised():
            return _supervised(view, fact)
        case happened.AlarmRaised(what="post_vacant"):
            return _telling(view, f"岗位空缺，告警：{fact.detail}", f"vacant post: {fact.detail}", "alarm")
        case _:
            return None


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


def _telling(view: View, zh: str, en: str, kind: str) -> Telling:
    title = f"{short(view.number)} {view.title}".strip()
    return Telling(view.number, f"{title}：{zh}", en, _COLOURS[kind])
