"""The stored answers: the same key gets the first answer, also after closure and over every restart."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, select

from domain.commands import Answer
from persistence import forms
from persistence.engine import ReadConnection, WriteConnection
from persistence.tables import answers


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """What a command was answered with, and the digest of the body its key came with."""

    number: str
    digest: str
    answer: Answer


async def find_answer(connection: ReadConnection | WriteConnection, key: str) -> StoredAnswer | None:
    """The answer stored under a command's key."""
    row = (await connection.execute(_BY_KEY, {"key": key})).one_or_none()
    if row is None:
        return None
    return StoredAnswer(row.number, row.digest, forms.answers.validate_python(row.answer))


# Built once: on this path, building a statement costs more than running it.
_BY_KEY = select(answers).where(answers.c.key == bindparam("key"))
