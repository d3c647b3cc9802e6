"""Case calls: what a fact of a request asks of its cases with partners.

They are made right after the fact was written; a case that is over has nothing to do any more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

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


CaseCall = BeginCase | WithdrawFromPartner | FollowRequest | SettleByHand


def case_calls_of(state: RequestState, event: Event) -> tuple[CaseCall, ...]:
    """What the event asks for; ``state`` is the state after it."""
    return tuple(_calls(state, event))


def _calls(state: RequestState, event: Event) -> Iterator[CaseCall]:
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
