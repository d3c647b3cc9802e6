"""Mainland telephone and identity-card numbers in free text: who they belong to is nobody's business but the caller's.

A net, not a proof: what is written in words, or is a name, passes through it.
"""

from __future__ import annotations

import re

MASK = "***"

_NUMBERS = re.compile(
    r"(?<![\dA-Za-z])(?:"
    r"\d{17}[\dXx]"  # resident identity card
    r"|(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}"  # mobile
    r"|0(?:10|2\d|[3-9]\d{2})[- ]?\d{7,8}"  # area code and landline
    r")(?![\dA-Za-z])"
)


def without_numbers(text: str) -> str:
    """The text with every such number masked."""
    return _NUMBERS.sub(MASK, text)
