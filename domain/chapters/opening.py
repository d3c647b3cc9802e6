"""From the call to acceptance: register, supplement, accept, reject, answer directly."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from domain.chapters.handling import first_leg
from domain.chapters.merging import flagged
from domain.commands import Accept, Act, AnswerDirectly, Reject, RequestInfo, SupplyInfo
from domain.events import (
    Accepted,
    AnsweredDirectly,
    Fact,
    InfoRequested,
    InfoSupplied,
    Registered,
    Rejected,
    RejectionProposed,
)
from domain.refusals import Refused
from domain.request import PolicySnapshot, RequestState
from domain.texts import required_text
from domain.units import Actor, Role

NOT_ACCEPTED_REASONS = frozenset(
    {
        "emergency_other_line",
        "judicial_or_arbitration",
        "petition_finished",
        "discipline_channel",
        "outside_area",
        "commercial_private",
        "no_clear_matter",
        "unlawful_content",
        "state_secret",
    }
)
"""The closed list of reasons not to accept (不予受理)."""


def register(state: RequestState, _act: Act, _by: Actor, _now: datetime) -> Iterator[Fact]:
    """The story begins; a complete intake is accepted in the same breath."""
    if state.seq:
        raise Refused("already_registered", "number", f"{state.number} has been registered", "a new number")
    intake = state.intake
    yield Registered(intake.digest, intake.channel, intake.request_type)
    yield from flagged(state, callers=1, people=intake.people)
    if intake.matter is not None and intake.snapshot is not None:
        yield from _acceptance(
            state,
            intake.snapshot,
            Accepted(intake.snapshot.policy.code, intake.snapshot.policy.version, intake.received_at),
        )


def accept(state: RequestState, act: Accept, _by: Actor, now: datetime) -> Iterator[Fact]:
    """Category leaf, place and type are set; the total clock starts."""
    matter, snapshot = act.matter or state.matter, act.snapshot or state.snapshot
    if matter is None or snapshot is None:
        raise Refused(
            "matter_incomplete",
            "category",
            "the request cannot be accepted without a category and a place",
            "a leaf of the catalogue and a place",
        )
    policy = snapshot.policy
    accepted = Accepted(policy.code, policy.version, now, act.matter, act.snapshot)
    yield from _acceptance(state, snapshot, accepted)


def request_info(_state: RequestState, act: RequestInfo, _by: Actor, _now: datetime) -> Iterator[Fact]:
    """Ask the citizen; the request waits for the answer."""
    yield InfoRequested(required_text(act.question, "question"))


def supply_info(_state: RequestState, act: SupplyInfo, _by: Actor, _now: datetime) -> Iterator[Fact]:
    """The citizen answered; the request can be judged again."""
    yield InfoSupplied(required_text(act.note, "note"))


def reject(state: RequestState, act: Reject, by: Actor, _now: datetime) -> Iterator[Fact]:
    """An agent proposes not to accept; the duty leader confirms, and is never the one who proposed."""
    if act.reason not in NOT_ACCEPTED_REASONS:
        raise Refused(
            "unknown_reason",
            "reason",
            f"{act.reason} is not a reason not to accept",
            ", ".join(sorted(NOT_ACCEPTED_REASONS)),
        )
    advice = required_text(act.advice, "advice")
    if by.role is Role.AGENT:
        yield RejectionProposed(act.reason, advice)
        return
    if state.rejection_proposed_by == by.person:
        raise Refused(
            "same_person", "by", "who proposed the rejection may not confirm it", "another duty leader"
        )
    yield Rejected(act.reason, advice)


def answer_directly(_state: RequestState, act: AnswerDirectly, _by: Actor, _now: datetime) -> Iterator[Fact]:
    """Answered during the call; the knowledge entry is cited."""
    yield AnsweredDirectly(
        required_text(act.knowledge_entry, "knowledge_entry"), required_text(act.answer, "answer")
    )


def _acceptance(state: RequestState, snapshot: PolicySnapshot, accepted: Accepted) -> Iterator[Fact]:
    yield accepted
    if snapshot.policy.auto_dispatch:
        yield from first_leg(state, snapshot, "")
