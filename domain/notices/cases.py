"""What is told of cases with partners: the unit hears of all of them, the citizen of what is theirs to do or to know.

A case belongs to the request whose unit opened it, and so do its notices to the citizen, also while the request is
handled together with another one. A request that only passes a report on tells nobody.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from domain import events as happened
from domain import partners
from domain.events import Event
from domain.notices.recipients import CITIZEN, Words, by_another, local_day, to_lead, to_leg
from domain.partners import Case, CaseStatus, Partner, PartnerWord
from domain.request import RequestState, State

CALLED = {
    Partner.ENFORCEMENT: ("综合执法", "enforcement"),
    Partner.AFFAIRS: ("政务服务", "the affairs service"),
    Partner.VOLUNTEERS: ("志愿服务", "the volunteer service"),
}
"""What each partner is called."""

STANDS = {
    CaseStatus.OPENING: ("正在移交", "is being handed over"),
    CaseStatus.HANDED_OVER: ("已移交", "has been handed over"),
    CaseStatus.UNDER_WAY: ("办理中", "is under way"),
    CaseStatus.DONE: ("已办结", "is done"),
    CaseStatus.REFUSED: ("未受理或未获批准", "is refused"),
    CaseStatus.WITHDRAWN: ("已撤回", "is withdrawn"),
}
"""Where a case stands, in plain words."""

_ANSWERED: dict[PartnerWord, tuple[str, str]] = {
    "done": ("已办结", "is done"),
    "under_way": ("已进入对方程序，继续办理", "goes on in the partner's own procedure"),
    "refused": ("未受理或未获批准", "is refused"),
    "withdrawn": ("已撤回", "is withdrawn"),
    "silent": ("逾期无反馈，请继续办理", "was not answered in time, please go on"),
}

_FOUND = {
    Partner.ENFORCEMENT: ("发现新问题", "found something else"),
    Partner.AFFAIRS: ("收到差评", "was badly reviewed"),
    Partner.VOLUNTEERS: ("发现新问题", "found something else"),
}


def words_of_cases(state: RequestState, event: Event) -> Iterator[Words]:
    """Who is told what of an event about a case; ``state`` is the state after it."""
    match event.what:
        case happened.CaseReported() as reported:
            yield from _of_report(state, reported)
        case happened.CaseSettled(case=case_id, note=note):
            settled = _case(state, case_id)
            yield from _to_unit(state, settled, note)
            yield from _of_late_result(state, settled, note)
        case happened.MattersFound() as found:
            yield from _of_matters(state, found)
        case happened.CaseWithdrawalAsked() as asked:
            yield from _of_withdrawal(state, asked, event)
        case _:
            return


def words_of_an_answer(state: RequestState, answered: happened.PartnerAnswered) -> Iterator[Words]:
    """For the unit that waited: what the partner answered, or that it did not."""
    called, stands = CALLED[answered.partner], _ANSWERED[answered.word]
    zh, en = (
        f"{called[0]}案件 {answered.case} {stands[0]}",
        f"case {answered.case} of {called[1]} {stands[1]}",
    )
    if answered.note:
        zh, en = f"{zh}：{answered.note}", f"{en}: {answered.note}"
    yield from to_lead(state, zh, en)


def is_told_by_report(state: RequestState, answered: happened.PartnerAnswered) -> bool:
    """Whether the end of a wait has been told already, by the report of its case."""
    return state.case(answered.case) is not None and answered.word in ("done", "refused", "withdrawn")


def request_of(state: RequestState, event: Event) -> str:
    """The number under which a citizen hears of the event: of a case that of the request which opened it."""
    match event.what:
        case happened.CaseReported(case=case_id) | happened.CaseSettled(case=case_id):
            return _case(state, case_id).request
        case _:
            return state.number


def _of_report(state: RequestState, reported: happened.CaseReported) -> Iterator[Words]:
    case = _case(state, reported.case)
    if case.held_by:
        return
    yield from _to_unit(state, case, reported.text)
    asked = _of_the_citizen(state, case, reported)
    if asked is not None:
        yield Words(CITIZEN, *asked)
    else:
        yield from _of_late_result(state, case, reported.text)


_BACK = {
    "request_ended": "诉求已终止",
    "leg_taken_away": "原承办单位不再承办",
}


def _of_withdrawal(state: RequestState, asked: happened.CaseWithdrawalAsked, event: Event) -> Iterator[Words]:
    if not by_another(state, event):
        return
    why = _BACK.get(asked.cause, asked.reason)
    yield from to_lead(
        state, f"外部案件 {asked.case} 申请撤回：{why}", f"case {asked.case} is asked back: {asked.reason}"
    )


def _of_matters(state: RequestState, found: happened.MattersFound) -> Iterator[Words]:
    """For the unit that leads or led last: a review comes when the request has long ended."""
    case, last = _case(state, found.case), state.last_lead
    if case.held_by or last is None:
        return
    zh, en = _FOUND[case.partner]
    zh = f"{CALLED[case.partner][0]}案件 {case.id} {zh}，已登记为诉求 {'、'.join(found.numbers)}"
    en = f"case {case.id} of {CALLED[case.partner][1]} {en}, registered as {', '.join(found.numbers)}"
    yield from to_leg(state, last.id, zh, en)


def _to_unit(state: RequestState, case: Case, note: str) -> Iterator[Words]:
    called, stands = CALLED[case.partner], STANDS[case.status]
    zh, en = f"{called[0]}案件 {case.id} {stands[0]}", f"case {case.id} of {called[1]} {stands[1]}"
    if case.number:
        zh, en = f"{zh}，对方编号 {case.number}", f"{en}, number {case.number}"
    if case.code and case.message != partners.COLLECTION:
        zh, en = f"{zh}（{case.code}）", f"{en} ({case.code})"
    if note:
        zh, en = f"{zh}：{note}", f"{en}: {note}"
    if case.unit:
        zh, en = f"{zh}；建议承办单位 {case.unit}", f"{en}; suggested unit {case.unit}"
    yield from to_lead(state, zh, en)


def _of_the_citizen(
    state: RequestState, case: Case, reported: happened.CaseReported
) -> tuple[str, str] | None:
    until_zh, until_en = _until(state, reported.until)
    text = reported.text
    match reported.message:
        case partners.SUPPLEMENT:
            return f"请补正材料{until_zh}：{text}", f"please supplement{until_en}: {text}"
        case partners.COLLECTION:
            zh, en = CALLED[case.partner]
            return (
                f"{zh}事项已办好，凭取件码 {reported.code} 领取{until_zh}：{text}",
                f"{en} has your document, collect it with code {reported.code}{until_en}: {text}",
            )
        case "case_filed":
            return f"已立案，案号 {case.number}", f"a case was filed, number {case.number}"
        case _:
            return None


def _of_late_result(state: RequestState, case: Case, note: str) -> Iterator[Words]:
    if case.status.is_open or case.status is CaseStatus.WITHDRAWN or state.state is not State.CLOSED:
        return
    called, stands = CALLED[case.partner], STANDS[case.status]
    yield Words(
        CITIZEN,
        f"{called[0]}案件{stands[0]}：{note}",
        f"the case of {called[1]} {stands[1]}: {note}",
    )


def _until(state: RequestState, at: datetime | None) -> tuple[str, str]:
    """A local date, as the citizen reads it; nothing where none is named."""
    if at is None:
        return "", ""
    day = local_day(state, at)
    return f"（{day} 前）", f", until {day}"


def _case(state: RequestState, case_id: str) -> Case:
    case = state.case(case_id)
    assert case is not None, "an event of a case belongs to a known one"
    return case
