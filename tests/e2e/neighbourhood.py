"""A stack in a hurry with its three simulated neighbours, and people who hand matters over to them."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx2
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from domain.partners import Partner
from integrations.simulators.postbox import former_secret
from persistence.engine import reading
from stack.embedded import EmbeddedStack, StackPlan
from stack.servers.ports import free_port, free_row
from stack.servers.processes import Program
from tests.e2e.hasty_worker import UNHEARD
from tests.e2e.knocking import SLOW, Knocker
from tests.e2e.neighbour import AT_ONCE, SERVED, Neighbour, handover_to
from tests.e2e.soundness import until

PROJECT = Path(__file__).parents[2]
TIMEOUT_SECONDS = 1.0
"""How long a partner's answer is waited for."""
CALLS_AT_ONCE = 3
"""How many calls to one partner are under way at once."""
PATIENCE_SECONDS = 40.0
"""After which everything must have come about."""
CONTINUE_AFTER = 40
"""History events after which requests and cases go on in a new run: so few that all of them do while things fail."""
BULK_ORDERS_PER_SECOND = 8
"""Slow enough to meet a bulk job in its middle."""


class HastyStack(EmbeddedStack):
    """The embedded stack with worker and API in a hurry; the secret that a partner had before still counts."""

    @property
    def unheard(self) -> Path:
        """The folder where it is planned which answers of partners are never heard."""
        return self.data_dir.path / "unheard"

    def _python(self, module: str) -> Program:
        command = [sys.executable, "-P", "-m", f"tests.e2e.hasty_{module}"]
        return replace(super()._python(module), command=command)

    def _environment(self) -> dict[str, str]:
        assert self.simulators is not None
        self.unheard.mkdir(exist_ok=True)
        connections = json.loads(self.simulators.connections)
        for connection in connections.values():
            connection["callback_secrets"].append(former_secret(connection["callback_secrets"][0]))
            connection |= {
                "timeout_seconds": TIMEOUT_SECONDS,
                "calls_at_once": CALLS_AT_ONCE,
                "calls_per_second": 50,
            }
        ours = {"PYTHONPATH": str(PROJECT), UNHEARD: str(self.unheard)}
        return {**super()._environment(), **ours, "HUYING_PARTNERS": json.dumps(connections)}


def hasty_plan(folder: Path) -> StackPlan:
    """A plan for a stack in a hurry."""
    return StackPlan(
        data_dir=folder,
        api_port=free_port(),
        temporal_port=free_port(),
        temporal_ui_port=free_port(),
        worker_metrics_port=free_port(),
        core_metrics_port=free_port(),
        partners_port=free_row(len(Partner)),
        partner_profile=AT_ONCE,
        settings={
            "continue_as_new_after": str(CONTINUE_AFTER),
            "bulk_orders_per_second": str(BULK_ORDERS_PER_SECOND),
        },
    )


@dataclass(frozen=True)
class CaseAt:
    """A case of a request with a partner."""

    id: str
    number: str
    partner: Partner
    waits: bool = True


