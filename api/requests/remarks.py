"""Doors for words on a request: comments, instructions, attachments, reports on the way, confidentiality, and the
taking back of a card.
"""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import Field

from api.frame.doors import Doors
from api.frame.fields import Incoming, Sentence
from api.requests.bodies import ReasonBody
from api.requests.commands import Door, add_door, plain
from api.requests.handing import LegId
from domain import commands as asked
from domain.attachments import LARGEST_BYTES, LONGEST_NAME, LONGEST_URI, MEDIA_TYPES, Attachment
from domain.commands import Act
from domain.request import Card, Visibility

router = APIRouter(prefix="/v1", tags=["commands"])


class TextBody(Incoming):
    """What is said."""

    text: Sentence


class AcknowledgeBody(Incoming):
    """The instruction that was read."""

    instruction: Annotated[str, Field(pattern=r"^i[1-9][0-9]{0,5}$", examples=["i1"])]


class AttachBody(Incoming):
    """Where the file lies, and how it is known again. The file itself never comes through here."""

    name: Annotated[str, Field(min_length=1, max_length=LONGEST_NAME, pattern=r"^[^\x00-\x1f]+$")]
    media_type: Annotated[str, Field(max_length=100, json_schema_extra={"enum": [*sorted(MEDIA_TYPES)]})]
    size: Annotated[int, Field(ge=1, le=10**12, description=f"in bytes, at most {LARGEST_BYTES}")]
    sha256: Annotated[str, Field(max_length=100, description="SHA-256 of the file, 64 lower-case hex digits")]
    uri: Annotated[str, Field(max_length=LONGEST_URI, description="an https or s3 address")]


class MarkConfidentialBody(ReasonBody):
    """Who may still see the request, and why nobody else."""

    visibility: Literal["lead_only", "sealed"]


class CancelCardBody(ReasonBody):
    """The leg, the colour of its card, and why the card is taken back."""

    leg: LegId
    card: Annotated[Card, Field(strict=False)]


async def _attach(_doors: Doors, _number: str, body: AttachBody) -> Act:
    return asked.Attach(Attachment(body.name, body.media_type, body.size, body.sha256, body.uri))


async def _mark_confidential(_doors: Doors, _number: str, body: MarkConfidentialBody) -> Act:
    return asked.MarkConfidential(Visibility(body.visibility), body.reason)


DOORS = (
    Door(asked.Comment, TextBody, plain(asked.Comment), {"text": "诉求人补充：夜间更严重"}),
    Door(asked.Instruct, TextBody, plain(asked.Instruct), {"text": "请街道今日内到场核实"}),
    Door(asked.Acknowledge, AcknowledgeBody, plain(asked.Acknowledge), {"instruction": "i1"}),
    Door(
        asked.Attach,
        AttachBody,
        _attach,
        {
            "name": "现场照片.jpg",
            "media_type": "image/jpeg",
            "size": 812345,
            "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "uri": "https://files.example.gov.cn/2026/11/0001.jpg",
        },
    ),
    Door(asked.ReportInterim, TextBody, plain(asked.ReportInterim), {"text": "材料已订购，预计下周三施工"}),
    Door(
        asked.MarkConfidential,
        MarkConfidentialBody,
        _mark_confidential,
        {"visibility": "sealed", "reason": "涉及举报人安全"},
    ),
    Door(
        asked.CancelCard,
        CancelCardBody,
        plain(asked.CancelCard),
        {"leg": "1", "card": "yellow_card", "reason": "经复核，逾期因不可抗力"},
    ),
)

for _door in DOORS:
    add_door(router, _door)
