"""Cases that a request cannot end over, and those that it leaves behind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from domain.partners import Case, CaseStatus, Partner
from domain.refusals import Refused
from domain.request import LegEnd, RequestState, State

ENDS_WITHOUT_ANSWER = frozenset({State.WITHDRAWN, State.VOIDED, State.TRANSFERRED_OUT})
"""Where nobody is answered, nothing more is asked of a partner, and who followed the request goes on alone."""

PROMISES = {
    Partner.ENFORCEMENT: "filed_for_enforcement",
    Partner.AFFAIRS: "affair_opened",
}
"""The outcome of a reply that tells the citizen that the partner's own procedure goes on beyond it."""

_ANSWERS_AHEAD = frozenset(
    {
        State.PENDING_DISPATCH,
        State.ADMISSION_REVIEW,
        State.PENDING_SIGN,
        State.IN_DISPUTE,
        State.IN_PROGRESS,
        State.SUSPENDED,
        State.IN_DELIBERATION,
        State.AWAITING_PARTNER,
    }
)
"""Where a unit's reply lies ahead, so that it can say what became of a case."""

_TAKEN_AWAY = frozenset({LegEnd.RETURNED, LegEnd.REASSIGNED, LegEnd.RULED_AWAY, LegEnd.NOT_ADMITTED})


@dataclass(frozen=True, slots=True)
class Forsaken:
    """A case that is to be taken back, and why."""

    case: Case
    cause: Literal["request_ended", "leg_taken_away"]


def forsaken(state: RequestState) -> Iterator[Forsaken]:
    """Open cases of a request that ended without an answer, or of a unit that the lead was taken from, of which the
    partner has not been asked to give them back.
    """
    for case in state.open_cases:
        if case.withdrawal:
            continue
        if state.state in ENDS_WITHOUT_ANSWER:
            yield Forsaken(case, "request_ended")
        elif _was_taken_away(state, case):
            yield Forsaken(case, "leg_taken_away")


def check_reply_over_cases(state: RequestState, outcome: str) -> None:
    """No answer over an open mandatory case, unless it says that the partner's procedure goes on, under its number.

    Raises:
        Refused: ``case_open``.
    """
    blocking = [case for case in state.open_cases if case.mandatory]
    if not blocking or (all(map(_goes_on, blocking)) and outcome in map(_promise, blocking)):
        return
    raise _open(blocking, "outcome")


def check_nothing_mandatory(cases: Iterable[Case]) -> None:
    """None of the cases is open and mandatory.

    Raises:
        Refused: ``case_open``.
    """
    blocking = [case for case in cases if case.is_open and case.mandatory]
    if blocking:
        raise _open(blocking, "case")


def check_still_answers(follows: State, cases: Iterable[Case]) -> None:
    """A request that stands at ``follows`` can answer for these cases too: its own reply still lies ahead.

    Raises:
        Refused: ``case_open``.
    """
    if follows not in _ANSWERS_AHEAD:
        check_nothing_mandatory(cases)


def _was_taken_away(state: RequestState, case: Case) -> bool:
    if case.request != state.number:
        return False
    leg = state.leg(case.leg)
    return leg is not None and leg.end in _TAKEN_AWAY


def _goes_on(case: Case) -> bool:
    return case.status is CaseStatus.UNDER_WAY and bool(case.number) and case.partner in PROMISES


def _promise(case: Case) -> str:
    return PROMISES[case.partner]


def _open(blocking: list[Case], field: str) -> Refused:
    stand = ", ".join(f"{case.id} ({case.partner}) is {case.status}" for case in blocking)
    ways = "the partner's answer, withdraw_case or settle_case"
    promised = sorted({PROMISES[case.partner] for case in blocking if case.partner in PROMISES})
    if field == "outcome" and promised:
        ways += f"; or {' or '.join(promised)} once it is under_way with a number"
    return Refused("case_open", field, f"a mandatory case is open: {stand}", ways)
