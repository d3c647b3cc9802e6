"""Free text as those read it who only join in: no telephone or identity-card number of a person stands in it.

The command centre and the unit that leads read it as it was written; they answer to the caller. What goes out of the
house says nothing of who called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from api.frame.access import Principal
from api.frame.doors import Doors
from api.frame.sight import sees_all
from domain.numbers_of_persons import without_numbers
from persistence.identity import without_caller_of
from persistence.timeline import load_state


def reads_as_written(principal: Principal, lead: str | None) -> bool:
    """Whether the principal belongs to the command centre, or to the unit ``lead`` that answers for the request."""
    return sees_all(principal) or (principal.unit is not None and principal.unit.code == lead)


def masked(told: Any) -> Any:
    """The text, list or record with the numbers of persons masked, at any depth. Addresses of files stay whole."""
    match told:
        case str():
            return without_numbers(told)
        case list() | tuple():
            return [masked(each) for each in cast("list[Any]", told)]
        case Mapping():
            record = cast("Mapping[str, Any]", told)
            return {name: each if name == "uri" else masked(each) for name, each in record.items()}
        case _:
            return told


async def for_outsiders(doors: Doors, number: str) -> Callable[[str], str]:
    """How a text reads to somebody outside the platform: the caller of that request cannot be told from it."""
    async with doors.looking() as connection:
        state = await load_state(connection, number)
        if state is None:
            return without_numbers
        place = state.matter.place.address if state.matter is not None else ""
        return await without_caller_of(connection, doors.seal, state.intake.caller_ref, place=place)
