"""What all partners have in common: the envelope round every message, the acknowledgement, the problem, the instants.

An acknowledgement says that a message was understood and kept, and is never a result. Instants are RFC 3339 with an
offset; a message without one is refused.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal, TypeVar, cast

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

SCHEMA_VERSION = "1.0"
"""Version of every body here. A partner may add fields under the same first number; we read past them."""

KEY_HEADER = "Idempotency-Key"
"""Header with the key of a call: the same on every retry. A partner acts once per key, and answers the same again."""


_WRITTEN_OUT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _written_out(value: object) -> object:
    if not isinstance(value, date) and not (isinstance(value, str) and _WRITTEN_OUT.match(value)):
        raise ValueError("must be written out as RFC 3339 says")
    return value


def _of_this_age(value: datetime) -> datetime:
    if not _EARLIEST <= value <= _LATEST:
        raise ValueError("must lie between the years 2000 and 2200")
    return value


_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
_as_text = BeforeValidator(_written_out)
Instant = Annotated[
    AwareDatetime,
    Field(strict=False, examples=["2026-11-24T09:30:00+08:00"]),
    _as_text,
    AfterValidator(_of_this_age),
]
Day = Annotated[date, Field(strict=False, examples=["2026-11-30"]), _as_text]
CorrelationId = Annotated[
    str,
    Field(
        pattern=r"^[0-9A-Za-z-]{1,64}$",
        description="the case as we name it: request number and case, the same in every message about it",
        examples=["20261123-0000042-p1"],
    ),
]
MessageId = Annotated[
    str,
    Field(
        pattern=r"^[\x21-\x7e]{1,128}$",
        description="unique for ever, and the same on every delivery of the message",
        examples=["zf-20261123-000017"],
    ),
]
Number = Annotated[str, Field(min_length=1, max_length=64)]
Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Text = Annotated[str, Field(min_length=1, max_length=4_000)]
Remark = Annotated[str, Field(max_length=4_000)]
T = TypeVar("T")
Listed = Annotated[tuple[T, ...], Field(strict=False)]
"""A list of the message, kept so that nobody changes it."""
Links = Annotated[
    Listed[Annotated[str, Field(min_length=1, max_length=500)]],
    Field(
        max_length=50, description="references, never the files; how one is opened is agreed on with the city"
    ),
]
Category = Annotated[
    str,
    Field(
        max_length=80, description="a leaf of the city's catalogue of matters, by its code", examples=["0201"]
    ),
]


def _parts(value: object) -> tuple[object, ...]:
    return cast("tuple[object, ...]", value) if isinstance(value, tuple) else (value,)


class Sent(BaseModel):
    """What we send. A field unknown to the contract is a fault of ours, and the partner may refuse it."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, json_schema_serialization_defaults_required=True
    )


class Heard(BaseModel):
    """What a partner sends. Fields that a later version adds are read past; nothing is turned into another kind.
    ``null`` counts as left out: many programs write so what they leave empty.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        fields = cast("dict[str, Any]", given)
        return {name: value for name, value in fields.items() if value is not None}

    @field_validator("*")
    @classmethod
    def _can_be_kept(cls, value: object) -> object:
        if any(isinstance(text, str) and "\0" in text for text in _parts(value)):
            raise ValueError("must not hold the character U+0000, which no database keeps")
        return value


class Order(Sent):
    """The envelope of what we ask for; each partner's orders add ``type`` and ``data``.

    ``sequence`` counts what we have said of the case: 1 hands it over, 2 takes it back, 3 confirms its result. What is
    never said leaves its number out. ``sent_at`` is when this delivery was sent and may differ on a retry.
    """

    message_id: MessageId
    correlation_id: CorrelationId
    sequence: Annotated[int, Field(ge=1, le=3)]
    sent_at: Instant
    schema_version: Literal["1.0"] = SCHEMA_VERSION
    source: Literal["huying"] = "huying"


class Message(Heard):
    """The envelope of what a partner tells us; each partner's messages add ``source``, ``type`` and ``data``.

    ``sequence`` counts the partner's messages about the case, from 1 on and without gaps, in the order in which things
    happened there. A correction is a new message with the next number, never an old one changed.
    """

    message_id: MessageId
    correlation_id: CorrelationId
    sequence: Annotated[int, Field(ge=1, le=1_000_000)]
    sent_at: Instant
    schema_version: Annotated[str, Field(pattern=r"^1\.[0-9]{1,3}$")] = SCHEMA_VERSION


class Accepted(Heard):
    """The order was understood and kept. ``number`` is the partner's own of the case, if it has one already."""

    acknowledgement: Literal["accepted"] = "accepted"
    message_id: MessageId
    number: Annotated[str, Field(max_length=64)] = ""


class Rejected(Heard):
    """The order was understood, and the answer is no. Nothing has happened; a person decides what follows.

    ``suggested_unit`` is who would be competent, where the partner knows.
    """

    acknowledgement: Literal["rejected"] = "rejected"
    message_id: MessageId
    code: Code
    reason: Text
    suggested_unit: Annotated[str, Field(max_length=200)] = ""


class Problem(Heard):
    """An error answer (RFC 9457, ``application/problem+json``): of the call itself, or a partner's no."""

    type: str = "about:blank"
    title: Annotated[str, Field(max_length=200)] = ""
    status: Annotated[int | None, Field(ge=400, le=599)] = None
    detail: Remark = ""
    code: Code
    suggested_unit: Annotated[str, Field(max_length=200)] = ""


class WithdrawalResult(Heard):
    """What became of taking a case back: it is gone, or it has gone too far and the partner goes on with it."""

    acknowledgement: Literal["accepted"] = "accepted"
    message_id: MessageId
    outcome: Literal["withdrawn", "irrevocable"]
    reason: Remark = ""


class CaseEntry(Heard):
    """One case in a partner's list. ``last_sequence`` and ``last_type`` are of its newest message; 0 and empty if
    it has sent none yet. ``ended``: the partner will say nothing more of its own accord.
    """

    correlation_id: CorrelationId
    number: Annotated[str, Field(max_length=64)] = ""
    last_sequence: Annotated[int, Field(ge=0, le=1_000_000)]
    last_type: Annotated[str, Field(max_length=64)] = ""
    ended: bool
    changed_at: Instant


class CasePage(Heard):
    """One page of the list of our cases. ``next_cursor`` is given back for the next page, and empty on the last one."""

    cases: Listed[CaseEntry]
    next_cursor: Annotated[str, Field(max_length=500)] = ""


class PlaceHeard(Heard):
    """Where something is, as the partner knows it: the finest division, by our code of it."""

    area: Annotated[str, Field(pattern=r"^[0-9A-Za-z]{2,15}$")]
    address: Annotated[str, Field(max_length=500)] = ""
    latitude: Annotated[float | None, Field(ge=-90, le=90, allow_inf_nan=False)] = None
    longitude: Annotated[float | None, Field(ge=-180, le=180, allow_inf_nan=False)] = None


class PlaceSent(Sent):
    """Where the matter is: the finest division known (code without trailing zeros), and what else is known of it."""

    area: Annotated[str, Field(min_length=2, max_length=15)]
    address: Annotated[str, Field(max_length=500)] = ""
    latitude: float | None = None
    longitude: float | None = None
