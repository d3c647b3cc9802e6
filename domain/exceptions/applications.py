"""Governed exceptions (例外管控): whatever bends the straight way is asked for and decided, never simply switched.

An application names its kind and a reason from a closed list, is decided by a named post within a limit of its own,
and its silence has a stated meaning. The main clock runs on while it is undecided.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.levels import Level
from domain.time.durations import Duration
from domain.units import Role, Unit


class ExceptionKind(StrEnum):
    """What may be asked for."""

    RETURN = "return"
    DISPUTE = "dispute"
    ADMISSION = "admission"
    HAND_UP = "hand_up"
    EXTENSION = "extension"
    SUSPENSION = "suspension"
    BACKLOG = "backlog"
    UNREASONABLE = "unreasonable"
    MALICIOUS = "malicious"
    APPEAL = "appeal"
    TRANSFER_OUT = "transfer_out"
    VOID = "void"
    REMOVAL = "removal"


ASKED_BY_THE_RULES = frozenset({ExceptionKind.ADMISSION, ExceptionKind.HAND_UP})
"""Kinds that nobody applies for: the rules put the question, and people only decide."""


class ApplicationStatus(StrEnum):
    """Where an application stands. ``lapsed``: the request moved on before it was decided."""

    OPEN = "open"
    GRANTED = "granted"
    REFUSED = "refused"
    LAPSED = "lapsed"


class Silence(StrEnum):
    """What it means that nobody decided in time."""

    GRANTED = "granted"
    REFUSED = "refused"


class Seat(StrEnum):
    """On which level those sit who decide: anywhere, above the asking leg, where the policy says, or at a level."""

    ANY = "any"
    ABOVE = "above"
    POLICY = "policy"
    DISTRICT = "district"
    CITY = "city"


@dataclass(frozen=True, slots=True)
class Application:
    """One application for an exception, as the state remembers it. ``id`` is ``a1``, ``a2`` ... within the request.

    ``deciders`` are the roles that may decide and ``seat`` the lowest level on which they sit (``None``: any);
    ``silence`` is what it means that they do not. ``asked_role`` and ``asked_unit`` tell for which post the person
    asked. ``unit``, ``until``, ``plan`` and ``channel`` are the particulars; ``length`` is how much time is asked for.
    """

    id: str
    kind: ExceptionKind
    leg: str | None
    reason: str
    asked_at: datetime
    asked_by: str
    status: ApplicationStatus = ApplicationStatus.OPEN
    decided_at: datetime | None = None
    decided_by: str | None = None
    asked_role: Role = Role.SYSTEM
    asked_unit: str | None = None
    reason_zh: str = ""
    reason_en: str = ""
    deciders: tuple[Role, ...] = ()
    seat: Level | None = None
    silence: Silence = Silence.REFUSED
    unit: Unit | None = None
    until: datetime | None = None
    plan: str = ""
    channel: str = ""
    length: Duration | None = None
    refusal_proposed_by: str | None = None
    """Who proposed a refusal that somebody else has to confirm."""
