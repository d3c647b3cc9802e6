"""Carrying errands from one request to another: each is given until it is answered, and counts once per key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from temporalio import activity

from activities.messages import ErrandDone
from domain.commands import Answer, Order
from domain.errands import Errand
from domain.refusals import Refused
from domain.units import SYSTEM

Give = Callable[[str, Order], Awaitable[Answer]]
"""Gives an order to a request; raises Refused, or whatever else means that it must be tried again."""

Promise = Callable[[Errand], Awaitable[None]]
"""Sees to it that an errand is carried at its instant."""

_LATER = "not_started"
"""The one refusal that is none: the other story has not begun yet."""


class Errands:
    """Carries errands by the given ways."""

    def __init__(self, give: Give, promise: Promise) -> None:
        self._give = give
        self._promise = promise

    @activity.defn(name="run_errand")
    async def run_errand(self, errand: Errand) -> ErrandDone:
        """Give the errand's act to its request, or have it given at its instant."""
        if errand.at is not None:
            await self._promise(errand)
            return ErrandDone()
        try:
            await self._give(errand.number, Order(errand.key, SYSTEM, errand.act))
        except Refused as refusal:
            if refusal.code == _LATER:
                raise
            return ErrandDone(refusal.code)
        return ErrandDone()
