"""The chain of hashes that ties each row of a timeline to all before it, and the first to the intake."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from persistence.forms import canonical, spelled_instant


@dataclass(frozen=True, slots=True)
class ChainFault:
    """Where a timeline is not what was written: the row and what is wrong with it.

    ``what`` is ``intake_altered``, ``missing`` (the row, or rows up to it), ``altered`` (the row's own content) or
    ``unlinked`` (the row is whole, but does not follow the one before it: moved, or its forerunner replaced).
    """

    number: str
    seq: int
    what: str


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


def faults_in(number: str, first_hash: str, rows: Iterable[Mapping[str, Any]]) -> list[ChainFault]:
    """Everything wrong with one timeline, whose rows come in the order of ``seq``."""
    found: list[ChainFault] = []
    expected_seq, expected_prev = 1, first_hash
    for row in rows:
        seq = row["seq"]
        if seq != expected_seq:
            found.append(ChainFault(number, expected_seq, "missing"))
        elif row["prev_hash"] != expected_prev:
            found.append(ChainFault(number, seq, "unlinked"))
        if row_hash(**{name: row[name] for name in _HASHED}) != row["hash"]:
            found.append(ChainFault(number, seq, "altered"))
        expected_seq, expected_prev = seq + 1, row["hash"]
    return found


_HASHED = ("number", "seq", "kind", "at", "recorded_at", "actor", "fact", "prev_hash")
