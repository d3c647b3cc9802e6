"""What partners sent about their cases: kept once per message, and waiting until its case has it.

Several deliverers may run: a message is leased to one of them at a time, and its case drops what it has had already.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, any_, case, func, literal, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY, insert

from domain.partners import CaseMessage, Delivery, Partner, Via
from domain.refusals import Refused
from persistence import forms
from persistence.columns import Code
from persistence.engine import ReadConnection, WriteConnection
from persistence.intake import FIRST_LEASE, LONGEST_LEASE
from persistence.pages import Order, Page, limited
from persistence.partner_tables import partner_messages

CHANNEL = "huying_partner_messages"
"""Notified with the id of a message that waits for its delivery."""

TRIED_FOR = timedelta(days=1)
"""How long a message is tried to be delivered; after that it is kept until somebody says which case it is about."""

_WAITING = partner_messages.c.delivered_at.is_(None) & (partner_messages.c.delivery != Delivery.SET_ASIDE)


@dataclass(frozen=True, slots=True)
class KeptMessage:
    """A message as it was kept. ``id`` is ours, ``message.id`` the partner's; ``tried`` says whether it waits to be
    delivered (again), ``assigned_by`` who said that it is about ``message.case``.
    """

    id: int
    partner: Partner
    message: CaseMessage
    via: Via
    received_at: datetime
    delivery: Delivery
    attempts: int
    tried: bool
    delivered_at: datetime | None = None
    assigned_by: str | None = None
    assigned_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """How much is kept of a partner: messages that wait for their case, and those whose case nobody knows."""

    waiting: int = 0
    unknown: int = 0


_NEWEST_FIRST = Order("partner_messages", (partner_messages.c.id,), descending=True)


async def keep_message(
    connection: WriteConnection, partner: Partner, message: CaseMessage, via: Via, at: datetime
) -> bool:
    """Keep a message until its case has it; false if it was kept before.

    Raises:
        Refused: ``idempotency_conflict``, another message was kept under its id; ``sequence_taken``, another one was
            kept under its number, of which its case would count only one.
    """
    kept = await connection.execute(_kept(partner, message, via, at, Delivery.WAITING))
    new_id = kept.scalar_one_or_none()
    if new_id is None:
        await _must_say_the_same(connection, partner, message)
        return False
    await _must_have_its_own_number(connection, partner, message)
    await connection.execute(select(func.pg_notify(CHANNEL, str(new_id))))
    return True


async def note_messages(
    connection: WriteConnection, partner: Partner, messages: Sequence[CaseMessage], via: Via, at: datetime
) -> None:
    """Note messages that their case reads by itself. One that was kept before stays what it was."""
    for message in messages:
        await connection.execute(_kept(partner, message, via, at, Delivery.DELIVERED))


async def lease_waiting(connection: WriteConnection, limit: int) -> Sequence[KeptMessage]:
    """The longest waiting messages, each given to one deliverer at a time.

    A lease that ends without a delivery frees the message again, later each time.
    """
    first, longest = FIRST_LEASE.total_seconds(), LONGEST_LEASE.total_seconds()
    rows = await connection.execute(_LEASE, {"limit": limit, "first": first, "longest": longest})
    return [read_message(row) for row in rows]


async def free_messages(connection: WriteConnection, ids: Sequence[str]) -> None:
    """Give back messages that could not be delivered because the engine was away; the attempt does not count."""
    fewer = case((partner_messages.c.attempts > 0, partner_messages.c.attempts - 1), else_=0)
    await connection.execute(
        update(partner_messages)
        .where(partner_messages.c.id.in_(map(int, ids)), _WAITING)
        .values(free_at=func.clock_timestamp(), attempts=fewer)
    )


async def message_delivered(
    connection: WriteConnection, message_id: int, at: datetime, *, late: bool = False
) -> None:
    """The message's case has it; ``late``: it was over, and has begun once more."""
    await connection.execute(
        update(partner_messages)
        .where(partner_messages.c.id == message_id, _WAITING)
        .values(delivery=Delivery.LATE if late else Delivery.DELIVERED, delivered_at=at, free_at=None)
    )


async def case_unknown(connection: WriteConnection, message_id: int, *, try_again: bool) -> None:
    """Nobody knows the message's case. It is tried again after its lease, or left until somebody assigns it."""
    left: dict[str, Any] = {} if try_again else {"free_at": None}
    await connection.execute(
        update(partner_messages)
        .where(partner_messages.c.id == message_id, _WAITING)
        .values(delivery=Delivery.UNKNOWN, **left)
    )


async def find_message(
    connection: ReadConnection | WriteConnection, partner: Partner, message_id: int
) -> KeptMessage | None:
    """The message of that id."""
    found = await connection.execute(
        select(partner_messages).where(
            partner_messages.c.id == message_id, partner_messages.c.partner == partner
        )
    )
    row = found.one_or_none()
    return None if row is None else read_message(row)


