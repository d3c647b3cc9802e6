"""Whistles as the doors show them: each department's part, the plan, and what both sides said of each other."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from api.frame.third_parties import masked
from domain.request import Card, RequestState
from domain.summary import SummonsSummary
from domain.whistles import Decision, Summons, Whistle, rating_ends, whistle_standing
from persistence.whistles import SummonsRow


class TownRatingShown(BaseModel):
    """How the town rates a department, three times 1 to 5."""

    in_time: int
    cooperated: int
    solved: int
    text: str


class SummonsShown(BaseModel):
    """One department's part in a whistle. Instants in UTC; `distance` in metres from the place."""

    id: str
    unit: str
    unit_zh: str
    unit_en: str
    power: str
    power_zh: str
    power_en: str
    listed: bool = Field(description="whether the whistle list names the power for this matter")
    acknowledged_at: datetime | None
    arrived_at: datetime | None
    mode: str | None
    attendee: str
    post: str | None
    authority: bool = Field(description="whether who came may decide for the department")
    distance: int | None
    missed_at: datetime | None
    card: str | None = Field(description="the card for a missed attendance")
    objection: str
    rating: TownRatingShown | None
    justified: int | None = Field(description="how the department rates the call, 1 to 5")
    justified_text: str


class DecisionShown(BaseModel):
    """One line of the plan, and the leg that it became."""

    unit: str
    unit_zh: str
    unit_en: str
    action: str
    within: str
    leg: str


class WhistleShown(BaseModel):
    """One whistle 吹哨报到. Instants in UTC."""

    id: str
    kind: str
    standing: str
    town: str
    town_zh: str
    town_en: str
    called_at: datetime
    called_by: str
    signed_by: str = Field(
        description="the duty leader who called, and so signed for what is not on the list"
    )
    reason: str
    address: str
    latitude: float | None
    longitude: float | None
    radius: int = Field(description="how many metres from the place a check-in may be")
    session: str
    attend_at: datetime | None
    summonses: list[SummonsShown]
    minutes: str
    plan_agreed_at: datetime | None
    decisions: list[DecisionShown]
    lead: str | None = Field(description="the leg by which a department took the lead")
    ended_at: datetime | None
    end: str | None
    result: str
    rate_until: datetime | None = Field(description="until when both sides may rate")
    district_joined_at: datetime | None
    unjustified_at: datetime | None = Field(
        description="when it was found that it should not have been blown"
    )


class CalledShown(BaseModel):
    """One line of a department's whistles. Instants in UTC."""

    number: str
    whistle: str
    summons: str
    kind: str
    unit: str
    unit_zh: str
    unit_en: str
    town: str
    town_zh: str
    town_en: str
    power: str
    power_zh: str
    power_en: str
    reason: str
    address: str
    session: str
    category: str | None
    area: str | None
    called_at: datetime
    ack_due_at: datetime | None
    attend_due_at: datetime | None
    acknowledged_at: datetime | None
    arrived_at: datetime | None
    authority: bool
    missed_at: datetime | None
    ended_at: datetime | None
    ended_how: str | None
    rate_until: datetime | None
    rated: bool = Field(description="whether the department has rated the call")


def whistles_of(state: RequestState, now: datetime, *, as_written: bool) -> list[WhistleShown]:
    """The whistles of a request; who does not answer for it reads them without numbers of persons."""
    begun = [leg.id for leg in state.legs if leg.signed_at or leg.auto_signed_at or leg.ended_at]
    return [_shown(state, each, begun, now, as_written=as_written) for each in state.whistles]


def called_shown(row: SummonsRow, *, as_written: bool) -> CalledShown:
    """One line of the inbox."""
    plain = {name: getattr(row.summons, name) for name in _SAME_NAMES}
    line: dict[str, Any] = {**plain, "number": row.number, "category": row.category, "area": row.area}
    return CalledShown.model_validate(line if as_written else masked(line))


_SAME_NAMES = [name for name in CalledShown.model_fields if name in SummonsSummary.__dataclass_fields__]


def _shown(
    state: RequestState, whistle: Whistle, begun: list[str], now: datetime, *, as_written: bool
) -> WhistleShown:
    said: dict[str, Any] = {
        "id": whistle.id,
        "kind": whistle.kind,
        "standing": whistle_standing(whistle, begun, state.calendar, now),
        "town": whistle.town.code,
        "town_zh": whistle.town.name_zh,
        "town_en": whistle.town.name_en,
        "called_at": whistle.called_at,
        "called_by": whistle.called_by,
        "signed_by": whistle.signed_by,
        "reason": whistle.reason,
        "address": whistle.address,
        "latitude": whistle.spot.latitude if whistle.spot else None,
        "longitude": whistle.spot.longitude if whistle.spot else None,
        "radius": whistle.radius,
        "session": whistle.session,
        "attend_at": whistle.attend_at,
        "summonses": [_part(each) for each in whistle.summonses],
        "minutes": whistle.minutes,
        "plan_agreed_at": whistle.plan_agreed_at,
        "decisions": [_decision(each) for each in whistle.decisions],
        "lead": whistle.lead,
        "ended_at": whistle.ended_at,
        "end": whistle.end,
        "result": whistle.result,
        "rate_until": rating_ends(whistle, state.calendar),
        "district_joined_at": whistle.district_joined_at,
        "unjustified_at": whistle.unjustified_at,
    }
    return WhistleShown.model_validate(said if as_written else masked(said))


def _part(summons: Summons) -> dict[str, Any]:
    rating = summons.rating
    return {
        "id": summons.id,
        "unit": summons.unit.code,
        "unit_zh": summons.unit.name_zh,
        "unit_en": summons.unit.name_en,
        "power": summons.power,
        "power_zh": summons.power_zh,
        "power_en": summons.power_en,
        "listed": summons.listed,
        "acknowledged_at": summons.acknowledged_at,
        "arrived_at": summons.arrived_at,
        "mode": summons.mode,
        "attendee": summons.attendee,
        "post": summons.post,
        "authority": summons.authority,
        "distance": summons.distance,
        "missed_at": summons.missed_at,
        "card": Card.YELLOW if summons.missed_at is not None else None,
        "objection": summons.objection,
        "rating": {name: getattr(rating, name) for name in TownRatingShown.model_fields} if rating else None,
        "justified": summons.justified,
        "justified_text": summons.justified_text,
    }


def _decision(decision: Decision) -> dict[str, Any]:
    return {
        "unit": decision.unit.code,
        "unit_zh": decision.unit.name_zh,
        "unit_en": decision.unit.name_en,
        "action": decision.action,
        "within": str(decision.within),
        "leg": decision.leg,
    }
