"""Anchors: once a day all that was written since the last one is sealed under one digest, tied to the one before.

A chain holds one request's story together; an anchor holds all stories together, so that the newest rows cannot be cut
off, a whole request cannot be removed, and a chain cannot be written anew unnoticed. Whoever keeps a digest elsewhere
(the worker logs each) can later prove that the record up to it has not changed.

Rows are taken in the order of the feed, up to the oldest transaction still running: what lies before it is settled.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from persistence.engine import ReadConnection, WriteConnection, reading, writing
from persistence.findings import ANCHOR, Finding, Wrong
from persistence.forms import canonical, spelled_instant
from persistence.tables import anchors, timeline

ROWS_AT_ONCE = 5_000
"""Rows read at one time: what is held in memory."""

FIRST_DIGEST = "0" * 64
"""What the first anchor is tied to."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A sealed stretch of the record: rows of transactions before ``until_tx`` that no earlier anchor holds.

    ``stories`` counts the requests that began in it.
    """

    id: int
    until_tx: int
    rows: int
    stories: int
    at: datetime
    prev_digest: str
    digest: str


@dataclass(frozen=True, slots=True)
class _Stretch:
    """What the rows of a stretch come to."""

    rows: int
    stories: int
    content: str


async def seal_if_due(engine: AsyncEngine, every: timedelta) -> Anchor | None:
    """Seal what was written since the last anchor, if that one is older than ``every``, by the database's clock.

    ``None`` if it is not, or if another process is sealing.
    """
    async with writing(engine) as connection:
        if not await connection.scalar(_ALONE):
            return None
        last = await _last(connection)
        now = await connection.scalar(_NOW)
        if now is None or (last is not None and now - last.at < every):
            return None
        until = await connection.scalar(_SETTLED) or 0
        stretch = await _stretch(connection, last.until_tx if last else 0, until)
        made = _tied(last, until, stretch, now)
        await connection.execute(insert(anchors).values(asdict(made) | {"until_tx": str(until)}))
        return made


async def altered_anchors(
    engine: AsyncEngine, *, since: datetime | None = None, noted: str | None = None
) -> AsyncIterator[Finding]:
    """Every sealed stretch that no longer is what was sealed; ``noted`` is a digest that somebody kept elsewhere."""
    async with reading(engine) as connection:
        kept = [_anchor(row) for row in await connection.execute(_KEPT)]
        if noted is not None and noted not in [anchor.digest for anchor in kept]:
            yield Finding(ANCHOR, 0, Wrong.ANCHOR_UNKNOWN, noted)
        before: Anchor | None = None
        for anchor in kept:
            for wrong in _numbering(before, anchor):
                yield wrong
            if since is None or anchor.at >= since:
                stretch = await _stretch(connection, before.until_tx if before else 0, anchor.until_tx)
                if _tied(before, anchor.until_tx, stretch, anchor.at, anchor.id).digest != anchor.digest:
                    yield Finding(ANCHOR, anchor.id, Wrong.ANCHOR_DIFFERS, _compared(before, anchor, stretch))
            before = anchor


def _numbering(before: Anchor | None, anchor: Anchor) -> list[Finding]:
    expected = before.id + 1 if before else 1
    return [] if anchor.id == expected else [Finding(ANCHOR, expected, Wrong.MISSING)]


def _tied(
    before: Anchor | None, until: int, stretch: _Stretch, at: datetime, number: int | None = None
) -> Anchor:
    prev_digest = before.digest if before else FIRST_DIGEST
    said: dict[str, Any] = {
        "id": number or (before.id + 1 if before else 1),
        "until_tx": until,
        "rows": stretch.rows,
        "stories": stretch.stories,
        "at": spelled_instant(at),
        "prev_digest": prev_digest,
        "content": stretch.content,
    }
    digest = sha256(canonical(said).encode()).hexdigest()
    return Anchor(said["id"], until, stretch.rows, stretch.stories, at, prev_digest, digest)


def _compared(before: Anchor | None, anchor: Anchor, stretch: _Stretch) -> str:
    since = before.at.isoformat(" ", "minutes") if before else "the beginning"
    return (
        f"from {since} to {anchor.at.isoformat(' ', 'minutes')}: {anchor.rows} rows of which {anchor.stories} began "
        f"a request were sealed, {stretch.rows} and {stretch.stories} are there"
    )


async def _stretch(connection: ReadConnection | WriteConnection, after_tx: int, until_tx: int) -> _Stretch:
    rows = stories = 0
    content = sha256()
    between = {"after": str(after_tx), "until": str(until_tx)}
    async with connection.stream(_ROWS, between) as told:
        async for number, seq, row_hash in told:
            content.update(f"{number}:{seq}:{row_hash}\n".encode())
            rows += 1
            stories += seq == 1
    return _Stretch(rows, stories, content.hexdigest())


async def _last(connection: WriteConnection) -> Anchor | None:
    row = (await connection.execute(_KEPT.order_by(None).order_by(anchors.c.id.desc()).limit(1))).first()
    return None if row is None else _anchor(row)


def _anchor(row: Row[Any]) -> Anchor:
    return Anchor(row.id, int(row.until_tx), row.rows, row.stories, row.at, row.prev_digest, row.digest)


_ALONE = text("SELECT pg_try_advisory_xact_lock(hashtext('huying_anchors'))")
_NOW = text("SELECT clock_timestamp()")
_SETTLED = text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
_KEPT = select(anchors).order_by(anchors.c.id)
_ROWS = (
    select(timeline.c.number, timeline.c.seq, timeline.c.hash)
    .where(text("feed_tx >= CAST(:after AS xid8) AND feed_tx < CAST(:until AS xid8)"))
    .order_by(timeline.c.feed_tx, timeline.c.feed_id)
    .execution_options(yield_per=ROWS_AT_ONCE)
)
