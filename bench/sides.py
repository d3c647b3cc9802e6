"""The two sides of every comparison: the product through its API, and the bare workflow through the engine's client.

Both tell the same straight story: register, dispatch, sign, complete, review, call back.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, cast
from uuid import uuid4

from temporalio.client import Client, WorkflowHandle
from temporalio.common import Priority, SearchAttributePair, TypedSearchAttributes
from temporalio.converter import DataConverter

from bench.bell import Bell
from bench.errands import DUE_AT, HANDED, LEVEL, NEXT, STATE, Done, Errand, ErrandWorkflow, Step
from bench.plan import Engine, Service
from bench.wire import Line
from config.payloads import MessageConverter

TEXT = "楼道里有电动自行车充电，夜间充电桩冒烟，住户担心起火，请尽快到场处理并告知结果。" * 2
"""About what a caller says."""

_PAUSE_SECONDS = 0.05
_PATIENCE_SECONDS = 30.0
_UNAVAILABLE = 503
_UNIT = "X-Acting-Unit"
_FIRST_LIMIT = timedelta(hours=1)


class CallFailed(RuntimeError):
    """The service answered with something else than was asked for."""


class Side(Protocol):
    """What can be done with one request on either side. One teller at a time uses one object."""

    async def lifecycle(self) -> str:
        """Tell one straight story to its end; the id of its workflow."""
        ...

    async def opened(self) -> str:
        """Bring one request as far as its unit's desk (in progress); its id for :meth:`urge`."""
        ...

    async def urge(self, request: str) -> None:
        """Give one command that changes no state."""
        ...

    async def begun(self) -> str:
        """Register one request and leave it alone."""
        ...


_TELEPHONES = itertools.count(random.randrange(10**9, 9 * 10**9))
"""A number for every call: whoever calls twice about one matter only urges."""


@dataclass(frozen=True)
class Call:
    """What is called about: a category of the catalogue and a place with a complete ladder."""

    category: str = "0301"
    area: str = "440106012007001"

    def body(self) -> dict[str, Any]:
        """The body of a registration."""
        return {
            "channel": "phone_12345",
            "request_type": "complaint",
            "category": self.category,
            "place": {"area": self.area, "address": "天河区五山路1号"},
            "description": TEXT,
            "caller": {"name": "陈女士", "telephone": f"1{next(_TELEPHONES)}"},
        }


@dataclass(frozen=True)
class Desk:
    """A request in progress, and the unit that works on it."""

    number: str
    unit: str


class Product:
    """The product, over one connection."""

    def __init__(self, service: Service, call: Call | None = None) -> None:
        self._line = Line(service.host, service.port)
        self._operator = {"Authorization": f"Bearer {service.operator_key}"}
        self._unit = {"Authorization": f"Bearer {service.unit_key}"}
        self._call = call or Call()
        self._name = uuid4().hex[:12]
        self._count = itertools.count(1)

    async def lifecycle(self) -> str:
        """As :meth:`Side.lifecycle`."""
        number, leg, unit = await self._dispatched()
        await self._post(f"/v1/legs/{leg}/sign", {}, unit)
        reply = {"outcome": "solved", "text": TEXT, "evidence": ["photo-1"]}
        await self._post(f"/v1/legs/{leg}/complete", reply, unit)
        await self._post(f"/v1/requests/{number}/review-pass", {})
        rating = {"contacted": True, "truthful": True, "solved": True, "satisfied": True}
        closed = await self._post(f"/v1/requests/{number}/callback", rating)
        if closed["state"] != "closed":
            raise CallFailed(f"{number} is {closed['state']}")
        return f"request/{number}"

    async def opened(self) -> str:
        """As :meth:`Side.opened`."""
        return (await self.at_its_desk()).number

    async def at_its_desk(self) -> Desk:
        """Bring one request as far as its unit's desk."""
        number, leg, unit = await self._dispatched()
        await self._post(f"/v1/legs/{leg}/sign", {}, unit)
        return Desk(number, unit[_UNIT])

    async def hand_over(self, desk: Desk, handover: dict[str, Any]) -> str:
        """Open a case with a partner, asking again while the engine is too busy; the number of the request."""
        unit = {**self._unit, _UNIT: desk.unit}
        way = f"/v1/requests/{desk.number}/open-case"
        await self._post(way, {"handover": handover}, unit, again=("not_started", "engine_unavailable"))
        return desk.number

    async def urge(self, request: str) -> None:
        """As :meth:`Side.urge`, by a supervisor."""
        await self._post(
            f"/v1/requests/{request}/urge",
            {"note": "请加快"},
            {**self._operator, "X-Acting-Role": "supervisor"},
        )

    async def begun(self) -> str:
        """As :meth:`Side.begun`."""
        registered = await self._post("/v1/requests", self._call.body())
        return str(registered["number"])

    async def publish(self, policy: dict[str, Any]) -> None:
        """Publish a policy, in force at once."""
        await self._post("/v1/policies", {"policy": policy})

    async def affair_item(self) -> str:
        """The code of some item of the affairs platform; empty as long as none is known."""
        status, found = await self._line.ask("GET", "/v1/partners/affairs/items", self._operator)
        if status != 200:
            raise CallFailed(f"items: {status} {found}")
        return next((str(item["code"]) for item in found["items"]), "")

    async def policy(self, code: str) -> dict[str, Any]:
        """The newest version of a policy, ready to be changed and published again."""
        status, found = await self._line.ask("GET", f"/v1/policies/{code}", self._operator)
        if status != 200:
            raise CallFailed(f"policy {code}: {status} {found}")
        return dict(found["items"][0]["policy"])

    async def _dispatched(self) -> tuple[str, str, dict[str, str]]:
        registered = await self._post("/v1/requests", self._call.body())
        number = str(registered["number"])
        holder = next(rung["unit"] for rung in registered["ladder"] if rung["unit"])
        await self._post(f"/v1/requests/{number}/dispatch", {})
        return number, f"{number}.1", {**self._unit, _UNIT: holder}

    async def _post(
        self,
        path: str,
        body: dict[str, Any],
        headers: dict[str, str] | None = None,
        again: tuple[str, ...] = ("not_started",),
    ) -> dict[str, Any]:
        """POST with a fresh key; asked again under the same key where the answer is a 503 with one of the codes."""
        keyed = {**(headers or self._operator), "Idempotency-Key": f"{self._name}-{next(self._count)}"}
        give_up_at = asyncio.get_running_loop().time() + _PATIENCE_SECONDS
        while True:
            status, answer = await self._line.ask("POST", path, keyed, body)
            if 200 <= status < 300:
                return dict(answer or {})
            passing = status == _UNAVAILABLE and dict(answer or {}).get("code") in again
            if not passing or asyncio.get_running_loop().time() > give_up_at:
                raise CallFailed(f"{path}: {status} {answer}")
            await asyncio.sleep(_PAUSE_SECONDS)


