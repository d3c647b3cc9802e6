"""Whose word gives a request to a unit: across divisions the body that stands above both (共同上级)."""

from __future__ import annotations

from domain.levels import Level
from domain.refusals import Refused
from domain.request import RequestState
from domain.responsibility.superiors import Reach, common_superior
from domain.units import Unit


def must_reach(state: RequestState, unit: Unit, reach: Reach | None) -> None:
    """Whoever's word goes so far may give the request, as it lies now, to the unit. The system and orders that carry no
    reach are not asked.

    Raises:
        Refused: ``not_common_superior``.
    """
    if reach is None or reach.level is Level.CITY:
        return
    above = common_superior((reach.area, _lies_in(state), unit.area))
    if above.is_above(reach.level):
        raise Refused(
            "not_common_superior",
            "unit",
            f"{unit.code} lies beyond the reach of the {reach.level}",
            f"somebody who speaks for the {above}",
        )


def must_bind(state: RequestState, unit: Unit, reach: Reach | None) -> None:
    """Whoever's word goes so far may bind the unit to a share: it reaches there, and the unit does not stand above it.
    The system and orders that carry no reach are not asked.

    Raises:
        Refused: ``not_common_superior``.
    """
    must_reach(state, unit, reach)
    if reach is not None and unit.level.is_above(reach.level):
        raise Refused(
            "not_common_superior",
            "unit",
            f"{unit.code} stands above the {reach.level}, which cannot bind it",
            "a share that is not mandatory, a whistle, or somebody who speaks for the unit's level",
        )


def _lies_in(state: RequestState) -> str:
    """The division of the unit that leads, of the place while none does."""
    if state.lead is not None:
        return state.lead.unit.area
    return state.matter.place.area if state.matter is not None else ""
