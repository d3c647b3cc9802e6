"""The chain of hashes that ties each row of a timeline to all before it, and the first to the intake."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Row

from persistence.findings import Finding, Wrong
from persistence.forms import canonical, spelled_instant

NEAR = 100
"""How far from its place a row is looked for before it counts as altered."""


def row_hash(
    *,
    number: str,
    seq: int,
    kind: str,
    at: datetime,
    recorded_at: datetime,
    actor: Mapping[str, Any],
    fact: Mapping[str, Any],
    prev_hash: str,
) -> str:
    """SHA-256 over the canonical JSON of everything a row of the timeline says."""
    said = {
        "number": number,
        "seq": seq,
        "kind": kind,
        "at": spelled_instant(at),
        "recorded_at": spelled_instant(recorded_at),
        "actor": actor,
        "fact": fact,
        "prev_hash": prev_hash,
    }
    return sha256(canonical(said).encode()).hexdigest()


def intake_digest(*, body: Mapping[str, Any], description: str, query_code: str) -> str:
    """SHA-256 of an intake as stored; its own ``digest`` field is left out."""
    said = {
        "intake": {name: value for name, value in body.items() if name != "digest"},
        "description": description,
        "query_code": query_code,
    }
    return sha256(canonical(said).encode()).hexdigest()


def findings_in(number: str, first_hash: str, rows: Sequence[Row[Any]]) -> Iterator[Finding]:
    """Everything wrong with one timeline, whose rows come in the order of ``seq``.

    ``first_hash`` is the digest of the intake. What the chain cannot know by itself, that its newest rows were cut off
    or put on, is not found here.
    """
    surplus = _put_in_afterwards(rows)
    expected_seq, expected_prev, whole_before = 1, first_hash, True
    for row in rows:
        seq, place = row.seq, _place_of(row)
        if seq > expected_seq:
            yield Finding(number, expected_seq, Wrong.MISSING, _stretch(expected_seq, seq - 1))
        if seq in surplus:
            yield Finding(number, seq, Wrong.SURPLUS)
            expected_seq = seq + 1
            continue
        if place is None:
            yield Finding(number, seq, Wrong.ALTERED)
        elif place != seq:
            yield Finding(number, seq, Wrong.MOVED, f"written as row {place}")
        elif whole_before and seq == expected_seq and row.prev_hash != expected_prev:
            yield Finding(number, seq, Wrong.UNLINKED)
        expected_seq, expected_prev, whole_before = seq + 1, row.hash, place in (None, seq)


def _place_of(row: Row[Any]) -> int | None:
    """The number under which the row was written: its own, or one nearby; ``None`` if its content was altered."""
    seq = row.seq
    if _hashed_as(row, seq) == row.hash:
        return seq
    near = range(max(1, seq - NEAR), seq + NEAR)
    return next((place for place in near if _hashed_as(row, place) == row.hash), None)


def _put_in_afterwards(rows: Sequence[Row[Any]]) -> set[int]:
    """Of rows that follow the same row, those from which the chain does not go on; of several dead ends, all but the
    one recorded first.
    """
    twins = {prev for prev, count in Counter(row.prev_hash for row in rows).items() if count > 1}
    if not twins:
        return set()
    followed = {row.prev_hash for row in rows}
    found = set[int]()
    for prev in twins:
        rivals = [row for row in rows if row.prev_hash == prev]
        genuine = [row for row in rivals if row.hash in followed] or [
            min(rivals, key=lambda row: row.feed_id)
        ]
        found |= {row.seq for row in rivals} - {row.seq for row in genuine}
    return found


def _hashed_as(row: Row[Any], seq: int) -> str:
    return row_hash(
        number=row.number,
        seq=seq,
        kind=row.kind,
        at=row.at,
        recorded_at=row.recorded_at,
        actor=row.actor,
        fact=row.fact,
        prev_hash=row.prev_hash,
    )


def _stretch(first: int, last: int) -> str:
    return "" if first == last else f"rows {first} to {last}"
