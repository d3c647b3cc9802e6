"""Published policies: versions that never change, of which the newest begun one is active."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, func, insert, select
from sqlalchemy.dialects.postgresql import distinct_on

from domain.limits.policy import Policy, faults_of
from domain.refusals import Refused
from persistence import forms
from persistence.engine import ReadConnection, WriteConnection
from persistence.tables import policies


@dataclass(frozen=True, slots=True)
class PublishedPolicy:
    """A version with who published it, when, and from when on new requests are accepted under it."""

    policy: Policy
    published_at: datetime
    published_by: str
    active_from: datetime


async def publish(
    connection: WriteConnection,
    policy: Policy,
    *,
    by: str,
    at: datetime,
    active_from: datetime,
    office_day: timedelta,
) -> PublishedPolicy:
    """Publish the policy as the next version of its code; the version it brings along is not looked at.

    Raises:
        Refused: ``policy_faulty``, the first fault found, with its field.
    """
    faults = faults_of(policy, office_day)
    if faults:
        first = faults[0]
        others = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        raise Refused("policy_faulty", first.field, f"{policy.code}: {first.reason}{others}", first.expected)
    await publish_alone(connection, policy.code)
    newest = await connection.scalar(
        select(func.max(policies.c.version)).where(policies.c.code == policy.code)
    )
    published = PublishedPolicy(replace(policy, version=(newest or 0) + 1), at, by, active_from)
    await connection.execute(
        insert(policies),
        {
            "code": policy.code,
            "version": published.policy.version,
            "body": forms.policies.dump_python(published.policy, mode="json"),
            "published_at": at,
            "published_by": by,
            "active_from": active_from,
        },
    )
    return published


async def publish_alone(connection: WriteConnection, code: str) -> None:
    """Let nobody else publish the policy until this transaction ends, so that two who come at once get two versions."""
    await connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"policy:{code}"))))


async def active(connection: ReadConnection, code: str, at: datetime) -> Policy | None:
    """The version of a policy that new requests are accepted under at an instant."""
    body = await connection.scalar(_ACTIVE, {"code": code, "at": at})
    return None if body is None else forms.policies.validate_python(body)


async def all_active(connection: ReadConnection, at: datetime) -> Sequence[PublishedPolicy]:
    """The active version of every policy, by code."""
    rows = await connection.execute(
        select(policies)
        .where(policies.c.active_from <= at)
        .ext(distinct_on(policies.c.code))
        .order_by(policies.c.code, policies.c.version.desc())
    )
    return [_published(row) for row in rows]


async def active_or_coming(connection: ReadConnection, at: datetime) -> Sequence[PublishedPolicy]:
    """The active version of every policy and every version that is to begin later, the newest of each first."""
    begun = await all_active(connection, at)
    coming = await connection.execute(
        select(policies)
        .where(policies.c.active_from > at)
        .order_by(policies.c.code, policies.c.version.desc())
    )
    found = [*begun, *(_published(row) for row in coming)]
    return sorted(found, key=lambda each: -each.policy.version)


async def find_version(connection: ReadConnection, code: str, version: int) -> PublishedPolicy | None:
    """One version of a policy."""
    found = select(policies).where(policies.c.code == code, policies.c.version == version)
    row = (await connection.execute(found)).one_or_none()
    return None if row is None else _published(row)


async def versions(connection: ReadConnection, code: str) -> Sequence[PublishedPolicy]:
    """Every version of a policy, newest first, those not yet begun included."""
    rows = await connection.execute(
        select(policies).where(policies.c.code == code).order_by(policies.c.version.desc())
    )
    return [_published(row) for row in rows]


def _published(row: Row[Any]) -> PublishedPolicy:
    policy = forms.policies.validate_python(row.body)
    return PublishedPolicy(policy, row.published_at, row.published_by, row.active_from)


_ACTIVE = (
    select(policies.c.body)
    .where(policies.c.code == bindparam("code"), policies.c.active_from <= bindparam("at"))
    .order_by(policies.c.version.desc())
    .limit(1)
)
