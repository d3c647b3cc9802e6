"""Publishing a policy once per key, with the city pack's own version published before the first other one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import func, insert, select

from domain.commands import Answer
from domain.policy import Policy
from domain.refusals import Refused
from persistence import forms
from persistence.answers import find_answer
from persistence.engine import ReadConnection, WriteConnection
from persistence.policies import PublishedPolicy, publish, versions
from persistence.tables import answers

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
) -> PublishedPolicy:
    """Publish the policy as the next version, or find what was published under this key before.

    Raises:
        Refused: ``policy_faulty``, or ``idempotency_conflict`` if the key came with another body before.
    """
    await connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"answer:{key}"))))
    looking = ReadConnection(connection)
    earlier = await find_answer(looking, key)
    known = await versions(looking, policy.code)
    if earlier is not None:
        if earlier.digest != digest:
            reason = "this key came with another body before"
            raise Refused("idempotency_conflict", "Idempotency-Key", reason, "a fresh key")
        return next(each for each in known if each.policy.version == earlier.answer.seq)
    if not known:
        await publish(connection, of_pack, by=PACK_AUTHOR, at=at, active_from=ALWAYS, office_day=office_day)
    published = await publish(
        connection, policy, by=by, at=at, active_from=active_from, office_day=office_day
    )
    answer = Answer(policy.code, "published", published.policy.version)
    kept = {"key": key, "number": policy.code, "digest": digest, "at": at}
    await connection.execute(
        insert(answers), kept | {"answer": forms.answers.dump_python(answer, mode="json")}
    )
    return published
