"""Attachments: references to photographs, recordings and documents, never the files themselves.

A reference ties the stored file to the request by its SHA-256, so that an exchanged file is noticed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from domain.refusals import Refused
from domain.texts import required_text

MEDIA_TYPES = frozenset(
    {
        "application/pdf",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "audio/mp4",
        "audio/mpeg",
        "audio/wav",
        "image/heic",
        "image/jpeg",
        "image/png",
        "image/webp",
        "text/plain",
        "video/mp4",
        "video/quicktime",
    }
)
"""What desks and telephones produce, and every office can open; nothing that runs."""

LARGEST_BYTES = 50 * 1024 * 1024
"""A minute of a telephone's video; longer ones are cut."""

MOST_ATTACHMENTS = 100
"""They are carried with the request's state, which must stay small."""

LONGEST_NAME = 200
LONGEST_URI = 1000

_SHA256 = re.compile(r"[0-9a-f]{64}")
# What runs in a browser (javascript:, data:) or reads the reader's own disk (file:) is no place of a file; an address
# must name a host, carry nobody's password, and break out of no quotation.
_PLACE = re.compile(
    r"(https|s3)://[A-Za-z0-9][A-Za-z0-9._-]*(:[0-9]{1,5})?(/[^\s\x00-\x20\x7f\"'<>\\\\^`{|}]*)?"
)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file kept elsewhere: its name, its media type, its size in bytes, its SHA-256 in hex, and where it lies."""

    name: str
    media_type: str
    size: int
    sha256: str
    uri: str


def checked(given: Attachment) -> Attachment:
    """The attachment, if it may be referred to.

    Raises:
        Refused: ``text_missing``, ``text_too_long``, ``unknown_media_type``, ``attachment_too_large``,
            ``not_a_checksum`` or ``not_a_place``.
    """
    name = required_text(given.name, "name")
    if len(name) > LONGEST_NAME:
        raise Refused("text_too_long", "name", f"name has {len(name)} characters", f"at most {LONGEST_NAME}")
    if given.media_type not in MEDIA_TYPES:
        raise Refused(
            "unknown_media_type",
            "media_type",
            f"{given.media_type} cannot be attached",
            ", ".join(sorted(MEDIA_TYPES)),
        )
    if not 1 <= given.size <= LARGEST_BYTES:
        raise Refused(
            "attachment_too_large", "size", f"the file has {given.size} bytes", f"1 to {LARGEST_BYTES} bytes"
        )
    if not _SHA256.fullmatch(given.sha256):
        raise Refused(
            "not_a_checksum", "sha256", f"{given.sha256[:64]!r} is no SHA-256", "64 lower-case hex digits"
        )
    if len(given.uri) > LONGEST_URI or not _PLACE.fullmatch(given.uri):
        raise Refused(
            "not_a_place",
            "uri",
            "the file cannot be fetched from there",
            f"https:// or s3://, at most {LONGEST_URI} characters",
        )
    return Attachment(name, given.media_type, given.size, given.sha256, given.uri)
