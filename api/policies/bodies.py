"""Policies as they are published and shown: the bodies, and what the rules make of them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import Path
from pydantic import Field

from api.frame.fields import Incoming, Name
from domain.levels import Level
from domain.limits.policy import CallbackRule, ClockMode, Dwell, Extension, Policy, Thresholds, Urgency
from domain.time.durations import Duration

CODE_PATTERN = r"^P-[A-Z0-9-]{1,60}$"
PolicyCode = Annotated[str, Field(pattern=CODE_PATTERN, examples=["P-GARBAGE"])]
CodePath = Annotated[str, Path(pattern=CODE_PATTERN, examples=["P-GARBAGE"])]

Limit = Annotated[
    str, Field(pattern=r"^[1-9][0-9]{0,8}(s|min|h|d|wh|wd)$", examples=["2wh", "15wd", "80min"])
]
Percent = Annotated[int, Field(ge=1, le=10_000)]


class ExtensionBody(Incoming):
    """How often and by how much a total may be extended, and which level approves."""

    max: Annotated[int, Field(ge=1, le=100)]
    each: Limit
    approver: Annotated[Level, Field(strict=False)]


class DwellBody(Incoming):
    """The longest stay at each level; null skips the level."""

    grid: Limit | None
    community: Limit | None
    town: Limit | None
    district: Limit | None


class ThresholdsBody(Incoming):
    """When a clock speaks, in per cent of its limit, rising."""

    reminders: Annotated[tuple[Percent, ...], Field(min_length=1, max_length=10, strict=False)] = (70, 90)
    yellow_card: Percent = 100
    red_card: Percent = 150
    black_list: Percent = 200


class PolicyBody(Incoming):
    """A policy as it is published and shown. Limits are texts such as `2wh`, `15wd` or `80min`."""

    code: PolicyCode
    name_zh: Name
    name_en: Name
    urgency: Annotated[Urgency, Field(strict=False)]
    clock: Annotated[ClockMode, Field(strict=False)]
    dispatch: Limit
    sign: Limit
    first_contact: Limit
    dwell: DwellBody
    total: Limit
    review: Limit
    callback_within: Limit
    reminder_every: Limit
    extension: ExtensionBody | None = None
    suspend: bool
    start_level: Annotated[Level, Field(strict=False)]
    callback: Annotated[CallbackRule, Field(strict=False)]
    auto_dispatch: bool
    thresholds: ThresholdsBody = ThresholdsBody()
    confirm_hand_up: Annotated[
        Limit | None,
        Field(description="how long a dispatcher is asked before a dwell that passed moves it up"),
    ] = None


def policy_of(body: PolicyBody) -> Policy:
    """The rules' policy that the body spells."""
    return Policy(
        code=body.code,
        version=0,
        name_zh=body.name_zh,
        name_en=body.name_en,
        urgency=body.urgency,
        clock=body.clock,
        dispatch=Duration.parse(body.dispatch),
        sign=Duration.parse(body.sign),
        first_contact=Duration.parse(body.first_contact),
        dwell=Dwell(*(limit and Duration.parse(limit) for limit in dict(body.dwell).values())),
        total=Duration.parse(body.total),
        review=Duration.parse(body.review),
        callback_within=Duration.parse(body.callback_within),
        reminder_every=Duration.parse(body.reminder_every),
        extension=body.extension
        and Extension(body.extension.max, Duration.parse(body.extension.each), body.extension.approver),
        suspend=body.suspend,
        start_level=body.start_level,
        callback=body.callback,
        auto_dispatch=body.auto_dispatch,
        thresholds=Thresholds(**dict(body.thresholds)),
        confirm_hand_up=None if body.confirm_hand_up is None else Duration.parse(body.confirm_hand_up),
    )


def body_of(policy: Policy) -> PolicyBody:
    """The policy as it is shown, ready to be changed and published again."""
    extension, dwell = policy.extension, policy.dwell
    return PolicyBody(
        code=policy.code,
        name_zh=policy.name_zh,
        name_en=policy.name_en,
        urgency=policy.urgency,
        clock=policy.clock,
        dispatch=str(policy.dispatch),
        sign=str(policy.sign),
        first_contact=str(policy.first_contact),
        dwell=DwellBody(
            grid=_text(dwell.grid),
            community=_text(dwell.community),
            town=_text(dwell.town),
            district=_text(dwell.district),
        ),
        total=str(policy.total),
        review=str(policy.review),
        callback_within=str(policy.callback_within),
        reminder_every=str(policy.reminder_every),
        extension=extension
        and ExtensionBody(max=extension.max, each=str(extension.each), approver=extension.approver),
        suspend=policy.suspend,
        start_level=policy.start_level,
        callback=policy.callback,
        auto_dispatch=policy.auto_dispatch,
        thresholds=ThresholdsBody(**asdict(policy.thresholds)),
        confirm_hand_up=_text(policy.confirm_hand_up),
    )


def _text(limit: Duration | None) -> str | None:
    return None if limit is None else str(limit)
