"""What a request wants of its cases, and what that changes in them: that they begin, are taken back, follow another
request, or are settled by hand.

A wish goes out right after the fact was written that it comes of; a case that is over has nothing to do any more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from domain.cases.found import gathered
from domain.cases.state import CaseState, Step, asked_back, report
from domain.chapters.handling import promised
from domain.events import Adopted, CaseOpened, CaseSettled, CaseWithdrawalAsked, Event, Reopened
from domain.numbers_of_persons import without_numbers
from domain.partners import CaseBrief, CaseStatus
from domain.request import RequestState
from domain.responsibility.routing import Place


@dataclass(frozen=True, slots=True)
class BeginCase:
    """A case begins with its brief; its business key is the case's number."""

    brief: CaseBrief

    @property
    def case(self) -> str:
        """The case's number."""
        return self.brief.case


@dataclass(frozen=True, slots=True)
class WithdrawFromPartner:
    """The partner is to give the case back."""

    case: str
    reason: str


@dataclass(frozen=True, slots=True)
class FollowRequest:
    """Another request holds the case from now on; it is told how the case stands, and whatever comes."""

    case: str
    request: str


@dataclass(frozen=True, slots=True)
class SettleByHand:
    """Somebody has typed in how the case stands; nothing is awaited of the partner if it ended."""

    case: str
    status: CaseStatus
    note: str
    number: str = ""


Wish = BeginCase | WithdrawFromPartner | FollowRequest | SettleByHand


def wishes_of(state: RequestState, event: Event) -> tuple[Wish, ...]:
    """What the event makes the request want; ``state`` is the state after it."""
    return tuple(_wishes(state, event))


def _wishes(state: RequestState, event: Event) -> Iterator[Wish]:
    match event.what:
        case CaseOpened() as opened:
            yield BeginCase(_brief(state, opened, event))
        case CaseWithdrawalAsked(case=case, reason=reason):
            yield WithdrawFromPartner(case, reason)
        case CaseSettled() as settled:
            yield SettleByHand(settled.case, settled.status, settled.note, settled.number)
        case Adopted(cases=cases):
            yield from (FollowRequest(case.id, state.number) for case in cases)
        case Reopened(left=parent) if parent:
            yield from (FollowRequest(case.id, state.number) for case in state.open_cases)
        case _:
            return


def take_back(state: CaseState, reason: str) -> Step:
    """The request wants the case back; an end stays an end, and what is asked for already is not asked for twice."""
    if not state.is_open or (state.is_withdrawing and not state.withdrawal_code):
        return Step(state)
    return Step(asked_back(state, reason))


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
    """People have typed in how the case stands, and the request knows it: that takes the place of what the partner said
    last. After an end nothing is waited for.
    """
    if not state.is_open:
        return Step(state)
    after = replace(
        state,
        status=status,
        version=state.version + 1,
        overtaken=False,
        note=note,
        number=number or state.number,
        code="",
        unit="",
        text=note,
    )
    if status.is_open:
        return Step(after)
    found = gathered(state.found, (held.message for held in state.held))
    over = replace(after, held=(), found=found, lost=False, read_asked=False, withdrawal_over=True)
    return Step(replace(over, ended_at=now))


def look(state: CaseState) -> Step:
    """The partner is to be asked now what it has said of the case."""
    return Step(replace(state, read_asked=True))


def _without_numbers(place: Place) -> Place:
    return replace(place, address=without_numbers(place.address))


def _brief(state: RequestState, opened: CaseOpened, event: Event) -> CaseBrief:
    assert state.matter is not None, "a request in handling has a matter"
    return CaseBrief(
        case=opened.case,
        request=state.number,
        partner=opened.partner,
        urgency=promised(state).policy.urgency,
        category=state.matter.category,
        place=_without_numbers(state.matter.place),
        handover=opened.handover,
        evidence=opened.evidence,
        opened_at=event.at,
        due_at=opened.due_at,
        claim_by=opened.claim_by,
        poll_every=opened.poll_every,
        hold_gaps=opened.hold_gaps,
    )
