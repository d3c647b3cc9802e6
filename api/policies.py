"""/v1/policies: what is promised, in versions that never change; validating and publishing a new one."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from api.access import Right, ThePrincipal, require
from api.digests import digest_of
from api.doors import TheDoors
from api.fields import IdempotencyKey, Incoming, Instant, Name
from api.openapi import WRITES, reads, refusals
from api.problems import not_found
from domain.durations import Duration
from domain.levels import Level
from domain.policy import (
    CallbackRule,
    ClockMode,
    Dwell,
    Extension,
    Policy,
    Thresholds,
    Urgency,
    faults_of,
)
from domain.refusals import Refused
from persistence import policies
from persistence.engine import writing
from persistence.policies import PublishedPolicy
from persistence.publishing import PACK_AUTHOR, publish_once

router = APIRouter(prefix="/v1/policies", tags=["policies"])

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

    code: Annotated[str, Field(pattern=r"^P-[A-Z0-9-]{1,60}$", examples=["P-GARBAGE"])]
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


class PublishBody(Incoming):
    """A policy to publish, and from when on new requests are accepted under it (now, if left out)."""

    policy: PolicyBody
    active_from: Annotated[Instant | None, Field(strict=False)] = None


class PolicyShown(BaseModel):
    """One version. `active_from` is null for the city pack's own, which holds until a version is published."""

    version: int
    published_at: datetime | None
    published_by: str
    active_from: datetime | None
    policy: PolicyBody


class Policies(BaseModel):
    """The versions in force, or all versions of one policy."""

    items: list[PolicyShown]


class FaultShown(BaseModel):
    """What forbids publishing: the field, the reason, and what would be right."""

    field: str
    reason: str
    expected: str


class Verdict(BaseModel):
    """Whether the policy may be published, and if not, everything that is wrong with it."""

    valid: bool
    faults: list[FaultShown]


CodePath = Annotated[str, Path(pattern=r"^P-[A-Z0-9-]{1,60}$", examples=["P-GARBAGE"])]


@router.get("", operation_id="list_policies", summary="Policies in force 时限政策", responses=reads())
async def list_policies(doors: TheDoors, principal: ThePrincipal) -> Policies:
    """The version of each policy that new requests are accepted under now."""
    require(principal, Right.SEE_POLICIES)
    async with doors.looking() as connection:
        published = {each.policy.code: each for each in await policies.all_active(connection, doors.now())}
    in_force = [
        _shown(published[code]) if code in published else _of_pack(policy)
        for code, policy in doors.pack.policies.items()
    ]
    return Policies(items=in_force)


@router.get(
    "/{code}",
    operation_id="get_policy",
    summary="All versions of a policy 版本",
    responses=reads("not_found"),
)
async def get_policy(doors: TheDoors, principal: ThePrincipal, code: CodePath) -> Policies:
    """Every version, newest first, those not yet begun included."""
    require(principal, Right.SEE_POLICIES)
    async with doors.looking() as connection:
        found = [_shown(each) for each in await policies.versions(connection, code)]
    if not found and code in doors.pack.policies:
        found = [_of_pack(doors.pack.policies[code])]
    if not found:
        raise not_found("policy")
    return Policies(items=found)


@router.post(
    "/validate",
    operation_id="validate_policy",
    summary="Check a policy without publishing it 校验",
    responses=refusals(*WRITES),
)
async def validate_policy(
    doors: TheDoors, principal: ThePrincipal, key: IdempotencyKey, body: PolicyBody
) -> Verdict:
    """Everything that would forbid publishing it. Nothing is stored."""
    del key
    require(principal, Right.PUBLISH)
    faults = faults_of(policy_of(body), doors.pack.calendar.office_day)
    shown = [FaultShown(field=fault.field, reason=fault.reason, expected=fault.expected) for fault in faults]
    return Verdict(valid=not shown, faults=shown)


@router.post(
    "",
    status_code=201,
    operation_id="publish_policy",
    summary="Publish the next version of a policy 发布新版本",
    responses=refusals(*WRITES, "policy_faulty", "unknown_policy", "idempotency_conflict"),
)
async def publish_policy(
    doors: TheDoors, principal: ThePrincipal, key: IdempotencyKey, body: PublishBody
) -> PolicyShown:
    """New requests are accepted under it; running deadlines do not move. The same key publishes once."""
    require(principal, Right.PUBLISH)
    if body.policy.code not in doors.pack.policies:
        raise Refused(
            "unknown_policy", "policy.code", f"no category stands under {body.policy.code}", "a known code"
        )
    now = doors.now()
    async with writing(doors.database) as connection:
        published = await publish_once(
            connection,
            policy_of(body.policy),
            key=principal.own_key(key),
            digest=digest_of("policies", body=body),
            by=principal.name,
            at=now,
            active_from=body.active_from or now,
            office_day=doors.pack.calendar.office_day,
            of_pack=doors.pack.policies[body.policy.code],
        )
    doors.in_force.forget()
    return _shown(published)


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
    )


def _text(limit: Duration | None) -> str | None:
    return None if limit is None else str(limit)


def _shown(published: PublishedPolicy) -> PolicyShown:
    return PolicyShown(
        version=published.policy.version,
        published_at=published.published_at,
        published_by=published.published_by,
        active_from=published.active_from,
        policy=body_of(published.policy),
    )


def _of_pack(policy: Policy) -> PolicyShown:
    return PolicyShown(
        version=policy.version,
        published_at=None,
        published_by=PACK_AUTHOR,
        active_from=None,
        policy=body_of(policy),
    )
