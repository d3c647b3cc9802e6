"""POST /v1/partners/{partner}/callbacks: what partners say of their cases, signed, kept, and delivered a moment later.

The door only writes: a partner is never kept waiting for the workflow engine, and sends again what got no 202.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Annotated, Any, Literal

import structlog
from fastapi import APIRouter, Header, Path, Request
from fastapi_problem.error import Problem
from pydantic import BaseModel, Field

from api.frame.doors import Doors, Neighbour, TheDoors
from api.frame.openapi import refusals
from api.frame.problems import of_refusal, problem
from api.partners.signatures import Signature, check_signature
from domain.partners import CaseMessage, Partner, Via
from domain.refusals import Refused
from integrations.port import Unreadable
from persistence.engine import writing
from persistence.partner_messages import keep_message

_log = structlog.stdlib.get_logger()

router = APIRouter(prefix="/v1/partners", tags=["partners"])

_LARGEST_TIMESTAMP = 10**11 - 1

EXAMPLE: dict[str, Any] = {
    "message_id": "zf-20261123-000017",
    "correlation_id": "20261123-0000042-p1",
    "sequence": 2,
    "sent_at": "2026-11-23T17:05:00+08:00",
    "schema_version": "1.0",
    "source": "enforcement",
    "type": "case_filed",
    "data": {
        "case_number": "穗天综执立字〔2026〕0815号",
        "filed_on": "2026-11-23",
        "procedure": "ordinary",
    },
}

_BODY = {
    "requestBody": {
        "required": True,
        "description": "one message of the partner, as its interface contract spells it",
        "content": {
            "application/json": {
                "schema": {"type": "object"},
                "examples": {"case_filed": {"summary": "a case was filed 立案", "value": EXAMPLE}},
            }
        },
    }
}


class Kept(BaseModel):
    """The message is kept and will reach its case. It is no result, and says nothing of what will be made of it."""

    acknowledgement: Literal["accepted"] = "accepted"
    message_id: str
    repeated: bool = Field(description="it came before; nothing was kept this time")


@router.post(
    "/{partner}/callbacks",
    status_code=202,
    operation_id="partner_callback",
    summary="A partner says something of a case 外部系统回调",
    openapi_extra=_BODY,
    responses=refusals(
        "signature_invalid",
        "signature_expired",
        "not_found",
        "invalid_input",
        "message_unreadable",
        "idempotency_conflict",
        "sequence_taken",
        "body_too_large",
        "internal_error",
        "database_unavailable",
    ),
)
async def receive_callback(
    doors: TheDoors,
    request: Request,
    partner: Annotated[str, Path(pattern=r"^[a-z]{1,40}$", examples=["enforcement"])],
    webhook_id: Annotated[
        str,
        Header(
            alias="webhook-id",
            pattern=r"^[\x21-\x7e]{1,128}$",
            description="the message's `message_id`, the same on every delivery; it is this door's idempotency key",
            examples=["zf-20261123-000017"],
        ),
    ],
    webhook_timestamp: Annotated[
        int,
        Header(
            alias="webhook-timestamp",
            ge=0,
            le=_LARGEST_TIMESTAMP,
            description="when this delivery was signed, in seconds since 1970; at most five minutes from now",
            examples=[1795424700],
        ),
    ],
    webhook_signature: Annotated[
        str,
        Header(
            alias="webhook-signature",
            min_length=1,
            max_length=2000,
            description="signatures of Standard Webhooks (`v1,<base64>`), parted by spaces, of which one must fit",
            examples=["v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4="],
        ),
    ],
) -> Kept:
    """Needs no API key: the signature is the proof. Anything but 202 means that nothing was kept; send it again, with a
    fresh signature, at growing intervals. Order does not matter, nor do repetitions.
    """
    neighbour = _neighbour(doors, partner)
    body = await request.body()
    signature = Signature(webhook_id, webhook_timestamp, webhook_signature)
    with _refusals_logged(partner, webhook_id):
        check_signature(signature, body, neighbour.secrets, doors.now())
        message = _read(neighbour, body)
        if message.id != webhook_id:
            raise problem(
                "message_unreadable",
                f"the body is message {message.id}",
                field="webhook-id",
                expected="the body's message_id",
            )
        async with writing(doors.database) as connection:
            is_new = await keep_message(connection, Partner(partner), message, Via.CALLBACK, doors.now())
    return Kept(message_id=message.id, repeated=not is_new)


@contextmanager
def _refusals_logged(partner: str, message: str) -> Generator[None]:
    """Around a delivery: why it was refused is logged, since the partner's people will ask."""
    try:
        yield
    except (Problem, Refused) as refusal:
        told: Any = of_refusal(refusal) if isinstance(refusal, Refused) else refusal
        code, field = told.extras["code"], told.extras.get("field", "")
        _log.warning(
            "callback_refused", partner=partner, message=message, code=code, field=field, reason=told.detail
        )
        raise


def _neighbour(doors: Doors, partner: str) -> Neighbour:
    found = doors.neighbours.get(Partner(partner)) if partner in set(Partner) else None
    if found is None:
        raise problem("not_found", "no such partner is connected")
    return found


def _read(neighbour: Neighbour, body: bytes) -> CaseMessage:
    try:
        return neighbour.gateway.message_in(body)
    except Unreadable as unreadable:
        raise problem(
            "message_unreadable",
            unreadable.reason,
            field=unreadable.field,
            expected="a message of the partner's interface contract",
        ) from unreadable