async def list_messages(
    connection: ReadConnection,
    partner: Partner,
    *,
    case_id: str | None = None,
    unknown: bool = False,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[KeptMessage]:
    """A page of a partner's messages, newest first: all of them, one case's, or those whose case nobody knows.

    Raises:
        Refused: ``bad_cursor``.
    """
    limit = limited(limit)
    query = select(partner_messages).where(partner_messages.c.partner == partner)
    if case_id is not None:
        query = query.where(partner_messages.c.case_id == case_id)
    if unknown:
        query = query.where(_WAITING, partner_messages.c.delivery == Delivery.UNKNOWN)
    rows = (await connection.execute(_NEWEST_FIRST.page(query, cursor, limit))).all()
    items = [read_message(row) for row in rows[:limit]]
    return Page(items, _NEWEST_FIRST.cursor(str(items[-1].id)) if len(rows) > limit else None)


async def heard_of(connection: ReadConnection) -> Mapping[Partner, Heard]:
    """How much waits and how much is unknown, of each partner of which anything is."""
    unknown = func.count().filter(partner_messages.c.delivery == Delivery.UNKNOWN)
    rows = await connection.execute(
        select(partner_messages.c.partner, func.count().label("all"), unknown.label("unknown"))
        .where(_WAITING)
        .group_by(partner_messages.c.partner)
    )
    return {Partner(row.partner): Heard(row.all - row.unknown, row.unknown) for row in rows}


async def sequences_of(
    connection: ReadConnection, partner: Partner, cases: Collection[str]
) -> Mapping[str, int]:
    """How many of a partner's messages are kept of each case, delivered or not; cases without any are left out."""
    distinct = func.count(partner_messages.c.sequence.distinct())
    rows = await connection.execute(
        select(partner_messages.c.case_id, distinct.label("kept"))
        .where(partner_messages.c.partner == partner, partner_messages.c.case_id == any_(_codes(cases)))
        .group_by(partner_messages.c.case_id)
    )
    return {row.case_id: row.kept for row in rows}


def _codes(cases: Collection[str]) -> ColumnElement[Any]:
    # One parameter, however many they are: a statement takes 65,535.
    return literal(list(cases), ARRAY(Code))


def _kept(partner: Partner, message: CaseMessage, via: Via, at: datetime, delivery: Delivery) -> Any:
    body = forms.case_messages.dump_python(message, mode="json")
    row = {
        "partner": partner,
        "message": message.id,
        "case_id": message.case,
        "sequence": message.sequence,
        "kind": message.kind,
        "sent_at": message.sent_at,
        "received_at": at,
        "via": via,
        "digest": _digest(message),
        "body": body,
        "delivery": delivery,
        "free_at": None if delivery is Delivery.DELIVERED else func.clock_timestamp(),
        "delivered_at": at if delivery is Delivery.DELIVERED else None,
    }
    once = insert(partner_messages).values(row).on_conflict_do_nothing(index_elements=["partner", "message"])
    return once.returning(partner_messages.c.id)


async def _must_say_the_same(connection: WriteConnection, partner: Partner, message: CaseMessage) -> None:
    digest = await connection.scalar(
        select(partner_messages.c.digest).where(
            partner_messages.c.partner == partner, partner_messages.c.message == message.id
        )
    )
    if digest != _digest(message):
        raise Refused(
            "idempotency_conflict",
            "webhook-id",
            f"message {message.id} came before and said something else",
            "a fresh id for another message, or the same body again",
        )


async def _must_have_its_own_number(
    connection: WriteConnection, partner: Partner, message: CaseMessage
) -> None:
    other = await connection.scalar(
        select(partner_messages.c.message).where(
            partner_messages.c.case_id == message.case,
            partner_messages.c.partner == partner,
            partner_messages.c.sequence == message.sequence,
            partner_messages.c.message != message.id,
            # Whoever named a case that is none, or assigned a message to one, may have been wrong about it.
            partner_messages.c.delivery.notin_((Delivery.UNKNOWN, Delivery.SET_ASIDE)),
            partner_messages.c.assigned_by.is_(None),
        )
    )
    if other is not None:
        raise Refused(
            "sequence_taken",
            "sequence",
            f"message {other} is number {message.sequence} of {message.case}",
            "the next number of the case",
        )


def _digest(message: CaseMessage) -> str:
    said = forms.case_messages.dump_python(message, mode="json")
    # A partner may stamp every delivery anew. What was found stands in the text, which earlier releases had alone.
    del said["sent_at"], said["found"]
    spelled = forms.canonical(said)
    return hashlib.sha256(spelled.encode()).hexdigest()


def read_message(row: Row[Any]) -> KeptMessage:
    """The message of a row of ``partner_messages``."""
    return KeptMessage(
        id=row.id,
        partner=Partner(row.partner),
        message=forms.case_messages.validate_python(row.body),
        via=Via(row.via),
        received_at=row.received_at,
        delivery=Delivery(row.delivery),
        attempts=row.attempts,
        tried=row.free_at is not None,
        delivered_at=row.delivered_at,
        assigned_by=row.assigned_by,
        assigned_at=row.assigned_at,
    )


# As with intakes: a lease lost in a crash is only given once more, so its commit need not wait for the disk.
_LEASE = text("""
WITH relaxed AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true)),
picked AS (
    SELECT m.id FROM partner_messages AS m, relaxed WHERE m.free_at <= clock_timestamp()
    ORDER BY m.free_at, m.id LIMIT :limit FOR UPDATE OF m SKIP LOCKED
)
UPDATE partner_messages AS m SET attempts = m.attempts + 1, free_at = clock_timestamp() + make_interval(
    secs => least(:first * power(2, least(m.attempts, 10)), :longest)
)
FROM picked WHERE m.id = picked.id RETURNING m.*
""").columns(*partner_messages.c)
