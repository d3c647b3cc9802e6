"""Cases with neighbouring systems: the unit hands a matter over, keeps the lead, and hears what became of it.

A partner never becomes the responsible unit. While the request waits, only the end of its case or the silence of the
partner ends the wait; what a partner says after the end of a request is kept and shown, and opens nothing by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from domain.cases.handovers import checked
from domain.cases.open_cases import forsaken
from domain.chapters.case_reports import ENDS, known_case, wait_ends
from domain.chapters.confidentiality import must_not_be_confidential
from domain.chapters.handling import own_lead
from domain.commands import OpenCase, SettleCase, WithdrawCase
from domain.events import (
    CaseOpened,
    CaseSettled,
    CaseWithdrawalAsked,
    Fact,
)
from domain.evidence import bounded
from domain.numbers_of_persons import without_numbers
from domain.partners import (
    CASE_MARK,
    Case,
    CaseStatus,
    CaseTerms,
    Handover,
    Partner,
    VolunteerTask,
)
from domain.refusals import Refused
from domain.request import RequestState
from domain.texts import optional_text, required_text
from domain.units import Actor, Role

MOST_CASES = 20
"""A request hands its matter over so often at most, over all cycles."""

LONGEST_DOCUMENT = 200

_BECAUSE = {
    "request_ended": "the request has ended without an answer",
    "leg_taken_away": "the unit that handed it over does not hold the matter any more",
}


def open_case(state: RequestState, act: OpenCase, by: Actor, now: datetime) -> Iterator[Fact]:
    """The unit hands the matter to a partner: one open case for each partner, and none of a confidential request.

    Raises:
        Refused: ``not_your_leg``, ``confidential``, ``case_open_already``, ``cases_used_up``, ``too_much_evidence``,
            or a code of the handover.
    """
    lead = own_lead(state, by)
    must_not_be_confidential(state, "no partner may hear of it")
    handover = checked(act.handover, now)
    partner = Partner(handover.to)
    _check_quota(state, partner)
    yield CaseOpened(
        case=_next_case(state),
        partner=partner,
        leg=lead.id,
        handover=handover,
        due_at=_due(state, act.terms, handover, now),
        poll_every=act.terms.poll_every,
        hold_gaps=act.terms.hold_gaps,
        mandatory=act.mandatory,
        waits=act.waits,
        claim_by=_claim_by(state, act.terms, handover, now),
        evidence=bounded(act.evidence),
    )


def withdraw_case(state: RequestState, act: WithdrawCase, by: Actor, _now: datetime) -> Iterator[Fact]:
    """The partner is asked to give the case back; what it says to that is reported like everything else.

    Raises:
        Refused: ``case_unknown``, ``case_ended``, ``case_moved``, ``not_your_leg``, ``withdrawal_asked`` or
            ``case_irrevocable``.
    """
    case = _open_case_of(state, act.case, by)
    if case.withdrawal == "irrevocable":
        raise Refused(
            "case_irrevocable",
            "case",
            f"the {case.partner} goes on with case {case.id}",
            "its answer, or settle_case",
        )
    if case.withdrawal:
        raise Refused(
            "withdrawal_asked",
            "case",
            f"case {case.id} has been asked back",
            "the partner's answer, or settle_case",
        )
    yield CaseWithdrawalAsked(case.id, without_numbers(required_text(act.reason, "reason")))


def settle_case(state: RequestState, act: SettleCase, by: Actor, _now: datetime) -> Iterator[Fact]:
    """What the partner answered on another way is typed in, with the scanned document that says so.

    Raises:
        Refused: ``case_unknown``, ``case_ended``, ``case_moved``, ``not_your_leg``, ``unknown_word``, ``text_missing``
            or ``text_too_long``.
    """
    case = _open_case_of(state, act.case, by)
    settled = (CaseStatus.UNDER_WAY, *ENDS)
    if act.status not in settled:
        raise Refused("unknown_word", "status", f"{act.status} is no answer of a partner", ", ".join(settled))
    under_way = act.status is CaseStatus.UNDER_WAY
    given = required_text(act.case_number, "case_number") if under_way else act.case_number
    number = _short(given, "case_number")
    document = _short(required_text(act.document, "document"), "document")
    note = without_numbers(required_text(act.note, "note"))
    yield CaseSettled(case.id, case.partner, act.status, note, document, number)
    yield from wait_ends(state, case, act.status, note)


def taken_back(state: RequestState) -> Iterator[Fact]:
    """The cases that the request has left behind are asked back, each once."""
    for each in forsaken(state):
        yield CaseWithdrawalAsked(each.case.id, _BECAUSE[each.cause], each.cause)


def _check_quota(state: RequestState, partner: Partner) -> None:
    present = next((case for case in state.open_cases if case.partner is partner), None)
    if present is not None:
        raise Refused(
            "case_open_already",
            "handover.to",
            f"the {partner} has case {present.id}, which is {present.status}",
            "its answer, or withdraw_case",
        )
    if _opened(state) >= MOST_CASES:
        raise Refused(
            "cases_used_up",
            "number",
            f"{MOST_CASES} cases have been opened for this request",
            "hand_to_partner, by hand",
        )


def _opened(state: RequestState) -> int:
    return sum(case.request == state.number for case in state.cases)


def _next_case(state: RequestState) -> str:
    return f"{state.number}{CASE_MARK}{_opened(state) + 1}"


def _due(state: RequestState, terms: CaseTerms, handover: Handover, now: datetime) -> datetime:
    """What volunteers did is known after the end of their task, everything else counts from now."""
    begins = handover.ends_at if isinstance(handover, VolunteerTask) else now
    return state.calendar.due(begins, terms.answer_within).at


def _claim_by(state: RequestState, terms: CaseTerms, handover: Handover, now: datetime) -> datetime | None:
    if terms.claim_within is None or not isinstance(handover, VolunteerTask):
        return None
    return min(state.calendar.due(now, terms.claim_within).at, handover.starts_at)


def _open_case_of(state: RequestState, case_id: str, by: Actor) -> Case:
    case = known_case(state, case_id)
    if case.held_by:
        raise Refused("case_moved", "case", f"case {case.id} went with its request", case.held_by)
    if not case.status.is_open:
        raise Refused("case_ended", "case", f"case {case.id} is {case.status}", "an open case")
    if by.role is not Role.DISPATCHER:
        _check_lead(state, by)
    return case


def _check_lead(state: RequestState, by: Actor) -> None:
    """Of an ended request its last unit; while the lead is open, nobody."""
    leg = state.last_lead if state.state.is_terminal else state.lead
    if leg is None or by.unit != leg.unit.code:
        holder = leg.unit.code if leg is not None else "nobody"
        raise Refused("not_your_leg", "leg", f"{holder} leads", "that unit, or a dispatcher")


def _short(text: str, field: str) -> str:
    short = optional_text(text, field)
    if len(short) > LONGEST_DOCUMENT:
        raise Refused(
            "text_too_long", field, f"{field} has {len(short)} characters", f"at most {LONGEST_DOCUMENT}"
        )
    return short
