"""Acts of intake and acceptance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from domain.request import Matter, PolicySnapshot


@dataclass(frozen=True, slots=True)
class Register:
    """Begin the story; accept at once when the intake is complete."""

    act: Literal["register"] = "register"


@dataclass(frozen=True, slots=True)
class RequestInfo:
    """Ask the citizen to supplement."""

    question: str
    act: Literal["request_info"] = "request_info"


@dataclass(frozen=True, slots=True)
class SupplyInfo:
    """Supplement what was asked."""

    note: str
    act: Literal["supply_info"] = "supply_info"


@dataclass(frozen=True, slots=True)
class Accept:
    """Accept the request; matter and snapshot are needed where the intake had none."""

    matter: Matter | None = None
    snapshot: PolicySnapshot | None = None
    act: Literal["accept"] = "accept"


@dataclass(frozen=True, slots=True)
class Reject:
    """Do not accept; an agent proposes, the duty leader confirms."""

    reason: str
    advice: str
    act: Literal["reject"] = "reject"


@dataclass(frozen=True, slots=True)
class AnswerDirectly:
    """Answer during the call from the knowledge base."""

    knowledge_entry: str
    answer: str
    act: Literal["answer_directly"] = "answer_directly"
