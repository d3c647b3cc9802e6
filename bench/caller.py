"""``python -m bench.caller``: one process of callers, of the product or of the bare workflow.

The first line it reads says which side and where; each later line is a job, answered with what came of it.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
import time
from datetime import UTC, datetime
from typing import Any, Protocol

from temporalio.client import Client

from bench.bell import Bell
from bench.jobs import Told, as_many, closed_loop, open_loop
from bench.pipes import Pipe
from bench.plan import Engine, Service
from bench.policies import ROUTINE, URGENT, Policies
from bench.sides import Bare, Desk, Product, Side, bare_client

_CALLING_SHARE = 0.85
"""Of each second in which calls are made for a burst; what is under way then still arrives within it."""


class Callers(Protocol):
    """Who does jobs for one side."""

    async def do(self, job: str, callers: int, **how: Any) -> Told:
        """Do one job."""
        ...


class ProductCallers:
    """Callers of the API, each over a connection of its own."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._desks: list[Desk] = []

    async def do(self, job: str, callers: int, **how: Any) -> Told:
        """`lifecycles`, `urges`, `intake`, `begin`, `begin_for` one second; `lay_out` requests and `hand_over` them."""
        sides = [Product(self._service) for _ in range(callers)]
        match job:
            case "intake":
                return await open_loop(sides, lambda side: side.begun(), **how)
            case "begin_for":
                return await self._begin_for(callers, **how)
            case "lay_out":
                return await as_many(sides, self._lay_out, **how)
            case "hand_over":
                return await self._hand_over(sides, **how)
            case _:
                return await _on_any(sides, job, **how)

    async def _lay_out(self, side: Product) -> None:
        self._desks.append(await side.at_its_desk())

    async def _hand_over(self, sides: list[Product], handovers: list[dict[str, Any]]) -> Told:
        """Hand over everything that was laid out, to the partners by turns; results are numbers and Unix instants."""
        desks, self._desks = self._desks, []
        pairs = zip(desks, itertools.cycle(handovers), strict=False)

        async def hand_over(side: Product) -> str:
            desk, handover = next(pairs)
            given_at = time.time()
            return f"{await side.hand_over(desk, handover)} {given_at}"

        return await as_many(sides, hand_over, count=len(desks))

    async def _begin_for(self, callers: int, due_at: float, count: int) -> Told:
        """Register requests, urgent and routine by turns, whose dispatch limits all pass within one second.

        Limits are whole seconds from the call, so a new version with a shorter one is published each second.
        """
        sides = [Product(self._service, (URGENT, ROUTINE)[place % 2]) for place in range(callers)]
        policies, told = Policies(self._service), Told()
        while told.finished + told.errors < count and time.time() < due_at - 2:
            second = int(time.time())
            await policies.dispatch_within(f"{int(due_at) - second}s")
            until = second + _CALLING_SHARE
            left = count - told.finished - told.errors
            told.add(await as_many(sides, lambda side: side.begun(), count=left, until=until))
            await asyncio.sleep(max(0.0, second + 1 - time.time()))
        return told


class BareCallers:
    """Callers of the bare workflow, over one client."""

    def __init__(self, client: Client, engine: Engine, bell: Bell) -> None:
        self._client, self._engine, self._bell = client, engine, bell

    async def do(self, job: str, callers: int, **how: Any) -> Told:
        """`lifecycles`, `urges`, `begin`, or `begin_due` over so many seconds."""
        sides = [Bare(self._client, self._engine, self._bell) for _ in range(callers)]
        return await (self._begin_due(sides, **how) if job == "begin_due" else _on_any(sides, job, **how))

    async def _begin_due(self, sides: list[Bare], due_at: float, spread: float, count: int) -> Told:
        instants = iter(
            [datetime.fromtimestamp(due_at + spread * place / count, UTC) for place in range(count)]
        )
        return await as_many(sides, lambda side: side.begun_due_at(next(instants)), count=count)


async def _on_any(sides: list[Any], job: str, **how: Any) -> Told:
    told_by: list[Side] = sides
    match job:
        case "lifecycles":
            return await closed_loop(told_by, lambda side: side.lifecycle(), **how)
        case "urges":
            opened = {id(side): await side.opened() for side in told_by}
            return await closed_loop(told_by, lambda side: side.urge(opened[id(side)]), **how)
        case "begin":
            return await as_many(told_by, lambda side: side.begun(), **how)
        case _:
            raise ValueError(job)


async def main() -> None:
    """Work until the pipe is closed."""
    pipe = await Pipe.of_this_process()
    callers = await _callers(await pipe.read())
    pipe.write({"ready": True})
    while order := await pipe.read():
        pipe.write((await callers.do(**order)).as_message())


async def _callers(first: dict[str, Any]) -> Callers:
    if "service" in first:
        return ProductCallers(Service(**first["service"]))
    engine = Engine(**first["engine"])
    return BareCallers(await bare_client(engine), engine, await Bell.listening())


if __name__ == "__main__":
    asyncio.run(main())
    sys.stdout.flush()
    # The SDK's threads may abort the interpreter while it finalizes; all work is done here.
    os._exit(0)
