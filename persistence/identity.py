"""Callers' identities: sealed at rest, masked for whoever has no right, read only with a purpose, and erasable.

Name, telephone and address are encrypted one by one with AES-256-GCM. The caller's reference, the field and the id of
the key are authenticated with each, so that a value moved to another row or field does not open.

The telephone also leaves a fingerprint, so that whoever calls again is recognized without anything being opened. It is
keyed: without the key nobody can try all numbers until one fits. Forgetting a caller forgets it too.

The same key makes tickets, by which somebody without a login sees one thing and no other.
"""

from __future__ import annotations

import base64
import hmac
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import uuid4

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import insert, select, update

from domain.caller_in_text import without_caller
from persistence.engine import ReadConnection, WriteConnection
from persistence.tables import identity, identity_reads

NONCE_BYTES = 12
CURRENT_KEY_ID = "1"
DERIVED_KEY_BYTES = 32
TICKET_BYTES = 15
SHORTEST_NUMBER = 7
"""A telephone number of fewer digits (110, an extension) is not one person's."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who called. ``repr`` shows nothing, so that no log line ever does."""

    name: str | None
    telephone: str | None
    address: str | None

    def __repr__(self) -> str:
        return "Caller(***)"


@dataclass(frozen=True, slots=True)
class SealedCaller:
    """An identity as it may be kept. Without a fingerprint its caller is not recognized when calling again."""

    ref: str
    key_id: str
    name: bytes | None
    telephone: bytes | None
    address: bytes | None
    fingerprint: bytes | None = None

    def row(self, created_at: datetime) -> dict[str, Any]:
        """The row of the identity table."""
        return {
            "caller_ref": self.ref,
            "key_id": self.key_id,
            "name": self.name,
            "telephone": self.telephone,
            "address": self.address,
            "fingerprint": self.fingerprint,
            "created_at": created_at,
        }


@dataclass(frozen=True, slots=True)
class IdentityRead:
    """One reading of an identity: who, why, when."""

    caller_ref: str
    who: str
    purpose: str
    at: datetime


class UnknownKey(LookupError):
    """An identity was sealed with a key that this process does not have."""


class Seal:
    """Seals and opens identities. New ones are sealed with ``key_id``; older keys only open."""

    def __init__(
        self, key: bytes, *, key_id: str = CURRENT_KEY_ID, older: Mapping[str, bytes] | None = None
    ) -> None:
        self._key_id = key_id
        keys = {**(older or {}), key_id: key}
        self._ciphers = {name: AESGCM(other) for name, other in keys.items()}
        self._fingerprint_keys = {name: _derived(other, "caller-fingerprint") for name, other in keys.items()}
        self._ticket_keys = {name: _derived(other, "ticket") for name, other in keys.items()}

    def seal(self, caller: Caller, *, recognizable: bool = True) -> SealedCaller:
        """The identity under a fresh reference, which says nothing about the person.

        A caller who wishes to stay anonymous is not made ``recognizable``.
        """
        ref = uuid4().hex
        number = normalized(caller.telephone) if recognizable else None
        return SealedCaller(
            ref=ref,
            key_id=self._key_id,
            name=self._closed(ref, "name", caller.name),
            telephone=self._closed(ref, "telephone", caller.telephone),
            address=self._closed(ref, "address", caller.address),
            fingerprint=number and _fingerprint(self._fingerprint_keys[self._key_id], number),
        )

    def fingerprints(self, telephone: str | None) -> Sequence[bytes]:
        """What the telephone left behind under any of the keys; empty if it is no number of a person."""
        number = normalized(telephone)
        return (
            [] if number is None else [_fingerprint(key, number) for key in self._fingerprint_keys.values()]
        )

    def ticket(self, subject: str) -> str:
        """A code that only this service can make: whoever holds it may see the subject without signing in."""
        return _ticket(self._ticket_keys[self._key_id], subject)

    def is_ticket(self, subject: str, code: str) -> bool:
        """Whether the code was made for the subject, under any of the keys."""
        given = code.upper().encode()
        return any(
            hmac.compare_digest(_ticket(key, subject).encode(), given) for key in self._ticket_keys.values()
        )

    def unseal(self, sealed: SealedCaller) -> Caller:
        """The identity in the clear.

        Raises:
            UnknownKey: the key is not among those given.
            cryptography.exceptions.InvalidTag: the row was altered.
        """
        return Caller(
            name=self._opened(sealed, "name", sealed.name),
            telephone=self._opened(sealed, "telephone", sealed.telephone),
            address=self._opened(sealed, "address", sealed.address),
        )

    def _closed(self, ref: str, field: str, value: str | None) -> bytes | None:
        if value is None:
            return None
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._ciphers[self._key_id].encrypt(
            nonce, value.encode(), _context(ref, field, self._key_id)
        )

    def _opened(self, sealed: SealedCaller, field: str, value: bytes | None) -> str | None:
        if value is None:
            return None
        cipher = self._ciphers.get(sealed.key_id)
        if cipher is None:
            raise UnknownKey(f"no key with the id {sealed.key_id}")
        context = _context(sealed.ref, field, sealed.key_id)
        return cipher.decrypt(value[:NONCE_BYTES], value[NONCE_BYTES:], context).decode()


