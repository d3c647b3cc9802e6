"""The typed search attributes of a request. They must be registered before the first workflow starts; none is
personal.
"""

from __future__ import annotations

from typing import Any

from temporalio.common import (
    SearchAttributeKey,
    SearchAttributePair,
    SearchAttributeUpdate,
    TypedSearchAttributes,
)

from domain.commands import Order, Register
from domain.lifecycle import decide, fold
from domain.limits.deadlines import next_due
from domain.request import Intake, RequestState, begin
from domain.units import SYSTEM

STATE = SearchAttributeKey.for_keyword("HuyingState")
LEVEL = SearchAttributeKey.for_keyword("HuyingLevel")
DISTRICT = SearchAttributeKey.for_keyword("HuyingDistrict")
CATEGORY = SearchAttributeKey.for_keyword("HuyingCategory")
LIGHT = SearchAttributeKey.for_keyword("HuyingLight")
DUE_AT = SearchAttributeKey.for_datetime("HuyingDueAt")

Shown = dict[SearchAttributeKey[Any], Any]


def shown(state: RequestState) -> Shown:
    """What the engine's own list shows of a request."""
    lead, matter = state.lead, state.matter
    return {
        STATE: state.state.value,
        LEVEL: lead.level.value if lead else None,
        DISTRICT: matter.place.area[:6] if matter else None,
        CATEGORY: matter.category if matter else None,
        LIGHT: state.light.value,
        DUE_AT: next_due(state),
    }


def shown_at_start(intake: Intake) -> Shown:
    """What the list shows from the start on: the state after registration, so that the first step need not write it."""
    state = begin(intake)
    return shown(fold(state, decide(state, Order("", SYSTEM, Register()), intake.received_at)))


def at_start(intake: Intake) -> TypedSearchAttributes:
    """The attributes a workflow starts with."""
    view = shown_at_start(intake)
    return TypedSearchAttributes(
        [SearchAttributePair(key, value) for key, value in view.items() if value is not None]
    )


def changes(before: Shown, after: Shown) -> list[SearchAttributeUpdate[Any]]:
    """The updates that lead from one view to the next.

    The due instant alone is no reason to write: it travels with the next change of state, level or light,
    because every write costs an event and a row."""
    if all(before.get(key) == value for key, value in after.items() if key is not DUE_AT):
        return []
    return [
        key.value_unset() if value is None else key.value_set(value)
        for key, value in after.items()
        if before.get(key) != value
    ]
