"""When a reply may leave a request that several units work on (会办规则)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Join(StrEnum):
    """Which contributions the lead unit's reply has to wait for."""

    LEAD_DECIDES = "lead_decides"
    """None: the lead unit judges what it has."""
    ALL = "all"
    """Those of all mandatory joint legs."""
    QUORUM = "quorum"
    """Those of so many of the mandatory joint legs."""


@dataclass(frozen=True, slots=True)
class JoinRule:
    """The rule of one request. ``quorum`` is how many mandatory contributions are enough, where a number counts."""

    join: Join = Join.LEAD_DECIDES
    quorum: int | None = None

    def __str__(self) -> str:
        return self.join if self.quorum is None else f"{self.join} of {self.quorum}"


FIRST_RULE = JoinRule()
"""What holds until somebody sets another rule."""
