"""Opening an ended request again: a new cycle with a limit of its own, while the cumulative clock is carried on.

People may do so for some days after the end; after them the matter is registered anew, as a repeat. The system also
reopens what followed a request that is gone, and what was put off until a date.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from domain.chapters.handling import alarms_for, leg_for, promised
from domain.commands import RemindOfCommitment, Reopen
from domain.events import AlarmRaised, Fact, Reopened, Supervised
from domain.refusals import Refused
from domain.request import LegEnd, ReopenCause, RequestState, State
from domain.responsibility.ladder import one_higher, raised
from domain.responsibility.routing import Rung
from domain.standing import may_be_opened, reopening_ends
from domain.texts import required_text
from domain.units import Actor, Role

CAUSES_OF_PEOPLE = (ReopenCause.DISSATISFIED, ReopenCause.WRONGLY_ENDED)

_TAKEN_AWAY = frozenset({LegEnd.RETURNED, LegEnd.REASSIGNED, LegEnd.RULED_AWAY, LegEnd.NOT_ADMITTED})
"""Ends after which a unit does not answer for the request any more."""

FULL = 100


def reopen(state: RequestState, act: Reopen, by: Actor, now: datetime) -> Iterator[Fact]:
    """The request goes on where it was left: with its last unit, in dispatching, or at its judgement."""
    if by.role is not Role.SYSTEM:
        _check_cause(act)
        _check_window(state, now)
    _check_still_so(state, act)
    yield from opened_again(state, act.cause, required_text(act.reason, "reason"))


def opened_again(state: RequestState, cause: ReopenCause, reason: str) -> Iterator[Fact]:
    """A new cycle for that cause; who is dissatisfied has it watched one level higher."""
    percent = _share(state, cause)
    rung, gaps = _next_holder(state, cause)
    yield Reopened(cause, reason, percent, _goes_on_in(state, rung), state.parent)
    if cause is ReopenCause.DISSATISFIED:
        higher = raised(state.supervised_by, one_higher(state.supervised_by))
        yield Supervised(None, higher, None, "redo", reason)
    if rung is not None:
        yield from alarms_for(gaps)
        yield leg_for(state, rung, "reopened", reason, percent=percent, attempt=state.cycle + 1)


def remind_of_commitment(
    state: RequestState, _act: RemindOfCommitment, _by: Actor, _now: datetime
) -> Iterator[Fact]:
    """A promise for a later date is looked at now and then (挂账按季复核), lest it be forgotten until then."""
    if state.commitment_due is None:
        raise _no_commitment()
    yield AlarmRaised(
        "commitment_to_review", "duty_leader", f"promised for {state.commitment_due.date().isoformat()}"
    )


def _check_cause(act: Reopen) -> None:
    if act.cause not in CAUSES_OF_PEOPLE:
        raise Refused(
            "cause_not_allowed",
            "cause",
            f"only the system reopens because of {act.cause}",
            ", ".join(CAUSES_OF_PEOPLE),
        )


def _check_window(state: RequestState, now: datetime) -> None:
    if not may_be_opened(state, now):
        until = reopening_ends(state)
        over = f" since {until.astimezone(ZoneInfo(state.calendar.zone)).isoformat()}" if until else ""
        raise Refused(
            "appeal_window_over",
            "number",
            f"the time for reopening is over{over}",
            f"a new registration with repeat_of {state.number}",
        )


def _check_still_so(state: RequestState, act: Reopen) -> None:
    """What the system was to act upon may have changed meanwhile; then nothing happens."""
    if act.cause is ReopenCause.PARENT_GONE and act.parent != state.parent:
        raise other_parent(state, act.parent)
    if act.cause is ReopenCause.COMMITMENT and state.commitment_due is None:
        raise _no_commitment()


def other_parent(state: RequestState, parent: str | None) -> Refused:
    """The refusal of news of a request that this one does not follow, or not any more."""
    return Refused(
        "other_parent", "parent", f"the request does not follow {parent}", state.parent or "a merged request"
    )


def _no_commitment() -> Refused:
    return Refused("no_commitment", "cause", "no commitment is open", "a request put off until a date")


def _share(state: RequestState, cause: ReopenCause) -> int:
    """An answer that did not satisfy is mended in a shortened time; whoever had no answer has the whole limit."""
    answered = state.reply is not None or state.answered_at is not None
    mended = cause is ReopenCause.DISSATISFIED and answered
    return state.intake.common.redo_percent if mended else FULL


def _next_holder(state: RequestState, cause: ReopenCause) -> tuple[Rung | None, tuple[Rung, ...]]:
    """Who takes the lead leg, and the vacant posts that were stepped over; nobody where it must be dispatched."""
    if state.accepted_at is None:
        return None, ()
    ladder, last = promised(state).ladder, state.last_lead
    if last is not None and last.end not in _TAKEN_AWAY:
        if cause is ReopenCause.COMMITMENT:
            above, gaps = ladder.next_above(last.level)
            if above is not None:
                return above, gaps
        return Rung(last.level, last.unit, last.duty_entry), ()
    return ladder.next_above(None) if promised(state).policy.auto_dispatch else (None, ())


def _goes_on_in(state: RequestState, rung: Rung | None) -> State:
    if state.accepted_at is None:
        return State.REGISTERED
    return State.PENDING_DISPATCH if rung is None else State.PENDING_SIGN
