"""The types of what comes in: bounded, in UTF-8, and without characters that the database cannot keep."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Header, Path
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from domain.texts import TEXT_LIMIT

NUMBER_FORM = r"^[0-9]{8}-[0-9]{5,12}$"
LEG_FORM = r"^[0-9]{8}-[0-9]{5,12}\.[1-9][0-9]{0,3}$"
CODE_FORM = r"^[0-9A-Za-z][0-9A-Za-z_-]{0,79}$"
QUERY_CODE_FORM = r"^[0-9A-Za-z]{6,40}$"
KEY_FORM = r"^[\x21-\x7e]{1,128}$"
_FIRST, _LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2300, 1, 1, tzinfo=UTC)


def without_nul(text: str) -> str:
    """The text, if PostgreSQL can keep it."""
    if "\x00" in text:
        raise ValueError("contains the character U+0000")
    return text


def _within_the_calendar(instant: datetime) -> datetime:
    if not _FIRST <= instant < _LAST:
        raise ValueError("lies outside the years 1970 to 2299")
    return instant.astimezone(UTC)


_NUL = AfterValidator(without_nul)

Sentence = Annotated[str, Field(min_length=1, max_length=TEXT_LIMIT), _NUL]
"""A text that must say something."""
Remark = Annotated[str, Field(max_length=TEXT_LIMIT), _NUL]
"""A text that may be empty."""
Word = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[0-9A-Za-z_:.-]+$")]
"""A code of a closed list, checked by the rules."""
Name = Annotated[str, Field(min_length=1, max_length=200), _NUL]
UnitCode = Annotated[
    str, Field(pattern=CODE_FORM, description="code of a unit", examples=["440106012-town_office"])
]
AreaCode = Annotated[
    str, Field(pattern=r"^[0-9A-Za-z]{1,40}$", description="code of a division, without trailing zeros")
]
RequestNumber = Annotated[
    str, Field(pattern=NUMBER_FORM, description="number of a request", examples=["20261123-0000042"])
]
Instant = Annotated[AwareDatetime, AfterValidator(_within_the_calendar)]
"""RFC 3339 with a zone, from 1970 to 2299."""

NumberPath = Annotated[
    str,
    Path(pattern=NUMBER_FORM, description="number of a request", examples=["20261123-0000042"]),
]
LegPath = Annotated[
    str,
    Path(
        pattern=LEG_FORM, description="public id of a leg, `<number>.<leg>`", examples=["20261123-0000042.1"]
    ),
]
QueryCodePath = Annotated[
    str, Path(pattern=QUERY_CODE_FORM, description="the caller's query code", examples=["7K3M9PQ2XW"])
]
IdempotencyKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        pattern=KEY_FORM,
        description="chosen by the sender, new for every intention; the same key gets the first answer again",
        examples=["5f0c2a4e-desk-3"],
    ),
]
IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        pattern=r'^(\*|(W/)?"[0-9]{1,9}"|[0-9]{1,9})$',
        description="the ETag that the sender has seen; refused with 412 if the request has moved on",
        examples=['"7"'],
    ),
]


class Incoming(BaseModel):
    """A body: no field unknown to it is let through, and no value is turned into another kind."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def seen_event(if_match: str | None) -> int | None:
    """The event number in an ``If-Match`` header; ``None`` if the sender does not mind which."""
    digits = (if_match or "").removeprefix("W/").strip('"')
    return int(digits) if digits.isdecimal() else None


def etag(seq: int) -> str:
    """The ETag of a request at an event number."""
    return f'"{seq}"'
