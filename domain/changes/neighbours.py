"""What the facts of cases with partners change."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from domain import events as happened
from domain.changes.edits import Change, start_clock
from domain.events import Event
from domain.limits.clock import ClockKind
from domain.partners import IRREVOCABLE, AwaitedCase, Case, CaseStatus
from domain.request import RequestState, State


def _case_opened(state: RequestState, fact: happened.CaseOpened, event: Event) -> RequestState:
    opened = Case(fact.case, fact.partner, fact.leg, fact.mandatory, event.at, fact.due_at)
    state = replace(state, cases=(*state.cases, opened))
    if not fact.waits:
        return state
    waiting = start_clock(state, ClockKind.PARTNER, state.intake.common.partner, event.at)
    return replace(waiting, state=State.AWAITING_PARTNER, partner=AwaitedCase(fact.partner, fact.case))


def _case_withdrawal_asked(
    state: RequestState, fact: happened.CaseWithdrawalAsked, event: Event
) -> RequestState:
    del event
    return _with(state, replace(_known(state, fact.case), withdrawal="asked"))


def _case_reported(state: RequestState, fact: happened.CaseReported, event: Event) -> RequestState:
    present = _known(state, fact.case)
    reported = replace(
        present,
        status=fact.status,
        ended_at=_ended_at(present, fact.status, event),
        number=fact.number or present.number,
        code=fact.code,
        note=fact.text,
        unit=fact.unit,
        until=fact.until,
        message=fact.message,
        message_id=fact.message_id,
        version=max(fact.version, present.version),
        withdrawal="irrevocable" if fact.code == IRREVOCABLE else present.withdrawal,
    )
    return _with(state, reported)


def _matters_found(state: RequestState, fact: happened.MattersFound, event: Event) -> RequestState:
    del event
    present = _known(state, fact.case)
    return _with(state, replace(present, found=(*present.found, *fact.numbers)))


def _case_settled(state: RequestState, fact: happened.CaseSettled, event: Event) -> RequestState:
    present = _known(state, fact.case)
    settled = replace(
        present,
        status=fact.status,
        ended_at=_ended_at(present, fact.status, event),
        number=fact.number or present.number,
        code="",
        note=fact.note,
        message="",
        message_id="",
        document=fact.document,
    )
    return _with(state, settled)


def _ended_at(case: Case, status: CaseStatus, event: Event) -> datetime | None:
    return None if status.is_open else case.ended_at or event.at


def _known(state: RequestState, case_id: str) -> Case:
    case = state.case(case_id)
    assert case is not None, "a fact of a case names one"
    return case


def _with(state: RequestState, changed: Case) -> RequestState:
    cases = tuple(changed if case.id == changed.id else case for case in state.cases)
    return replace(state, cases=cases)


CHANGES: dict[type[Any], Change] = {
    happened.CaseOpened: _case_opened,
    happened.CaseWithdrawalAsked: _case_withdrawal_asked,
    happened.CaseReported: _case_reported,
    happened.CaseSettled: _case_settled,
    happened.MattersFound: _matters_found,
}
