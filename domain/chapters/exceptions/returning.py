"""Who does not take a matter: return by the unit (退单), reassignment by the dispatcher (改派), and admission by a
community (社区事务准入). The first two count, and two are all there are; what a community does not admit never counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from domain.chapters.commanding import must_reach
from domain.chapters.exceptions.verdicts import Verdict
from domain.chapters.handling import given_to, lead_of
from domain.commands import Apply, Reassign
from domain.events import Admitted, Fact, LegReassigned, LegReturned, NotAdmitted
from domain.exceptions.applications import Application
from domain.exceptions.rulings import is_ruled
from domain.refusals import Refused
from domain.request import Leg, RequestState
from domain.texts import required_text
from domain.units import Actor

MOST_REASSIGNMENTS = 2
"""So often a request may change hands by return and reassignment; the next objection is a dispute."""


def may_return(state: RequestState, act: Apply, leg: Leg | None, by: Actor, now: datetime) -> None:
    """A unit may object as long as there is no final ruling and the reassignments are not used up.

    Raises:
        Refused: ``ruling_is_final`` or ``reassignments_used_up``.
    """
    del act, leg, by, now
    _still_open_to_change(state)


def returned(state: RequestState, asked: Application, verdict: Verdict, now: datetime) -> Iterator[Fact]:
    """The return is upheld: the leg ends and the request waits to be dispatched anew."""
    del verdict, now
    yield LegReturned(asked.id, lead_of(state).id)


def reassign(state: RequestState, act: Reassign, _by: Actor, _now: datetime) -> Iterator[Fact]:
    """A dispatcher sees that another unit answers for the matter, and gives it the lead."""
    _still_open_to_change(state)
    lead = lead_of(state)
    if act.unit.code == lead.unit.code:
        raise Refused("same_unit", "unit", f"{lead.unit.code} holds the lead already", "another unit")
    must_reach(state, act.unit, act.reach)
    reason = required_text(act.reason, "reason")
    yield LegReassigned(lead.id, reason)
    yield from given_to(state, act.unit, "reassigned", reason, act.admission)


def admitted(state: RequestState, asked: Application, verdict: Verdict, now: datetime) -> Iterator[Fact]:
    """The community takes the matter; it is asked to sign."""
    del verdict, now
    yield Admitted(asked.id, lead_of(state).id)


def not_admitted(state: RequestState, asked: Application, verdict: Verdict, now: datetime) -> Iterator[Fact]:
    """The community does not take it; the request waits to be dispatched anew."""
    del verdict, now
    yield NotAdmitted(asked.id, lead_of(state).id)


def _still_open_to_change(state: RequestState) -> None:
    if is_ruled(state):
        raise Refused(
            "ruling_is_final", "reason", "a ruling has named who leads this request", "handling by that unit"
        )
    if state.reassignments >= MOST_REASSIGNMENTS:
        raise Refused(
            "reassignments_used_up",
            "reason",
            f"the request has changed hands {state.reassignments} times",
            "open a dispute, which an arbiter rules",
        )
