"""Facts that are words: they change no state and move no deadline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from domain.attachments import Attachment
from domain.request import (
    Visibility,
)


@dataclass(frozen=True, slots=True)
class Commented:
    """Somebody said something (留言)."""

    text: str
    kind: Literal["commented"] = "commented"


@dataclass(frozen=True, slots=True)
class Instructed:
    """A leader gave a written instruction (领导批示)."""

    instruction: str
    text: str
    kind: Literal["instructed"] = "instructed"


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The responsible unit acknowledged an instruction (签阅批示)."""

    instruction: str
    kind: Literal["acknowledged"] = "acknowledged"


@dataclass(frozen=True, slots=True)
class Attached:
    """A reference to a file was attached (附件)."""

    attachment: Attachment
    kind: Literal["attached"] = "attached"


@dataclass(frozen=True, slots=True)
class InterimReported:
    """The responsible unit told the citizen how far the matter is (阶段性反馈)."""

    leg: str
    text: str
    kind: Literal["interim_reported"] = "interim_reported"


@dataclass(frozen=True, slots=True)
class MarkedConfidential:
    """From here on fewer people see the request (保密件)."""

    visibility: Visibility
    reason: str
    kind: Literal["marked_confidential"] = "marked_confidential"
