"""Clients of the engine wait for its health, and say plainly when it never comes."""

from datetime import timedelta

import pytest

from config.settings import Settings
from config.temporal import EngineUnreachable, connect
from stack.servers.ports import free_port
from stack.servers.temporal_server import EmbeddedTemporal


def with_engine_at(address: str) -> Settings:
    return Settings.model_construct(environment="demo", temporal_address=address, temporal_namespace="huying")


async def test_a_client_reaches_a_healthy_engine(temporal_server: EmbeddedTemporal):
    client = await connect(with_engine_at(temporal_server.address))
    assert client.namespace == "huying"
    assert await client.service_client.check_health()


async def test_an_engine_that_never_answers_is_told_with_its_address():
    address = f"127.0.0.1:{free_port()}"
    with pytest.raises(EngineUnreachable, match=address):
        await connect(with_engine_at(address), patience=timedelta(seconds=0.3))


async def test_a_lazy_client_is_there_at_once_without_an_engine():
    client = await connect(with_engine_at(f"127.0.0.1:{free_port()}"), lazy=True)
    assert client.namespace == "huying"
