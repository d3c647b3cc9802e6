"""What looks like chance in a simulator's life, and is the same again with the same seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")

_STEPS = 1 << 53


@dataclass(frozen=True, slots=True)
class Chance:
    """One subject's fate under a seed. Each question has its own answer, whatever else was asked, and whenever."""

    seed: int
    subject: str

    def draw(self, question: str) -> float:
        """The answer as a number from 0 to just below 1."""
        spelled = f"{self.seed}|{self.subject}|{question}".encode()
        return (int.from_bytes(blake2b(spelled, digest_size=8).digest()) >> 11) / _STEPS

    def happens(self, question: str, share: float) -> bool:
        """Whether a thing happens that happens in this share of all cases."""
        return self.draw(question) < share

    def between(self, question: str, least: timedelta, most: timedelta) -> timedelta:
        """A length of time from least to most."""
        return least + (most - least) * self.draw(question)

    def whole(self, question: str, least: int, most: int) -> int:
        """A whole number from least to most, both possible."""
        return least + int(self.draw(question) * (most - least + 1))

    def pick(self, question: str, options: Sequence[T]) -> T:
        """One of the options."""
        return options[int(self.draw(question) * len(options))]
