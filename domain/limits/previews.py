"""What an order would do to a request's deadline, told without giving it.

A policy or a calendar that is to reach running requests is looked at first: who would be late that is not, who would
gain time, whom it would not touch. The same rules answer as when the order is given.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.commands import Act, Order, PassTime
from domain.events import Event
from domain.lifecycle import decide, fold
from domain.limits.clock import ClockKind, promised, used
from domain.refusals import Refused
from domain.request import Light, RequestState
from domain.units import SYSTEM, Actor


class Outlook(StrEnum):
    """What would become of the whole request's deadline."""

    WOULD_BREACH = "would_breach"
    """Within its limit now, past it then."""
    WOULD_SHORTEN = "would_shorten"
    WOULD_GAIN = "would_gain"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Preview:
    """One request before and after. ``refused`` is the code with which the rules would refuse the order."""

    number: str
    outlook: Outlook
    due_before: datetime | None
    due_after: datetime | None
    light_before: Light
    light_after: Light
    refused: str = ""

    @classmethod
    def refusing(cls, state: RequestState, code: str) -> Preview:
        """A request that would stay as it is, because its order would be refused or cannot even be made."""
        due = _due(state)
        return cls(state.number, Outlook.REFUSED, due, due, state.light, state.light, code)


def preview(state: RequestState, act: Act, by: Actor, now: datetime) -> Preview:
    """The request's deadline and light now, and as they would be once the order was given at ``now``."""
    before = fold(state, _time_passes(state, now))
    try:
        ordered = fold(before, decide(before, Order("", by, act), now))
    except Refused as refusal:
        return Preview.refusing(before, refusal.code)
    after = fold(ordered, _time_passes(ordered, now))
    return Preview(
        number=state.number,
        outlook=_outlook(before, after, now),
        due_before=_due(before),
        due_after=_due(after),
        light_before=before.light,
        light_after=after.light,
    )


def _time_passes(state: RequestState, now: datetime) -> tuple[Event, ...]:
    return () if state.state.is_terminal else decide(state, Order("", SYSTEM, PassTime()), now)


def _outlook(before: RequestState, after: RequestState, now: datetime) -> Outlook:
    old, new = _due(before), _due(after)
    if old == new or old is None or new is None:
        return Outlook.UNCHANGED
    if _is_used_up(after, now) and not _is_used_up(before, now):
        return Outlook.WOULD_BREACH
    return Outlook.WOULD_GAIN if old < new else Outlook.WOULD_SHORTEN


def _due(state: RequestState) -> datetime | None:
    total = state.clock(ClockKind.TOTAL)
    return promised(total, 100, state.calendar) if total else None


def _is_used_up(state: RequestState, now: datetime) -> bool:
    """Whether the total has run out by now, or had when the reply was submitted."""
    total = state.clock(ClockKind.TOTAL)
    return total is not None and used(total, state.submitted_at or now, state.calendar) >= total.amount
