"""Reconciliation (对账): what we and a partner know of our cases, held against each other.

Nothing different is the usual answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from domain.partners import CaseStatus


class Disagreement(StrEnum):
    """What the two sides do not agree on."""

    MISSING_THERE = "missing_there"
    """It is open here, and the partner does not know it."""
    MISSING_HERE = "missing_here"
    """The partner has it as ours, and we do not know it."""
    BEHIND = "behind"
    """The partner has said more than came here."""
    ENDED_THERE = "ended_there"
    """It is over there and open here, although nothing of it is missing here."""
    NOT_WITHDRAWN = "not_withdrawn"
    """It was taken back or refused, and the partner goes on."""

    @property
    def is_repaired_by_us(self) -> bool:
        """Whether the service repairs it by itself; the others are for people."""
        return self not in (Disagreement.MISSING_HERE, Disagreement.NOT_WITHDRAWN)


@dataclass(frozen=True, slots=True)
class OurSide:
    """A case as we know it; ``messages`` counts what came of it, by whatever way."""

    case: str
    status: CaseStatus
    messages: int


@dataclass(frozen=True, slots=True)
class TheirSide:
    """A case as the partner lists it; ``messages`` counts what it has said of it."""

    case: str
    messages: int
    ended: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """One case on which the two sides do not agree, with the messages that each of them counts."""

    case: str
    what: Disagreement
    ours: int = 0
    theirs: int = 0
    repaired: bool = False


def differences(ours: Mapping[str, OurSide], theirs: Iterable[TheirSide]) -> tuple[Difference, ...]:
    """What the two sides do not agree on, by case. ``ours`` has every case that is open here, and those of ``theirs``
    that we know.
    """
    listed = {each.case: each for each in theirs}
    found = [*_of_listed(ours, listed), *_unlisted(ours, listed)]
    return tuple(sorted(found, key=lambda each: each.case))


def _of_listed(ours: Mapping[str, OurSide], listed: Mapping[str, TheirSide]) -> Iterator[Difference]:
    for case, their in listed.items():
        our = ours.get(case)
        if our is None:
            yield Difference(case, Disagreement.MISSING_HERE, theirs=their.messages)
        elif their.messages > our.messages:
            yield Difference(case, Disagreement.BEHIND, our.messages, their.messages)
        elif their.ended and our.status.is_open:
            yield Difference(case, Disagreement.ENDED_THERE, our.messages, their.messages)
        elif not their.ended and our.status in (CaseStatus.WITHDRAWN, CaseStatus.REFUSED):
            yield Difference(case, Disagreement.NOT_WITHDRAWN, our.messages, their.messages)


def _unlisted(ours: Mapping[str, OurSide], listed: Mapping[str, TheirSide]) -> Iterator[Difference]:
    for case, our in ours.items():
        # While it is being opened, the partner cannot be expected to have it.
        if case not in listed and our.status.is_open and our.status is not CaseStatus.OPENING:
            yield Difference(case, Disagreement.MISSING_THERE, our.messages)
