"""The secrets that call-backs are signed with (Standard Webhooks): ``whsec_`` and the base64 of a key."""

from __future__ import annotations

import base64

_PREFIX = "whsec_"
_SHORTEST_KEY = 24


def key_of(secret: str) -> bytes:
    """The key in a secret.

    Raises:
        ValueError: it is none, or one that could be guessed.
    """
    told = secret.removeprefix(_PREFIX)
    key = base64.b64decode(told + "=" * (-len(told) % 4), validate=True) if told != secret else b""
    if len(key) < _SHORTEST_KEY:
        raise ValueError("too short")
    return key
