"""The affairs platform's catalogue of items, as it was last read: desks look items up here, and no matter is handed
over under an item that is unknown or withdrawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, exists, func, or_, select
from sqlalchemy.dialects.postgresql import insert

from domain.cases.affair_items import AffairItem
from domain.refusals import Refused
from persistence.engine import ReadConnection, WriteConnection
from persistence.pages import Order, Page, limited
from persistence.partner_tables import affair_items

_MARGIN = timedelta(hours=1)
"""What changed while the catalogue was last read may bear an earlier instant than what was read."""

_BY_CODE = Order("affair_items", (affair_items.c.code,))


async def read_so_far(connection: ReadConnection) -> datetime | None:
    """Since when changes are to be asked for; ``None`` while nothing of the catalogue was read."""
    # An item that a wrong clock dated ahead must not hide the changes until then.
    newest = await connection.scalar(
        select(func.max(affair_items.c.changed_at)).where(affair_items.c.changed_at <= func.now())
    )
    return None if newest is None else newest - _MARGIN


async def keep_items(connection: WriteConnection, items: Sequence[AffairItem]) -> int:
    """Keep items as they are now, and answer how many of them are news; an older version changes nothing."""
    if not items:
        return 0
    newest = {item.code: item for item in sorted(items, key=_age)}
    given = insert(affair_items).values(
        [asdict(item) | {"channels": list(item.channels)} for item in newest.values()]
    )
    changed = {column.name: column for column in given.excluded if column.name != "code"}
    kept = await connection.execute(
        given.on_conflict_do_update(
            index_elements=[affair_items.c.code],
            set_=changed,
            where=or_(
                given.excluded.version > affair_items.c.version,
                (given.excluded.version == affair_items.c.version)
                & (given.excluded.changed_at > affair_items.c.changed_at),
            ),
        ).returning(affair_items.c.code)
    )
    return len(kept.all())


async def find_items(
    connection: ReadConnection,
    *,
    wanted: str = "",
    with_withdrawn: bool = False,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[AffairItem]:
    """A page of the items, by code: those whose name or owner holds the words, or whose code begins with them.

    Raises:
        Refused: ``bad_cursor``.
    """
    limit = limited(limit)
    query = select(affair_items)
    for word in wanted.split():
        query = query.where(
            or_(
                affair_items.c.name.icontains(word, autoescape=True),
                affair_items.c.owner.icontains(word, autoescape=True),
                affair_items.c.code.startswith(word.upper(), autoescape=True),
            )
        )
    if not with_withdrawn:
        query = query.where(affair_items.c.withdrawn.is_(False))
    rows = (await connection.execute(_BY_CODE.page(query, cursor, limit))).all()
    items = [_item(row) for row in rows[:limit]]
    return Page(items, _BY_CODE.cursor(items[-1].code) if len(rows) > limit else None)


async def require_item(connection: ReadConnection | WriteConnection, code: str) -> None:
    """Say no to an item under which nothing can be handed over. While nothing of the catalogue was read, every code
    passes: the platform judges by itself.

    Raises:
        Refused: ``unknown_item``.
    """
    found = (await connection.execute(select(affair_items).where(affair_items.c.code == code))).one_or_none()
    if found is not None and not found.withdrawn:
        return
    if found is not None:
        said = f"item {code} ({found.name}) was withdrawn from the catalogue"
    elif await connection.scalar(select(exists(select(affair_items.c.code)))):
        said = f"the affairs catalogue has no item {code}"
    else:
        return
    raise Refused("unknown_item", "handover.item_code", said, "an item of GET /v1/partners/affairs/items")


def _age(item: AffairItem) -> tuple[int, datetime]:
    return item.version, item.changed_at


def _item(row: Row[Any]) -> AffairItem:
    return AffairItem(
        code=row.code,
        name=row.name,
        owner=row.owner,
        audience=row.audience,
        kind=row.kind,
        legal_days=row.legal_days,
        promised_days=row.promised_days,
        channels=tuple(row.channels),
        version=row.version,
        withdrawn=row.withdrawn,
        changed_at=row.changed_at,
    )
