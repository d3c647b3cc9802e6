"""The process as it is started: with its settings alone, before there is a workflow engine."""

import base64

import httpx2
import pytest
from pydantic import SecretStr

from api.app import make_app
from api.opening import open_doors
from config.settings import Settings
from tests.api.conftest import CALL, City

ADDRESS_OF_NOBODY = "127.0.0.1:1"


async def test_intake_works_before_there_is_an_engine_and_commands_say_that_it_is_away(database_url: str):
    settings = Settings(
        database_url=database_url,
        temporal_address=ADDRESS_OF_NOBODY,
        identity_key=SecretStr(base64.b64encode(bytes(32)).decode()),
        api_keys={"operator": SecretStr("secret-of-operator"), "unit": SecretStr("secret-of-units")},
    )
    app = make_app(lambda: open_doors(settings))
    async with app.router.lifespan_context(app):
        transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
        headers = {"Authorization": "Bearer secret-of-operator", "Idempotency-Key": "k"}
        async with httpx2.AsyncClient(transport=transport, base_url="http://api", headers=headers) as client:
            made = await client.post("/v1/requests", json=CALL)
            assert made.status_code == 201
            ready = await client.get("/readyz")
            assert (ready.status_code, ready.json()["engine"]) == (200, "away")
            urged = await client.post(f"/v1/requests/{made.json()['number']}/urge")
            assert (urged.status_code, urged.json()["code"]) == (503, "engine_unavailable")


async def test_a_key_of_an_unknown_name_stops_the_start(database_url: str):
    settings = Settings(
        database_url=database_url,
        identity_key=SecretStr(base64.b64encode(bytes(32)).decode()),
        api_keys={"emperor": SecretStr("secret-of-emperor")},
    )
    with pytest.raises(ValueError, match="emperor"):
        async with open_doors(settings):
            pass


async def test_a_revoked_or_unknown_units_key_opens_nothing(running_city: City):
    assert await running_city.doors.keyring.principal("never-made") is None
    assert await running_city.doors.keyring.principal("x" * 1000) is None
