"""What the facts of steering change."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from domain import events as happened
from domain.changes.edits import Change, change_leg
from domain.events import Event, Fact
from domain.levels import Level
from domain.limits import clock as clocks
from domain.limits.policy_moves import may_run_on, moved
from domain.request import RequestState
from domain.responsibility.ladder import body_of


def _unchanged(state: RequestState, fact: Fact, event: Event) -> RequestState:
    del fact, event
    return state


def _urged(state: RequestState, fact: happened.Urged, event: Event) -> RequestState:
    del fact
    urged_at = event.at if event.by.role == "citizen" else state.citizen_urged_at
    return replace(state, urge_count=state.urge_count + 1, citizen_urged_at=urged_at)


def _supervised(state: RequestState, fact: happened.Supervised, event: Event) -> RequestState:
    leg = state.leg(fact.leg) if fact.leg else None
    if leg is not None and fact.card is not None:
        # A person may order a card where a higher body supervises already; the card is the person's.
        issuer = body_of(event.by.level or Level.CITY) if fact.cause == "ordered" else fact.body
        state = change_leg(state, leg.id, cards=(*leg.cards, fact.card), cards_from=(*leg.cards_from, issuer))
    black = fact.body if fact.black_list else state.black_listed_at
    # The card of a joint unit hides none that the request has already.
    card = (state.card or fact.card) if fact.cause == "share" else (fact.card or state.card)
    return replace(state, supervised_by=fact.body, card=card, black_listed_at=black)


def _card_cancelled(state: RequestState, fact: happened.CardCancelled, event: Event) -> RequestState:
    del event
    leg = state.leg(fact.leg)
    assert leg is not None, "a card is taken back from a leg"
    state = change_leg(state, leg.id, cancelled=(*leg.cancelled, fact.card))
    left = [card for each in state.legs for card in each.cards if card not in each.cancelled]
    return replace(state, card=left[-1] if left else None) if state.card is fact.card else state


def _story_continued(state: RequestState, fact: happened.StoryContinued, event: Event) -> RequestState:
    del fact, event
    return replace(
        state, legs=tuple(replace(leg, awaits=leg.awaits + 1) if leg.is_open else leg for leg in state.legs)
    )


def _calendar_corrected(state: RequestState, fact: happened.CalendarCorrected, event: Event) -> RequestState:
    del event
    recounted = tuple(
        clocks.recount(clock, state.calendar, fact.calendar) if may_run_on(state, clock) else clock
        for clock in state.clocks
    )
    return replace(state, calendar=fact.calendar, clocks=recounted)


def _policy_moved(state: RequestState, fact: happened.PolicyMoved, event: Event) -> RequestState:
    return moved(state, fact.snapshot, event.at)


CHANGES: dict[type[Any], Change] = {
    happened.Urged: _urged,
    happened.Supervised: _supervised,
    happened.CardCancelled: _card_cancelled,
    happened.CalendarCorrected: _calendar_corrected,
    happened.PolicyMoved: _policy_moved,
    happened.StoryContinued: _story_continued,
    happened.AlarmRaised: _unchanged,
}
