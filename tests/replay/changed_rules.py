"""Rules as later releases may have them. A replay must not mind what they add, and must notice what they refuse."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from domain.commands import Order
from domain.events import Commented, Event
from domain.lifecycle import decide
from domain.refusals import Refused
from domain.request import RequestState
from domain.units import SYSTEM


def adding_after(state: RequestState, order: Order, now: datetime) -> tuple[Event, ...]:
    """One more fact with whatever happens."""
    events = decide(state, order, now)
    return events and (*events, Event(events[-1].seq + 1, now, SYSTEM, Commented("one more fact")))


def adding_before(state: RequestState, order: Order, now: datetime) -> tuple[Event, ...]:
    """One more fact before whatever happens."""
    events = decide(state, order, now)
    later = (replace(event, seq=event.seq + 1) for event in events)
    return events and (Event(events[0].seq, now, SYSTEM, Commented("one more fact")), *later)


def otherwise(state: RequestState, order: Order, now: datetime) -> tuple[Event, ...]:
    """Another fact in place of whatever happens."""
    events = decide(state, order, now)
    return events and (Event(events[0].seq, now, SYSTEM, Commented("something else")),)


def refusing(state: RequestState, order: Order, now: datetime) -> tuple[Event, ...]:
    """What was allowed is not any more."""
    if order.act.act in ("dispatch", "withdraw"):
        raise Refused("not_any_more", "act", f"{order.act.act} is not allowed any more", "nothing")
    return decide(state, order, now)
