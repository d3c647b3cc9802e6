"""Closing the loop: reply, review by somebody else, callback, redo, withdrawal.

Closed (办结) and solved (解决) are two things: a request closes by procedure, and is solved when the citizen says
so."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from domain.cases.open_cases import check_reply_over_cases
from domain.chapters.handling import lead_of, leg_for, own_leg
from domain.chapters.joining import check_contributions
from domain.chapters.reopening import opened_again
from domain.chapters.whistles.parties import check_no_whistle
from domain.commands import Act, Callback, Redo, RefuseReply, ReviewBack, SubmitReply, Withdraw
from domain.events import (
    CallbackEnded,
    CallbackTried,
    Closed,
    Contributed,
    Fact,
    OwnInitiative,
    RedoOrdered,
    ReplyRefused,
    ReplySubmitted,
    ReviewedBack,
    ReviewPassed,
    Supervised,
    Withdrawn,
)
from domain.evidence import bounded
from domain.limits.deadlines import owes_callback
from domain.limits.policy import CallbackRule, Urgency
from domain.refusals import Refused
from domain.request import CallbackTry, LegRole, LegState, ReopenCause, RequestState, State
from domain.responsibility.ladder import one_higher, raised
from domain.responsibility.routing import Rung
from domain.sampling import one_in
from domain.standing import has_ended
from domain.texts import optional_text, required_text
from domain.units import Actor

OUTCOMES = frozenset(
    {
        "solved",
        "partly_solved",
        "explained_only",
        "commitment",
        "mediated",
        "filed_for_enforcement",
        "affair_opened",
        "not_true",
        "not_competent_explained",
        "volunteer_done",
        "unreachable",
    }
)
"""The closed list of outcomes of a reply."""


def submit_reply(state: RequestState, act: SubmitReply, by: Actor, _now: datetime) -> Iterator[Fact]:
    """The lead unit's reply goes to review; a joint unit's is a contribution and never the reply."""
    leg = own_leg(state, by, act.leg)
    if act.outcome not in OUTCOMES:
        raise Refused(
            "unknown_outcome", "outcome", f"{act.outcome} is not an outcome", ", ".join(sorted(OUTCOMES))
        )
    evidence = bounded(act.evidence)
    text = required_text(act.text, "text")
    if leg.state is LegState.PENDING_SIGN:
        raise Refused("not_signed", "leg", f"leg {leg.id} has not been signed", "sign first")
    if leg.role is LegRole.JOINT:
        yield Contributed(leg.id, act.outcome, text, evidence)
        return
    if state.state is not State.IN_PROGRESS:
        raise Refused(
            "not_possible_now",
            "state",
            f"submit_reply is not possible while the request is {state.state}",
            State.IN_PROGRESS,
        )
    if state.instructions:
        raise Refused(
            "not_acknowledged",
            "instruction",
            f"instructions wait to be acknowledged: {', '.join(state.instructions)}",
            "acknowledge them first",
        )
    check_reply_over_cases(state, act.outcome)
    check_contributions(state)
    check_no_whistle(state)
    yield ReplySubmitted(leg.id, act.outcome, text, evidence)


def refuse_reply(_state: RequestState, act: RefuseReply, _by: Actor, _now: datetime) -> Iterator[Fact]:
    """A unit's answer came after the request had moved on; that is recorded, and the unit awaited again."""
    yield ReplyRefused(act.leg, act.code, act.reason)


def review_pass(state: RequestState, _act: Act, by: Actor, _now: datetime) -> Iterator[Fact]:
    """Somebody other than the handler finds the reply good."""
    _not_the_handler(state, by)
    yield from passed(state, automatic=False)


def passed(state: RequestState, *, automatic: bool) -> Iterator[Fact]:
    """The review is passed: the citizen is called back where the policy says so, otherwise the request
    closes.
    """
    yield ReviewPassed(automatic)
    if not is_called_back(state):
        yield closed(state, "not_called")


def review_back(state: RequestState, act: ReviewBack, by: Actor, _now: datetime) -> Iterator[Fact]:
    """The reply is not good enough; the same unit goes on, and the clocks as if they had never stopped."""
    _not_the_handler(state, by)
    yield ReviewedBack(required_text(act.reason, "reason"))


