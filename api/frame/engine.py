"""The way to the running stories for a process that may be started before the workflow engine."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from activities.messages import LegAnswer
from domain.commands import Answer, Order
from domain.request import Intake
from workflows.client import EngineUnavailable, RequestClient

_NOT_CONNECTED = "Failed client connect"


class LazyStories:
    """A :class:`workflows.client.RequestClient` on a lazy connection: an engine that was never there is only away."""

    def __init__(self, client: RequestClient) -> None:
        self._client = client

    async def command(self, number: str, order: Order) -> Answer:
        """See :meth:`workflows.client.RequestClient.command`."""
        with _away_if_not_connected():
            return await self._client.command(number, order)

    async def resume(self, intake: Intake, order: Order) -> Answer:
        """See :meth:`workflows.client.RequestClient.resume`."""
        with _away_if_not_connected():
            return await self._client.resume(intake, order)

    async def complete_leg(self, number: str, leg: str, awaits: int, answer: LegAnswer) -> None:
        """See :meth:`workflows.client.RequestClient.complete_leg`."""
        with _away_if_not_connected():
            await self._client.complete_leg(number, leg, awaits, answer)

    async def is_reachable(self) -> bool:
        """Whether the engine answers at all."""
        return await self._client.is_reachable()


@contextmanager
def _away_if_not_connected() -> Generator[None]:
    try:
        yield
    except RuntimeError as error:
        # The SDK tells a lazy connection's failure with no better class than this.
        if not str(error).startswith(_NOT_CONNECTED):
            raise
        raise EngineUnavailable(str(error)) from error
