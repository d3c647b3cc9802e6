"""What the facts of cases with partners change."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from domain import events as happened
from domain.changes.edits import Change, start_clock
from domain.events import Event
from domain.limits.clock import ClockKind
from domain.partners import IRREVOCABLE, Case, PartnerCase
from domain.request import RequestState, State


def _case_opened(state: RequestState, fact: happened.CaseOpened, event: Event) -> RequestState:
    opened = Case(fact.case, fact.partner, fact.leg, fact.mandatory, event.at, fact.due_at)
    state = replace(state, cases=(*state.cases, opened))
    if not fact.waits:
        return state
    waiting = start_clock(state, ClockKind.PARTNER, state.intake.common.partner, event.at)
    return replace(waiting, state=State.AWAITING_PARTNER, partner=PartnerCase(fact.partner, fact.case))


def _case_withdrawal_asked(
    state: RequestState, fact: happened.CaseWithdrawalAsked, event: Event
) -> RequestState:
    del event
    return _change_case(state, fact.case, withdrawal="asked")


def _case_reported(state: RequestState, fact: happened.CaseReported, event: Event) -> RequestState:
    present = state.case(fact.case)
    assert present is not None, "only a known case is reported"
    state = _change_case(
        state,
        fact.case,
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
    return _standing_at(state, fact, event)


def _case_settled(state: RequestState, fact: happened.CaseSettled, event: Event) -> RequestState:
    present = state.case(fact.case)
    assert present is not None, "only a known case is settled"
    state = _change_case(
        state,
        fact.case,
        number=fact.number or present.number,
        code="",
        note=fact.note,
        message="",
        message_id="",
        document=fact.document,
    )
    return _standing_at(state, fact, event)


def _standing_at(
    state: RequestState, fact: happened.CaseReported | happened.CaseSettled, event: Event
) -> RequestState:
    present = state.case(fact.case)
    assert present is not None
    ended_at = None if fact.status.is_open else present.ended_at or event.at
    return _change_case(state, fact.case, status=fact.status, ended_at=ended_at)


def _change_case(state: RequestState, case_id: str, /, **changes: Any) -> RequestState:
    return replace(
        state, cases=tuple(replace(case, **changes) if case.id == case_id else case for case in state.cases)
    )


CHANGES: dict[type[Any], Change] = {
    happened.CaseOpened: _case_opened,
    happened.CaseWithdrawalAsked: _case_withdrawal_asked,
    happened.CaseReported: _case_reported,
    happened.CaseSettled: _case_settled,
}
