"""Governed exceptions (例外管控): whatever bends the straight way is asked for and decided, never simply switched.

An application names its kind and a reason from a closed list, is decided by a named post within a limit of its own,
and its silence has a stated meaning. The main clock runs on while it is undecided.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


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


class ApplicationStatus(StrEnum):
    """Where an application stands. ``lapsed``: the request moved on before it was decided."""

    OPEN = "open"
    GRANTED = "granted"
    REFUSED = "refused"
    LAPSED = "lapsed"


@dataclass(frozen=True, slots=True)
class Application:
    """One application for an exception, as the state remembers it. ``id`` is ``a1``, ``a2`` ... within the request."""

    id: str
    kind: ExceptionKind
    leg: str | None
    reason: str
    asked_at: datetime
    asked_by: str
    status: ApplicationStatus = ApplicationStatus.OPEN
    decided_at: datetime | None = None
