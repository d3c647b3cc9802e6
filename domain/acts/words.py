"""Acts that are words: they change no state and move no deadline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from domain.attachments import Attachment
from domain.request import Visibility


@dataclass(frozen=True, slots=True)
class Comment:
    """Say something to everybody who sees the request; it moves no deadline."""

    text: str
    act: Literal["comment"] = "comment"


@dataclass(frozen=True, slots=True)
class Instruct:
    """Give a leader's written instruction, which the responsible unit must acknowledge."""

    text: str
    act: Literal["instruct"] = "instruct"


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """Acknowledge an instruction."""

    instruction: str
    act: Literal["acknowledge"] = "acknowledge"


@dataclass(frozen=True, slots=True)
class Attach:
    """Attach a reference to a file that is kept elsewhere."""

    attachment: Attachment
    act: Literal["attach"] = "attach"


@dataclass(frozen=True, slots=True)
class ReportInterim:
    """Tell the citizen how far the matter is."""

    text: str
    act: Literal["interim_report"] = "interim_report"


@dataclass(frozen=True, slots=True)
class MarkConfidential:
    """Let fewer people see the request."""

    visibility: Visibility
    reason: str
    act: Literal["mark_confidential"] = "mark_confidential"
