"""What others want of a case: that it be taken back, follow another request, be settled by hand, or be looked at."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from domain.cases.state import CaseState, Step, report
from domain.partners import CaseStatus


def take_back(state: CaseState, reason: str) -> Step:
    """The request wants the case back; an end stays an end, and what is asked for already is not asked for twice."""
    if not state.is_open or (state.is_withdrawing and not state.withdrawal_code):
        return Step(state)
    return Step(
        replace(
            state,
            version=state.version + 1,
            withdrawn_for=reason,
            withdrawal_code="",
            withdrawal_over=False,
        )
    )


def follow(state: CaseState, request: str) -> Step:
    """Another request holds the case from now on; it is told how the case stands."""
    if state.request == request:
        return Step(state)
    after = replace(state, request=request, version=state.version + 1)
    if after.status is CaseStatus.OPENING:
        return Step(after)
    kind = after.last_kind or after.status.value
    told = report(
        after,
        kind,
        code=after.code,
        text=after.text,
        unit=after.unit,
        message=after.last_message,
        until=after.collect_by,
    )
    return Step(after, (told,))


def settle(state: CaseState, status: CaseStatus, note: str, number: str, now: datetime) -> Step:
    """People have typed in how the case stands, and the request knows it; after an end nothing is waited for."""
    if not state.is_open:
        return Step(state)
    after = replace(
        state,
        status=status,
        version=state.version + 1,
        overtaken=False,
        note=note,
        number=number or state.number,
    )
    if status.is_open:
        return Step(after)
    return Step(replace(after, held=(), lost=False, read_asked=False, withdrawal_over=True, ended_at=now))


def look(state: CaseState) -> Step:
    """The partner is to be asked now what it has said of the case."""
    return Step(replace(state, read_asked=True))
