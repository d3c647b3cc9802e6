"""What changes while the matter lies elsewhere, and when it comes back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from domain import events as happened
from domain.changes.edits import Change, pause_clocks, resume_clocks, start_clock, stop_clock
from domain.events import Event
from domain.limits.clock import ClockKind
from domain.partners import AwaitedCase
from domain.request import RequestState, State


def _deliberation_referred(
    state: RequestState, fact: happened.DeliberationReferred, event: Event
) -> RequestState:
    paused = pause_clocks(state, event.at)
    return replace(
        start_clock(paused, ClockKind.DELIBERATION, fact.limit, event.at), state=State.IN_DELIBERATION
    )


def _deliberation_ended(state: RequestState, fact: happened.DeliberationEnded, event: Event) -> RequestState:
    del fact
    stopped = stop_clock(state, event.at, ClockKind.DELIBERATION)
    return replace(resume_clocks(stopped, event.at), state=State.IN_PROGRESS)


def _handed_to_partner(state: RequestState, fact: happened.HandedToPartner, event: Event) -> RequestState:
    waiting = start_clock(state, ClockKind.PARTNER, state.intake.common.partner, event.at)
    return replace(waiting, state=State.AWAITING_PARTNER, partner=AwaitedCase(fact.partner, fact.case))


def _partner_answered(state: RequestState, fact: happened.PartnerAnswered, event: Event) -> RequestState:
    del fact
    return replace(stop_clock(state, event.at, ClockKind.PARTNER), state=State.IN_PROGRESS, partner=None)


CHANGES: dict[type[Any], Change] = {
    happened.DeliberationReferred: _deliberation_referred,
    happened.DeliberationEnded: _deliberation_ended,
    happened.HandedToPartner: _handed_to_partner,
    happened.PartnerAnswered: _partner_answered,
}
