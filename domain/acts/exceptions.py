"""Acts of governed exceptions: asking, deciding, resuming."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from domain.exceptions.terms import DutyAmendment, Terms
from domain.units import Unit


@dataclass(frozen=True, slots=True)
class Apply:
    """Ask for an exception (例外管控) under the terms of its kind, for a reason of their closed list.

    ``leg`` is the leg that asks (the unit's own lead leg if none is named). ``unit`` is who should hold the request
    instead (of a removal, the joint unit to let go), ``until`` and ``plan`` are what a commitment (挂账) promises,
    ``channel`` is where a request is moved to.
    """

    terms: Terms
    reason: str
    explanation: str
    evidence: tuple[str, ...] = ()
    leg: str | None = None
    unit: Unit | None = None
    legal_basis: str = ""
    until: datetime | None = None
    plan: str = ""
    channel: str = ""
    act: Literal["apply"] = "apply"


@dataclass(frozen=True, slots=True)
class Rule:
    """Decide an application. The ruling of a dispute names the one ``unit`` that leads from now on."""

    application: str
    granted: bool
    note: str
    unit: Unit | None = None
    amendment: DutyAmendment | None = None
    act: Literal["rule"] = "rule"


@dataclass(frozen=True, slots=True)
class Resume:
    """Take up a suspended request again before its suspension ends."""

    note: str
    act: Literal["resume"] = "resume"
