"""Publishing a policy once per key, with the city pack's own version published before the first other one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from domain.commands import Answer
from domain.limits.policy import Policy, PolicyFault
from domain.limits.policy_changes import changes_between
from domain.operations import Operation
from domain.refusals import Refused
from persistence.engine import ReadConnection, WriteConnection
from persistence.once import answered_before, store_answer
from persistence.operations import note_operation
from persistence.policies import PublishedPolicy, publish, publish_alone, versions

ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
"""From when on a city pack's own policies hold."""
PACK_AUTHOR = "city pack"


async def publish_once(
    connection: WriteConnection,
    policy: Policy,
    *,
    key: str,
    digest: str,
    by: str,
    at: datetime,
    active_from: datetime,
    office_day: timedelta,
    of_pack: Policy,
    gaps: Sequence[PolicyFault] = (),
    reason: str = "",
) -> PublishedPolicy:
    """Publish the policy as the next version, or find what was published under this key before.

    ``gaps`` are the levels of the policy on which nobody would answer for a category that stands under it.

    Raises:
        Refused: ``policy_faulty``, ``duty_list_gap``, or ``idempotency_conflict`` if the key came with another body
            before.
    """
    earlier = await answered_before(connection, key, digest)
    await publish_alone(connection, policy.code)
    known = await versions(ReadConnection(connection), policy.code)
    if earlier is not None:
        return next(each for each in known if each.policy.version == earlier.seq)
    if gaps:
        others = f" (and {len(gaps) - 1} more)" if len(gaps) > 1 else ""
        raise Refused("duty_list_gap", gaps[0].field, f"{gaps[0].reason}{others}", gaps[0].expected)
    if not known:
        known = [await _published_by_pack(connection, of_pack, at, office_day)]
    published = await publish(
        connection, policy, by=by, at=at, active_from=active_from, office_day=office_day
    )
    changes = changes_between(known[0].policy, published.policy, office_day)
    version = published.policy.version
    await note_operation(
        connection,
        Operation.POLICY_PUBLISHED,
        policy.code,
        who=by,
        at=at,
        reason=reason,
        details={
            "version": version,
            "active_from": active_from.isoformat(),
            "changes": [change.text_en for change in changes],
        },
    )
    await store_answer(connection, key, digest, Answer(policy.code, "published", version), at)
    return published


async def _published_by_pack(
    connection: WriteConnection, policy: Policy, at: datetime, office_day: timedelta
) -> PublishedPolicy:
    return await publish(connection, policy, by=PACK_AUTHOR, at=at, active_from=ALWAYS, office_day=office_day)
