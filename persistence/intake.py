"""Taking requests in.

The row is written before there is a workflow, once per key; until the timeline has begun, it also waits in a queue.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import NoReturn

from sqlalchemy import bindparam, case, func, select, text, update

from domain.limits.policy import CommonLimits
from domain.refusals import Refused
from domain.request import Intake, Matter, PolicySnapshot
from domain.time.calendar import WorkingCalendar
from persistence import forms
from persistence.answers import StoredAnswer, find_answer
from persistence.chain import intake_digest
from persistence.engine import ReadConnection, WriteConnection
from persistence.identity import SealedCaller
from persistence.tables import intake, request_numbers, waiting_intake

CHANNEL = "huying_intake"
"""Notified with the number of a request that waits to be started."""

FIRST_LEASE = timedelta(seconds=15)
LONGEST_LEASE = timedelta(minutes=5)

_QUERY_CODE_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""No letter that reads like a digit: citizens type the code from a text message."""
_QUERY_CODE_LENGTH = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a door has made ready to be taken in: an :class:`Intake` without number and digest, and what lies beside it.

    ``key`` is the idempotency key, ``body_digest`` the SHA-256 of the body it came with; ``local_day`` the city's date,
    which begins the number; ``caller`` the sealed identity, kept only if this draft is the one that is taken in.
    """

    key: str
    body_digest: str
    local_day: date
    received_at: datetime
    channel: str
    request_type: str
    description: str
    matter: Matter | None
    snapshot: PolicySnapshot | None
    calendar: WorkingCalendar
    common: CommonLimits
    has_contact: bool
    people: int = 1
    repeat_of: str | None = None
    caller: SealedCaller | None = None
    found_in: str | None = None


@dataclass(frozen=True, slots=True)
class TakenIn:
    """The stored intake; ``is_new`` is false where an earlier call with the same key made it."""

    intake: Intake
    query_code: str
    is_new: bool


class AnsweredBefore(Exception):
    """The key was answered without a new request: a story obeyed it. ``stored`` is that answer."""

    def __init__(self, stored: StoredAnswer) -> None:
        super().__init__(stored.number)
        self.stored = stored


async def take_in(connection: WriteConnection, draft: Draft, *, digits: int | None = None) -> TakenIn:
    """Store the draft under its key, or find what was stored under it before. It writes by one statement, so it needs
    no transaction around it. ``digits`` are those of the request's number, where they have been drawn already.

    Raises:
        Refused: ``idempotency_conflict``, the key came with another body before.
        AnsweredBefore: a story obeyed the key before; nothing is stored.
    """
    # A repeated key wastes a number of the sequence; a first one, the usual case, saves a query.
    drawn = digits or await connection.scalar(_NEXT_NUMBER) or 0
    begun, query_code = _begun(draft, number_of(draft.local_day, drawn))
    row = {
        "number": begun.number,
        "query_code": query_code,
        "key": draft.key,
        "digest": draft.body_digest,
        "received_at": draft.received_at,
        "caller_ref": begun.caller_ref,
        "description": draft.description,
        "body": forms.intakes.dump_json(begun).decode(),
        **_caller_columns(draft),
    }
    if (await connection.execute(_INSERT, row)).first() is None:
        # An earlier call brought this key; had it not ended yet, the insert has waited for it.
        earlier = await find_taken(connection, draft.key, draft.body_digest)
        return earlier or await _answered_before(connection, draft.key)
    return TakenIn(begun, query_code, is_new=True)


def number_of(local_day: date, digits: int) -> str:
    """A request's number: the city's date and seven digits (more, should a city ever need them)."""
    return f"{local_day:%Y%m%d}-{digits:07d}"


async def lease_unstarted(connection: WriteConnection, limit: int) -> Sequence[Intake]:
    """The longest waiting unstarted requests, each given to one starter at a time.

    A lease that ends without a first event frees the row again, later each time, so that a request that cannot be
    started does not keep the others waiting.
    """
    first, longest = FIRST_LEASE.total_seconds(), LONGEST_LEASE.total_seconds()
    bodies = await connection.scalars(_LEASE, {"limit": limit, "first": first, "longest": longest})
    return [forms.intakes.validate_python(body) for body in bodies]


async def free(connection: WriteConnection, numbers: Sequence[str]) -> None:
    """Give back requests that could not be started because the engine was away; the attempt does not count."""
    await connection.execute(
        update(waiting_intake)
        .where(waiting_intake.c.number.in_(numbers))
        .values(
            free_at=func.clock_timestamp(),
            attempts=case((waiting_intake.c.attempts > 0, waiting_intake.c.attempts - 1), else_=0),
        )
    )


async def find_taken(
    connection: ReadConnection | WriteConnection, key: str, body_digest: str
) -> TakenIn | None:
    """What was taken in under the key; ``None`` if nothing was.

    Raises:
        Refused: ``idempotency_conflict``, the key came with another body.
    """
    row = (await connection.execute(_BY_KEY, {"key": key})).one_or_none()
    if row is None:
        return None
    if row.digest != body_digest:
        raise Refused(
            "idempotency_conflict",
            "Idempotency-Key",
            "this key came with a different body before",
            "a fresh key for a different request, or the same body again",
        )
    return TakenIn(forms.intakes.validate_python(row.body), row.query_code, is_new=False)


async def caller_ref_of(connection: ReadConnection, number: str) -> str | None:
    """Under which reference the caller of a request is sealed; ``None``: nobody's is."""
    return await connection.scalar(select(intake.c.caller_ref).where(intake.c.number == number))


