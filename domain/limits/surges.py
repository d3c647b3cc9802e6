"""Surges (战时/平急转换): for a part of the city and a time, other policies are promised than usual.

A surge touches what is accepted while it holds, and nothing that was accepted before; open requests follow only by an
explicit migration. It ends by itself at its end, or earlier by order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Surge:
    """A surge as it was ordered. ``area`` is a division's code, ``substitutions`` says, by its code, what is promised
    instead of a policy; ``until`` is when it ends, by itself or by order (``None``: not known yet).
    """

    id: int
    name: str
    area: str
    since: datetime
    until: datetime | None
    substitutions: Mapping[str, str]

    def holds(self, area: str, at: datetime) -> bool:
        """Whether a request accepted at that place and instant is promised under this surge."""
        return area.startswith(self.area) and self.since <= at and (self.until is None or at < self.until)

    def collides_with(self, other: Surge) -> bool:
        """Whether there is an instant, a place and a policy for which the two say something."""
        nested = self.area.startswith(other.area) or other.area.startswith(self.area)
        begins = max(self.since, other.since)
        together = all(each.until is None or begins < each.until for each in (self, other))
        return nested and together and bool(self.substitutions.keys() & other.substitutions.keys())


def promised_policy(usual: str, area: str, at: datetime, surges: Iterable[Surge]) -> str:
    """The code of the policy that a request of a matter usually under ``usual`` is promised under."""
    for surge in surges:
        if usual in surge.substitutions and surge.holds(area, at):
            return surge.substitutions[usual]
    return usual
