"""Units that hold legs, and the people who act for them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from domain.levels import Level


class Role(StrEnum):
    """The posts of the trade that a person acts in. Source: roles of the transition table."""

    AGENT = "agent"
    DISPATCHER = "dispatcher"
    HANDLER = "handler"
    UNIT_HEAD = "unit_head"
    REVIEWER = "reviewer"
    CALLBACK_AGENT = "callback_agent"
    SUPERVISOR = "supervisor"
    DUTY_LEADER = "duty_leader"
    ARBITER = "arbiter"
    CITIZEN = "citizen"
    GRID_WORKER = "grid_worker"
    PARTNER = "partner"
    SYSTEM = "system"


HANDS = frozenset({Role.HANDLER, Role.UNIT_HEAD, Role.GRID_WORKER})
"""The posts of a unit that holds a leg."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A body that can hold a leg.

    ``code`` is stable and dated names hang on it; ``area`` is the division code the unit serves, written
    without trailing zeros, so that one area lies inside another exactly when its code begins with the
    other's."""

    code: str
    level: Level
    area: str
    name_zh: str
    name_en: str

    def lies_within(self, other: Unit) -> bool:
        """Whether this unit belongs to the other's subtree (a unit lies within itself)."""
        return self.area.startswith(other.area) and not self.level.is_above(other.level)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who gave a command: a person (or the system) in a role, for a unit where there is one.

    ``person`` is an account name, never a citizen's name.
    """

    role: Role
    person: str
    unit: str | None = None
    level: Level | None = None


SYSTEM = Actor(role=Role.SYSTEM, person="system")
