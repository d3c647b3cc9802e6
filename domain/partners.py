"""The neighbouring systems that take a share of the work, and what they can answer.

A partner never becomes the responsible unit: the lead leg stays where it is, and the total limit runs on.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Partner(StrEnum):
    """The systems that a matter can be handed to."""

    ENFORCEMENT = "enforcement"
    AFFAIRS = "affairs"
    VOLUNTEERS = "volunteers"


PartnerWord = Literal["done", "under_way", "refused", "withdrawn", "silent"]
"""What became of a case; ``silent``: the limit passed without an answer."""

WORDS = frozenset({"done", "under_way", "refused", "withdrawn"})
"""What a partner can answer. ``under_way``: its own procedure goes on beyond the request's limit, and has a number."""


@dataclass(frozen=True, slots=True)
class PartnerCase:
    """A matter that lies with a partner, under the partner's (or our own) case number."""

    partner: Partner
    case: str
