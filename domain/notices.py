"""Notices: who is told what, once per key.

A notice is born with the event that causes it, in the same transaction (the outbox), and its key is the same
on every retry. The arrival of a leg is announced apart, by the activity that posts it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from domain import events as happened
from domain.events import Event
from domain.policy import Urgency
from domain.request import RequestState

CITIZEN = "citizen"
"""Recipient of what the citizen is told; read through the query code."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A message for a unit, a post, a supervising body or the citizen. ``key`` is
    ``<number>:<seq>:<recipient>``.

    ``recipient`` is a unit code, ``post:<post>``, ``body:<body>`` or ``citizen``; ``subject`` is the event's
    kind."""

    key: str
    number: str
    seq: int
    at: datetime
    recipient: str
    subject: str
    text_zh: str
    text_en: str


@dataclass(frozen=True, slots=True)
class Words:
    """A recipient with the text in both languages."""

    recipient: str
    zh: str
    en: str


def notices_of(state: RequestState, event: Event) -> tuple[Notice, ...]:
    """The notices of an event; ``state`` is the state after it."""
    return tuple(
        Notice(
            key=f"{state.number}:{event.seq}:{words.recipient}",
            number=state.number,
            seq=event.seq,
            at=event.at,
            recipient=words.recipient,
            subject=event.what.kind,
            text_zh=f"诉求 {state.number}：{words.zh}",
            text_en=f"Request {state.number}: {words.en}",
        )
        for words in _words(state, event)
    )


def _words(state: RequestState, event: Event) -> Iterator[Words]:
    match event.what:
        case happened.Accepted():
            yield Words(CITIZEN, "已受理", "accepted")
            yield from _all_levels_of_a_critical_matter(state)
        case happened.InfoRequested(question=question):
            yield Words(CITIZEN, f"请补充：{question}", f"please supplement: {question}")
        case happened.Rejected(advice=advice):
            yield Words(CITIZEN, f"不予受理：{advice}", f"not accepted: {advice}")
        case happened.DeadlineFired() as fired:
            yield from _deadline_words(state, fired)
        case happened.HandedUp(leg=leg):
            yield from _to_leg(state, leg, "已上报，你单位转为协办", "handled above now, you stay joint")
        case happened.Supervised() as supervised:
            yield Words(f"body:{supervised.body}", "请督办", "please supervise")
            yield from _to_lead(
                state,
                f"已被督办（{supervised.card or '无牌'}）",
                f"under supervision ({supervised.card or 'no card'})",
            )
        case happened.AlarmRaised(what=what, to=to, detail=detail):
            yield Words(f"post:{to}", f"告警 {what}：{detail}", f"alarm {what}: {detail}")
        case happened.Urged():
            yield from _to_lead(state, "催办", "you are urged")
        case happened.ReviewedBack(reason=reason):
            yield from _to_lead(state, f"回复被退回：{reason}", f"reply sent back: {reason}")
        case happened.Closed():
            yield Words(CITIZEN, "已办结", "closed")
        case _:
            return


def _all_levels_of_a_critical_matter(state: RequestState) -> Iterator[Words]:
    if state.snapshot is None or state.snapshot.policy.urgency is not Urgency.CRITICAL:
        return
    for rung in state.snapshot.ladder.rungs:
        if rung.unit is not None:
            yield Words(rung.unit.code, "紧急事项已受理", "a critical matter was accepted")


def _deadline_words(state: RequestState, fired: happened.DeadlineFired) -> Iterator[Words]:
    zh, en = (
        f"{fired.clock} 时限已用 {fired.percent}%",
        f"{fired.percent} % of the {fired.clock} limit is used",
    )
    if fired.notify in ("handler", "unit_head", "department_head", "grid_worker", "committee_secretary"):
        yield from _to_lead(state, zh, en)
    else:
        yield Words(f"post:{fired.notify}", zh, en)


def _to_lead(state: RequestState, zh: str, en: str) -> Iterator[Words]:
    if state.lead is not None:
        yield Words(state.lead.unit.code, zh, en)


def _to_leg(state: RequestState, leg_id: str, zh: str, en: str) -> Iterator[Words]:
    leg = state.leg(leg_id)
    if leg is not None:
        yield Words(leg.unit.code, zh, en)
