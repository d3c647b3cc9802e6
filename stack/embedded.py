"""The whole service in one folder of one machine: PostgreSQL, Temporal, migrations, worker, API, simulated partners.

```
async with EmbeddedStack(StackPlan(data_dir=Path(".huying"))) as stack:
    stack.addresses.api, stack.credentials.api_keys["operator"]
```

Started in this order, stopped in the reverse one. Whatever dies meanwhile is started again on the same data.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx2

from domain.partners import Partner
from stack.data_dir import Addresses, Credentials, DataDir
from stack.errors import StackProblem
from stack.servers.ports import ensure_free
from stack.servers.postgres import EmbeddedPostgres
from stack.servers.processes import Program, Supervisor
from stack.servers.schema import migrate
from stack.servers.simulators import Simulators
from stack.servers.temporal_server import EmbeddedTemporal, server_version

_READY_SECONDS = 60.0
_HOST = "127.0.0.1"


@dataclass(frozen=True, kw_only=True)
class StackPlan:
    """What to start and where. Further settings of worker and API go into `settings` by their names.

    The simulated partners take three ports from `partners_port` on; without one, none is started.
    """

    data_dir: Path = Path(".huying")
    fresh: bool = False
    api_port: int = 8080
    temporal_port: int = 7233
    temporal_ui_port: int = 8233
    worker_metrics_port: int = 9464
    core_metrics_port: int = 9465
    partners_port: int | None = None
    partner_profile: str = "swift"
    namespace: str = "huying"
    settings: Mapping[str, str] = field(default_factory=dict[str, str])


class EmbeddedStack:
    """The running service; an async context manager.

    `report` is told each thing that has come up and the seconds it took.
    """

    def __init__(
        self, plan: StackPlan, report: Callable[[str, float], None] = lambda _name, _seconds: None
    ) -> None:
        self.plan = plan
        self.data_dir = DataDir(plan.data_dir.absolute())
        self.supervisor = Supervisor()
        self._report = report
        self._holding = ExitStack()
        self.postgres = EmbeddedPostgres(
            folder=self.data_dir.postgres,
            log=self.data_dir.logs / "postgres.log",
            supervisor=self.supervisor,
        )
        self.temporal = EmbeddedTemporal(
            port=plan.temporal_port,
            ui_port=plan.temporal_ui_port,
            namespace=plan.namespace,
            log=self.data_dir.logs / "temporal.log",
            file=self.data_dir.temporal_file,
            supervisor=self.supervisor,
        )

    @property
    def addresses(self) -> Addresses:
        """Where the stack answers once it is up."""
        plan = self.plan
        return Addresses(
            api=f"http://{_HOST}:{plan.api_port}",
            temporal=f"{_HOST}:{plan.temporal_port}",
            temporal_ui=f"http://{_HOST}:{plan.temporal_ui_port}/namespaces/{plan.namespace}/workflows",
            worker_metrics=f"http://{_HOST}:{plan.worker_metrics_port}/metrics",
            database=self.postgres.url("huying"),
            partners=self.simulators.addresses if self.simulators else {},
        )

    @property
    def credentials(self) -> Credentials:
        """The demo's secrets: the identity key and one API key per role."""
        return self.data_dir.credentials()

    @property
    def simulators(self) -> Simulators | None:
        """The simulated partners, if the plan has any."""
        plan = self.plan
        if plan.partners_port is None:
            return None
        return Simulators(
            first_port=plan.partners_port,
            profile=plan.partner_profile,
            folder=self.data_dir.partners,
            api=f"http://{_HOST}:{plan.api_port}",
            keys=self.credentials.partners,
        )

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stop()

    async def _start(self) -> None:
        self._holding.enter_context(self.data_dir.claimed())
        await self.postgres.end_orphan()
        if self.plan.fresh:
            self.data_dir.empty()
        simulators = self.simulators
        await asyncio.to_thread(self._ensure_ports)
        await self._start_postgres()
        await self._start_temporal()
        began = time.monotonic()
        await self.supervisor.run(self._python("worker"))
        await self.supervisor.run(self._python("api"))
        if simulators is not None:
            await self.supervisor.run(simulators.program(self.data_dir.logs / "partners.log"))
        await self._until_ready("api", f"{self.addresses.api}/readyz", began)
        await self._until_ready("worker", f"http://{_HOST}:{self.plan.worker_metrics_port}/readyz", began)
        if simulators is not None:
            # The last of them opens its door last.
            last = list(simulators.addresses.values())[-1]
            await self._until_ready("partners", f"{last}/_control/state", began)
        self.data_dir.announce(self.addresses)

    async def _stop(self) -> None:
        try:
            await self.supervisor.stop("partners")
            await self.supervisor.stop("api")
            await self.supervisor.stop("worker")
            await self.temporal.stop()
            await self.postgres.stop()
        finally:
            self._holding.close()

    def _ensure_ports(self) -> None:
        plan = self.plan
        for port, purpose, option in (
            (plan.api_port, "the API", "--api-port"),
            (plan.temporal_port, "Temporal", "--temporal-port"),
            (plan.temporal_ui_port, "Temporal's web screen", "--temporal-ui-port"),
            (plan.worker_metrics_port, "the worker's metrics", "--worker-metrics-port"),
            (plan.core_metrics_port, "the SDK's metrics", "--core-metrics-port"),
        ):
            ensure_free(port, purpose, option, _HOST)
        if plan.partners_port is not None:
            for place, partner in enumerate(Partner):
                ensure_free(plan.partners_port + place, f"simulated {partner}", "--partners-port", _HOST)

    async def _start_postgres(self) -> None:
        began = time.monotonic()
        database_url = await self.postgres.start("huying")
        self._report("PostgreSQL", time.monotonic() - began)
        began = time.monotonic()
        await migrate(database_url)
        self._report("schema", time.monotonic() - began)

    async def _start_temporal(self) -> None:
        began = time.monotonic()
        client = await self.temporal.start()
        self._report(f"Temporal {await server_version(client)}", time.monotonic() - began)

    def _python(self, module: str) -> Program:
        return Program(
            name=module,
            command=[sys.executable, "-P", "-m", module],
            log=self.data_dir.logs / f"{module}.log",
            environment=self._environment(),
        )

    def _environment(self) -> dict[str, str]:
        plan, credentials = self.plan, self.credentials
        ours = {
            "environment": "demo",
            "data_dir": str(self.data_dir.path),
            "database_url": self.addresses.database,
            "temporal_address": self.addresses.temporal,
            "temporal_namespace": plan.namespace,
            "api_host": _HOST,
            "api_port": str(plan.api_port),
            "worker_metrics_port": str(plan.worker_metrics_port),
            "core_metrics_port": str(plan.core_metrics_port),
            "identity_key": credentials.identity_key,
            "api_keys": json.dumps(credentials.api_keys),
            **({"partners": self.simulators.connections} if self.simulators else {}),
            **plan.settings,
        }
        return {**os.environ, **{f"HUYING_{name.upper()}": value for name, value in ours.items()}}

    async def _until_ready(self, name: str, address: str, began: float) -> None:
        give_up_at = time.monotonic() + _READY_SECONDS
        answer = "nothing answered"
        async with httpx2.AsyncClient(timeout=2.0, trust_env=False) as client:
            while True:
                try:
                    response = await client.get(address)
                    if response.is_success:
                        break
                    answer = f"it answered {response.status_code}"
                except httpx2.HTTPError:
                    pass
                child = self.supervisor.child(name)
                if self.supervisor.restarts[name] > 1 or time.monotonic() > give_up_at:
                    raise StackProblem(
                        f"The {name} did not become ready at {address} ({answer}). "
                        f"Its log {child.program.log} ends:\n{child.last_words()}"
                    )
                await asyncio.sleep(0.05)
        self._report(name, time.monotonic() - began)
