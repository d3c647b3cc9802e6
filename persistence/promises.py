"""What new requests are promised: the policies in force and the surges that hold, remembered for a moment, since every
call asks for them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncEngine

from cities.pack import CityPack
from domain.limits.policy import Policy
from domain.limits.surges import Surge, promised_policy
from domain.request import Matter, PolicySnapshot
from domain.responsibility.routing import Place
from persistence import policies
from persistence.duties import DutiesInForce
from persistence.engine import reading
from persistence.policies import PublishedPolicy
from persistence.surges import surges_after

REMEMBERED_SECONDS = 1.0
"""A version published, or a surge begun or ended, by another process holds here after so long at most. What begins by
itself at an instant that is known holds from that very instant.
"""


class PoliciesInForce:
    """The active version of each policy, the city pack's own where none was published; and the surges."""

    def __init__(self, database: AsyncEngine, pack: CityPack) -> None:
        self._database = database
        self._of_pack = pack.every_policy
        self._published: Sequence[PublishedPolicy] = ()
        self._surges: Sequence[Surge] = ()
        self._good_until = 0.0

    async def of(self, code: str, now: Callable[[], datetime], area: str | None = None) -> Policy:
        """The version of that policy, one of the pack's; at a place, of the one promised there in a surge."""
        await self._look(now)
        at = now()
        promised = code if area is None else promised_policy(code, area, at, self._surges)
        begun = (each.policy for each in self._published if each.active_from <= at)
        return next((policy for policy in begun if policy.code == promised), self._of_pack[promised])

    def forget(self) -> None:
        """Look again at the next call."""
        self._good_until = 0.0

    async def _look(self, now: Callable[[], datetime]) -> None:
        if time.monotonic() < self._good_until:
            return
        # Counted from before the look: what another process commits meanwhile is not seen any later for it.
        good_until = time.monotonic() + REMEMBERED_SECONDS
        async with reading(self._database) as connection:
            self._published = await policies.active_or_coming(connection, now())
            self._surges = await surges_after(connection, now())
        self._good_until = good_until


async def matter_and_promise(
    pack: CityPack,
    in_force: PoliciesInForce,
    duties: DutiesInForce,
    category: str,
    place: Place,
    now: Callable[[], datetime],
) -> tuple[Matter, PolicySnapshot]:
    """What a request is about, and what it is promised: the policy in force there and now, the ladder by duty list.

    Raises:
        Refused: ``unknown_category``, ``unknown_place``, ``no_responsible_unit`` or ``duty_list_gap``.
    """
    known = pack.category(category)
    policy = await in_force.of(known.policy, now, place.area)
    today = now().astimezone(ZoneInfo(pack.city.zone)).date()
    ladder = pack.ladder(known.code, place, policy, today, await duties.index())
    return Matter(known.code, known.group, place), PolicySnapshot(policy, ladder)
