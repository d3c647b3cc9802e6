"""The supervision ladder: who is reminded and who supervises, by the lead leg's level and the share of the
limit used.

Source: the table of lights and the supervision ladder (督办). Handling and supervision are two kinds of
escalation: here only supervision moves; the responsible unit stays the same."""

from __future__ import annotations

from domain.levels import Level
from domain.limits.policy import Thresholds
from domain.request import Body, Card, Light, RequestState

REMINDED_OF_DWELL: dict[Level, tuple[str, str]] = {
    Level.GRID: ("grid_worker", "backup_grid_worker"),
    Level.COMMUNITY: ("committee_secretary", "town_dispatcher"),
    Level.TOWN: ("handler_and_town_dispatcher", "town_duty_leader"),
    Level.DISTRICT: ("handler", "department_head"),
}
"""Who is told at the first and at the second reminder of a level's dwell."""

REMINDED_OF_TOTAL = ("handler", "unit_head")
"""Who is told at the first and at the second reminder of the total limit."""

SUPERVISING: dict[Level, tuple[Body, Body, Body]] = {
    Level.GRID: (Body.COMMUNITY, Body.TOWN, Body.DISTRICT),
    Level.COMMUNITY: (Body.TOWN, Body.DISTRICT, Body.DISTRICT),
    Level.TOWN: (Body.DISTRICT, Body.DISTRICT_LEADER, Body.DISTRICT),
    Level.DISTRICT: (Body.DISTRICT_LEADER, Body.CITY, Body.CITY),
}
"""Who supervises when the total is used up: at the yellow card, at the red card, and where the black list is
kept.
"""

SUPERVISING_EXPIRED_DWELL: dict[Level, Body] = {
    Level.GRID: Body.COMMUNITY,
    Level.COMMUNITY: Body.TOWN,
    Level.TOWN: Body.DISTRICT,
    Level.DISTRICT: Body.DISTRICT,
}
"""Who supervises when a dwell expires and no level above can take the handling."""


def level_of(state: RequestState) -> Level:
    """The level whose column of the ladder counts: the lead leg's, or the first rung's while no unit holds
    the request.
    """
    if state.lead is not None:
        return state.lead.level
    if state.snapshot is not None:
        return state.snapshot.ladder.rungs[0].level
    return Level.GRID


def raised(present: Body | None, asked: Body) -> Body:
    """Supervision never moves down: the higher of the two."""
    return asked if present is None or asked.rank > present.rank else present


def body_of(level: Level) -> Body:
    """The body that a supervisor of a level speaks for."""
    return _BODY_OF_LEVEL[level]


_BODY_OF_LEVEL = {
    Level.GRID: Body.COMMUNITY,
    Level.COMMUNITY: Body.COMMUNITY,
    Level.TOWN: Body.TOWN,
    Level.DISTRICT: Body.DISTRICT,
    Level.CITY: Body.CITY,
}

LEVEL_OF_BODY = {
    Body.COMMUNITY: Level.COMMUNITY,
    Body.TOWN: Level.TOWN,
    Body.DISTRICT: Level.DISTRICT,
    Body.DISTRICT_LEADER: Level.DISTRICT,
    Body.CITY: Level.CITY,
}
"""On which level a supervising body sits."""


def one_higher(present: Body | None) -> Body:
    """The next body above, the city last."""
    if present is None:
        return Body.COMMUNITY
    bodies = list(Body)
    return bodies[min(present.rank + 1, len(bodies) - 1)]


def new_card(state: RequestState, card: Card) -> Card | None:
    """The card, unless the lead leg has one of that colour already: a card is issued once per leg and
    colour.
    """
    lead = state.lead
    return None if lead is not None and card in lead.cards else card


def light_at(percent: int, marks: Thresholds) -> Light:
    """The light that a threshold of the total limit turns on."""
    if percent >= marks.black_list:
        return Light.BLACK
    if percent >= marks.yellow_card:
        return Light.RED
    return Light.YELLOW
