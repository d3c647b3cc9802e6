"""Bulk jobs: the order written down with all its requests before anything is given, and what came of it at each.

A job waits in the same way as an intake does: a starter leases it until its workflow takes the first requests.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, case, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as insert_or_leave

from domain.bulk import ItemResult
from domain.commands import Act
from domain.refusals import Refused
from domain.units import Actor
from persistence import forms
from persistence.engine import ReadConnection, WriteConnection
from persistence.intake import FIRST_LEASE, LONGEST_LEASE
from persistence.pages import Order, Page, limited
from persistence.tables import bulk_items, bulk_jobs

CHANNEL = "huying_bulk"
"""Notified with the id of a job that waits to be started."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDraft:
    """A job as a door made it: one act for all requests, or one of its own for each in ``own_acts``, all of a kind.

    ``unseen`` are those of the numbers that its sender may not see; ``key`` is the idempotency key, ``digest`` the
    SHA-256 of the body it came with."""

    id: str
    key: str
    digest: str
    principal: str
    actor: Actor
    command: str
    act: Act | None = None
    own_acts: Mapping[str, Act] = field(default_factory=dict[str, Act])
    numbers: Sequence[str]
    unseen: frozenset[str] = frozenset()
    at: datetime


@dataclass(frozen=True, slots=True)
class Job:
    """A job and how far it is; ``counts`` has the requests by result."""

    id: str
    command: str
    principal: str
    total: int
    created_at: datetime
    started_at: datetime | None
    paused_at: datetime | None
    cancel_asked_at: datetime | None
    ended_at: datetime | None
    counts: Mapping[ItemResult, int]


@dataclass(frozen=True, slots=True)
class Item:
    """One request of a job. ``state`` and ``seq`` are where it stands after the order was obeyed."""

    number: str
    result: ItemResult
    code: str = ""
    detail: str = ""
    state: str | None = None
    seq: int | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """The next requests of a job, each with the act that it is to get; none of them where the job is to end, or to rest
    because it is ``paused``.
    """

    command: str
    actor: Actor
    digest: str
    acts: Mapping[str, Act]
    paused: bool = False


_BY_NUMBER = Order("bulk", (bulk_items.c.number,))
_UNSEEN = {"result": ItemResult.NOT_FOUND, "code": "not_found", "detail": "there is no such request"}


async def take_in_job(connection: WriteConnection, draft: JobDraft) -> str:
    """Write the job and its requests down under its key, and return its id; the earlier job's under a known key.

    Raises:
        Refused: ``idempotency_conflict``, the key came with another body before.
    """
    row = {
        "id": draft.id,
        "key": draft.key,
        "digest": draft.digest,
        "command": draft.command,
        "principal": draft.principal,
        "actor": forms.actors.dump_python(draft.actor, mode="json"),
        "act": _spelled(draft.act),
        "total": len(draft.numbers),
        "created_at": draft.at,
    }
    kept = insert_or_leave(bulk_jobs).values(row).on_conflict_do_nothing(index_elements=["key"])
    if await connection.scalar(kept.returning(bulk_jobs.c.id)) is None:
        earlier = await find_job_under(ReadConnection(connection), draft.key, draft.digest)
        if earlier is None:
            raise RuntimeError("a bulk job vanished, although jobs are never deleted")
        return earlier
    plain: dict[str, Any] = {"result": ItemResult.PENDING, "code": "", "detail": ""}
    await connection.execute(
        insert(bulk_items),
        [
            {
                "job": draft.id,
                "number": number,
                "act": _spelled(draft.own_acts.get(number)),
                **(_UNSEEN if number in draft.unseen else plain),
            }
            for number in draft.numbers
        ],
    )
    await connection.execute(select(func.pg_notify(CHANNEL, draft.id)))
    return draft.id


async def find_job_under(connection: ReadConnection, key: str, digest: str) -> str | None:
    """The id of the job that was written down under the key; ``None`` if none was.

    Raises:
        Refused: ``idempotency_conflict``, the key came with another body.
    """
    found = select(bulk_jobs.c.id, bulk_jobs.c.digest).where(bulk_jobs.c.key == key)
    row = (await connection.execute(found)).one_or_none()
    if row is None:
        return None
    if row.digest != digest:
        raise Refused(
            "idempotency_conflict", "Idempotency-Key", "this key came with another body before", "a fresh key"
        )
    return row.id


async def find_job(connection: ReadConnection | WriteConnection, job: str) -> Job | None:
    """The job, with its requests counted by result."""
    row = (await connection.execute(select(bulk_jobs).where(bulk_jobs.c.id == job))).one_or_none()
    if row is None:
        return None
    return Job(
        id=row.id,
        command=row.command,
        principal=row.principal,
        total=row.total,
        created_at=row.created_at,
        started_at=row.started_at,
        paused_at=row.paused_at,
        cancel_asked_at=row.cancel_asked_at,
        ended_at=row.ended_at,
        counts=await counts_of(connection, job),
    )


async def counts_of(connection: ReadConnection | WriteConnection, job: str) -> Mapping[ItemResult, int]:
    """How many of the job's requests have which result."""
    counted = select(bulk_items.c.result, func.count()).where(bulk_items.c.job == job)
    found = await connection.execute(counted.group_by(bulk_items.c.result))
    return {ItemResult(result): count for result, count in found}


