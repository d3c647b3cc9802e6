"""Whistling (吹哨): a town calls departments to a place, for powers that it has not itself.

Departments cannot decline: they can only object while they attend.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from domain.chapters.confidentiality import must_not_be_confidential
from domain.chapters.whistles.parties import speaks_for
from domain.commands import BlowWhistle
from domain.events import Fact, WhistleBlown
from domain.refusals import Refused
from domain.request import RequestState
from domain.texts import optional_text, required_text
from domain.units import Actor, Role
from domain.whistles import Spot

MOST_SUMMONED = 20


def whistle(state: RequestState, act: BlowWhistle, by: Actor, now: datetime) -> Iterator[Fact]:
    """A town calls departments of its district, a community those of its town.

    Raises:
        Refused: ``confidential``, ``not_your_whistle``, ``level_does_not_whistle``, ``outside_the_area``,
            ``nobody_summoned``, ``too_many_summoned``, ``summoned_twice``, ``not_to_be_summoned``, ``not_on_the_list``,
            ``place_missing`` or ``attend_time_unfit``.
    """
    must_not_be_confidential(state, "no other unit may see it")
    _may_call(state, act, by)
    _may_be_called(state, act)
    _is_listed_or_signed(act, by)
    address, spot, session = _where(state, act)
    _check_time(state, act, now)
    terms = act.terms
    yield WhistleBlown(
        whistle=f"w{len(state.whistles) + 1}",
        whistle_kind=terms.kind,
        town=act.town,
        summoned=act.summoned,
        reason=required_text(act.reason, "reason"),
        address=address,
        spot=spot,
        session=session,
        attend_at=act.attend_at,
        acknowledge=terms.acknowledge,
        attend=terms.attend,
        plan=terms.plan,
        result=terms.result,
        authority_from=terms.authority_from,
        radius=terms.radius,
        rating_within=terms.rating_within,
        signed_by=_signature(by),
    )


def _may_call(state: RequestState, act: BlowWhistle, by: Actor) -> None:
    town, terms = act.town, act.terms
    if not speaks_for(by, town):
        raise Refused(
            "not_your_whistle", "town", f"{by.unit or by.person} is not of {town.code}", "the own unit"
        )
    if town.level is not terms.started_by:
        raise Refused(
            "level_does_not_whistle",
            "town",
            f"the {town.level} does not blow the {terms.kind} whistle",
            f"a unit of the {terms.started_by}",
        )
    area = state.matter.place.area if state.matter is not None else ""
    if not area.startswith(town.area) and not town.area.startswith(area):
        raise Refused(
            "outside_the_area", "town", f"{area} does not lie in {town.area}", "the place's own town"
        )


def _may_be_called(state: RequestState, act: BlowWhistle) -> None:
    if not act.summoned:
        raise Refused("nobody_summoned", "summoned", "no department is called", "at least one")
    if len(act.summoned) > MOST_SUMMONED:
        raise Refused(
            "too_many_summoned", "summoned", f"{len(act.summoned)} departments", f"at most {MOST_SUMMONED}"
        )
    called = {
        each.unit.code for open_one in state.whistles if open_one.is_open for each in open_one.summonses
    }
    for each in act.summoned:
        unit = each.unit
        if unit.code in called:
            raise Refused("summoned_twice", "summoned", f"{unit.code} is called already", "each once")
        called.add(unit.code)
        if unit.level is not act.terms.summons or not act.town.lies_within(unit) or unit == act.town:
            raise Refused(
                "not_to_be_summoned",
                "summoned",
                f"{act.town.code} cannot call {unit.code}",
                f"departments of the {act.terms.summons} that {act.town.area} lies in",
            )
        required_text(each.power, "power")


def _is_listed_or_signed(act: BlowWhistle, by: Actor) -> None:
    unlisted = [each.power for each in act.summoned if not each.listed]
    if unlisted and not _signature(by):
        raise Refused(
            "not_on_the_list",
            "summoned",
            f"not on the whistle list for this matter: {', '.join(unlisted)}",
            "powers of the list, or a duty leader who calls",
        )


def _signature(by: Actor) -> str:
    """Whose call is signed for by the call itself: a duty leader's."""
    return by.person if by.role is Role.DUTY_LEADER else ""


def _where(state: RequestState, act: BlowWhistle) -> tuple[str, Spot | None, str]:
    place = state.matter.place if state.matter is not None else None
    spot = act.spot
    if spot is None and place is not None and place.latitude is not None and place.longitude is not None:
        spot = Spot(place.latitude, place.longitude)
    session = optional_text(act.session, "session")
    if spot is None and not session:
        raise Refused(
            "place_missing",
            "spot",
            "nobody could show that they came: the place has no coordinates",
            "latitude and longitude, or an online session",
        )
    return (
        optional_text(act.address, "address") or (place.address if place is not None else ""),
        spot,
        session,
    )


def _check_time(state: RequestState, act: BlowWhistle, now: datetime) -> None:
    if act.attend_at is None:
        return
    terms = act.terms
    if not terms.may_name_time:
        raise Refused(
            "attend_time_unfit", "attend_at", f"the {terms.kind} whistle waits for no time", f"{terms.attend}"
        )
    earliest = state.calendar.due(now, terms.acknowledge).at
    latest = state.calendar.due(now, terms.result).at
    if not earliest < act.attend_at <= latest:
        raise Refused(
            "attend_time_unfit",
            "attend_at",
            f"{act.attend_at.isoformat()} does not leave the time to acknowledge, or is too late",
            f"after {earliest.isoformat()}, until {latest.isoformat()}",
        )
