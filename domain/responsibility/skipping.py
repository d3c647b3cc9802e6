"""Skip rules (越级规则): certain matters go straight to a higher level, with a copy to those who are passed over.

A rule is keyed by part of the city, by category or group, and by urgency; what is left out is any. It lifts the level
on which a ladder begins and never lowers it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from domain.levels import Level
from domain.limits.policy import Urgency


@dataclass(frozen=True, slots=True)
class SkipRule:
    """One rule. ``copies`` are the levels whose responsible units are told, besides the one that gets the matter.

    ``area``, ``category`` and ``group`` are empty, ``urgency`` is ``None``, where any will do.
    """

    code: str
    start_level: Level
    copies: tuple[Level, ...]
    basis: str
    area: str = ""
    category: str = ""
    group: str = ""
    urgency: Urgency | None = None

    def holds(self, category: str, group: str, urgency: Urgency, area: str) -> bool:
        """Whether the rule answers for such a matter at such a place."""
        same_matter = self.category in ("", category) and self.group in ("", group)
        return same_matter and self.urgency in (None, urgency) and area.startswith(self.area)

    @property
    def precision(self) -> tuple[bool, bool, bool, int]:
        """How exactly the rule names its matter: category before group before urgency, then the finer area."""
        return bool(self.category), bool(self.group), self.urgency is not None, len(self.area)


def rule_for(
    rules: Iterable[SkipRule], category: str, group: str, urgency: Urgency, area: str
) -> SkipRule | None:
    """The most exact rule that holds; of two that are equally exact the first. ``None`` if none does."""
    holding = (rule for rule in rules if rule.holds(category, group, urgency, area))
    return max(holding, key=lambda rule: rule.precision, default=None)
