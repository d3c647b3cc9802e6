"""Whether a call-back is its partner's own: Standard Webhooks signatures over id, instant and body.

A partner changes its secret by announcing the new one first: every secret that is known counts.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from api.frame.problems import problem
from config.webhook_secrets import key_of

TOLERANCE = timedelta(minutes=5)
"""How far a partner's clock may be from ours, and how long a call-back can be played again."""

_SCHEME = b"v1,"
_CHALLENGE = {"WWW-Authenticate": "Signature"}


@dataclass(frozen=True, slots=True)
class Signature:
    """The three headers of a signed call-back: its id, when it was signed (seconds since 1970), and the signatures,
    parted by spaces.
    """

    webhook_id: str
    timestamp: int
    signatures: str


def check_signature(given: Signature, body: bytes, secrets: Iterable[str], now: datetime) -> None:
    """Let a call-back pass that was signed with one of the secrets within the tolerance.

    Raises:
        Problem: ``signature_invalid``, or ``signature_expired`` where it is the partner's, of another time.
    """
    signed_at = datetime.fromtimestamp(given.timestamp, UTC)
    if not any(_signed_with(secret, given, body) for secret in secrets):
        raise problem(
            "signature_invalid",
            "no secret that we know makes this signature",
            field="webhook-signature",
            expected="v1 of Standard Webhooks over `<webhook-id>.<webhook-timestamp>.<body>`",
            headers=_CHALLENGE,
        )
    if abs(now - signed_at) > TOLERANCE:
        raise problem(
            "signature_expired",
            f"it was signed at {signed_at.isoformat()}, and here it is {now.isoformat(timespec='seconds')}",
            field="webhook-timestamp",
            expected="a fresh signature for every delivery, and a clock that is right",
            headers=_CHALLENGE,
        )


def _signed_with(secret: str, given: Signature, body: bytes) -> bool:
    # Over bytes, whatever they mean: a body in another encoding is its partner's own, and told so when it is read.
    signed = f"{given.webhook_id}.{given.timestamp}.".encode() + body
    expected = _SCHEME + base64.b64encode(hmac.digest(key_of(secret), signed, "sha256"))
    return any(hmac.compare_digest(each.encode(), expected) for each in given.signatures.split(" "))
