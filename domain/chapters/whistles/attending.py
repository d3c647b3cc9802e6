"""Attending (报到): a department that was called acknowledges, comes, may object meanwhile, and rates the call."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from domain.chapters.whistles.parties import (
    a_mark,
    known_whistle,
    must_be_rateable,
    open_whistle,
    own_summons,
)
from domain.commands import AcknowledgeWhistle, AttendWhistle, ObjectToWhistle, RateCall
from domain.events import CallRated, Fact, WhistleAcknowledged, WhistleAttended, WhistleObjected
from domain.refusals import Refused
from domain.request import RequestState
from domain.texts import optional_text, required_text
from domain.units import Actor
from domain.whistles import Mode, Whistle, metres_between


def acknowledge_whistle(
    state: RequestState, act: AcknowledgeWhistle, by: Actor, _now: datetime
) -> Iterator[Fact]:
    """The department has heard the call.

    Raises:
        Refused: ``whistle_unknown``, ``whistle_ended``, ``not_summoned`` or ``acknowledged_before``.
    """
    present = open_whistle(state, act.whistle)
    summons = own_summons(present, by)
    if summons.acknowledged_at is not None:
        raise Refused("acknowledged_before", "whistle", f"{summons.id} is acknowledged", "attendance")
    yield WhistleAcknowledged(present.id, summons.id)


def attend_whistle(state: RequestState, act: AttendWhistle, by: Actor, _now: datetime) -> Iterator[Fact]:
    """Somebody of the department is at the place, or in the online session. Whoever has no authority to decide may be
    followed by somebody who has.

    Raises:
        Refused: ``whistle_unknown``, ``whistle_ended``, ``not_summoned``, ``attended_before``, ``mode_not_offered``,
            ``position_missing`` or ``not_at_the_place``.
    """
    present = open_whistle(state, act.whistle)
    summons = own_summons(present, by)
    authority = act.post.rank >= present.authority_from.rank
    if summons.arrived_at is not None and (summons.authority or not authority):
        raise Refused(
            "attended_before",
            "whistle",
            f"{summons.id} has attended",
            "nothing more" if summons.authority else f"a {present.authority_from}, who may decide",
        )
    yield WhistleAttended(
        whistle=present.id,
        summons=summons.id,
        mode=act.mode,
        attendee=required_text(act.attendee, "attendee"),
        post=act.post,
        authority=authority,
        spot=act.spot,
        distance=_distance(present, act),
    )


def object_to_whistle(state: RequestState, act: ObjectToWhistle, by: Actor, _now: datetime) -> Iterator[Fact]:
    """Nobody declines a whistle; who attends may object to it once.

    Raises:
        Refused: ``whistle_unknown``, ``whistle_ended``, ``not_summoned``, ``not_attended`` or ``objected_before``.
    """
    present = open_whistle(state, act.whistle)
    summons = own_summons(present, by)
    if summons.arrived_at is None:
        raise Refused("not_attended", "whistle", f"{summons.id} has not attended", "attend first")
    if summons.objected_at is not None:
        raise Refused("objected_before", "whistle", f"{summons.id} has objected", "the arbiter's answer")
    basis = required_text(act.legal_basis, "legal_basis")
    yield WhistleObjected(present.id, summons.id, basis, required_text(act.text, "text"))


def rate_call(state: RequestState, act: RateCall, by: Actor, now: datetime) -> Iterator[Fact]:
    """The department says whether the call was justified, once.

    Raises:
        Refused: ``whistle_unknown``, ``not_summoned``, ``whistle_open``, ``whistle_cancelled``,
            ``rating_period_over``, ``rated_already`` or ``mark_out_of_range``.
    """
    present = known_whistle(state, act.whistle)
    summons = own_summons(present, by)
    must_be_rateable(state, present, now)
    if summons.justified is not None:
        raise Refused(
            "rated_already", "whistle", f"{summons.id} has rated the call", "one rating, which stays"
        )
    mark = a_mark(act.justified, "justified")
    yield CallRated(present.id, summons.id, mark, optional_text(act.text, "text"))


def _distance(present: Whistle, act: AttendWhistle) -> int | None:
    """How far from the place the check-in is, in metres; ``None`` online."""
    offered = present.session if act.mode is Mode.ONLINE else present.spot
    if not offered:
        other = Mode.ON_SITE if act.mode is Mode.ONLINE else Mode.ONLINE
        raise Refused(
            "mode_not_offered", "mode", f"whistle {present.id} cannot be attended {act.mode}", f"{other}"
        )
    if act.mode is Mode.ONLINE or present.spot is None:
        return None
    if act.spot is None:
        raise Refused("position_missing", "spot", "a check-in shows where it is", "latitude and longitude")
    distance = metres_between(act.spot, present.spot)
    if distance > present.radius:
        raise Refused(
            "not_at_the_place", "spot", f"{distance} m from the place", f"within {present.radius} m of it"
        )
    return distance
