"""The way to the workflow engine: one client configuration for worker, API and tools.

Payloads are JSON by pydantic, compressed (see `config.payloads`). In production the SDK's own standard environment
(`TEMPORAL_TLS*`, `TEMPORAL_API_KEY`, `TEMPORAL_PROFILE` ...) adds transport security and credentials; the embedded
stack needs none and reads none of it.
"""

import asyncio
from datetime import timedelta
from typing import Any, Protocol

from temporalio.client import Client
from temporalio.envconfig import ClientConfig
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig
from temporalio.service import RPCError

from config.payloads import message_converter
from config.settings import Settings

_PAUSE_SECONDS = 0.1


class EngineUnreachable(Exception):
    """No healthy Temporal frontend answered within the time given."""


class EngineAddress(Protocol):
    """What one must know to reach the engine; `Settings` is one."""

    @property
    def environment(self) -> str: ...
    @property
    def temporal_address(self) -> str: ...
    @property
    def temporal_namespace(self) -> str: ...


async def connect(
    settings: EngineAddress,
    *,
    lazy: bool = False,
    runtime: Runtime | None = None,
    patience: timedelta = timedelta(seconds=60),
) -> Client:
    """A client of the engine. A lazy one answers at once and connects on first use, but cannot host a worker.

    The frontend's port opens before the frontend is healthy, so the first refusals say nothing: they are tried
    again until `patience` is over, then EngineUnreachable tells the last reason.
    """
    loop = asyncio.get_running_loop()
    give_up_at = loop.time() + patience.total_seconds()
    while True:
        try:
            return await Client.connect(
                settings.temporal_address,
                namespace=settings.temporal_namespace,
                data_converter=message_converter(),
                lazy=lazy,
                runtime=runtime,
                **_transport(settings),
            )
        except (RuntimeError, RPCError) as error:
            if loop.time() >= give_up_at:
                raise EngineUnreachable(f"Temporal at {settings.temporal_address}: {error}") from error
            await asyncio.sleep(_PAUSE_SECONDS)


def metrics_runtime(settings: Settings) -> Runtime:
    """The SDK's runtime with its own metrics in Prometheus text on the loopback port of the settings.

    Make one per process, before the first client.
    """
    return Runtime(
        telemetry=TelemetryConfig(
            metrics=PrometheusConfig(
                bind_address=f"127.0.0.1:{settings.core_metrics_port}",
                counters_total_suffix=True,
                unit_suffix=True,
                durations_as_seconds=True,
            )
        )
    )


def _transport(settings: EngineAddress) -> dict[str, Any]:
    if settings.environment != "production":
        return {}
    profile = dict(ClientConfig.load_client_connect_config())
    return {key: value for key, value in profile.items() if key not in {"target_host", "namespace"}}
