"""API keys of units and programs, kept as hashes: the secret is shown once, when it is made."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import uuid4

from sqlalchemy import insert, select, update

from domain.levels import Level
from persistence.engine import ReadConnection, WriteConnection
from persistence.tables import api_keys


@dataclass(frozen=True, slots=True)
class Principal:
    """Whom a key stands for."""

    key_id: str
    name: str
    roles: frozenset[str]
    unit: str | None
    level: Level | None


async def find_by_secret(connection: ReadConnection, secret: str) -> Principal | None:
    """Whom the secret belongs to; ``None`` if nobody, or if the key was revoked.

    The search compares hashes of 32 random bytes, so its duration tells nothing about the secret.
    """
    row = (
        await connection.execute(
            select(api_keys).where(api_keys.c.hash == _hash(secret), api_keys.c.revoked_at.is_(None))
        )
    ).one_or_none()
    if row is None:
        return None
    return Principal(
        row.id, row.principal, frozenset(row.roles), row.unit, None if row.level is None else Level(row.level)
    )


async def add(
    connection: WriteConnection,
    secret: str,
    *,
    name: str,
    roles: frozenset[str],
    at: datetime,
    unit: str | None = None,
    level: Level | None = None,
) -> str:
    """Let a secret stand for a principal, and return the id by which the key can be revoked.

    Adding a secret again changes its principal and lifts a revocation: the demo does so at each start.
    """
    granted = {
        "principal": name,
        "roles": sorted(roles),
        "unit": unit,
        "level": level,
        "created_at": at,
        "revoked_at": None,
    }
    known = update(api_keys).where(api_keys.c.hash == _hash(secret)).values(granted).returning(api_keys.c.id)
    key_id = await connection.scalar(known)
    if key_id is None:
        key_id = uuid4().hex
        await connection.execute(insert(api_keys), {"id": key_id, "hash": _hash(secret)} | granted)
    return key_id


async def revoke_all_but(
    connection: WriteConnection, secrets: Collection[str], *, names: str, at: datetime
) -> int:
    """Take back every key whose principal's whole name matches the pattern, except these secrets; answers how many."""
    ended = await connection.execute(
        update(api_keys)
        .where(
            api_keys.c.revoked_at.is_(None),
            api_keys.c.principal.regexp_match(f"^({names})$"),
            api_keys.c.hash.not_in([_hash(secret) for secret in secrets]),
        )
        .values(revoked_at=at)
    )
    return ended.rowcount


async def revoke(connection: WriteConnection, key_id: str, at: datetime) -> bool:
    """Take a key back; false if there is no such valid key."""
    ended = await connection.execute(
        update(api_keys).where(api_keys.c.id == key_id, api_keys.c.revoked_at.is_(None)).values(revoked_at=at)
    )
    return ended.rowcount == 1


def _hash(secret: str) -> bytes:
    return sha256(secret.encode()).digest()
