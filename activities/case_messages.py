"""What the story of a partner case hands to its activities and gets back."""

from __future__ import annotations

from dataclasses import dataclass

from domain.cases.calls import No
from domain.partners import CaseBrief, CaseMessage


@dataclass(frozen=True, slots=True)
class PartnerCall:
    """One call to a partner, under a key that is the same on every retry.

    ``brief`` is for opening, ``said`` the reason of a withdrawal or the note of a confirmation, ``after`` the number of
    the last message that need not be read again.
    """

    case: str
    key: str
    brief: CaseBrief | None = None
    said: str = ""
    after: int = 0


@dataclass(frozen=True, slots=True)
class PartnerAnswer:
    """What a partner answered. ``no`` is set where it understood and refuses; the other fields are of the call made."""

    no: No | None = None
    number: str = ""
    irrevocable: bool = False
    messages: tuple[CaseMessage, ...] = ()
