"""Facts of intake and acceptance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from domain.request import (
    Matter,
    PolicySnapshot,
)


@dataclass(frozen=True, slots=True)
class Registered:
    """The request was written down (登记). ``digest`` ties the intake row into the chain."""

    digest: str
    channel: str
    request_type: str
    kind: Literal["registered"] = "registered"


@dataclass(frozen=True, slots=True)
class InfoRequested:
    """The citizen was asked to supplement (要求补充)."""

    question: str
    kind: Literal["info_requested"] = "info_requested"


@dataclass(frozen=True, slots=True)
class InfoSupplied:
    """The citizen supplemented (补充信息)."""

    note: str
    kind: Literal["info_supplied"] = "info_supplied"


@dataclass(frozen=True, slots=True)
class Accepted:
    """The request was accepted (受理); the total clock starts at ``since``: of a complete intake, the instant
    of the call.

    Matter and snapshot are set where the intake had none.
    """

    policy: str
    version: int
    since: datetime
    matter: Matter | None = None
    snapshot: PolicySnapshot | None = None
    kind: Literal["accepted"] = "accepted"


@dataclass(frozen=True, slots=True)
class RejectionProposed:
    """An agent proposed not to accept; the duty leader must confirm."""

    reason: str
    advice: str
    kind: Literal["rejection_proposed"] = "rejection_proposed"


@dataclass(frozen=True, slots=True)
class Rejected:
    """The request was not accepted (不予受理); ``advice`` tells the citizen the right channel."""

    reason: str
    advice: str
    kind: Literal["rejected"] = "rejected"


@dataclass(frozen=True, slots=True)
class AnsweredDirectly:
    """The agent answered during the call (直接答复), citing a knowledge entry."""

    knowledge_entry: str
    answer: str
    kind: Literal["answered_directly"] = "answered_directly"
