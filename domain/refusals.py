"""Refusals: how a rule says no.

Every refusal has a stable code that programs may rely on, the offending field, a sentence in English and in
Chinese for people, and what would be right. A refused command changes nothing.
"""

from __future__ import annotations

from domain.refusal_texts import CHINESE


class Refused(Exception):
    """A command or an input that the rules do not allow.

    ``code`` is stable; ``field`` names the offending input (dotted path, empty for the command as a whole);
    ``reason`` is an English sentence; ``expected`` says what would be right.
    """

    def __init__(self, code: str, field: str, reason: str, expected: str = "") -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.field = field
        self.reason = reason
        self.expected = expected

    @property
    def title_zh(self) -> str:
        """The refusal's title in Chinese."""
        return CHINESE[self.code]
