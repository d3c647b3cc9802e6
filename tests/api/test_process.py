"""The process as it is started: with its settings alone, before there is a workflow engine."""

import base64
import json
from datetime import UTC, datetime

import httpx2
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from standardwebhooks import Webhook

from api.opening import open_doors
from api.partners.callbacks import EXAMPLE
from config.settings import PartnerConnection, Settings
from domain.partners import Partner
from tests.api.conftest import CALL, City

ADDRESS_OF_NOBODY = "127.0.0.1:1"


async def test_intake_works_before_there_is_an_engine_and_commands_say_that_it_is_away(
    database_url: str, application: FastAPI
):
    settings = Settings(
        database_url=database_url,
        temporal_address=ADDRESS_OF_NOBODY,
        identity_key=SecretStr(base64.b64encode(bytes(32)).decode()),
        api_keys={"operator": SecretStr("secret-of-operator"), "unit": SecretStr("secret-of-units")},
    )
    application.state.opening = lambda: open_doors(settings)
    async with application.router.lifespan_context(application):
        transport = httpx2.ASGITransport(application, raise_app_exceptions=False)
        headers = {"Authorization": "Bearer secret-of-operator", "Idempotency-Key": "k"}
        async with httpx2.AsyncClient(transport=transport, base_url="http://api", headers=headers) as client:
            made = await client.post("/v1/requests", json=CALL)
            assert made.status_code == 201
            ready = await client.get("/readyz")
            assert (ready.status_code, ready.json()["engine"]) == (200, "away")
            urged = await client.post(f"/v1/requests/{made.json()['number']}/urge")
            assert (urged.status_code, urged.json()["code"]) == (503, "engine_unavailable")


async def test_call_backs_are_taken_before_there_is_an_engine(database_url: str, application: FastAPI):
    secret = SecretStr("whsec_dGhlLXNlY3JldC1vZi1zb21lLXBhcnRuZXI=")
    connection = PartnerConnection(url="http://partner", token=SecretStr("ours"), callback_secrets=[secret])
    settings = Settings(
        database_url=database_url,
        temporal_address=ADDRESS_OF_NOBODY,
        identity_key=SecretStr(base64.b64encode(bytes(32)).decode()),
        partners={Partner.ENFORCEMENT: connection},
    )
    body, now = json.dumps(EXAMPLE, ensure_ascii=False), datetime.now(UTC)
    headers = {
        "webhook-id": EXAMPLE["message_id"],
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret.get_secret_value()).sign(EXAMPLE["message_id"], now, body),
    }
    application.state.opening = lambda: open_doors(settings)
    async with application.router.lifespan_context(application):
        transport = httpx2.ASGITransport(application, raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url="http://api", headers=headers) as client:
            for partner, status in (("enforcement", 202), ("affairs", 404)):
                answer = await client.post(f"/v1/partners/{partner}/callbacks", content=body.encode())
                assert answer.status_code == status, answer.text


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