class Bare:
    """The bare workflow, over a shared client."""

    def __init__(self, client: Client, engine: Engine, bell: Bell) -> None:
        self._client = client
        self._queue = engine.bare_queue
        self._bell = bell

    async def lifecycle(self) -> str:
        """As :meth:`Side.lifecycle`."""
        handle = await self._start()
        for act in NEXT:
            if act == "in_progress":
                await self._answer(handle.id)
            else:
                await self._update(handle, act)
        return handle.id

    async def opened(self) -> str:
        """As :meth:`Side.opened`."""
        handle = await self._start()
        await self._update(handle, "dispatch")
        await self._update(handle, "sign")
        return handle.id

    async def urge(self, request: str) -> None:
        """As :meth:`Side.urge`."""
        await self._update(self._client.get_workflow_handle_for(ErrandWorkflow.run, request), "urge")

    async def begun(self) -> str:
        """As :meth:`Side.begun`."""
        return (await self._start()).id

    async def begun_due_at(self, due_at: datetime) -> str:
        """Start one whose first deadline falls at that instant."""
        return (await self._start(due_at)).id

    async def _start(self, due_at: datetime | None = None) -> WorkflowHandle[ErrandWorkflow, Done]:
        number = f"errand/{uuid4().hex}"
        due_at = due_at or datetime.now(UTC) + _FIRST_LIMIT
        shown = TypedSearchAttributes(
            [
                SearchAttributePair(STATE, "registered"),
                SearchAttributePair(LEVEL, "grid"),
                SearchAttributePair(DUE_AT, due_at),
            ]
        )
        return await self._client.start_workflow(
            ErrandWorkflow.run,
            Errand(number, due_at, TEXT),
            id=number,
            task_queue=self._queue,
            search_attributes=shown,
            static_summary="an errand",
            priority=Priority(priority_key=2),
        )

    async def _update(self, handle: WorkflowHandle[ErrandWorkflow, Done], act: str) -> Done:
        update = handle.execute_update(  # pyright: ignore[reportUnknownMemberType]
            "command", Step(handle.id, act, TEXT), id=uuid4().hex, result_type=Done
        )
        return cast("Done", await update)

    async def _answer(self, workflow_id: str) -> None:
        """Complete the asynchronous activity, then wait as the API does, until the story has taken the answer."""
        taken = self._bell.expect(workflow_id)
        handle = self._client.get_async_activity_handle(
            workflow_id=workflow_id, run_id=None, activity_id=HANDED
        )
        await handle.complete(Step(workflow_id, "complete", TEXT, bell=self._bell.port))
        await asyncio.wait_for(taken.wait(), _PATIENCE_SECONDS)


async def bare_client(engine: Engine) -> Client:
    """A client of the engine with the product's converter, without its codec: nothing compressed or sealed."""
    converter = DataConverter(payload_converter_class=MessageConverter)
    return await Client.connect(engine.address, namespace=engine.namespace, data_converter=converter)
