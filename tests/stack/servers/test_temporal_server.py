"""The embedded Temporal server is ready to be used when it says so."""

from datetime import timedelta
from pathlib import Path

from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.client import Client

from stack.servers.ports import free_port
from stack.servers.processes import Supervisor
from stack.servers.temporal_server import (
    SEARCH_ATTRIBUTES,
    EmbeddedTemporal,
    history_retention,
    server_version,
)


async def registered_attributes(client: Client) -> set[str]:
    request = ListSearchAttributesRequest(namespace=client.namespace)
    return set((await client.operator_service.list_search_attributes(request)).custom_attributes)


async def test_a_started_server_knows_namespace_retention_and_search_attributes(temporal_client: Client):
    assert await registered_attributes(temporal_client) >= set(SEARCH_ATTRIBUTES)
    assert await history_retention(temporal_client) == timedelta(days=30)
    assert (await server_version(temporal_client)).startswith("1.")


async def test_a_second_start_on_the_same_file_ensures_them_again_and_takes_a_new_retention(tmp_path: Path):
    for days in (7, 9):
        supervisor = Supervisor()
        server = EmbeddedTemporal(
            port=free_port(),
            namespace="huying",
            log=tmp_path / "temporal.log",
            supervisor=supervisor,
            file=tmp_path / "a folder with spaces.db",
            retention=timedelta(days=days),
        )
        try:
            client = await server.start()
            assert await registered_attributes(client) >= set(SEARCH_ATTRIBUTES)
            assert await history_retention(client) == timedelta(days=days)
        finally:
            await supervisor.stop_all()
