"""What becomes of a case, as its request hears it: each report counts once, and an end stays an end.

What ends a case ends the wait for it; what comes after the request's answer is kept, and a person decides what follows.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from domain.cases.kinds import kind_of
from domain.commands import ReportCase, ReportFound
from domain.events import AlarmRaised, CaseReported, Fact, MattersFound, PartnerAnswered
from domain.numbers_of_persons import without_numbers
from domain.partners import COLLECTION, OVERDUE, Case, CaseStatus, PartnerWord
from domain.refusals import Refused
from domain.request import RequestState, State
from domain.texts import TEXT_LIMIT
from domain.units import Actor

_HANDED_OVER = CaseStatus.HANDED_OVER

_ANSWERED = frozenset({State.PENDING_REVIEW, State.PENDING_CALLBACK})
"""Where the unit's reply has been given already."""

ENDS: dict[CaseStatus, PartnerWord] = {
    CaseStatus.DONE: "done",
    CaseStatus.REFUSED: "refused",
    CaseStatus.WITHDRAWN: "withdrawn",
}
"""The ends of a case, as the answers that they are."""


def report_case(state: RequestState, act: ReportCase, _by: Actor, _now: datetime) -> Iterator[Fact]:
    """How a case stands, told by the case itself. What is not newer than what is known changes nothing, and what has
    ended never becomes open again. A partner's words are cut rather than refused.

    Raises:
        Refused: ``case_unknown``.
    """
    case = known_case(state, act.case)
    if _is_known(case, act):
        return
    status = _further(case.status, act.status)
    text = without_numbers(act.text.strip()[:TEXT_LIMIT])
    corrects = _corrects(case, act, text)
    yield CaseReported(
        case=case.id,
        partner=case.partner,
        status=status,
        message=act.kind,
        number=act.number,
        code=act.code,
        text=text,
        unit=act.unit,
        message_id=act.message_id,
        version=act.version,
        until=act.until,
        corrects=corrects,
    )
    if case.held_by:
        return
    if act.kind == OVERDUE:
        yield AlarmRaised("case_overdue", "duty_leader", f"{case.partner}, case {case.id}: no result in time")
    if state.state.is_terminal or state.state in _ANSWERED:
        yield from _answered_otherwise(case, status, corrects=corrects)
    yield from wait_ends(state, case, status, text)


def report_found(state: RequestState, act: ReportFound, _by: Actor, _now: datetime) -> Iterator[Fact]:
    """What a partner found besides, under the numbers of the requests that came of it; each number is told once.

    Raises:
        Refused: ``case_unknown``.
    """
    case = known_case(state, act.case)
    news = tuple(number for number in act.numbers if number not in case.found)
    if news:
        yield MattersFound(case.id, case.partner, news)


def known_case(state: RequestState, case_id: str) -> Case:
    """The case of that id, open or not.

    Raises:
        Refused: ``case_unknown``.
    """
    case = state.case(case_id)
    if case is None:
        raise Refused(
            "case_unknown",
            "case",
            f"request {state.number} has no case {case_id}",
            ", ".join(each.id for each in state.cases) or "no case yet",
        )
    return case


def wait_ends(state: RequestState, case: Case, status: CaseStatus, note: str) -> Iterator[Fact]:
    """The request that waits for this case goes on when it has ended."""
    awaited = state.partner
    if awaited is not None and awaited.case == case.id and status in ENDS:
        yield PartnerAnswered(case.partner, case.id, ENDS[status], note)


def _is_known(case: Case, act: ReportCase) -> bool:
    if act.version and act.version <= case.version:
        return True
    if _is_past(case, act):
        return True
    told_before = bool(act.message_id) and act.message_id == case.message_id
    return told_before and _further(case.status, act.status) is case.status


def _is_past(case: Case, act: ReportCase) -> bool:
    """What a partner says of the way to where the case stands must not take the place of what it came to: that it has
    received what is over, or anything but a result of what people have typed in. What the citizen can fetch counts.
    """
    if act.kind == COLLECTION or (case.status.is_open and not act.status.is_open):
        return False
    stands = _HANDED_OVER if act.kind == _HANDED_OVER else kind_of(case.partner, act.kind).status(act.code)
    if stands is _HANDED_OVER:
        return _was_typed_in(case) or not case.status.is_open
    return _was_typed_in(case) and not case.status.is_open and stands is CaseStatus.UNDER_WAY


def _was_typed_in(case: Case) -> bool:
    return bool(case.document) and not case.message


def _further(present: CaseStatus, told: CaseStatus) -> CaseStatus:
    if not told.is_open or present is CaseStatus.OPENING:
        return told
    return told if present is _HANDED_OVER and told is CaseStatus.UNDER_WAY else present


def _corrects(case: Case, act: ReportCase, text: str) -> bool:
    """Whether a result changes that had been told already. A result that was typed in by hand is only confirmed by the
    partner's own words.
    """
    if case.status.is_open or act.status.is_open:
        return False
    if act.status is not case.status:
        return True
    return not _was_typed_in(case) and (act.code, text) != (case.code, case.note)


def _answered_otherwise(case: Case, status: CaseStatus, *, corrects: bool) -> Iterator[Fact]:
    """The citizen has had an answer that does not hold any more: a person decides what follows."""
    told = f"{case.partner}, case {case.id}: {case.status} became {status} after the reply"
    if corrects:
        yield AlarmRaised("case_corrected", "duty_leader", told)
    elif case.status.is_open and status is CaseStatus.REFUSED:
        yield AlarmRaised("case_refused", "duty_leader", told)