def callback(state: RequestState, act: Callback, _by: Actor, now: datetime) -> Iterator[Fact]:
    """One attempt to reach the citizen: reached and rated, or tried in vain until the attempts are used
    up. The caller of a merged request is asked about the answer that they had through the other one.
    """
    if state.state is State.MERGED and not owes_callback(state):
        raise has_ended(state)
    note = optional_text(act.note, "note")
    if not act.contacted and (act.truthful, act.solved, act.satisfied) != (None, None, None):
        raise Refused(
            "rated_without_contact",
            "contacted",
            "a caller who was not reached cannot rate",
            "contacted true, or no rating",
        )
    yield CallbackTried(act.contacted, act.truthful, act.solved, act.satisfied, act.attributable, note)
    if not act.contacted:
        if _attempts_used_up(state, now):
            yield asked(state, "unreachable")
        return
    dissatisfied = act.satisfied is False and act.attributable
    if dissatisfied and state.cycle <= state.intake.common.automatic_redos:
        if state.state is State.MERGED:
            yield from opened_again(state, ReopenCause.DISSATISFIED, "dissatisfied")
        else:
            yield from new_cycle(state, "dissatisfied", automatic=True)
        return
    yield asked(state, "rated")


def asked(
    state: RequestState, how: Literal["rated", "unreachable", "callback_silent"]
) -> Closed | CallbackEnded:
    """The callback is over: the request closes, unless it follows another one and stays merged."""
    return CallbackEnded(how) if state.state is State.MERGED else closed(state, how)


def redo(state: RequestState, act: Redo, _by: Actor, _now: datetime) -> Iterator[Fact]:
    """A further cycle by decision of a person."""
    yield from new_cycle(state, required_text(act.reason, "reason"), automatic=False)


def new_cycle(state: RequestState, reason: str, *, automatic: bool) -> Iterator[Fact]:
    """The same unit again, under a shortened limit, watched one level higher; the cumulative clock goes
    on.
    """
    lead = lead_of(state)
    percent = state.intake.common.redo_percent
    higher = raised(state.supervised_by, one_higher(state.supervised_by))
    yield RedoOrdered(reason, percent, automatic)
    yield Supervised(None, higher, None, "redo", reason)
    rung = Rung(lead.level, lead.unit, lead.duty_entry)
    yield leg_for(state, rung, "redo", reason, percent=percent, attempt=state.cycle + 1)


def withdraw(state: RequestState, act: Withdraw, _by: Actor, _now: datetime) -> Iterator[Fact]:
    """The citizen takes the request back; a matter of public safety goes on without them."""
    if state.own_initiative:
        raise Refused(
            "withdrawn_before",
            "number",
            "the caller has withdrawn; the matter goes on without them",
            "nothing more",
        )
    reason = optional_text(act.reason, "reason")
    if state.snapshot is not None and state.snapshot.policy.urgency is Urgency.CRITICAL:
        yield OwnInitiative(reason)
    else:
        yield Withdrawn(reason)


def closed(
    state: RequestState, how: Literal["rated", "unreachable", "callback_silent", "not_called"]
) -> Closed:
    """The end, with the outcome of the reply."""
    return Closed(how, state.reply.outcome if state.reply else "explained_only")


def is_called_back(state: RequestState) -> bool:
    """Whether the citizen is asked: by the policy's rule, and only who left a contact. The sample is the same
    on every reading.
    """
    if state.snapshot is None or not is_reachable(state):
        return False
    match state.snapshot.policy.callback:
        case CallbackRule.ALL:
            return True
        case CallbackRule.SAMPLE:
            return one_in(state.intake.common.sample_one_in, state.number)
        case CallbackRule.NONE:
            return False


def is_reachable(state: RequestState) -> bool:
    """Whether anybody can be called back: the caller, unless they withdrew, or that of a request merged into it."""
    caller = state.intake.has_contact and not state.own_initiative
    return caller or any(child.has_contact for child in state.children)


def _attempts_used_up(state: RequestState, now: datetime) -> bool:
    zone = ZoneInfo(state.calendar.zone)
    tries = (*state.callback_tries, CallbackTry(now, contacted=False))
    days = {attempt.at.astimezone(zone).date() for attempt in tries}
    common = state.intake.common
    return len(tries) >= common.callback_attempts and len(days) >= common.callback_days


def _not_the_handler(state: RequestState, by: Actor) -> None:
    if state.reply is not None and state.reply.by == by.person:
        raise Refused("same_person", "by", "who replied may not review the reply", "another reviewer")
