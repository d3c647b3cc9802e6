"""Sharing the work: delegation down the unit's own line, and joint units that contribute.

A joint leg has a limit of its own, for its signature and for its contribution; the lead unit's limits, and the promise
to the citizen, run on untouched. What a contribution is worth is the lead unit's to judge, and the request's join rule
says whether the reply waits for it. A leg that led and stayed has no new limit: it is scored as it left the lead."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from domain.chapters.commanding import must_bind
from domain.chapters.confidentiality import must_not_be_confidential
from domain.chapters.exceptions.verdicts import Verdict
from domain.chapters.handling import (
    known_leg,
    lead_of,
    must_be_open,
    next_leg,
    own_lead,
    own_leg,
    promised,
)
from domain.chapters.joining import first_rule
from domain.commands import Apply, DeclineJoint, Delegate, RemoveJoint, StartJoint
from domain.events import Fact, JointDeclined, JointRemoved, LegDispatched, Supervised
from domain.exceptions.applications import Application
from domain.levels import Level
from domain.limits.clock import ClockKind
from domain.limits.deadlines import FIRST_LIMIT, Deadline
from domain.limits.named import must_end_by
from domain.limits.policy import ClockMode
from domain.refusals import Refused
from domain.request import Card, Leg, LegRole, LegState, RequestState
from domain.responsibility.ladder import SUPERVISING, raised
from domain.texts import required_text
from domain.time.durations import Duration
from domain.units import Actor, Role, Unit

USUAL_SHARE = 50
"""A joint unit has so many per cent of the lead's stay for its share where nobody names a limit: that follows the
urgency and the kind of time of the matter, and leaves the lead unit the other half for its reply.
"""


def delegate(state: RequestState, act: Delegate, by: Actor, now: datetime) -> Iterator[Fact]:
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
    within, percent = _limit(state, act, now)
    yield LegDispatched(
        next_leg(state),
        LegRole.JOINT,
        act.unit,
        "",
        state.cycle,
        "delegated",
        task,
        percent,
        delegated_by=lead.id,
        within=within,
        mandatory=act.mandatory,
    )


def start_joint(state: RequestState, act: StartJoint, by: Actor, now: datetime) -> Iterator[Fact]:
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
    if act.mandatory:
        # Anybody may be asked; who is bound cannot decline.
        must_bind(state, act.unit, act.reach)
    _may_join(state, act.unit)
    task = required_text(act.task, "task")
    within, percent = _limit(state, act, now)
    yield from first_rule(state, act.join)
    yield LegDispatched(
        next_leg(state),
        LegRole.JOINT,
        act.unit,
        "",
        state.cycle,
        "joined",
        task,
        percent,
        within=within,
        mandatory=act.mandatory,
    )


def decline_joint(state: RequestState, act: DeclineJoint, by: Actor, _now: datetime) -> Iterator[Fact]:
    """A unit that was asked to contribute says why it will not, before it has signed. A mandatory share binds it, and
    so does what the plan of a whistle says.

    Raises:
        Refused: ``leg_ended``, ``not_your_leg``, ``not_possible_now``, ``mandatory_share`` or ``already_signed``.
    """
    leg = own_leg(state, by, act.leg)
    _must_be_joint(leg)
    if leg.mandatory:
        raise Refused(
            "mandatory_share",
            "leg",
            f"leg {leg.id} binds {leg.unit.code}",
            "the contribution, or a dispatcher who lets the unit go",
        )
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


def may_be_removed(state: RequestState, act: Apply, leg: Leg | None, by: Actor, now: datetime) -> None:
    """The lead unit may have a joint unit let go that has not contributed within its limit.

    Raises:
        Refused: ``nothing_to_remove``, ``not_overdue``.
    """
    del leg, by, now
    joint = _held_by(state, act.unit)
    if joint is None or joint.role is not LegRole.JOINT:
        code = act.unit.code if act.unit is not None else "no unit"
        joined = [each.unit.code for each in state.legs if each.is_open and each.role is LegRole.JOINT]
        raise Refused(
            "nothing_to_remove",
            "unit",
            f"{code} holds no open joint leg",
            ", ".join(joined) or "nobody is waited for",
        )
    if ClockKind.JOINT not in joint.late:
        raise Refused(
            "not_overdue",
            "unit",
            f"leg {joint.id} is not overdue",
            "its contribution, or a dispatcher who lets it go",
        )


def removed(state: RequestState, asked: Application, verdict: Verdict, now: datetime) -> Iterator[Fact]:
    """The joint unit is let go; that it was late stays with it."""
    del now
    joint = _held_by(state, asked.unit)
    assert joint is not None, "an application whose leg has ended has lapsed"
    yield JointRemoved(joint.id, verdict.note or asked.reason_en)


def share_overdue(state: RequestState, due: Deadline) -> Iterator[Fact]:
    """A joint unit has not contributed in time: a mandatory share brings it a yellow card. Nobody else is late."""
    leg = known_leg(state, due.clock.leg or "")
    if due.percent != FIRST_LIMIT or not leg.mandatory or Card.YELLOW in leg.cards:
        return
    body = raised(state.supervised_by, SUPERVISING[leg.level][0])
    yield Supervised(leg.id, body, Card.YELLOW, "share")


def _limit(state: RequestState, act: Delegate | StartJoint, now: datetime) -> tuple[Duration | None, int]:
    """The limit of a share, and how many per cent of it the unit has: what was asked for, else a part of the lead's.

    Raises:
        Refused: ``limit_of_other_time``, ``limit_too_long``.
    """
    policy = promised(state).policy
    if act.within is None:
        if act.share is None:
            return None, 100
        lead = state.lead
        return (policy.dwell.at(lead.level) if lead is not None else None) or policy.total, act.share
    if act.within.is_working is not (policy.clock is ClockMode.WORKING):
        units = "wh or wd" if policy.clock is ClockMode.WORKING else "s, min, h or d"
        raise Refused(
            "limit_of_other_time",
            "within",
            f"{act.within} does not fit the {policy.clock} clock",
            f"a limit in {units}",
        )
    latest = state.calendar.due(now, policy.total).at
    must_end_by(latest, act.within, now, state.calendar, field="within", at_most=str(policy.total))
    return act.within, 100


def _may_join(state: RequestState, unit: Unit) -> None:
    must_not_be_confidential(state, "no other unit may see it", "unit")
    held = _held_by(state, unit)
    if held is not None:
        raise Refused(
            "on_the_request_already", "unit", f"{unit.code} holds leg {held.id}", "a unit without an open leg"
        )


def _must_be_joint(leg: Leg) -> None:
    if leg.role is not LegRole.JOINT:
        raise Refused("not_possible_now", "leg", f"leg {leg.id} answers for the request", "a joint leg")


def _held_by(state: RequestState, unit: Unit | None) -> Leg | None:
    """The leg of that unit which has not ended."""
    return next(
        (leg for leg in state.legs if unit is not None and leg.unit.code == unit.code and leg.end is None),
        None,
    )