def normalized(telephone: str | None) -> bytes | None:
    """The digits of a telephone number, however it was written: with or without country code (China's) and trunk zero.

    ``None`` if there are too few digits to tell one person from another.
    """
    digits = re.sub(r"[^0-9]", "", telephone or "").lstrip("0")
    if len(digits) >= len("86") + SHORTEST_NUMBER:
        digits = digits.removeprefix("86")
    return digits.encode() if len(digits) >= SHORTEST_NUMBER else None


def mask(caller: Caller) -> Caller:
    """What somebody without a right may see: 陈**, 138****1234, an address without its end."""
    return Caller(
        name=caller.name and caller.name[0] + "*" * max(len(caller.name) - 1, 1),
        telephone=caller.telephone and _masked_telephone(caller.telephone),
        address=caller.address and caller.address[: min(6, len(caller.address) // 2)] + "***",
    )


async def read_identity(
    connection: WriteConnection, seal: Seal, caller_ref: str, *, who: str, purpose: str, at: datetime
) -> Caller | None:
    """The identity in the clear; the reading is written down in the same transaction, before anything is shown.

    ``None`` if it was erased or never kept.

    Raises:
        ValueError: no purpose is given.
    """
    if not purpose.strip() or not who.strip():
        raise ValueError("an identity is read by somebody and for a purpose")
    sealed = await _sealed(connection, caller_ref)
    if sealed is None:
        return None
    read = {"caller_ref": caller_ref, "who": who, "purpose": purpose, "at": at}
    await connection.execute(insert(identity_reads), read)
    return seal.unseal(sealed)


async def read_masked(connection: ReadConnection, seal: Seal, caller_ref: str) -> Caller | None:
    """The masked identity; it tells nobody who called, so it is not logged."""
    sealed = await _sealed(connection, caller_ref)
    return None if sealed is None else mask(seal.unseal(sealed))


async def without_caller_of(
    connection: ReadConnection, seal: Seal, caller_ref: str | None, *, place: str
) -> Callable[[str], str]:
    """How a text reads without what tells the caller of a matter at that place; nobody is shown who that is, so it is
    not logged.
    """
    sealed = None if caller_ref is None else await _sealed(connection, caller_ref)
    caller = Caller(None, None, None) if sealed is None else seal.unseal(sealed)
    return partial(
        without_caller,
        name=caller.name,
        telephone=caller.telephone,
        address=caller.address,
        place=place,
    )


async def erase(connection: WriteConnection, caller_ref: str, at: datetime) -> bool:
    """Forget a caller for ever; the reference stays and leads to nothing. False if there was nothing to forget."""
    gone = await connection.execute(
        update(identity)
        .where(identity.c.caller_ref == caller_ref, identity.c.erased_at.is_(None))
        .values(name=None, telephone=None, address=None, fingerprint=None, erased_at=at)
    )
    return gone.rowcount == 1


async def reads_of(connection: ReadConnection, caller_ref: str) -> Sequence[IdentityRead]:
    """Who read an identity, oldest first."""
    rows = await connection.execute(
        select(
            identity_reads.c.caller_ref, identity_reads.c.who, identity_reads.c.purpose, identity_reads.c.at
        )
        .where(identity_reads.c.caller_ref == caller_ref)
        .order_by(identity_reads.c.id)
    )
    return [IdentityRead(*row) for row in rows]


async def _sealed(connection: ReadConnection | WriteConnection, caller_ref: str) -> SealedCaller | None:
    row = (
        await connection.execute(
            select(identity).where(identity.c.caller_ref == caller_ref, identity.c.erased_at.is_(None))
        )
    ).one_or_none()
    if row is None:
        return None
    return SealedCaller(row.caller_ref, row.key_id, row.name, row.telephone, row.address)


def _derived(key: bytes, purpose: str) -> bytes:
    return HKDF(SHA256(), DERIVED_KEY_BYTES, salt=None, info=f"huying/{purpose}".encode()).derive(key)


def _ticket(key: bytes, subject: str) -> str:
    return base64.b32encode(hmac.digest(key, subject.encode(), "sha256")[:TICKET_BYTES]).decode()


def _fingerprint(key: bytes, number: bytes) -> bytes:
    return hmac.digest(key, number, "sha256")


def _context(ref: str, field: str, key_id: str) -> bytes:
    return f"{key_id}:{ref}:{field}".encode()


def _masked_telephone(telephone: str) -> str:
    shown = 3 if len(telephone) >= 11 else 0
    return telephone[:shown] + "****" + telephone[-4:] if len(telephone) >= 8 else "****"
