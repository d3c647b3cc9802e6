"""The gate before a rollout: requests of a running cluster are replayed on the code that is to come."""

import asyncio
import importlib.util
import sys
from types import ModuleType

import pytest
from temporalio.client import Client

from config.settings import Settings
from tests.docker.reading import DOCKER, judged_by
from tests.replay.changed_story import WithATimerFirst
from tests.replay.paths import PATHS
from tests.replay.stage import stage_on

LAST_ONE = "WorkflowType = 'Request' AND ExecutionStatus = 'Completed'"


@pytest.fixture(scope="module")
def gate() -> ModuleType:
    """The program, which lies in a folder that is no package."""
    spec = importlib.util.spec_from_file_location("replay_open", DOCKER / "replay_open.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
async def told_request(temporal_client: Client, gate: ModuleType) -> Client:
    """A cluster on which one request was told to its end by the code as it is."""
    async with stage_on(temporal_client) as stage:
        await PATHS["straight"](stage)
    for _ in range(100):
        if (await gate.replay(temporal_client, LAST_ONE, 1))[0]:
            return temporal_client
        await asyncio.sleep(0.1)
    pytest.fail("the engine's list never showed the request")


async def test_the_code_as_it_is_fits(told_request: Client, gate: ModuleType):
    assert await gate.replay(told_request, LAST_ONE, 1) == (1, [])


async def test_a_careless_change_does_not_fit(told_request: Client, gate: ModuleType):
    told, (misfit,) = await gate.replay(told_request, LAST_ONE, 1, [WithATimerFirst])
    assert told == 1
    assert misfit.startswith("request/")


async def test_the_program_finds_its_cluster_by_the_settings(settings: Settings):
    environment = {
        "HUYING_DATABASE_URL": settings.database_url,
        "HUYING_TEMPORAL_ADDRESS": settings.temporal_address,
        "HUYING_TEMPORAL_NAMESPACE": "default",
        "HUYING_IDENTITY_KEY": settings.identity_key.get_secret_value(),
    }
    command = [sys.executable, "-P", DOCKER / "replay_open.py", "5"]
    verdict = await asyncio.to_thread(judged_by, command, environment=environment)
    assert verdict.code == 0, verdict.text
    assert verdict.out == "0 open stories told again, 0 do not fit this version.\n"
