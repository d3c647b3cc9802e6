"""One deed of the people of the demo."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Step:
    """One deed: its name (once per request), when, through which door, with what; ``unit`` acts, or else a desk.

    ``field_task``: its party acts, through the door of the code that ``unit`` passed on; ``path`` then says nothing.
    """

    name: str
    at: datetime
    path: str
    body: Mapping[str, Any] = field(default_factory=dict[str, Any])
    unit: str | None = None
    meant_to_fail: bool = False
    field_task: str = ""
