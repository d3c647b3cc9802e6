"""Acts of waiting for a deliberation or a partner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from domain.partners import Partner
from domain.time.durations import Duration


@dataclass(frozen=True, slots=True)
class ReferDeliberation:
    """Refer a question to a deliberation of residents; ``limit`` shortens the common one."""

    forum: str
    question: str
    limit: Duration | None = None
    act: Literal["refer_deliberation"] = "refer_deliberation"


@dataclass(frozen=True, slots=True)
class DeliberationResult:
    """Record what the deliberation came to."""

    result: str
    agreed: bool
    act: Literal["deliberation_result"] = "deliberation_result"


@dataclass(frozen=True, slots=True)
class HandToPartner:
    """Hand the matter to a neighbouring system, under a case number."""

    partner: Partner
    case: str
    note: str = ""
    act: Literal["hand_to_partner"] = "hand_to_partner"


@dataclass(frozen=True, slots=True)
class PartnerResult:
    """Record a partner's answer; ``case`` must be named unless the responsible unit types it in."""

    word: str
    note: str
    case: str = ""
    act: Literal["partner_result"] = "partner_result"
