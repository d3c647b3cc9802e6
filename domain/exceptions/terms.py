"""The terms under which an exception may be asked for: one row of data for each kind (例外管控条款).

The rows belong to a city's pack; a door gives the row of the kind to the rules with every application, and the fact
keeps of it what later counts: who decides, by when, and what silence means.
"""

from __future__ import annotations

from dataclasses import dataclass

from domain.exceptions.applications import ExceptionKind, Seat, Silence
from domain.levels import Level
from domain.limits.clock import ClockKind
from domain.limits.policy import Urgency
from domain.request import State
from domain.time.durations import Duration
from domain.units import Role


@dataclass(frozen=True, slots=True)
class ByUrgency:
    """A limit that depends on how fast the matter must move."""

    critical: Duration
    urgent: Duration
    others: Duration

    def of(self, urgency: Urgency) -> Duration:
        """The limit for a matter of that urgency."""
        match urgency:
            case Urgency.CRITICAL:
                return self.critical
            case Urgency.URGENT:
                return self.urgent
            case _:
                return self.others


@dataclass(frozen=True, slots=True)
class Reason:
    """One entry of a closed list of reasons.

    ``longest``: what is asked for may last so long at most for this reason (``None``: as long as the terms allow).
    ``for_hurried``: critical and urgent matters may give it too. ``at_once``: it takes effect without a decision.
    """

    code: str
    zh: str
    en: str
    longest: Duration | None = None
    for_hurried: bool = True
    at_once: bool = False


@dataclass(frozen=True, slots=True)
class Window:
    """Until when one may ask: before so much of a clock is used (``hurried`` matters), within a time from the leg's
    dispatch (others). Either may be absent.
    """

    clock: ClockKind | None = None
    percent: int = 100
    since_dispatch: Duration | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """One row: a kind of exception with everything that governs it.

    ``needs`` names the particulars that must be given (``evidence``, ``unit``, ``legal_basis``, ``until``, ``plan``,
    ``channel``). ``per_leg`` and ``per_request`` are quotas of applications; ``in_sum`` limits what all granted
    applications of the kind add up to.
    """

    kind: ExceptionKind
    zh: str
    en: str
    states: tuple[State, ...]
    asked_by: tuple[Role, ...]
    reasons: tuple[Reason, ...]
    needs: tuple[str, ...]
    decided_by: tuple[Role, ...]
    decided_at: Seat
    within: ByUrgency
    silence: Silence
    per_leg: int | None = None
    per_request: int | None = None
    hurried_window: Window | None = None
    window: Window | None = None
    in_sum: Duration | None = None

    def reason(self, code: str) -> Reason | None:
        """The entry of that code."""
        return next((reason for reason in self.reasons if reason.code == code), None)


@dataclass(frozen=True, slots=True)
class DutyAmendment:
    """What a ruling adds to the duty list, so that the same dispute does not recur.

    In ``area`` (a division code without trailing zeros, empty for the whole city) units of ``unit_type`` answer for
    the category on that level.
    """

    category: str
    level: Level
    area: str
    unit_type: str
    basis: str
