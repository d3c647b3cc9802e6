"""Keyset pages: a page ends with a cursor that names its last row, and the next one begins after it.

Pages stay right while rows come and go, and the thousandth costs as much as the first.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, DateTime, Integer, Select, cast, literal, tuple_

from domain.refusals import Refused

T = TypeVar("T")

LARGEST_PAGE = 200
_LONGEST_NUMBER = 18


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some items in order, and the cursor of the page after them (``None``: these were the last)."""

    items: Sequence[T]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Order:
    """An order of rows by columns of which no value is NULL and which together are unique."""

    name: str
    columns: tuple[ColumnElement[Any], ...]
    descending: bool = False

    def page(self, query: Select[Any], cursor: str | None, limit: int) -> Select[Any]:
        """The query's rows after the cursor, one more than ``limit``, which tells whether a page follows.

        Raises:
            Refused: ``bad_cursor``, the cursor was not made by this order.
        """
        if cursor is not None:
            last = self._read(cursor)
            typed = [
                cast(literal(value), column.type) for value, column in zip(last, self.columns, strict=True)
            ]
            here = tuple_(*self.columns)
            query = query.where(here < tuple_(*typed) if self.descending else here > tuple_(*typed))
        ordered = [column.desc() if self.descending else column.asc() for column in self.columns]
        return query.order_by(*ordered).limit(limited(limit) + 1)

    def cursor(self, *values: str) -> str:
        """The cursor of the row that has these values, as text, in the order's columns."""
        return base64.urlsafe_b64encode(json.dumps([self.name, *values]).encode()).decode().rstrip("=")

    def _read(self, cursor: str) -> list[str]:
        try:
            parts = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        except (binascii.Error, ValueError):
            raise _bad_cursor() from None
        match parts:
            case [self.name, *values] if len(values) == len(self.columns) and all(
                map(_fits, values, self.columns)
            ):
                return values
            case _:
                raise _bad_cursor()


def _fits(value: object, column: ColumnElement[Any]) -> bool:
    """Whether PostgreSQL will read the text as a value of the column; cursors come from outside."""
    if not isinstance(value, str) or "\0" in value:
        return False
    if isinstance(column.type, Integer):
        return value.isascii() and value.isdigit() and len(value) <= _LONGEST_NUMBER
    if isinstance(column.type, DateTime) and value != "infinity":
        try:
            return datetime.fromisoformat(value).tzinfo is not None
        except ValueError:
            return False
    return True


def limited(limit: int) -> int:
    """A page size within what is allowed."""
    return max(1, min(limit, LARGEST_PAGE))


def _bad_cursor() -> Refused:
    return Refused(
        "bad_cursor", "cursor", "this cursor belongs to no such list", "the cursor of the page before"
    )
