"""Doing once per key what is no order to a request: the answer is stored in the transaction of the deed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, insert, select

from domain.commands import Answer
from domain.refusals import Refused
from persistence import forms
from persistence.answers import find_answer
from persistence.engine import ReadConnection, WriteConnection
from persistence.tables import answers


async def answered_before(connection: WriteConnection, key: str, digest: str) -> Answer | None:
    """The answer that was given under the key; whoever comes with the same key now waits until this transaction ends.

    Raises:
        Refused: ``idempotency_conflict``, the key came with another body before.
    """
    await connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"answer:{key}"))))
    earlier = await find_answer(ReadConnection(connection), key)
    if earlier is None:
        return None
    if earlier.digest != digest:
        reason = "this key came with another body before"
        raise Refused("idempotency_conflict", "Idempotency-Key", reason, "a fresh key")
    return earlier.answer


async def store_answer(
    connection: WriteConnection, key: str, digest: str, answer: Answer, at: datetime
) -> None:
    """Keep the answer under its key; in the same transaction as what it tells of."""
    kept = {"key": key, "number": answer.number, "digest": digest, "at": at}
    await connection.execute(
        insert(answers), kept | {"answer": forms.answers.dump_python(answer, mode="json")}
    )
