"""Messages of partners whose case nobody knows: what somebody says of them, who has looked."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import func, select, update

from domain.partners import Delivery, Partner, Via
from domain.refusals import Refused
from persistence import forms
from persistence.engine import WriteConnection
from persistence.partner_messages import CHANNEL, KeptMessage, read_message
from persistence.partner_tables import partner_messages

_CASELESS = (Delivery.UNKNOWN, Delivery.SET_ASIDE)


async def assign_message(
    connection: WriteConnection, partner: Partner, message_id: int, case_id: str, *, by: str, at: datetime
) -> KeptMessage | None:
    """Say which case a message is about that nobody knew; ``None`` if there is no such message. It is tried anew.

    Raises:
        Refused: ``message_delivered``, its case has it already; ``message_on_its_way``, its case is known.
    """
    kept = await _of_no_case(connection, partner, message_id)
    if kept is None:
        return None
    body = forms.case_messages.dump_python(replace(kept.message, case=case_id), mode="json")
    assigned = await connection.execute(
        update(partner_messages)
        .where(partner_messages.c.id == message_id)
        .values(
            case_id=case_id,
            body=body,
            delivery=Delivery.WAITING,
            via=Via.MANUAL,
            free_at=func.clock_timestamp(),
            attempts=0,
            assigned_by=by,
            assigned_at=at,
        )
        .returning(partner_messages)
    )
    await connection.execute(select(func.pg_notify(CHANNEL, str(message_id))))
    return read_message(assigned.one())


async def set_message_aside(
    connection: WriteConnection, partner: Partner, message_id: int, *, by: str, at: datetime
) -> KeptMessage | None:
    """Say that a message is about no case of ours; ``None`` if there is no such message. It can still be assigned.

    Raises:
        Refused: ``message_delivered``, its case has it already; ``message_on_its_way``, its case is known.
    """
    if await _of_no_case(connection, partner, message_id) is None:
        return None
    left = await connection.execute(
        update(partner_messages)
        .where(partner_messages.c.id == message_id)
        .values(delivery=Delivery.SET_ASIDE, free_at=None, assigned_by=by, assigned_at=at)
        .returning(partner_messages)
    )
    return read_message(left.one())


async def _of_no_case(connection: WriteConnection, partner: Partner, message_id: int) -> KeptMessage | None:
    found = select(partner_messages).where(
        partner_messages.c.id == message_id, partner_messages.c.partner == partner
    )
    row = (await connection.execute(found.with_for_update())).one_or_none()
    if row is None:
        return None
    kept, wanted = read_message(row), "a message whose case nobody knows"
    if kept.delivered_at is not None:
        reason = f"message {message_id} was delivered to {kept.message.case}"
        raise Refused("message_delivered", "message", reason, wanted)
    if kept.delivery not in _CASELESS:
        reason = f"message {message_id} is on its way to {kept.message.case}"
        raise Refused("message_on_its_way", "message", reason, wanted)
    return kept
