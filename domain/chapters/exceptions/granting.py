"""What each kind of exception brings about: one entry a kind in ``EFFECTS``, and nothing about kinds elsewhere.

An entry says when the exception may be asked for, beyond its terms; how much time it asks for; on which level it is
decided; and which facts follow when it is granted and when it is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from domain.chapters import sharing
from domain.chapters.exceptions import disputing, excluding, extending, moving_on, returning, suspending
from domain.chapters.exceptions.asking import usual_seat
from domain.chapters.exceptions.verdicts import Verdict, nothing_follows
from domain.commands import Apply
from domain.events import Fact
from domain.exceptions.applications import Application, ApplicationStatus, ExceptionKind
from domain.levels import Level
from domain.request import Leg, RequestState
from domain.time.durations import Duration
from domain.units import Actor

Check = Callable[[RequestState, Apply, Leg | None, Actor, datetime], None]
Consequence = Callable[[RequestState, Application, Verdict, datetime], Iterator[Fact]]
Length = Callable[[RequestState, Apply, datetime], Duration | None]
SeatOf = Callable[[RequestState, Apply, Leg | None], Level | None]

ASKED = frozenset({ApplicationStatus.OPEN, ApplicationStatus.GRANTED, ApplicationStatus.REFUSED})
ENJOYED = frozenset({ApplicationStatus.OPEN, ApplicationStatus.GRANTED})


def _always(state: RequestState, act: Apply, leg: Leg | None, by: Actor, now: datetime) -> None:
    del state, act, leg, by, now


def _no_time(state: RequestState, act: Apply, now: datetime) -> None:
    del state, act, now


def _as_the_terms_say(state: RequestState, act: Apply, leg: Leg | None) -> Level | None:
    return usual_seat(state, act.terms, leg)


@dataclass(frozen=True, slots=True)
class Effect:
    """What one kind of exception needs and does. ``spent_by``: which applications use up the quota of the terms."""

    granted: Consequence
    refused: Consequence = nothing_follows
    allowed: Check = _always
    length: Length = _no_time
    seat: SeatOf = _as_the_terms_say
    spent_by: frozenset[ApplicationStatus] = ASKED


EFFECTS: dict[ExceptionKind, Effect] = {
    ExceptionKind.RETURN: Effect(returning.returned, allowed=returning.may_return),
    ExceptionKind.DISPUTE: Effect(
        disputing.ruled,
        refused=disputing.kept,
        allowed=disputing.may_dispute,
        seat=disputing.seat_of,
    ),
    ExceptionKind.ADMISSION: Effect(returning.admitted, refused=returning.not_admitted),
    ExceptionKind.HAND_UP: Effect(moving_on.moved_up, refused=moving_on.kept_below),
    ExceptionKind.EXTENSION: Effect(
        extending.extended,
        allowed=extending.may_extend,
        length=extending.length_of,
        seat=extending.seat_of,
        spent_by=ENJOYED,
    ),
    ExceptionKind.SUSPENSION: Effect(
        suspending.suspended,
        allowed=suspending.may_suspend,
        length=suspending.length_of,
        spent_by=ENJOYED,
    ),
    ExceptionKind.BACKLOG: Effect(moving_on.put_into_backlog, allowed=moving_on.may_promise),
    ExceptionKind.UNREASONABLE: Effect(excluding.marked_unreasonable, allowed=excluding.may_mark),
    ExceptionKind.MALICIOUS: Effect(excluding.marked_malicious, allowed=excluding.may_mark),
    ExceptionKind.APPEAL: Effect(excluding.lifted, allowed=excluding.may_appeal),
    ExceptionKind.TRANSFER_OUT: Effect(moving_on.transferred_out),
    ExceptionKind.VOID: Effect(moving_on.voided),
    ExceptionKind.REMOVAL: Effect(sharing.removed, allowed=sharing.may_be_removed),
}
"""Every kind with its entry."""
