"""Facts of waiting for a deliberation or a partner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from domain.partners import Partner, PartnerWord
from domain.time.durations import Duration


@dataclass(frozen=True, slots=True)
class DeliberationReferred:
    """A question was referred to a deliberation (提请议事); the limits of handling are paused until it ends."""

    forum: str
    question: str
    limit: Duration
    kind: Literal["deliberation_referred"] = "deliberation_referred"


@dataclass(frozen=True, slots=True)
class DeliberationEnded:
    """The deliberation ended (议事结果); ``agreed`` is ``None`` where its limit passed without a result."""

    result: str
    agreed: bool | None
    kind: Literal["deliberation_ended"] = "deliberation_ended"


@dataclass(frozen=True, slots=True)
class HandedToPartner:
    """The matter was handed to a neighbouring system (转外部系统); the total limit runs on."""

    partner: Partner
    case: str
    note: str
    kind: Literal["handed_to_partner"] = "handed_to_partner"


@dataclass(frozen=True, slots=True)
class PartnerAnswered:
    """The partner answered (外部反馈), or was silent until its limit had passed."""

    partner: Partner
    case: str
    word: PartnerWord
    note: str
    kind: Literal["partner_answered"] = "partner_answered"
