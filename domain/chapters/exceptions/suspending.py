"""Suspension (挂起): the clocks stand still for an allowed reason, for a time that is known when it begins."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from domain.chapters.exceptions.verdicts import Verdict
from domain.chapters.handling import lead_of, own_lead, promised
from domain.commands import Apply, Resume
from domain.events import Fact, Resumed, Suspended
from domain.exceptions.applications import Application
from domain.limits import clock as clocks
from domain.limits.clock import ClockKind
from domain.limits.policy import comparable
from domain.refusals import Refused
from domain.request import Leg, RequestState
from domain.texts import required_text
from domain.time.durations import Duration, Unit
from domain.units import Actor, Role

FORCE_MAJEURE = "force_majeure"
"""The reason that suspends even what the policy says cannot be suspended: nobody can work in a typhoon."""

LONGEST_IN_SUM = Duration(60, Unit.WD)
"""All suspensions of a request together, where the terms name no sum: no wait is without an end."""

_HOUR = timedelta(hours=1)


def may_suspend(state: RequestState, act: Apply, leg: Leg | None, by: Actor, now: datetime) -> None:
    """The policy allows it, or it is force majeure; and the sum of suspensions is not used up.

    Raises:
        Refused: ``no_suspension`` or ``suspension_used_up``.
    """
    del leg, by
    if not promised(state).policy.suspend and act.reason != FORCE_MAJEURE:
        raise Refused(
            "no_suspension", "reason", "the policy of this matter knows no suspension", FORCE_MAJEURE
        )
    if _left(state, act, now) < _HOUR:
        raise Refused(
            "suspension_used_up",
            "kind",
            "the request has been suspended as long as it may be",
            f"at most {_in_sum(act)} in sum",
        )


def length_of(state: RequestState, act: Apply, now: datetime) -> Duration | None:
    """As long as the reason allows, within what is left of the sum; a rest is counted in whole hours."""
    reason = act.terms.reason(act.reason)
    longest = reason.longest if reason is not None else None
    office_day = state.calendar.office_day
    left = _left(state, act, now)
    # A working day that ends with the office lasts up to one office day more than its hours.
    if longest is not None and comparable(longest, office_day) + office_day <= left:
        return longest
    asked = left if longest is None else min(left, comparable(longest, office_day))
    return Duration(max(1, asked // _HOUR), Unit.WH if _in_sum(act).is_working else Unit.H)


def suspended(state: RequestState, asked: Application, verdict: Verdict, now: datetime) -> Iterator[Fact]:
    """Every clock stands still but the one that ends the suspension."""
    del verdict, now
    assert asked.length is not None, "a suspension has its length"
    yield Suspended(asked.id, lead_of(state).id, asked.length)


def resume(state: RequestState, act: Resume, by: Actor, _now: datetime) -> Iterator[Fact]:
    """What stood in the way is gone: the unit or a dispatcher takes the request up again."""
    if by.role is not Role.DISPATCHER:
        own_lead(state, by)
    yield Resumed(automatic=False, note=required_text(act.note, "note"))


def _in_sum(act: Apply) -> Duration:
    return act.terms.in_sum or LONGEST_IN_SUM


def _left(state: RequestState, act: Apply, now: datetime) -> timedelta:
    used = (
        clocks.used(clock, now, state.calendar) for clock in state.clocks if clock.kind is ClockKind.RESUME
    )
    return comparable(_in_sum(act), state.calendar.office_day) - sum(used, timedelta())
