"""The record of operations: who changed what for many requests, why, and what was known of it then. It only grows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select

from domain.operations import Operation
from persistence.engine import ReadConnection, WriteConnection
from persistence.pages import Order, Page, limited
from persistence.tables import operations


@dataclass(frozen=True, slots=True)
class OperationEntry:
    """One entry. ``subject`` is what was changed (a policy, a surge, a job), ``details`` what was known of it."""

    id: int
    at: datetime
    what: Operation
    subject: str
    who: str
    reason: str
    details: Mapping[str, Any]


_NEWEST_FIRST = Order("operations", (operations.c.id,), descending=True)


async def note_operation(
    connection: WriteConnection,
    what: Operation,
    subject: str,
    *,
    who: str,
    at: datetime,
    reason: str,
    details: Mapping[str, Any],
) -> None:
    """Write an entry; in the same transaction as what it tells of."""
    row = {"at": at, "what": what, "subject": subject, "who": who, "reason": reason, "details": dict(details)}
    await connection.execute(insert(operations), row)


async def list_operations(
    connection: ReadConnection,
    *,
    what: Sequence[Operation] = (),
    subject: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[OperationEntry]:
    """A page of the record, newest first.

    Raises:
        Refused: ``bad_cursor``.
    """
    limit = limited(limit)
    query = select(operations)
    if what:
        query = query.where(operations.c.what.in_(what))
    if subject is not None:
        query = query.where(operations.c.subject == subject)
    rows = (await connection.execute(_NEWEST_FIRST.page(query, cursor, limit))).all()
    items = [
        OperationEntry(row.id, row.at, Operation(row.what), row.subject, row.who, row.reason, row.details)
        for row in rows[:limit]
    ]
    return Page(items, _NEWEST_FIRST.cursor(str(items[-1].id)) if len(rows) > limit else None)
