"""What a case asks of its partner, one call at a time, and what the partner's answers change.

A no is an answer like any other: a refused handover ends the case, a refused withdrawal leaves it where it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from domain.cases.receiving import next_read
from domain.cases.state import CaseState, Step, report
from domain.partners import IRREVOCABLE, CaseStatus

UNKNOWN_CASE = "unknown_case"
"""The partner's code for a case that it does not have."""


class Call(StrEnum):
    """What a partner can be asked."""

    OPEN = "open"
    READ = "read"
    WITHDRAW = "withdraw"
    CONFIRM = "confirm"


@dataclass(frozen=True, slots=True)
class No:
    """A partner's no: its code, its reason, and the unit that it suggests."""

    code: str
    reason: str
    unit: str = ""


def wanted(state: CaseState) -> Call | None:
    """What is to be asked now; ``None``: nothing, the partner is waited for."""
    if state.is_withdrawing:
        return Call.WITHDRAW
    if state.status is CaseStatus.OPENING or (state.is_open and (state.lost or state.overtaken)):
        return Call.OPEN
    if state.owes_confirmation:
        return Call.CONFIRM
    return Call.READ if state.read_asked else None


def opened(state: CaseState, number: str, now: datetime) -> Step:
    """The partner has the case."""
    known = replace(
        state,
        number=state.number or number,
        taken=True,
        overtaken=False,
        lost=False,
        version=state.version + 1,
        read_at=next_read(state, now),
    )
    if state.status is not CaseStatus.OPENING:
        return Step(known)
    after = replace(known, status=CaseStatus.HANDED_OVER)
    return Step(after, (report(after, after.status),))


def withdrawn(state: CaseState, now: datetime) -> Step:
    """The partner has let go of the case."""
    if not state.is_open:
        return Step(state)
    after = replace(
        state,
        status=CaseStatus.WITHDRAWN,
        version=state.version + 1,
        code=state.withdrawal_code,
        text=state.withdrawn_for,
        withdrawal_over=True,
        ended_at=now,
    )
    kind = state.withdrawal_code or after.status.value
    return Step(after, (report(after, kind, code=after.code, text=after.text),))


def irrevocable(state: CaseState, reason: str = "") -> Step:
    """The partner goes on with the case; only whoever wanted it back is told."""
    after = replace(state, version=state.version + 1, withdrawal_over=True)
    if not state.is_open or state.withdrawal_code:
        return Step(after)
    return Step(after, (report(after, IRREVOCABLE, code=IRREVOCABLE, text=reason),))


def confirmed(state: CaseState) -> Step:
    """The partner knows that its result was received."""
    return Step(replace(state, version=state.version + 1, confirmed=True))


def refused(state: CaseState, call: Call, no: No, now: datetime) -> Step:
    """The partner understood, and says no."""
    said = f"{no.code}: {no.reason}"
    match call:
        case Call.OPEN if state.is_open and not state.overtaken:
            return _not_taken(state, no, now)
        case Call.OPEN:
            # The partner has spoken of the case before it says no, or the case is over: the no changes nothing.
            return Step(replace(noted(state, said), overtaken=False))
        case Call.WITHDRAW if no.code == UNKNOWN_CASE:
            return withdrawn(state, now)
        case Call.WITHDRAW:
            return irrevocable(state, said)
        case Call.CONFIRM:
            return confirmed(noted(state, said))
        case Call.READ:
            is_lost = no.code == UNKNOWN_CASE and state.is_open and state.taken
            asked = replace(state, read_asked=False, read_at=next_read(state, now), lost=is_lost)
            return Step(noted(asked, said))


def noted(state: CaseState, note: str) -> CaseState:
    """The case with a note for the operators."""
    return replace(state, version=state.version + 1, note=note)


def _not_taken(state: CaseState, no: No, now: datetime) -> Step:
    after = replace(
        state,
        status=CaseStatus.REFUSED,
        version=state.version + 1,
        code=no.code,
        text=no.reason,
        unit=no.unit,
        lost=False,
        ended_at=now,
    )
    told = report(after, after.status, code=no.code, text=no.reason, unit=no.unit)
    return Step(after, (told,))
