"""/v1/policies: what is promised, in versions that never change; comparing, validating and publishing them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from api.frame.access import Right, ThePrincipal, require
from api.frame.digests import digest_of
from api.frame.doors import Doors, TheDoors
from api.frame.fields import IdempotencyKey, Incoming, Instant, Remark
from api.frame.openapi import WRITES, reads, refusals
from api.frame.problems import not_found
from api.policies.bodies import CodePath, PolicyBody, body_of, policy_of
from domain.limits.policy import Policy, PolicyFault, faults_of
from domain.refusals import Refused
from domain.responsibility.routing import unanswered_levels
from persistence import policies
from persistence.engine import writing
from persistence.policies import PublishedPolicy
from persistence.publishing import ALWAYS, PACK_AUTHOR, publish_once
from persistence.surges import surges_after

router = APIRouter(prefix="/v1/policies", tags=["policies"])

Version = Annotated[int, Field(ge=1, le=2**31 - 1)]


class PublishBody(Incoming):
    """A policy to publish, from when on new requests are accepted under it (now, if left out), and why."""

    policy: PolicyBody
    active_from: Annotated[Instant | None, Field(strict=False)] = None
    reason: Remark = ""


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


@router.get("", operation_id="list_policies", summary="Policies in force 时限政策", responses=reads())
async def list_policies(doors: TheDoors, principal: ThePrincipal) -> Policies:
    """The version of each policy that new requests are accepted under now, those prepared for a surge included."""
    require(principal, Right.SEE_POLICIES)
    async with doors.looking() as connection:
        published = {each.policy.code: each for each in await policies.all_active(connection, doors.now())}
    in_force = [
        _shown(published[code]) if code in published else _of_pack(policy)
        for code, policy in doors.pack.every_policy.items()
    ]
    return Policies(items=in_force)


@router.get(
    "/{code}",
    operation_id="get_policy",
    summary="A policy in all its versions 时限政策详情",
    responses=reads("not_found"),
)
async def get_policy(doors: TheDoors, principal: ThePrincipal, code: CodePath) -> Policies:
    """Every version in full, newest first, those not yet begun included."""
    require(principal, Right.SEE_POLICIES)
    return Policies(items=[_shown(each) for each in await versions_of(doors, code)])


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
    policy = policy_of(body)
    faults = [*faults_of(policy, doors.pack.calendar.office_day), *await gaps_under(doors, policy)]
    shown = [FaultShown(field=fault.field, reason=fault.reason, expected=fault.expected) for fault in faults]
    return Verdict(valid=not shown, faults=shown)


@router.post(
    "",
    status_code=201,
    operation_id="publish_policy",
    summary="Publish the next version of a policy 发布新版本",
    responses=refusals(*WRITES, "policy_faulty", "unknown_policy", "duty_list_gap", "idempotency_conflict"),
)
async def publish_policy(
    doors: TheDoors, principal: ThePrincipal, key: IdempotencyKey, body: PublishBody
) -> PolicyShown:
    """New requests are accepted under it; running deadlines do not move. The same key publishes once."""
    require(principal, Right.PUBLISH)
    of_pack = doors.pack.every_policy.get(body.policy.code)
    if of_pack is None:
        raise unknown_policy("policy.code", body.policy.code)
    now, policy = doors.now(), policy_of(body.policy)
    gaps = await gaps_under(doors, policy)
    async with writing(doors.database) as connection:
        published = await publish_once(
            connection,
            policy,
            key=principal.own_key(key),
            digest=digest_of("policies", body=body),
            by=principal.name,
            at=now,
            active_from=body.active_from or now,
            office_day=doors.pack.calendar.office_day,
            of_pack=of_pack,
            gaps=gaps,
            reason=body.reason.strip(),
        )
    doors.in_force.forget()
    return _shown(published)


async def gaps_under(doors: Doors, policy: Policy, *, instead_of: str | None = None) -> list[PolicyFault]:
    """The levels of a policy on which nobody would answer for a category that stands under it, by itself or in a surge.

    ``instead_of``: only for the categories of that policy.
    """
    usual = {instead_of} if instead_of else await _stands_for(doors, policy.code)
    duties = await doors.duties.index()
    today = doors.today()
    return [
        PolicyFault(
            f"dwell.{level}",
            f"nobody answers for {category.code} on the level {level}",
            "an entry in the duty list, or no dwell on this level",
        )
        for category in doors.pack.categories.values()
        if category.policy in usual
        for level in unanswered_levels(category.code, category.route_level, policy, duties, today)
    ]


def unknown_policy(field: str, code: str) -> Refused:
    """There is no policy of that code."""
    return Refused("unknown_policy", field, f"there is no policy {code}", "a code from /v1/policies")


async def _stands_for(doors: Doors, code: str) -> set[str]:
    """The usual policies of the matters that are or can be promised under this one."""
    async with doors.looking() as connection:
        surges = await surges_after(connection, doors.now())
    prepared = [each.substitutions for each in doors.pack.surges.sets.values()]
    replaced = {
        usual
        for substitutions in (*prepared, *(each.substitutions for each in surges))
        for usual, instead in substitutions.items()
        if instead == code
    }
    return {code, *replaced}


async def versions_of(doors: Doors, code: str) -> Sequence[PublishedPolicy]:
    """Every version, newest first; the city pack's own where none was published.

    Raises:
        Problem: ``not_found``.
    """
    async with doors.looking() as connection:
        found = await policies.versions(connection, code)
    of_pack = doors.pack.every_policy.get(code)
    if not found and of_pack is None:
        raise not_found("policy")
    return found or ([PublishedPolicy(of_pack, ALWAYS, PACK_AUTHOR, ALWAYS)] if of_pack else [])


def _shown(published: PublishedPolicy) -> PolicyShown:
    return PolicyShown(
        version=published.policy.version,
        published_at=published_at(published),
        published_by=published.published_by,
        active_from=active_from(published),
        policy=body_of(published.policy),
    )


def published_at(published: PublishedPolicy) -> datetime | None:
    """``None`` while the city pack's own version has never been written down."""
    return None if published.published_at == ALWAYS else published.published_at


def active_from(published: PublishedPolicy) -> datetime | None:
    """``None`` for the city pack's own version, which holds until another one begins."""
    return None if published.active_from == ALWAYS else published.active_from


def _of_pack(policy: Policy) -> PolicyShown:
    return _shown(PublishedPolicy(policy, ALWAYS, PACK_AUTHOR, ALWAYS))
