"""What the facts of intake and acceptance change."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from domain import events as happened
from domain.changes.edits import Change, end, owe_interim_report, promised, restrict, start_clock, stop_clock
from domain.events import Event
from domain.limits.clock import ClockKind
from domain.request import RequestState, State, first_visibility


def _registered(state: RequestState, fact: happened.Registered, event: Event) -> RequestState:
    del fact
    return start_clock(state, ClockKind.REGISTRATION, state.intake.common.registration, event.at)


def _info_requested(state: RequestState, fact: happened.InfoRequested, event: Event) -> RequestState:
    del fact
    stopped = stop_clock(state, event.at, ClockKind.REGISTRATION)
    waiting = start_clock(stopped, ClockKind.AWAITING_INFO, state.intake.common.awaiting_info, event.at)
    return replace(waiting, state=State.AWAITING_INFO)


def _info_supplied(state: RequestState, fact: happened.InfoSupplied, event: Event) -> RequestState:
    del fact
    stopped = stop_clock(state, event.at, ClockKind.AWAITING_INFO)
    return replace(
        start_clock(stopped, ClockKind.REGISTRATION, state.intake.common.registration, event.at),
        state=State.REGISTERED,
    )


def _accepted(state: RequestState, fact: happened.Accepted, event: Event) -> RequestState:
    state = replace(state, matter=fact.matter or state.matter, snapshot=fact.snapshot or state.snapshot)
    policy = promised(state).policy
    state = stop_clock(state, event.at, ClockKind.REGISTRATION)
    state = start_clock(state, ClockKind.TOTAL, policy.total, fact.since)
    state = start_clock(state, ClockKind.DISPATCH, policy.dispatch, fact.since)
    state = owe_interim_report(state, fact.since)
    state = restrict(state, first_visibility(state.intake.request_type, state.matter))
    return replace(state, state=State.PENDING_DISPATCH, accepted_at=fact.since, rejection_proposed_by=None)


def _rejection_proposed(state: RequestState, fact: happened.RejectionProposed, event: Event) -> RequestState:
    del fact
    return replace(state, rejection_proposed_by=event.by.person)


def _rejected(state: RequestState, fact: happened.Rejected, event: Event) -> RequestState:
    return end(state, State.NOT_ACCEPTED, fact.reason, event.at)


def _answered_directly(state: RequestState, fact: happened.AnsweredDirectly, event: Event) -> RequestState:
    del fact
    return end(state, State.ANSWERED_DIRECTLY, "answered_directly", event.at)


CHANGES: dict[type[Any], Change] = {
    happened.Registered: _registered,
    happened.InfoRequested: _info_requested,
    happened.InfoSupplied: _info_supplied,
    happened.Accepted: _accepted,
    happened.RejectionProposed: _rejection_proposed,
    happened.Rejected: _rejected,
    happened.AnsweredDirectly: _answered_directly,
}
