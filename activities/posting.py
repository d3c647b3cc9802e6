"""Handing a leg to its unit: first tell the unit, then wait for its answer. Two activities on purpose.

A crash inside one activity with a limit of years would not be retried for years; telling is short and retried,
waiting does nothing at all.
"""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from activities.messages import LegAnswer, Posting
from persistence.engine import each_by_itself
from persistence.inbox import announce_leg


class LegPosting:
    """Announces legs in the units' inboxes on the platform itself."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @activity.defn(name="post_leg")
    async def post_leg(self, posting: Posting) -> None:
        """Put the arrival of a leg into its unit's inbox, once per key."""
        async with each_by_itself(self._engine) as connection:
            await announce_leg(
                connection, key=posting.key, number=posting.number, leg=posting.leg, unit=posting.unit
            )

    @activity.defn(name="await_leg")
    async def await_leg(self) -> LegAnswer:
        """Wait until a department completes this activity by its id, with a :class:`LegAnswer`."""
        activity.raise_complete_async()
