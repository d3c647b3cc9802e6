"""Choices that look random and are the same every time: they hang on a hash of the number alone."""

from __future__ import annotations

import hashlib


def one_in(parts: int, number: str) -> bool:
    """Whether the number falls into the sample of one in ``parts``."""
    return _hash(number) % parts == 0


def spread(number: str, width: int) -> int:
    """A value from 0 to ``width - 1`` that spreads requests evenly."""
    return _hash(number + "/spread") % width


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