@dataclass(frozen=True)
class Town:
    """The service, its neighbours, and people who hand matters over."""

    stack: HastyStack
    knocker: Knocker
    database: AsyncEngine
    engine: Client
    neighbours: Mapping[Partner, Neighbour]
    units: dict[str, str] = field(default_factory=dict[str, str])
    """Who signed for each request."""

    @classmethod
    @asynccontextmanager
    async def at(cls, stack: HastyStack, database: AsyncEngine) -> AsyncGenerator[Town]:
        """The town of a running stack, when its catalogue of affairs has been read."""
        neighbours = {partner: Neighbour.of(stack, partner) for partner in Partner}
        async with Knocker.at(stack) as knocker:
            await knocker.publish()
            town = cls(stack, knocker, database, await stack.temporal.client(), neighbours)
            await town.until(town._knows_items, "the catalogue was not read")
            yield town

    async def behave(self, profile: str, *partners: Partner, **changes: Any) -> None:
        """These partners (all, if none is named) behave like this from now on."""
        for partner in partners or tuple(Partner):
            await self.neighbours[partner].behave(profile, **changes)

    async def in_hand(self, count: int) -> list[str]:
        """So many requests that their units have signed for."""
        numbers = list(await asyncio.gather(*(self.knocker.register(SLOW) for _ in range(count))))
        await until(self.database, numbers, "accepted")
        await asyncio.gather(*map(self._signed, numbers))
        return numbers

    async def open(self, number: str, partner: Partner, *, handover: Any = None, **terms: Any) -> CaseAt:
        """The unit hands its matter over to a partner, for the first time."""
        body = {"handover": handover or handover_to(partner), **terms}
        await self.knocker.command(number, "open-case", body, unit=self.units[number])
        return CaseAt(f"{number}-p1", number, partner, terms.get("waits", True))

    async def opened(self, *partners: Partner, each: int = 1, **terms: Any) -> list[CaseAt]:
        """Cases of new requests, so many with each of these partners (all, if none is named), all at once."""
        wanted = [partner for partner in partners or tuple(Partner) for _ in range(each)]
        return await self.hand_over(await self.in_hand(len(wanted)), *wanted, **terms)

    async def hand_over(self, numbers: Iterable[str], *partners: Partner, **terms: Any) -> list[CaseAt]:
        """Each of these requests' matters to its partner, all at once."""
        opening = (self.open(number, each, **terms) for number, each in zip(numbers, partners, strict=True))
        return list(await asyncio.gather(*opening))

    async def take_back(self, case: CaseAt) -> None:
        """A dispatcher asks the partner to give a case back."""
        body = {"case": case.id, "reason": "经核实由本单位自行处置"}
        await self.knocker.command(case.number, "withdraw-case", body)

    async def shown(self, number: str) -> dict[str, Any]:
        """A request as the operator is shown it."""
        return await self.knocker.get(f"/v1/requests/{number}")

    async def standing(self, case: CaseAt) -> dict[str, Any]:
        """A case as its request shows it."""
        cases = (await self.shown(case.number))["cases"]
        return next(each for each in cases if each["case"] == case.id)

    async def statuses(self, cases: Iterable[CaseAt]) -> list[str]:
        """How each case stands, as its request was told."""
        asked = list(cases)
        async with reading(self.database) as connection:
            rows = await connection.execute(_TOLD, {"numbers": [case.number for case in asked]})
            told = {row.case_id: row.status for row in rows}
        return [told.get(case.id, "opening") for case in asked]

    async def until_they_stand(self, cases: Iterable[CaseAt], *wanted: str) -> None:
        """Wait until each case's request was told that it stands in one of these ways."""
        awaited = list(cases)

        async def all_stand() -> bool:
            return set(await self.statuses(awaited)) <= set(wanted)

        try:
            await self.until(all_stand, f"not {' or '.join(wanted)}")
        except AssertionError as error:
            told = [f"{await self.standing(case)}, there: {await self._at_partner(case)}" for case in awaited]
            raise AssertionError("\n".join([*error.args, *told])) from error

    async def until_they_end(self, cases: Iterable[CaseAt]) -> None:
        """Wait until each case has ended, whatever way."""
        await self.until_they_stand(cases, "done", "refused", "withdrawn")

    async def until(self, seen: Callable[[], Awaitable[Any]], told: str) -> None:
        """Wait until something is seen; who does not answer at all is asked again."""
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        while True:
            with suppress(httpx2.TransportError, OperationalError):
                if await seen():
                    return
            assert time.monotonic() < give_up_at, told
            await asyncio.sleep(0.1)

    async def messages(self, case: CaseAt) -> list[dict[str, Any]]:
        """What is kept of a case's messages, the oldest first."""
        page = await self.knocker.get(f"/v1/partners/{case.partner}/messages?case={case.id}&limit=200")
        return page["items"][::-1]

    async def _at_partner(self, case: CaseAt) -> str:
        matter = await self.neighbours[case.partner].matter(case.id)
        return str(matter and {name: matter[name] for name in ("last", "sequence", "ended", "deliveries")})

    async def _signed(self, number: str) -> None:
        await self.knocker.command(number, "dispatch")
        (leg,) = (await self.shown(number))["legs"]
        self.units[number] = leg["unit"]
        await self.knocker.done(f"/v1/legs/{leg['id']}/sign", unit=leg["unit"])

    async def _knows_items(self) -> bool:
        found = await self.knocker.get(f"/v1/partners/affairs/items?q={SERVED}")
        return bool(found["items"])


_TOLD = text(
    "SELECT DISTINCT ON (fact ->> 'case') fact ->> 'case' AS case_id, fact ->> 'status' AS status FROM timeline "
    "WHERE kind = 'case_reported' AND number = ANY(:numbers) ORDER BY fact ->> 'case', seq DESC"
)