async def _answered_before(connection: ReadConnection | WriteConnection, key: str) -> NoReturn:
    stored = await find_answer(connection, key)
    if stored is None:
        raise RuntimeError("an intake row vanished, although rows are never deleted")
    raise AnsweredBefore(stored)


def _caller_columns(draft: Draft) -> dict[str, object]:
    names = ("key_id", "name", "telephone", "address", "fingerprint")
    given = {} if draft.caller is None else draft.caller.row(draft.received_at)
    return {name: given.get(name) for name in names}


def _begun(draft: Draft, number: str) -> tuple[Intake, str]:
    query_code = "".join(secrets.choice(_QUERY_CODE_LETTERS) for _ in range(_QUERY_CODE_LENGTH))
    unsigned = Intake(
        number=number,
        received_at=draft.received_at,
        channel=draft.channel,
        request_type=draft.request_type,
        matter=draft.matter,
        snapshot=draft.snapshot,
        calendar=draft.calendar,
        common=draft.common,
        caller_ref=draft.caller.ref if draft.caller else None,
        has_contact=draft.has_contact,
        digest="",
        repeat_of=draft.repeat_of,
        people=draft.people,
        found_in=draft.found_in,
    )
    body = forms.intakes.dump_python(unsigned, mode="json")
    digest = intake_digest(body=body, description=draft.description, query_code=query_code)
    return replace(unsigned, digest=digest), query_code


_BY_KEY = select(intake.c.digest, intake.c.body, intake.c.query_code).where(intake.c.key == bindparam("key"))
_NEXT_NUMBER = select(request_numbers.next_value())
_INSERT = text(f"""
WITH kept AS (
    INSERT INTO intake (number, query_code, key, digest, received_at, caller_ref, description, body)
    SELECT :number, :query_code, :key, :digest, :received_at, :caller_ref, :description, CAST(:body AS jsonb)
    WHERE NOT EXISTS (SELECT 1 FROM answers WHERE answers.key = :key)
    ON CONFLICT (key) DO NOTHING RETURNING number, received_at, caller_ref
),
waiting AS (INSERT INTO waiting_intake (number, received_at) SELECT number, received_at FROM kept),
sealed AS (
    INSERT INTO identity (caller_ref, key_id, name, telephone, address, fingerprint, created_at)
    SELECT caller_ref, :key_id, CAST(:name AS bytea), CAST(:telephone AS bytea), CAST(:address AS bytea),
        CAST(:fingerprint AS bytea), received_at
    FROM kept WHERE caller_ref IS NOT NULL
)
SELECT pg_notify('{CHANNEL}', number) FROM kept
""")  # noqa: S608  # only the channel's name is put in

# A lease lost in a crash is only given once more, so its commit need not wait for the disk. The exponent is bounded
# before the multiplication: an interval overflows at some 40 attempts.
_LEASE = text("""
WITH relaxed AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true)),
picked AS (
    SELECT w.number FROM waiting_intake AS w, relaxed WHERE w.free_at <= clock_timestamp()
    ORDER BY w.free_at, w.number LIMIT :limit FOR UPDATE OF w SKIP LOCKED
),
taken AS (
    UPDATE waiting_intake AS w SET attempts = w.attempts + 1, free_at = clock_timestamp() + make_interval(
        secs => least(:first * power(2, least(w.attempts, 10)), :longest)
    )
    FROM picked WHERE w.number = picked.number RETURNING w.number
)
SELECT intake.body FROM taken JOIN intake ON intake.number = taken.number ORDER BY intake.number
""").columns(intake.c.body)
