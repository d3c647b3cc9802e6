"""A leg as the doors show it."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from api.frame.third_parties import masked
from domain.request import RequestState
from domain.summary import LegSummary, RequestSummary


class LegShown(BaseModel):
    """One assignment of a request to one unit (承办件). Instants in UTC."""

    id: str = Field(description="public id, `<number>.<leg>`", examples=["20261123-0000042.1"])
    number: str
    role: str
    state: str
    unit: str
    unit_zh: str
    unit_en: str
    level: str
    duty_entry: str
    attempt: int
    dispatched_at: datetime
    signed_at: datetime | None
    auto_signed_at: datetime | None
    first_contact_at: datetime | None
    replied_at: datetime | None
    ended_at: datetime | None
    ended_how: str | None
    late: list[str] = Field(description="the limits this leg missed, in the order they were missed")
    sign_due_at: datetime | None
    dwell_due_at: datetime | None
    task: str = Field(description="what a joint unit was asked to do")
    delegated_by: str | None = Field(description="the leg whose unit passed this share down")
    joint_due_at: datetime | None = Field(description="by when a joint unit is to contribute")
    mandatory: bool | None = Field(
        description="whether the join rule counts this joint unit's contribution; `null` of a unit that leads"
    )
    outcome: str | None = Field(description="outcome of a joint unit's contribution, made at `replied_at`")


class ContributingLeg(LegShown):
    """A leg with what its unit contributed, where it only joined in."""

    contribution: str | None = Field(description="the joint unit's own words")
    evidence: list[str] = Field(description="references to the evidence of the contribution")


def leg_shown(number: str, leg: LegSummary) -> LegShown:
    """The leg of that request."""
    plain = {name: getattr(leg, name) for name in _SAME_NAMES}
    return LegShown(
        id=f"{number}.{leg.leg}", number=number, late=leg.late.split(",") if leg.late else [], **plain
    )


_SAME_NAMES = [name for name in LegShown.model_fields if name not in {"id", "number", "late"}]


def legs_of(state: RequestState, summary: RequestSummary, *, as_written: bool) -> list[ContributingLeg]:
    """The legs of a request, each with its unit's contribution; those who only join in read it masked."""
    return [
        ContributingLeg(
            **leg_shown(state.number, row).model_dump(),
            contribution=(leg.contribution if as_written else masked(leg.contribution)) or None,
            evidence=list(leg.evidence),
        )
        for leg, row in zip(state.legs, summary.legs, strict=True)
    ]
