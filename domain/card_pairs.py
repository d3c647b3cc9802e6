"""Two yellow cards in a month at one unit make a red one: which cards make pairs.

The rules of one request cannot see the cards of another, so pairs are found over all timelines and each one's red card
is ordered at the request of its later card. Source: rule 2 of the supervision ladder (督办).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class YellowCard:
    """A yellow card that stands: whose it is, on which leg of which request, and when it was issued (aware).

    ``zone`` is the zone of the request's calendar, in which its months begin.
    """

    unit: str
    number: str
    leg: str
    at: datetime
    zone: str

    @property
    def month(self) -> str:
        """The local calendar month in which it was issued, as ``2026-03``."""
        return self.at.astimezone(ZoneInfo(self.zone)).strftime("%Y-%m")


@dataclass(frozen=True, slots=True)
class CardPair:
    """Two yellow cards of one unit in one month; ``later`` gets the red card."""

    earlier: YellowCard
    later: YellowCard


class PairResult(StrEnum):
    """What came of a pair."""

    PENDING = "pending"
    GIVEN = "given"
    REFUSED = "refused"
    """No red card: both requests have ended, or the leg has its red card already."""
    BROKEN = "broken"
    """A card of it was cancelled before the red one was given; the other may be paired again."""


def pairs_of(cards: Iterable[YellowCard]) -> Sequence[CardPair]:
    """The pairs that the cards make, in the order in which they were issued: each card belongs to one pair at most, and
    the odd one of a unit and month waits for the next.
    """
    ordered = sorted(cards, key=lambda card: (*_unit_and_month(card), card.at, card.number, card.leg))
    return [
        CardPair(earlier, later)
        for _, together in groupby(ordered, key=_unit_and_month)
        for earlier, later in _by_twos(list(together))
    ]


def _unit_and_month(card: YellowCard) -> tuple[str, str]:
    return card.unit, card.month


def _by_twos(cards: Sequence[YellowCard]) -> Iterable[tuple[YellowCard, YellowCard]]:
    return zip(cards[::2], cards[1::2], strict=False)
