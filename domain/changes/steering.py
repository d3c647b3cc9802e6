"""What the facts of steering change."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from domain import clock as clocks
from domain import events as happened
from domain.changes.edits import Change, change_leg
from domain.events import Event, Fact
from domain.request import RequestState


def _unchanged(state: RequestState, fact: Fact, event: Event) -> RequestState:
    del fact, event
    return state


def _urged(state: RequestState, fact: happened.Urged, event: Event) -> RequestState:
    del fact
    urged_at = event.at if event.by.role == "citizen" else state.citizen_urged_at
    return replace(state, urge_count=state.urge_count + 1, citizen_urged_at=urged_at)


def _supervised(state: RequestState, fact: happened.Supervised, event: Event) -> RequestState:
    del event
    leg = state.leg(fact.leg) if fact.leg else None
    if leg is not None and fact.card is not None:
        state = change_leg(state, leg.id, cards=(*leg.cards, fact.card))
    black = fact.body if fact.black_list else state.black_listed_at
    return replace(state, supervised_by=fact.body, card=fact.card or state.card, black_listed_at=black)


def _story_continued(state: RequestState, fact: happened.StoryContinued, event: Event) -> RequestState:
    del fact, event
    return replace(
        state, legs=tuple(replace(leg, awaits=leg.awaits + 1) if leg.is_open else leg for leg in state.legs)
    )


def _calendar_corrected(state: RequestState, fact: happened.CalendarCorrected, event: Event) -> RequestState:
    del event
    recounted = tuple(clocks.recount(clock, state.calendar, fact.calendar) for clock in state.clocks)
    return replace(state, calendar=fact.calendar, clocks=recounted)


CHANGES: dict[type[Any], Change] = {
    happened.Urged: _urged,
    happened.Supervised: _supervised,
    happened.CalendarCorrected: _calendar_corrected,
    happened.StoryContinued: _story_continued,
    happened.AlarmRaised: _unchanged,
}
