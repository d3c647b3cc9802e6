"""Whether a call-back is its partner's own: Standard Webhooks signatures over id, instant and body.

A partner changes its secret by announcing the new one first: every secret that is known counts.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from standardwebhooks import Webhook

from api.problems import problem

TOLERANCE = timedelta(minutes=5)
"""How far a partner's clock may be from ours, and how long a call-back can be played again."""

_SCHEME = "v1,"
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
    if not any(_signed_with(secret, given, signed_at, body) for secret in secrets):
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


def _signed_with(secret: str, given: Signature, signed_at: datetime, body: bytes) -> bool:
    # Bytes that are no UTF-8 are no JSON either: replaced, they have nobody's signature.
    expected = Webhook(secret).sign(given.webhook_id, signed_at, body.decode("utf-8", "replace")).encode()
    return any(
        hmac.compare_digest(each.encode(), expected)
        for each in given.signatures.split(" ")
        if each.startswith(_SCHEME)
    )
