"""Facts of governed exceptions: what was asked, decided, and came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from domain.exceptions.applications import ExceptionKind, Silence
from domain.exceptions.terms import DutyAmendment
from domain.levels import Level
from domain.request import (
    Exclusion,
)
from domain.time.durations import Duration
from domain.units import Role, Unit


@dataclass(frozen=True, slots=True)
class ApplicationMade:
    """An exception was asked for (申请). It is decided within ``within`` by one of ``deciders``, who sit on level
    ``seat`` or above (``None``: anywhere); ``silence`` says what it means that they do not. ``length`` is the time
    asked for, ``unit`` who should hold the request, ``until`` and ``plan`` what is promised, ``channel`` where it goes.
    """

    application: str
    exception: ExceptionKind
    leg: str | None
    reason: str
    explanation: str
    deciders: tuple[Role, ...]
    seat: Level | None
    within: Duration
    silence: Silence
    reason_zh: str = ""
    reason_en: str = ""
    evidence: tuple[str, ...] = ()
    unit: Unit | None = None
    legal_basis: str = ""
    until: datetime | None = None
    plan: str = ""
    channel: str = ""
    length: Duration | None = None
    kind: Literal["application_made"] = "application_made"


@dataclass(frozen=True, slots=True)
class RefusalProposed:
    """Who was asked would refuse; somebody else must confirm it (拒绝准入)."""

    application: str
    note: str
    kind: Literal["refusal_proposed"] = "refusal_proposed"


@dataclass(frozen=True, slots=True)
class ApplicationDecided:
    """An application was granted or refused; ``silent`` where nobody did so in time and the terms decided."""

    application: str
    exception: ExceptionKind
    granted: bool
    silent: bool
    note: str = ""
    kind: Literal["application_decided"] = "application_decided"


@dataclass(frozen=True, slots=True)
class ApplicationLapsed:
    """The request moved past an application before anybody decided it."""

    application: str
    exception: ExceptionKind
    kind: Literal["application_lapsed"] = "application_lapsed"


@dataclass(frozen=True, slots=True)
class LegReturned:
    """The unit rightly returned its leg (退单); the request waits to be dispatched anew."""

    application: str
    leg: str
    kind: Literal["leg_returned"] = "leg_returned"


@dataclass(frozen=True, slots=True)
class DisputeRuled:
    """A dispute has its final ruling (裁定): ``unit`` leads. ``duty_entry`` is the entry that the ruling adds to the
    duty list where it carries an ``amendment``, and the basis of the ruled leg.
    """

    application: str
    leg: str
    unit: Unit
    duty_entry: str
    amendment: DutyAmendment | None = None
    kind: Literal["dispute_ruled"] = "dispute_ruled"


@dataclass(frozen=True, slots=True)
class Admitted:
    """The community took a matter that is not on its admission list (准入); its limits run from here."""

    application: str
    leg: str
    kind: Literal["admitted"] = "admitted"


@dataclass(frozen=True, slots=True)
class NotAdmitted:
    """The community did not take the matter (拒绝准入), which is no return; the request waits to be dispatched."""

    application: str
    leg: str
    kind: Literal["not_admitted"] = "not_admitted"


@dataclass(frozen=True, slots=True)
class DeadlineExtended:
    """The total limit, and the lead leg's dwell, got longer by ``extra`` (延期); ``due_at`` is when the total now ends,
    ``None`` while its clock stands still.
    """

    application: str
    leg: str
    extra: Duration
    due_at: datetime | None = None
    kind: Literal["deadline_extended"] = "deadline_extended"


@dataclass(frozen=True, slots=True)
class Suspended:
    """The clocks stand still (挂起), for ``longest`` at most; then the request goes on by itself."""

    application: str
    leg: str
    longest: Duration
    kind: Literal["suspended"] = "suspended"


@dataclass(frozen=True, slots=True)
class Resumed:
    """The clocks run again (恢复); ``automatic`` at the suspension's end."""

    automatic: bool
    note: str = ""
    kind: Literal["resumed"] = "resumed"


@dataclass(frozen=True, slots=True)
class PutIntoBacklog:
    """The request is closed with a commitment (挂账): the plan is carried out until ``commitment_due``."""

    application: str
    leg: str
    commitment_due: datetime
    plan: str
    kind: Literal["put_into_backlog"] = "put_into_backlog"


@dataclass(frozen=True, slots=True)
class ExclusionMarked:
    """The request was found unreasonable or malicious (认定) and counts in no satisfaction rate; it is answered."""

    application: str
    exclusion: Exclusion
    kind: Literal["exclusion_marked"] = "exclusion_marked"


@dataclass(frozen=True, slots=True)
class ExclusionLifted:
    """The citizen's appeal was upheld: the finding is lifted, for good."""

    application: str
    kind: Literal["exclusion_lifted"] = "exclusion_lifted"


@dataclass(frozen=True, slots=True)
class TransferredOut:
    """The request was moved to a channel outside (转出), which answers it from here."""

    application: str
    channel: str
    reason: str
    kind: Literal["transferred_out"] = "transferred_out"


@dataclass(frozen=True, slots=True)
class Voided:
    """A test or a wrong record was struck (作废)."""

    application: str
    reason: str
    kind: Literal["voided"] = "voided"
