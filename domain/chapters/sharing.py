"""Sharing the work: delegation down the unit's own line, and joint units that contribute.

A joint leg has no limit of its own: it waits for no signature and for no contribution, and nothing fires for it. What
it is worth is the lead unit's to judge, whose limits run on untouched; when the request closes it is released."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from domain.chapters.handling import known_leg, lead_of, must_be_open, next_leg, own_lead, own_leg
from domain.commands import DeclineJoint, Delegate, RemoveJoint, StartJoint
from domain.events import Fact, JointDeclined, JointRemoved, LegDispatched
from domain.levels import Level
from domain.refusals import Refused
from domain.request import Leg, LegRole, LegState, RequestState, Visibility
from domain.texts import required_text
from domain.units import Actor, Role, Unit


def delegate(state: RequestState, act: Delegate, by: Actor, _now: datetime) -> Iterator[Fact]:
    """The lead unit passes a share down its own line, and goes on answering for the whole. Never upwards, never
    sideways, never twice at once to the same unit.
    """
    lead = own_leg(state, by, act.leg)
    if lead.role is not LegRole.LEAD:
        raise Refused(
            "not_possible_now", "leg", f"leg {lead.id} is a joint leg", "the leg that answers for the request"
        )
    if not act.unit.lies_within(lead.unit) or act.unit.level is lead.level:
        raise Refused(
            "not_in_subtree",
            "unit",
            f"{act.unit.code} does not stand below {lead.unit.code}",
            f"a lower unit inside {lead.unit.area}",
        )
    _may_join(state, act.unit)
    task = required_text(act.task, "task")
    yield LegDispatched(
        next_leg(state), LegRole.JOINT, act.unit, "", state.cycle, "delegated", task, delegated_by=lead.id
    )


def start_joint(state: RequestState, act: StartJoint, by: Actor, _now: datetime) -> Iterator[Fact]:
    """The lead unit's handler, once it has signed, or a dispatcher asks another unit to contribute."""
    if by.role is not Role.DISPATCHER and own_lead(state, by).state is LegState.PENDING_SIGN:
        raise Refused("not_signed", "leg", f"leg {lead_of(state).id} has not been signed", "sign first")
    if act.unit.level is Level.CITY:
        raise Refused(
            "level_does_not_handle",
            "unit",
            "the city supervises and does not handle",
            "a unit of a response level",
        )
    _may_join(state, act.unit)
    task = required_text(act.task, "task")
    yield LegDispatched(next_leg(state), LegRole.JOINT, act.unit, "", state.cycle, "joined", task)


def decline_joint(state: RequestState, act: DeclineJoint, by: Actor, _now: datetime) -> Iterator[Fact]:
    """A unit that was asked to contribute says why it will not, before it has signed."""
    leg = own_leg(state, by, act.leg)
    _must_be_joint(leg)
    if leg.state is not LegState.PENDING_SIGN:
        raise Refused(
            "already_signed", "leg", f"leg {leg.id} has been signed", "a contribution, or a dispatcher's word"
        )
    yield JointDeclined(leg.id, required_text(act.reason, "reason"))


def remove_joint(state: RequestState, act: RemoveJoint, _by: Actor, _now: datetime) -> Iterator[Fact]:
    """A joint unit is not needed, or has been kept on the request long enough after handling moved up."""
    leg = known_leg(state, act.leg)
    must_be_open(leg)
    _must_be_joint(leg)
    yield JointRemoved(leg.id, required_text(act.reason, "reason"))


def _may_join(state: RequestState, unit: Unit) -> None:
    if state.visibility.is_stricter(Visibility.PARTY):
        raise Refused(
            "confidential",
            "unit",
            f"the request is {state.visibility}: no other unit may see it",
            "handling by the lead unit alone",
        )
    held = next((leg for leg in state.legs if leg.unit.code == unit.code and leg.end is None), None)
    if held is not None:
        raise Refused(
            "on_the_request_already", "unit", f"{unit.code} holds leg {held.id}", "a unit without an open leg"
        )


def _must_be_joint(leg: Leg) -> None:
    if leg.role is not LegRole.JOINT:
        raise Refused("not_possible_now", "leg", f"leg {leg.id} answers for the request", "a joint leg")
