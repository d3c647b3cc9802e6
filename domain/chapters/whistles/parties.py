"""Who may do what in a whistle: the town that called, the departments that were called, and the whistle itself."""

from __future__ import annotations

from datetime import datetime

from domain.levels import Level
from domain.refusals import Refused
from domain.request import RequestState
from domain.units import Actor, Role, Unit
from domain.whistles import Summons, Whistle, WhistleEnd, rating_ends

ON_BEHALF = frozenset({Role.DISPATCHER, Role.DUTY_LEADER})
"""The posts of a higher command centre that may call for a town, and go on for it."""

BEST_MARK = 5


def known_whistle(state: RequestState, whistle_id: str) -> Whistle:
    """The whistle of that id, ended or not.

    Raises:
        Refused: ``whistle_unknown``.
    """
    found = state.whistle(whistle_id)
    if found is None:
        raise Refused(
            "whistle_unknown",
            "whistle",
            f"request {state.number} has no whistle {whistle_id}",
            ", ".join(each.id for each in state.whistles) or "no whistle yet",
        )
    return found


def open_whistle(state: RequestState, whistle_id: str) -> Whistle:
    """The whistle of that id, which has not ended.

    Raises:
        Refused: ``whistle_unknown`` or ``whistle_ended``.
    """
    found = known_whistle(state, whistle_id)
    if not found.is_open:
        raise Refused("whistle_ended", "whistle", f"whistle {found.id} is {found.end}", "an open whistle")
    return found


def own_summons(whistle: Whistle, by: Actor) -> Summons:
    """The part of the actor's unit.

    Raises:
        Refused: ``not_summoned``.
    """
    found = whistle.summons_of(by.unit or "")
    if found is None:
        called = ", ".join(each.unit.code for each in whistle.summonses)
        raise Refused("not_summoned", "unit", f"whistle {whistle.id} does not call {by.unit}", called)
    return found


def must_have_called(whistle: Whistle, by: Actor) -> None:
    """The actor speaks for the town that called.

    Raises:
        Refused: ``not_your_whistle``.
    """
    if not speaks_for(by, whistle.town):
        raise Refused(
            "not_your_whistle", "unit", f"whistle {whistle.id} is {whistle.town.code}'s", whistle.town.code
        )


def speaks_for(by: Actor, town: Unit) -> bool:
    """Whether the actor is of the town, or of a command centre above it that may act on its behalf."""
    stands_above = (by.level or Level.CITY).is_above(town.level)
    return by.unit == town.code or (by.role in ON_BEHALF and stands_above)


def must_be_rateable(state: RequestState, whistle: Whistle, now: datetime) -> None:
    """The whistle has ended, and the time for ratings is not over.

    Raises:
        Refused: ``whistle_open``, ``whistle_cancelled`` or ``rating_period_over``.
    """
    if whistle.is_open:
        raise Refused(
            "whistle_open", "whistle", f"whistle {whistle.id} has not ended", "a rating after its end"
        )
    until = rating_ends(whistle, state.calendar)
    if whistle.end is WhistleEnd.CANCELLED or until is None:
        raise Refused(
            "whistle_cancelled", "whistle", f"the request ended over whistle {whistle.id}", "no rating"
        )
    if now > until:
        raise Refused(
            "rating_period_over",
            "whistle",
            f"whistle {whistle.id} could be rated until {until.isoformat()}",
            "nothing more",
        )


def a_mark(mark: int, field: str) -> int:
    """The mark, from 1 to 5.

    Raises:
        Refused: ``mark_out_of_range``.
    """
    if not 1 <= mark <= BEST_MARK:
        raise Refused("mark_out_of_range", field, f"{field} is {mark}", f"1 to {BEST_MARK}")
    return mark


def check_no_whistle(state: RequestState) -> None:
    """The request is not answered over a whistle that has not ended.

    Raises:
        Refused: ``whistle_open``.
    """
    still_open = [each.id for each in state.whistles if each.is_open]
    if still_open:
        raise Refused(
            "whistle_open",
            "whistle",
            f"not ended yet: {', '.join(still_open)}",
            "the end of the whistle (end_whistle), then the reply",
        )


def somebody_came(present: Whistle) -> None:
    """At least one department attends.

    Raises:
        Refused: ``nobody_came``.
    """
    if not present.came:
        raise Refused("nobody_came", "whistle", f"nobody has attended whistle {present.id}", "one attendance")
