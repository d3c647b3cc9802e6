"""What the facts of the whistle change: the whistle, its summonses, and the limits that run for them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from domain import events as happened
from domain.changes.edits import Change, start_clock, stop_clock, stop_whistle_clocks
from domain.events import Event
from domain.limits.clock import ClockKind
from domain.request import RequestState
from domain.time.durations import Duration, Unit
from domain.whistles import Summons, TownRating, Whistle


def _blown(state: RequestState, fact: happened.WhistleBlown, event: Event) -> RequestState:
    summonses = tuple(
        Summons(f"{fact.whistle}.{place}", each.unit, each.power, each.power_zh, each.power_en, each.listed)
        for place, each in enumerate(fact.summoned, start=1)
    )
    made = Whistle(
        id=fact.whistle,
        kind=fact.whistle_kind,
        town=fact.town,
        called_at=event.at,
        called_by=event.by.person,
        reason=fact.reason,
        address=fact.address,
        spot=fact.spot,
        session=fact.session,
        attend_at=fact.attend_at,
        radius=fact.radius,
        authority_from=fact.authority_from,
        rating_within=fact.rating_within,
        signed_by=fact.signed_by,
        summonses=summonses,
    )
    state = replace(state, whistles=(*state.whistles, made))
    attend = fact.attend if fact.attend_at is None else _until(event.at, fact.attend_at)
    for each in summonses:
        state = start_clock(state, ClockKind.WHISTLE_ACK, fact.acknowledge, event.at, leg=each.id)
        state = start_clock(state, ClockKind.WHISTLE_ATTEND, attend, event.at, leg=each.id)
    convened_at = fact.attend_at or event.at
    if fact.plan is not None:
        state = start_clock(state, ClockKind.WHISTLE_PLAN, fact.plan, convened_at, leg=made.id)
    return start_clock(state, ClockKind.WHISTLE_RESULT, fact.result, convened_at, leg=made.id)


def _until(start: datetime, end: datetime) -> Duration:
    """The time between as a limit in elapsed time: in whole seconds, those begun as well, one at least."""
    seconds, rest = divmod(end - start, timedelta(seconds=1))
    return Duration(max(1, seconds + bool(rest)), Unit.S)


def _acknowledged(state: RequestState, fact: happened.WhistleAcknowledged, event: Event) -> RequestState:
    state = _change_summons(state, fact.whistle, fact.summons, acknowledged_at=event.at)
    return stop_clock(state, event.at, ClockKind.WHISTLE_ACK, fact.summons)


def _attended(state: RequestState, fact: happened.WhistleAttended, event: Event) -> RequestState:
    before = _whistle(state, fact.whistle).summons(fact.summons)
    state = _change_summons(
        state,
        fact.whistle,
        fact.summons,
        # Who comes has heard the call.
        acknowledged_at=before.acknowledged_at or event.at,
        arrived_at=before.arrived_at or event.at,
        mode=fact.mode,
        attendee=fact.attendee,
        post=fact.post,
        authority=fact.authority,
        distance=fact.distance,
    )
    state = stop_clock(state, event.at, ClockKind.WHISTLE_ACK, fact.summons)
    return stop_clock(state, event.at, ClockKind.WHISTLE_ATTEND, fact.summons)


def _missed(state: RequestState, fact: happened.AttendanceMissed, event: Event) -> RequestState:
    return _change_summons(state, fact.whistle, fact.summons, missed_at=event.at)


def _district_joined(state: RequestState, fact: happened.DistrictJoined, event: Event) -> RequestState:
    return _change(state, fact.whistle, district_joined_at=event.at)


def _objected(state: RequestState, fact: happened.WhistleObjected, event: Event) -> RequestState:
    objection = f"{fact.legal_basis}: {fact.text}"
    return _change_summons(state, fact.whistle, fact.summons, objection=objection, objected_at=event.at)


def _plan_agreed(state: RequestState, fact: happened.PlanAgreed, event: Event) -> RequestState:
    state = _change(
        state,
        fact.whistle,
        minutes=fact.minutes,
        decisions=fact.decisions,
        lead=fact.lead,
        plan_agreed_at=event.at,
    )
    return stop_clock(state, event.at, ClockKind.WHISTLE_PLAN, fact.whistle)


def _ended(state: RequestState, fact: happened.WhistleEnded, event: Event) -> RequestState:
    state = _change(state, fact.whistle, ended_at=event.at, end=fact.end, result=fact.text)
    return stop_whistle_clocks(state, fact.whistle, event.at)


def _rated(state: RequestState, fact: happened.WhistleRated, event: Event) -> RequestState:
    del event
    rating = TownRating(fact.in_time, fact.cooperated, fact.solved, fact.text)
    return _change_summons(state, fact.whistle, fact.summons, rating=rating)


def _call_rated(state: RequestState, fact: happened.CallRated, event: Event) -> RequestState:
    del event
    return _change_summons(
        state, fact.whistle, fact.summons, justified=fact.justified, justified_text=fact.text
    )


def _unjustified(state: RequestState, fact: happened.CallFoundUnjustified, event: Event) -> RequestState:
    return _change(state, fact.whistle, unjustified_at=event.at)


def _change(state: RequestState, whistle_id: str, /, **changes: Any) -> RequestState:
    return replace(
        state,
        whistles=tuple(
            replace(each, **changes) if each.id == whistle_id else each for each in state.whistles
        ),
    )


def _change_summons(state: RequestState, whistle_id: str, summons_id: str, /, **changes: Any) -> RequestState:
    summonses = tuple(
        replace(each, **changes) if each.id == summons_id else each
        for each in _whistle(state, whistle_id).summonses
    )
    return _change(state, whistle_id, summonses=summonses)


def _whistle(state: RequestState, whistle_id: str) -> Whistle:
    found = state.whistle(whistle_id)
    assert found is not None, "a fact of a whistle names one"
    return found


CHANGES: dict[type[Any], Change] = {
    happened.WhistleBlown: _blown,
    happened.WhistleAcknowledged: _acknowledged,
    happened.WhistleAttended: _attended,
    happened.AttendanceMissed: _missed,
    happened.DistrictJoined: _district_joined,
    happened.WhistleObjected: _objected,
    happened.PlanAgreed: _plan_agreed,
    happened.WhistleEnded: _ended,
    happened.WhistleRated: _rated,
    happened.CallRated: _call_rated,
    happened.CallFoundUnjustified: _unjustified,
}
