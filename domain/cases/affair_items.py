"""Items of the affairs platform's catalogue (事项), as a desk looks them up before it hands a matter over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class AffairItem:
    """An item. ``legal_days`` and ``promised_days`` are working days, 0 is at once. A withdrawn item stays known,
    so that a desk can be told why it cannot be used.
    """

    code: str
    name: str
    owner: str
    audience: Literal["persons", "enterprises", "both"]
    kind: str
    legal_days: int
    promised_days: int
    channels: tuple[str, ...]
    version: int
    withdrawn: bool
    changed_at: datetime