async def list_items(
    connection: ReadConnection,
    job: str,
    *,
    result: ItemResult | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[Item]:
    """A page of the job's requests in the order of their numbers, or of those with one result.

    Raises:
        Refused: ``bad_cursor``.
    """
    limit = limited(limit)
    query = select(bulk_items).where(bulk_items.c.job == job)
    if result is not None:
        query = query.where(bulk_items.c.result == result)
    rows = (await connection.execute(_BY_NUMBER.page(query, cursor, limit))).all()
    items = [_item(row) for row in rows[:limit]]
    return Page(items, _BY_NUMBER.cursor(items[-1].number) if len(rows) > limit else None)


async def ask_to_cancel(connection: WriteConnection, job: str, at: datetime) -> None:
    """Note that the job is to end before its next batch; a job that has ended stays as it is."""
    open_job = update(bulk_jobs).where(bulk_jobs.c.id == job, bulk_jobs.c.ended_at.is_(None))
    await connection.execute(open_job.values(cancel_asked_at=func.coalesce(bulk_jobs.c.cancel_asked_at, at)))
    await resume_job(connection, job)


async def pause_job(connection: WriteConnection, job: str, at: datetime) -> None:
    """Note that the job is to rest after the batch that is under way; one that ended or is to end stays as it is."""
    going_on = bulk_jobs.c.ended_at.is_(None), bulk_jobs.c.cancel_asked_at.is_(None)
    open_job = update(bulk_jobs).where(bulk_jobs.c.id == job, *going_on)
    await connection.execute(open_job.values(paused_at=func.coalesce(bulk_jobs.c.paused_at, at)))


async def resume_job(connection: WriteConnection, job: str) -> None:
    """Let a paused job go on: it waits for a starter again, as it did at first."""
    resting = bulk_jobs.c.paused_at.is_not(None), bulk_jobs.c.ended_at.is_(None)
    queued = {"paused_at": None, "started_at": None, "free_at": func.clock_timestamp(), "attempts": 0}
    resumed = await connection.execute(
        update(bulk_jobs).where(bulk_jobs.c.id == job, *resting).values(queued)
    )
    if resumed.rowcount:
        await connection.execute(select(func.pg_notify(CHANNEL, job)))


async def next_batch(connection: WriteConnection, job: str, limit: int) -> Batch:
    """The next requests without a result; none where there are no more, or the job was cancelled or is paused.

    The first time it takes the job out of the starter's queue.
    """
    begun = update(bulk_jobs).where(bulk_jobs.c.id == job)
    begun = begun.values(started_at=func.coalesce(bulk_jobs.c.started_at, func.clock_timestamp()))
    row = (await connection.execute(begun.returning(bulk_jobs))).one()
    items: Sequence[Row[Any, Any]] = ()
    if row.cancel_asked_at is None and row.paused_at is None:
        pending = select(bulk_items.c.number, bulk_items.c.act).where(*_pending(job))
        items = (await connection.execute(pending.order_by(bulk_items.c.number).limit(limit))).all()
    return Batch(
        command=row.command,
        actor=forms.actors.validate_python(row.actor),
        digest=row.digest,
        acts={item.number: forms.acts.validate_python(item.act or row.act) for item in items},
        paused=row.paused_at is not None,
    )


async def note_result(connection: WriteConnection, job: str, item: Item) -> bool:
    """Write down what came of the order at one request; false if it has its result already."""
    noted = update(bulk_items).where(*_pending(job), bulk_items.c.number == item.number)
    written = await connection.execute(
        noted.values(
            result=item.result,
            code=item.code,
            detail=item.detail,
            state=item.state,
            seq=item.seq,
            at=func.clock_timestamp(),
        )
    )
    return written.rowcount > 0


async def end_job(connection: WriteConnection, job: str) -> int:
    """End the job, and return how many requests are left out because it was cancelled."""
    left_out = await connection.execute(
        update(bulk_items)
        .where(*_pending(job))
        .values(result=ItemResult.CANCELLED, at=func.clock_timestamp())
    )
    ended = update(bulk_jobs).where(bulk_jobs.c.id == job)
    await connection.execute(
        ended.values(ended_at=func.coalesce(bulk_jobs.c.ended_at, func.clock_timestamp()))
    )
    return left_out.rowcount


async def lease_unstarted_jobs(connection: WriteConnection, limit: int) -> Sequence[str]:
    """The ids of the longest waiting jobs, each given to one starter at a time, as requests are."""
    first, longest = FIRST_LEASE.total_seconds(), LONGEST_LEASE.total_seconds()
    return (await connection.scalars(_LEASE, {"limit": limit, "first": first, "longest": longest})).all()


async def free_jobs(connection: WriteConnection, jobs: Sequence[str]) -> None:
    """Give back jobs that could not be started because the engine was away; the attempt does not count."""
    await connection.execute(
        update(bulk_jobs)
        .where(bulk_jobs.c.id.in_(jobs))
        .values(
            free_at=func.clock_timestamp(),
            attempts=case((bulk_jobs.c.attempts > 0, bulk_jobs.c.attempts - 1), else_=0),
        )
    )


def _spelled(act: Act | None) -> Any:
    return None if act is None else forms.acts.dump_python(act, mode="json")


def _pending(job: str) -> tuple[Any, Any]:
    return bulk_items.c.job == job, bulk_items.c.result == ItemResult.PENDING


def _item(row: Row[Any]) -> Item:
    return Item(row.number, ItemResult(row.result), row.code, row.detail, row.state, row.seq, row.at)


# As with requests: a lease lost in a crash is only given once more, and the exponent is bounded.
_LEASE = text("""
WITH picked AS (
    SELECT id FROM bulk_jobs WHERE started_at IS NULL AND free_at <= clock_timestamp()
    ORDER BY free_at, id LIMIT :limit FOR UPDATE SKIP LOCKED
)
UPDATE bulk_jobs AS j SET attempts = j.attempts + 1, free_at = clock_timestamp() + make_interval(
    secs => least(:first * power(2, least(j.attempts, 10)), :longest)
)
FROM picked WHERE j.id = picked.id RETURNING j.id
""")
