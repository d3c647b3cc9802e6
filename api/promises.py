"""The policies that new requests are accepted under, remembered for a moment: every call asks for one."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from cities.pack import CityPack
from domain.policy import Policy
from persistence import policies
from persistence.engine import reading

REMEMBERED_SECONDS = 1.0
"""A version published by another process holds here after so long at most."""


class PoliciesInForce:
    """The active version of each policy; the city pack's own where none was published."""

    def __init__(self, database: AsyncEngine, pack: CityPack) -> None:
        self._database = database
        self._pack = pack
        self._known: dict[str, Policy] = {}
        self._good_until = 0.0

    async def of(self, code: str, now: Callable[[], datetime]) -> Policy:
        """The policy of that code, which is one of the pack's."""
        if time.monotonic() >= self._good_until:
            async with reading(self._database) as connection:
                published = await policies.all_active(connection, now())
            self._known = {**self._pack.policies, **{each.policy.code: each.policy for each in published}}
            self._good_until = time.monotonic() + REMEMBERED_SECONDS
        return self._known[code]

    def forget(self) -> None:
        """Look again at the next call."""
        self._good_until = 0.0
