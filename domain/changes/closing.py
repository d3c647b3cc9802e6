"""What the facts of closing the loop change: reply, review, callback, a new cycle, the end."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from domain import events as happened
from domain.changes.edits import (
    Change,
    change_leg,
    end,
    end_leg,
    owe_interim_report,
    promised,
    start_clock,
    stop_clock,
    stop_clocks_of_the_cycle,
)
from domain.events import Event
from domain.limits.clock import ClockKind
from domain.request import CallbackTry, LegEnd, LegState, Light, Rating, Reply, RequestState, State


def _reply_submitted(state: RequestState, fact: happened.ReplySubmitted, event: Event) -> RequestState:
    reply = Reply(fact.leg, fact.outcome, fact.text, fact.evidence, event.by.person)
    state = change_leg(
        state, fact.leg, state=LegState.REPLIED, replied_at=event.at, replied_by=event.by.person
    )
    state = stop_clock(state, event.at, ClockKind.FIRST_CONTACT, fact.leg)
    state = start_clock(state, ClockKind.REVIEW, promised(state).policy.review, event.at)
    return replace(state, state=State.PENDING_REVIEW, reply=reply, submitted_at=event.at)


def _reply_refused(state: RequestState, fact: happened.ReplyRefused, event: Event) -> RequestState:
    del event
    leg = state.leg(fact.leg)
    return state if leg is None else change_leg(state, fact.leg, awaits=leg.awaits + 1)


def _contributed(state: RequestState, fact: happened.Contributed, event: Event) -> RequestState:
    return end_leg(
        change_leg(
            state,
            fact.leg,
            replied_at=event.at,
            replied_by=event.by.person,
            outcome=fact.outcome,
            contribution=fact.text,
            evidence=fact.evidence,
        ),
        fact.leg,
        LegEnd.CONTRIBUTED,
        event.at,
    )


def _review_passed(state: RequestState, fact: happened.ReviewPassed, event: Event) -> RequestState:
    del fact
    state = stop_clock(state, event.at, ClockKind.REVIEW)
    state = start_clock(state, ClockKind.CALLBACK, promised(state).policy.callback_within, event.at)
    return replace(state, state=State.PENDING_CALLBACK)


def _reviewed_back(state: RequestState, fact: happened.ReviewedBack, event: Event) -> RequestState:
    del fact
    lead = state.lead
    assert lead is not None, "a reply under review has its leg"
    state = stop_clock(state, event.at, ClockKind.REVIEW)
    state = change_leg(state, lead.id, state=LegState.IN_PROGRESS, awaits=lead.awaits + 1)
    return replace(state, state=State.IN_PROGRESS, submitted_at=None)


def _callback_tried(state: RequestState, fact: happened.CallbackTried, event: Event) -> RequestState:
    rating = Rating(fact.truthful, fact.solved, fact.satisfied) if fact.contacted else state.rating
    return replace(
        state, callback_tries=(*state.callback_tries, CallbackTry(event.at, fact.contacted)), rating=rating
    )


def _redo_ordered(state: RequestState, fact: happened.RedoOrdered, event: Event) -> RequestState:
    """The cycle's clocks stop where its reply was submitted; the next cycle has its own, on a limit of its own. What
    joint units and field parties owe, they owe as before.
    """
    lead = state.lead
    assert lead is not None, "a reply to be redone has its leg"
    state = end_leg(state, lead.id, LegEnd.REDO, event.at)
    state = stop_clocks_of_the_cycle(state, state.submitted_at or event.at)
    state = start_clock(state, ClockKind.TOTAL, promised(state).policy.total, event.at, percent=fact.percent)
    state = owe_interim_report(state, event.at, fact.percent)
    return replace(
        state,
        cycle=state.cycle + 1,
        submitted_at=None,
        callback_tries=(),
        reply=None,
        rating=None,
        light=Light.GREEN,
    )


def _closed(state: RequestState, fact: happened.Closed, event: Event) -> RequestState:
    if state.lead is not None:
        state = end_leg(state, state.lead.id, LegEnd.ACCEPTED_RESULT, event.at)
    return end(state, State.CLOSED, fact.how, event.at)


def _withdrawn(state: RequestState, fact: happened.Withdrawn, event: Event) -> RequestState:
    del fact
    for leg in state.legs:
        if leg.state is not LegState.ENDED:
            state = end_leg(state, leg.id, LegEnd.WITHDRAWN, event.at)
    return end(state, State.WITHDRAWN, "withdrawn", event.at)


def _own_initiative(state: RequestState, fact: happened.OwnInitiative, event: Event) -> RequestState:
    del fact, event
    return replace(state, own_initiative=True)


CHANGES: dict[type[Any], Change] = {
    happened.ReplySubmitted: _reply_submitted,
    happened.ReplyRefused: _reply_refused,
    happened.Contributed: _contributed,
    happened.ReviewPassed: _review_passed,
    happened.ReviewedBack: _reviewed_back,
    happened.CallbackTried: _callback_tried,
    happened.RedoOrdered: _redo_ordered,
    happened.Closed: _closed,
    happened.Withdrawn: _withdrawn,
    happened.OwnInitiative: _own_initiative,
}
