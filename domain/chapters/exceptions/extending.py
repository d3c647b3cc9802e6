"""Extension (延期): the citizen is promised a later date, as often as the policy says, and never silently."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from domain.chapters.exceptions.asking import one_above, usual_seat
from domain.chapters.exceptions.verdicts import Verdict
from domain.chapters.handling import lead_of
from domain.commands import Apply
from domain.events import DeadlineExtended, Fact
from domain.exceptions.applications import Application, ApplicationStatus, ExceptionKind
from domain.levels import Level
from domain.limits import clock as clocks
from domain.limits.clock import ClockKind
from domain.limits.policy import Extension, Urgency, comparable
from domain.refusals import Refused
from domain.request import Leg, RequestState
from domain.time.durations import Duration
from domain.units import Actor

_COUNTED = frozenset({ApplicationStatus.OPEN, ApplicationStatus.GRANTED})


def may_extend(state: RequestState, act: Apply, leg: Leg | None, by: Actor, now: datetime) -> None:
    """The policy says whether and how often; a critical matter is never extended.

    Raises:
        Refused: ``no_extension`` or ``quota_used_up``.
    """
    del act, leg, by, now
    extension = _extension_of(state)
    if extension is None:
        raise Refused(
            "no_extension", "kind", "the policy of this matter knows no extension", "a reply within the limit"
        )
    used = sum(_is_counted(asked) for asked in state.applications)
    if used >= extension.max:
        raise Refused(
            "quota_used_up", "kind", f"{used} extensions have been asked for", f"at most {extension.max}"
        )


def length_of(state: RequestState, act: Apply, now: datetime) -> Duration | None:
    """As long as the policy says."""
    del act, now
    extension = _extension_of(state)
    return extension.each if extension is not None else None


def seat_of(state: RequestState, act: Apply, leg: Leg | None) -> Level | None:
    """Whom the terms name, and below the district no lower than the level above the unit; a second extension, or more
    in sum than the terms allow, is the district's to decide.
    """
    usual = usual_seat(state, act.terms, leg)
    if _granted_before(state) or _sum_with_this(state) > _most_in_sum(state, act):
        return _higher(usual, Level.DISTRICT)
    if usual is None or leg is None or leg.level is Level.DISTRICT:
        return usual
    return _higher(usual, one_above(leg.level))


def extended(state: RequestState, asked: Application, verdict: Verdict, now: datetime) -> Iterator[Fact]:
    """The total and the unit's dwell get longer; what fired stays fired, and a card stays."""
    del verdict
    assert asked.length is not None, "an extension has its length"
    total = state.clock(ClockKind.TOTAL)
    assert total is not None, "an accepted request has its total"
    longer = clocks.extend(total, asked.length, now, state.calendar)
    due_at = clocks.threshold(longer, 100, state.calendar)
    yield DeadlineExtended(asked.id, lead_of(state).id, asked.length, due_at)


def _higher(one: Level | None, other: Level) -> Level:
    return other if one is None or other.is_above(one) else one


def _extension_of(state: RequestState) -> Extension | None:
    if state.snapshot is None or state.snapshot.policy.urgency is Urgency.CRITICAL:
        return None
    return state.snapshot.policy.extension


def _is_counted(asked: Application) -> bool:
    return asked.kind is ExceptionKind.EXTENSION and asked.status in _COUNTED


def _granted_before(state: RequestState) -> bool:
    return any(_is_counted(asked) for asked in state.applications)


def _sum_with_this(state: RequestState) -> timedelta:
    office_day = state.calendar.office_day
    before = [asked.length for asked in state.applications if _is_counted(asked) and asked.length is not None]
    extension = _extension_of(state)
    this = [extension.each] if extension is not None else []
    return sum((comparable(length, office_day) for length in (*before, *this)), timedelta())


def _most_in_sum(state: RequestState, act: Apply) -> timedelta:
    most = act.terms.in_sum
    return comparable(most, state.calendar.office_day) if most is not None else timedelta.max
