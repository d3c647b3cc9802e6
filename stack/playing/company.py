"""Everybody whom the people of one request involve beside the unit that leads."""

from __future__ import annotations

from dataclasses import dataclass

from domain.field_tasks import FieldParty
from domain.partners import Partner
from domain.whistles import Spot, WhistleKind


@dataclass(frozen=True, slots=True)
class HandOver:
    """A case with a partner. ``detail`` is the legal basis, the kind of task, or the item: by its name, until somebody
    has looked up its code.
    """

    partner: Partner
    detail: str
    waits: bool


@dataclass(frozen=True, slots=True)
class Call:
    """A whistle: the town that blows it, the departments with the powers they are called for, and where they meet."""

    kind: WhistleKind
    town: str
    summoned: tuple[tuple[str, str], ...]
    spot: Spot


@dataclass(frozen=True, slots=True)
class Company:
    """Everybody whom the people of one request involve; units by their codes."""

    handover: HandOver | None = None
    joint: tuple[str, ...] = ()
    call: Call | None = None
    field_party: FieldParty | None = None

    def __bool__(self) -> bool:
        return self != ALONE


ALONE = Company()
"""Nobody is involved."""
