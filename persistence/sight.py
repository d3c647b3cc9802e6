"""Whose eyes a query looks through: which confidential requests somebody may know of.

Where a request may be seen at all, its units see it (:mod:`persistence.reading`). A confidential one is narrower: one
of class ``lead_only`` is for its lead unit and the command centre, a sealed one for named officers on both sides.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, or_

from domain.request import Visibility
from domain.units import Unit
from persistence.tables import requests

_OPEN_CLASSES = (Visibility.PUBLIC, Visibility.PARTY)


@dataclass(frozen=True, slots=True)
class Sight:
    """How far somebody sees: the whole city, or what one unit sees; ``sealed``: sealed requests too (a unit: those that
    it leads).
    """

    unit: Unit | None = None
    sealed: bool = False

    @property
    def is_unlimited(self) -> bool:
        """Whether nothing is hidden from it."""
        return self.unit is None and self.sealed


WHOLE_CITY = Sight(sealed=True)
"""Nothing is hidden."""


def disclosed(sight: Sight) -> ColumnElement[bool]:
    """Whether a row of ``requests`` is of a class that this sight reaches. A unit must also hold a leg of it."""
    if sight.unit is None:
        return (
            requests.c.visibility != Visibility.SEALED if not sight.sealed else requests.c.number.is_not(None)
        )
    narrow = (Visibility.LEAD_ONLY, Visibility.SEALED) if sight.sealed else (Visibility.LEAD_ONLY,)
    leads = and_(requests.c.unit == sight.unit.code, requests.c.visibility.in_(narrow))
    return or_(requests.c.visibility.in_(_OPEN_CLASSES), leads)
