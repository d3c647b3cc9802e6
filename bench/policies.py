"""The policies that a measurement wants, published by the ordinary route: quiet ones, and ones soon due."""

from __future__ import annotations

from typing import Any

from bench.plan import Service
from bench.sides import Call, Product

URGENT, ROUTINE = Call("0301"), Call("0201")
"""A category of an urgent policy, and one of a normal one."""
_CODES = {URGENT.category: "P-ROAD-HAZARD", ROUTINE.category: "P-GARBAGE"}
_LONG = "30d"


class Policies:
    """Publishes versions of the two policies."""

    def __init__(self, service: Service) -> None:
        self._product = Product(service)
        self._models: dict[str, dict[str, Any]] = {}

    async def dispatch_within(self, limit: str = _LONG, *calls: Call) -> None:
        """Requests registered from now on are to be dispatched within the limit; nothing else falls due for a month."""
        for call in calls or (URGENT, ROUTINE):
            model = await self._model(call)
            await self._product.publish({**model, "dispatch": limit})

    async def _model(self, call: Call) -> dict[str, Any]:
        code = _CODES[call.category]
        if code not in self._models:
            policy = await self._product.policy(code)
            levels = dict.fromkeys(policy["dwell"], _LONG)
            limits = dict.fromkeys(
                ("sign", "first_contact", "review", "callback_within", "reminder_every"), _LONG
            )
            quiet = {**limits, "total": "120d", "clock": "natural", "dwell": levels, "start_level": "grid"}
            self._models[code] = {**policy, **quiet, "extension": None}
        return self._models[code]
