"""What the story of a partner case hands to its activities and gets back."""

from __future__ import annotations

from dataclasses import dataclass

from domain.cases.calls import No
from domain.partners import CaseBrief, CaseMessage, OwnMatter
from domain.responsibility.routing import Place


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
    """What a partner answered. ``no`` is set where it understood and refuses; the other fields are of the call made.
    ``reason`` is why a case is ``irrevocable``.
    """

    no: No | None = None
    number: str = ""
    irrevocable: bool = False
    messages: tuple[CaseMessage, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class FoundInCase:
    """What was found in a case and is to be registered; ``place`` is that of the case, where a matter names none."""

    case: str
    place: Place
    matters: tuple[OwnMatter, ...]


@dataclass(frozen=True, slots=True)
class FoundNumbers:
    """The requests that came of them, in their order."""

    numbers: tuple[str, ...]
