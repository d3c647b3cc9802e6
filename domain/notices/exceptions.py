"""What is told about exceptions: who must decide hears of the question, who asked of the answer, and the citizen of
whatever changes the promise, with its reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from domain import events as happened
from domain.events import Event
from domain.exceptions.applications import Application, ExceptionKind
from domain.notices.recipients import CITIZEN, Words, local_day, to_leg
from domain.request import Exclusion, RequestState
from domain.units import Role

_CALLED: dict[ExceptionKind, tuple[str, str]] = {
    ExceptionKind.RETURN: ("退单", "return"),
    ExceptionKind.DISPUTE: ("职责争议裁定", "ruling of a dispute"),
    ExceptionKind.ADMISSION: ("社区事务准入", "admission by the community"),
    ExceptionKind.HAND_UP: ("升级办理", "handling on the next level"),
    ExceptionKind.EXTENSION: ("延期", "extension"),
    ExceptionKind.SUSPENSION: ("挂起", "suspension"),
    ExceptionKind.BACKLOG: ("挂账", "commitment for a later date"),
    ExceptionKind.UNREASONABLE: ("不合理诉求认定", "finding of an unreasonable wish"),
    ExceptionKind.MALICIOUS: ("恶意诉求认定", "finding of a malicious call"),
    ExceptionKind.APPEAL: ("申诉", "appeal"),
    ExceptionKind.TRANSFER_OUT: ("转出", "transfer to another channel"),
    ExceptionKind.VOID: ("作废", "voiding"),
    ExceptionKind.REMOVAL: ("解除逾期协办", "letting an overdue joint unit go"),
}
"""What each kind is called."""

_FOUND = {
    Exclusion.UNREASONABLE: ("不合理诉求", "unreasonable"),
    Exclusion.MALICIOUS: ("恶意诉求", "malicious"),
}


def words_of_exceptions(state: RequestState, event: Event) -> Iterator[Words]:
    """Who is told what of an event about an exception; ``state`` is the state after it."""
    match event.what:
        case happened.ApplicationMade() as made:
            yield from _asked(state, made)
        case happened.RefusalProposed(note=note):
            zh, en = (
                f"社区拟拒绝准入，请确认：{note}",
                f"the community would not admit it, please confirm: {note}",
            )
            yield Words(f"post:{Role.DISPATCHER}", zh, en)
        case happened.ApplicationDecided() as decided:
            yield from _decided(state, decided)
        case happened.ApplicationLapsed(application=application):
            yield from _to_who_asked(
                state, application, "因诉求已有进展而失效", "has lapsed, the request moved on"
            )
        case happened.LegReassigned(leg=leg, reason=reason):
            yield from to_leg(state, leg, f"已改派其他单位：{reason}", f"given to another unit: {reason}")
        case happened.DisputeRuled(leg=leg, unit=unit):
            zh, en = f"职责争议已裁定，由{unit.name_zh}主办", f"the dispute is ruled, {unit.name_en} leads"
            yield from to_leg(state, leg, zh, en)
        case _:
            yield from _to_citizen(state, event)


def _to_citizen(state: RequestState, event: Event) -> Iterator[Words]:
    match event.what:
        case happened.DeadlineExtended(application=application, due_at=due_at):
            zh, en = _because(state, application)
            date_zh, date_en = _dated(state, due_at)
            yield Words(
                CITIZEN, f"办理期限延长{date_zh}，原因：{zh}", f"it takes longer{date_en}, because: {en}"
            )
        case happened.Suspended(application=application, longest=longest):
            zh, en = _because(state, application)
            yield Words(
                CITIZEN,
                f"暂停办理，最长 {longest}，原因：{zh}",
                f"it rests, for {longest} at most, because: {en}",
            )
        case happened.Resumed():
            yield Words(CITIZEN, "已恢复办理", "it is being handled again")
            if state.lead is not None:
                yield Words(state.lead.unit.code, "已恢复办理，时限继续计算", "resumed, the limits run on")
        case happened.PutIntoBacklog(application=application, commitment_due=due, plan=plan):
            zh, en = _because(state, application)
            date_zh, date_en = _dated(state, due)
            yield Words(
                CITIZEN,
                f"挂账{date_zh}，原因：{zh}；计划：{plan}",
                f"put off{date_en}, because: {en}; plan: {plan}",
            )
        case happened.ExclusionMarked(exclusion=exclusion):
            zh, en = _FOUND[exclusion]
            yield Words(
                CITIZEN,
                f"被认定为{zh}，仍会答复；可申诉一次",
                f"found {en}; it is answered all the same, and you may appeal once",
            )
        case happened.ExclusionLifted():
            yield Words(CITIZEN, "申诉成立，认定已撤销", "your appeal was upheld, the finding is lifted")
        case happened.TransferredOut(channel=channel):
            yield Words(CITIZEN, f"已转至 {channel} 办理", f"moved to {channel}, which answers it")
        case _:
            return


def _asked(state: RequestState, made: happened.ApplicationMade) -> Iterator[Words]:
    zh, en = _CALLED[made.exception]
    zh, en = (
        f"请审批{zh}（{made.application}）：{made.reason_zh}",
        f"please decide {made.application}, {en}: {made.reason_en}",
    )
    if made.exception is ExceptionKind.ADMISSION and made.leg is not None:
        yield from to_leg(state, made.leg, zh, en)
        return
    for role in made.deciders:
        yield Words(f"post:{role}", zh, en)


def _decided(state: RequestState, decided: happened.ApplicationDecided) -> Iterator[Words]:
    zh, en = ("已同意", "is granted") if decided.granted else ("未获同意", "is refused")
    if decided.silent:
        zh, en = f"逾期未批，按规定{zh}", f"{en}, since nobody decided in time"
    note = f"：{decided.note}" if decided.note else ""
    yield from _to_who_asked(state, decided.application, f"{zh}{note}", f"{en}{note}")


def _to_who_asked(state: RequestState, application: str, zh: str, en: str) -> Iterator[Words]:
    asked = state.application(application)
    recipient = _recipient(state, asked) if asked is not None else None
    if asked is not None and recipient is not None:
        called_zh, called_en = _CALLED[asked.kind]
        yield Words(recipient, f"{called_zh}（{asked.id}）{zh}", f"{asked.id}, {called_en}, {en}")


def _recipient(state: RequestState, asked: Application) -> str | None:
    if asked.asked_role is Role.CITIZEN:
        return CITIZEN
    if asked.asked_role is Role.SYSTEM:
        leg = state.leg(asked.leg) if asked.leg is not None else None
        return leg.unit.code if leg is not None else None
    return asked.asked_unit or f"post:{asked.asked_role}"


def _because(state: RequestState, application: str) -> tuple[str, str]:
    asked = state.application(application)
    return (asked.reason_zh, asked.reason_en) if asked is not None else ("", "")


def _dated(state: RequestState, at: datetime | None) -> tuple[str, str]:
    """A local date, as the citizen reads it; nothing where none is known."""
    if at is None:
        return "", ""
    day = local_day(state, at)
    return f"至 {day}", f", until {day}"
