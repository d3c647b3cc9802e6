"""Call-backs on their way: signed, sent in the order of each case, and sent again until they arrive."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby

import httpx2
from standardwebhooks.webhooks import Webhook

from integrations.simulators.office import Office
from integrations.simulators.storage import Posting

_LONGEST_PAUSE = timedelta(minutes=1)
_PREFIX = "whsec_"


def former_secret(secret: str) -> str:
    """The secret that a simulator had before its present one: what it signs with under ``signed_with: former``."""
    return _derived(secret, "former")


@dataclass
class Postbox:
    """Sends what lies in the outbox of an office to ``address``, signed with ``secret`` (Standard Webhooks)."""

    office: Office
    address: str
    secret: str
    client: httpx2.AsyncClient

    async def empty(self) -> None:
        """Send every copy that is due, the cases side by side, each in its own order."""
        due = sorted(self.office.storage.postings(_now()), key=_case)
        await asyncio.gather(*(self._send_all(list(copies)) for _case_id, copies in groupby(due, key=_case)))

    async def _send_all(self, postings: Iterable[Posting]) -> None:
        for posting in postings:
            await self._send(posting)

    async def _send(self, posting: Posting) -> None:
        now = _now()
        headers = {
            "content-type": "application/json",
            "webhook-id": posting.message,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(self._key()).sign(posting.message, now, posting.body),
        }
        try:
            response = await self.client.post(self.address, content=posting.body.encode(), headers=headers)
            answer, arrived = str(response.status_code), response.is_success
        except httpx2.HTTPError as error:
            answer, arrived = type(error).__name__, False
        if arrived:
            self.office.storage.delivered(posting.copy, _now(), answer)
        else:
            pause = min(_LONGEST_PAUSE, self.office.profile.retry_after * 2 ** min(posting.attempts, 16))
            self.office.storage.put_off(posting.copy, _now() + pause, answer)

    def _key(self) -> str:
        match self.office.profile.signed_with:
            case "current":
                return self.secret
            case "former":
                return former_secret(self.secret)
            case "foreign":
                return _derived(self.secret, "foreign")


def _case(posting: Posting) -> str:
    return str(json.loads(posting.body)["correlation_id"])


def _derived(secret: str, purpose: str) -> str:
    digest = hashlib.sha256(f"{purpose} {secret}".encode()).digest()
    return _PREFIX + base64.b64encode(digest).decode()


def _now() -> datetime:
    return datetime.now(UTC)
