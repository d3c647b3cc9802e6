"""Free text in commands: present where it must be, and bounded."""

from __future__ import annotations

from domain.refusals import Refused

TEXT_LIMIT = 4000
"""Longest free text of a command, in characters."""


def required_text(text: str, field: str) -> str:
    """The text without surrounding blanks.

    Raises:
        Refused: ``text_missing`` or ``text_too_long``.
    """
    stripped = optional_text(text, field)
    if not stripped:
        raise Refused("text_missing", field, f"{field} is empty", "a sentence")
    return stripped


def optional_text(text: str, field: str) -> str:
    """The text without surrounding blanks, which may be empty.

    Raises:
        Refused: ``text_too_long``.
    """
    stripped = text.strip()
    if len(stripped) > TEXT_LIMIT:
        raise Refused(
            "text_too_long", field, f"{field} has {len(stripped)} characters", f"at most {TEXT_LIMIT}"
        )
    return stripped
