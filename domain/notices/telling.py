"""Notices: who is told what, once per key.

A notice is born with the event that causes it, in the same transaction (the outbox), and its key is the same on every
retry. The arrival of a leg is announced apart, by the activity that posts it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from domain import events as happened
from domain.events import Event
from domain.levels import Level
from domain.limits.clock import WHISTLE_CLOCKS
from domain.limits.policy import Urgency
from domain.notices.cases import is_told_by_report, request_of, words_of_an_answer, words_of_cases
from domain.notices.endings import words_of_an_end
from domain.notices.exceptions import words_of_exceptions
from domain.notices.field_tasks import words_of_field_tasks
from domain.notices.recipients import CITIZEN, Words, to_lead, to_leg
from domain.notices.sharing import is_of_a_share, words_of_a_share, words_of_sharing
from domain.notices.whistles import words_of_whistle_limits, words_of_whistles
from domain.request import ReopenCause, RequestState


@dataclass(frozen=True, slots=True)
class Notice:
    """A message for a unit, a post, a supervising body or the citizen.

    ``key`` is ``<number>:<seq>:<recipient>``, with the child's number before the recipient where the caller of a merged
    request is told; ``recipient`` is a unit code, ``post:<post>``, ``body:<body>`` or ``citizen``; ``subject`` is the
    event's kind.
    """

    key: str
    number: str
    seq: int
    at: datetime
    recipient: str
    subject: str
    text_zh: str
    text_en: str


def notices_of(state: RequestState, event: Event) -> tuple[Notice, ...]:
    """The notices of an event; ``state`` is the state after it."""
    told = (words for subject in _SUBJECTS for words in subject(state, event))
    own = (_notice(state, event, words) for words in told if _is_told(state, event, words))
    return (*own, *_to_children(state, event))


def _notice(state: RequestState, event: Event, words: Words) -> Notice:
    if words.recipient != CITIZEN and state.visibility.is_confidential:
        words = _kept_back(state, event, words.recipient)
    number = request_of(state, event) if words.recipient == CITIZEN else state.number
    of_child = "" if number == state.number else f"{number}:"
    return Notice(
        key=f"{state.number}:{event.seq}:{of_child}{words.recipient}",
        number=number,
        seq=event.seq,
        at=event.at,
        recipient=words.recipient,
        subject=event.what.kind,
        text_zh=f"诉求 {number}：{words.zh}",
        text_en=f"Request {number}: {words.en}",
    )


def _kept_back(state: RequestState, event: Event, recipient: str) -> Words:
    """What stands in inboxes, which are read by more people than a confidential request may be."""
    shuts_out = isinstance(event.what, happened.JointRemoved | happened.WhistleEnded)
    if shuts_out and (state.lead is None or recipient != state.lead.unit.code):
        return Words(
            recipient, "已转为保密件，你单位不再参与", "confidential now: your unit takes no part any more"
        )
    return Words(recipient, "保密件有新进展，请到诉求中查看", "confidential; please look at the request")


def _is_told(state: RequestState, event: Event, words: Words) -> bool:
    """A caller who withdrew hears of it, and nothing more; others whose requests follow theirs do."""
    is_own = request_of(state, event) == state.number
    detached = state.own_initiative and is_own and not isinstance(event.what, happened.OwnInitiative)
    return words.recipient != CITIZEN or not detached


def _to_children(state: RequestState, event: Event) -> Iterator[Notice]:
    """The callers of the requests that follow this one are answered when it ends with an answer: each under the number
    that they know.
    """
    if not isinstance(event.what, _ANSWERED):
        return
    for child in state.children:
        yield Notice(
            key=f"{state.number}:{event.seq}:{child.number}:{CITIZEN}",
            number=child.number,
            seq=event.seq,
            at=event.at,
            recipient=CITIZEN,
            subject=event.what.kind,
            text_zh=f"诉求 {child.number}：与其合并办理的诉求 {state.number} 已有答复",
            text_en=f"Request {child.number}: answered through request {state.number}, which it was merged into",
        )


def _of_acceptance_and_limits(state: RequestState, event: Event) -> Iterator[Words]:
    match event.what:
        case happened.Accepted():
            yield Words(CITIZEN, "已受理", "accepted")
            yield from _all_levels_of_a_critical_matter(state)
            yield from _who_was_passed_over(state)
        case happened.InfoRequested(question=question):
            yield Words(CITIZEN, f"请补充：{question}", f"please supplement: {question}")
        case happened.Rejected(advice=advice):
            yield Words(CITIZEN, f"不予受理：{advice}", f"not accepted: {advice}")
        case happened.DeadlineFired() as fired if is_of_a_share(state, fired):
            yield from words_of_a_share(state, fired)
        case happened.DeadlineFired() as fired:
            yield from _deadline_words(state, fired)
        case happened.HandedUp(leg=leg):
            yield from to_leg(state, leg, "已上报，你单位转为协办", "handled above now, you stay joint")
        case happened.Supervised() as supervised:
            yield from _of_supervision(state, supervised)
        case happened.AlarmRaised(what=what, to=to, detail=detail):
            yield Words(f"post:{to}", f"告警 {what}：{detail}", f"alarm {what}: {detail}")
        case happened.Urged():
            yield from to_lead(state, "催办", "you are urged")
        case happened.PolicyMoved(policy=policy, version=version, reason=reason):
            yield from to_lead(
                state,
                f"时限政策改为 {policy} 第 {version} 版：{reason}",
                f"the limits are those of {policy} version {version} now: {reason}",
            )
        case happened.ReviewedBack(reason=reason):
            yield from to_lead(state, f"回复被退回：{reason}", f"reply sent back: {reason}")
        case _:
            return


def _of_the_course(state: RequestState, event: Event) -> Iterator[Words]:
    """How the request goes on or ends, as the citizen hears of it."""
    match event.what:
        case happened.Closed():
            yield Words(CITIZEN, "已办结", "closed")
        case happened.Merged(parent=parent):
            yield Words(
                CITIZEN, f"与诉求 {parent} 合并办理", f"handled together with request {parent} from now on"
            )
        case happened.AnsweredThrough(parent=parent, called_back=True):
            yield Words(
                "post:callback_agent",
                f"与其合并办理的诉求 {parent} 已有答复，待回访",
                f"answered through request {parent}, its caller is to be called back",
            )
        case happened.GroupFlagged(callers=callers, people=people):
            yield from _of_a_group(state, callers, people)
        case happened.OwnInitiative():
            yield Words(
                CITIZEN,
                "已撤诉；涉及公共安全，继续处置，不再回访",
                "withdrawn; it concerns public safety and goes on, you will not be called back",
            )
        case happened.Reopened(cause=cause):
            zh, en = _OPENED_AGAIN[cause]
            yield Words(CITIZEN, f"已重启办理：{zh}", f"opened again: {en}")
        case happened.InterimReported(text=text):
            yield Words(CITIZEN, f"办理进展：{text}", f"how far it is: {text}")
        case _:
            return


def _among_units(state: RequestState, event: Event) -> Iterator[Words]:
    match event.what:
        case happened.Commented(text=text) if state.lead is None or event.by.unit != state.lead.unit.code:
            yield from to_lead(state, f"留言：{text}", f"a comment: {text}")
        case happened.Instructed(instruction=instruction, text=text):
            yield from to_lead(
                state,
                f"领导批示 {instruction}，请签阅：{text}",
                f"instruction {instruction}, please acknowledge: {text}",
            )
        case happened.CardCancelled(leg=leg, card=card, reason=reason):
            yield from to_leg(state, leg, f"{card} 已撤销：{reason}", f"{card} taken back: {reason}")
        case happened.DeliberationEnded(agreed=None):
            yield from to_lead(
                state,
                "议事逾期无结果，请继续办理",
                "the deliberation brought no result in time, please go on",
            )
        case happened.PartnerAnswered() as answered if is_told_by_report(state, answered):
            return
        case happened.PartnerAnswered() as answered:
            yield from words_of_an_answer(state, answered)
        case _:
            return


_SUBJECTS = (
    _of_acceptance_and_limits,
    _of_the_course,
    _among_units,
    words_of_sharing,
    words_of_exceptions,
    words_of_cases,
    words_of_field_tasks,
    words_of_whistles,
    words_of_an_end,
)


def _all_levels_of_a_critical_matter(state: RequestState) -> Iterator[Words]:
    if state.snapshot is None or state.snapshot.policy.urgency is not Urgency.CRITICAL:
        return
    for rung in state.snapshot.ladder.rungs:
        if rung.unit is not None:
            yield Words(rung.unit.code, "紧急事项已受理", "a critical matter was accepted")


_ANSWERED = happened.Closed | happened.Rejected | happened.AnsweredDirectly | happened.PutIntoBacklog

_OPENED_AGAIN = {
    ReopenCause.DISSATISFIED: ("对答复不满意", "the answer did not satisfy"),
    ReopenCause.WRONGLY_ENDED: ("不应办结或终止", "it should not have ended"),
    ReopenCause.PARENT_GONE: (
        "不再与其他诉求合并办理",
        "it goes on by itself, no longer merged into another request",
    ),
    ReopenCause.COMMITMENT: ("承诺期限已到", "the date of the commitment has come"),
}


def _of_a_group(state: RequestState, callers: int, people: int) -> Iterator[Words]:
    zh = f"群体性诉求（诉求人 {callers}，涉及 {people} 人），请值班领导关注"
    en = f"a group matter ({callers} callers, {people} persons), for the duty leader's attention"
    yield Words("post:duty_leader", zh, en)
    town = state.snapshot.ladder.at(Level.TOWN) if state.snapshot else None
    if town is not None and town.unit is not None:
        yield Words(town.unit.code, zh, en)


def _who_was_passed_over(state: RequestState) -> Iterator[Words]:
    """A skip rule sends copies to the levels that it names."""
    skip = state.snapshot.ladder.skip if state.snapshot else None
    if skip is None:
        return
    for unit in skip.copies:
        zh, en = (
            f"抄送：按越级规则 {skip.rule} 直接交上级承办",
            f"for your information: goes straight up by rule {skip.rule}",
        )
        yield Words(unit.code, zh, en)


def _of_supervision(state: RequestState, supervised: happened.Supervised) -> Iterator[Words]:
    yield Words(f"body:{supervised.body}", "请督办", "please supervise")
    if supervised.black_list:
        for post in ("duty_leader", "discipline_observer"):
            yield Words(f"post:{post}", "已列入黑榜", "on the black list")
    zh, en = f"已被督办（{supervised.card or '无牌'}）", f"under supervision ({supervised.card or 'no card'})"
    yield from to_leg(state, supervised.leg, zh, en) if supervised.leg else to_lead(state, zh, en)


_IN_THE_UNIT = frozenset({"handler", "unit_head", "department_head", "grid_worker", "committee_secretary"})


def _deadline_words(state: RequestState, fired: happened.DeadlineFired) -> Iterator[Words]:
    if fired.clock in WHISTLE_CLOCKS:
        yield from words_of_whistle_limits(state, fired)
        return
    zh, en = (
        f"{fired.clock} 时限已用 {fired.percent}%",
        f"{fired.percent} % of the {fired.clock} limit is used",
    )
    for post in fired.notify.split("_and_"):
        if post in _IN_THE_UNIT:
            yield from to_lead(state, zh, en)
        else:
            yield Words(f"post:{post}", zh, en)
