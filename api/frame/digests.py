"""The SHA-256 of what a sender asked for, so that a second body under one key is noticed."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from pydantic import BaseModel


def digest_of(*what: str, body: BaseModel) -> str:
    """The digest of a body and of what it was sent to; spacing and the order of its fields change nothing."""
    content: dict[str, Any] = {"to": what, "body": body.model_dump(mode="json")}
    spelled = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(spelled.encode()).hexdigest()
