"""What all tables are made of: the one metadata, the types of columns, the CHECK of a closed list."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from sqlalchemy import CheckConstraint, DateTime, Double, MetaData, Text, text
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.types import TypeEngine, UserDefinedType

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class TransactionId(UserDefinedType[int]):
    """PostgreSQL's ``xid8``: a transaction's number, which never wraps around."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """The type's name in PostgreSQL."""
        return "xid8"


# Lets Alembic recognize the type when it compares the tables with a real database.
cast("dict[str, type[TypeEngine[Any]]]", ischema_names)["xid8"] = TransactionId

Code = Text(collation="C")
Instant = DateTime(timezone=True)
Degrees: TypeEngine[float] = Double()
Hours: TypeEngine[float] = Double()

OPEN = text("ended_at IS NULL")
"""The rows that boards, inboxes and the auditor look at: about one in sixty of a city's requests."""


def one_of(column: str, words: Iterable[str]) -> CheckConstraint:
    """A closed list: a column that holds one of the words, or nothing."""
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=column)
