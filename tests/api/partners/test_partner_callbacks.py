"""Call-backs: what a partner signed is kept once, whatever becomes of its case; what it did not sign is nothing."""

from __future__ import annotations

import base64
import hmac
import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr
from standardwebhooks import Webhook
from structlog.testing import capture_logs

from api.frame.doors import Neighbour
from api.partners.callbacks import EXAMPLE
from config.settings import PartnerConnection
from domain.partners import Partner
from integrations.gateways import gateway_for
from persistence.engine import make_engine
from tests.api.conftest import CALLBACK_SECRETS, City
from tests.persistence.conftest import rows
from tests.support.numbers import fresh_number

NEW, OLD = CALLBACK_SECRETS
STRANGE = "whsec_c29tZWJvZHktZWxzZS1hbHRvZ2V0aGVy"


def filed(**changes: Any) -> dict[str, Any]:
    """A message as the partner in memory spells it."""
    case = changes.pop("case", f"{fresh_number()}-p1")
    return {
        "id": f"{case}/1",
        "case": case,
        "sequence": 1,
        "kind": "case_filed",
        "sent_at": "2026-11-23T01:59:00+00:00",
        "text": "已立案",
        **changes,
    }


async def called_back(
    city: City,
    message: dict[str, Any] | bytes,
    *,
    partner: str = "enforcement",
    secret: str = NEW,
    at: datetime | None = None,
    signed_as: str | None = None,
    **headers: str,
) -> httpx2.Response:
    """The answer to one delivery, signed as the partner signs it."""
    body = message if isinstance(message, bytes) else json.dumps(message, ensure_ascii=False).encode()
    name = signed_as or (message["id"] if isinstance(message, dict) else "m-1")
    moment = at or city.clock()
    signed = {
        "webhook-id": name,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Webhook(secret).sign(name, moment, body.decode(errors="replace")),
        "content-type": "application/json",
        **{key.replace("_", "-"): value for key, value in headers.items()},
    }
    async with city.client(None) as client:
        return await client.post(f"/v1/partners/{partner}/callbacks", content=body, headers=signed)


async def kept(city: City) -> list[dict[str, Any]]:
    return await rows(
        city.doors.database,
        "SELECT partner, message, case_id, delivery, via FROM partner_messages ORDER BY id",
    )


async def test_a_signed_message_is_kept_until_its_case_has_it(running_city: City):
    message = filed()
    answer = await called_back(running_city, message)
    assert (answer.status_code, answer.json()) == (
        202,
        {"acknowledgement": "accepted", "message_id": message["id"], "repeated": False},
    )
    assert await kept(running_city) == [
        {
            "partner": "enforcement",
            "message": message["id"],
            "case_id": message["case"],
            "delivery": "waiting",
            "via": "callback",
        }
    ]


async def test_the_same_message_is_kept_once_however_often_it_comes(running_city: City):
    message = filed()
    await called_back(running_city, message)
    running_city.clock.move(hours=2)
    again = await called_back(running_city, {**message, "sent_at": "2026-11-23T04:00:00+00:00"})
    assert (again.status_code, again.json()["repeated"]) == (202, True)
    assert len(await kept(running_city)) == 1


async def test_another_message_under_the_same_id_is_refused(running_city: City):
    message = filed()
    await called_back(running_city, message)
    other = await called_back(running_city, {**message, "text": "不予立案"})
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")
    assert len(await kept(running_city)) == 1


async def test_another_message_under_the_same_number_of_its_case_is_refused(running_city: City):
    message = filed()
    await called_back(running_city, message)
    other = await called_back(running_city, {**message, "id": "another", "kind": "case_closed"})
    assert (other.status_code, other.json()["code"]) == (409, "sequence_taken")
    assert other.json()["field"] == "sequence"
    assert other.json()["title_zh"] != "操作被拒绝"
    assert len(await kept(running_city)) == 1


async def test_why_a_call_back_was_refused_stands_in_the_log(running_city: City):
    message = filed()
    await called_back(running_city, message)
    with capture_logs() as logged:
        await called_back(running_city, message)
        await called_back(running_city, filed(), secret=STRANGE)
        await called_back(running_city, b"{}", signed_as="m-1")
        await called_back(running_city, {**message, "text": "不予立案"})
    refused = [line for line in logged if line["event"] == "callback_refused"]
    assert [(line["partner"], line["code"], line["field"]) for line in refused] == [
        ("enforcement", "signature_invalid", "webhook-signature"),
        ("enforcement", "message_unreadable", "body"),
        ("enforcement", "idempotency_conflict", "webhook-id"),
    ]
    assert "不予立案" not in str(refused)


async def test_two_partners_may_use_the_same_id(running_city: City):
    message = filed()
    for partner in ("enforcement", "affairs"):
        assert (await called_back(running_city, message, partner=partner)).json()["repeated"] is False
    assert len(await kept(running_city)) == 2


async def test_both_secrets_count_while_the_partner_changes_them(running_city: City):
    for secret in (NEW, OLD):
        assert (await called_back(running_city, filed(), secret=secret)).status_code == 202
    strange = await called_back(running_city, filed(), secret=STRANGE)
    assert (strange.status_code, strange.json()["code"]) == (401, "signature_invalid")


async def test_one_of_several_signatures_is_enough(running_city: City):
    message = filed()
    body = json.dumps(message, ensure_ascii=False)
    right = Webhook(OLD).sign(message["id"], running_city.clock(), body)
    several = f"v1a,somethingelse {Webhook(STRANGE).sign(message['id'], running_city.clock(), body)} {right}"
    assert (await called_back(running_city, message, webhook_signature=several)).status_code == 202


@pytest.mark.parametrize("minutes", [-4.9, 4.9])
async def test_a_partners_clock_may_differ_by_five_minutes(running_city: City, minutes: float):
    at = running_city.clock() + timedelta(minutes=minutes)
    assert (await called_back(running_city, filed(), at=at)).status_code == 202


@pytest.mark.parametrize("minutes", [-5.1, 5.1, -100_000])
async def test_a_delivery_that_is_played_again_later_is_refused(running_city: City, minutes: float):
    at = running_city.clock() + timedelta(minutes=minutes)
    answer = await called_back(running_city, filed(), at=at)
    assert (answer.status_code, answer.json()["code"]) == (401, "signature_expired")
    assert answer.headers["www-authenticate"] == "Signature"
    assert await kept(running_city) == []


@pytest.mark.parametrize(
    "headers",
    [
        {"webhook_signature": "v1,"},
        {"webhook_signature": "v1,bm90IGEgc2lnbmF0dXJl"},
        {"webhook_signature": "v1"},
        {"webhook_signature": ",,, v2,x"},
        {"webhook_id": "another"},
        {"webhook_timestamp": "1763862060"},
    ],
)
async def test_a_changed_header_breaks_the_signature(running_city: City, headers: dict[str, str]):
    answer = await called_back(running_city, filed(), at=None, **headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "signature_invalid")
    assert await kept(running_city) == []


async def test_a_changed_body_breaks_the_signature(running_city: City):
    message = filed()
    signature = Webhook(NEW).sign(message["id"], running_city.clock(), json.dumps(message))
    forged = {**message, "kind": "case_closed"}
    answer = await called_back(running_city, forged, webhook_signature=signature)
    assert (answer.status_code, answer.json()["code"]) == (401, "signature_invalid")


@pytest.mark.parametrize("header", ["webhook-id", "webhook-timestamp", "webhook-signature"])
async def test_each_header_must_be_there(running_city: City, header: str):
    headers = {"webhook-id": "m-1", "webhook-timestamp": "1795399200", "webhook-signature": "v1,x"}
    del headers[header]
    async with running_city.client(None) as client:
        answer = await client.post("/v1/partners/enforcement/callbacks", json={}, headers=headers)
    assert (answer.status_code, answer.json()["field"]) == (422, header)


async def test_a_body_that_is_no_message_is_refused_with_its_field(running_city: City):
    broken = await called_back(running_city, b'{"message_id": "m-1"}')
    assert (broken.status_code, broken.json()["code"]) == (422, "message_unreadable")
    assert broken.json()["field"] == "body"
    assert (await called_back(running_city, b"no JSON")).status_code == 422


async def test_a_body_in_another_encoding_is_its_partners_own_and_unreadable(running_city: City):
    body = json.dumps(filed(), ensure_ascii=False).encode("gb18030")
    signed = b"m-1.%d." % running_city.clock().timestamp() + body
    digest = hmac.digest(base64.b64decode(NEW.removeprefix("whsec_")), signed, "sha256")
    signature = f"v1,{base64.b64encode(digest).decode()}"
    answer = await called_back(running_city, body, webhook_signature=signature)
    assert (answer.status_code, answer.json()["code"]) == (422, "message_unreadable")


async def test_the_signed_id_is_the_messages_own(running_city: City):
    answer = await called_back(running_city, filed(), signed_as="another")
    assert (answer.status_code, answer.json()["field"]) == (422, "webhook-id")


async def test_the_documented_example_is_a_message_of_its_partner(running_city: City):
    connection = PartnerConnection(
        url="http://127.0.0.1:1", token=SecretStr("ours"), callback_secrets=[SecretStr(NEW)]
    )
    gateway = gateway_for(Partner.ENFORCEMENT, connection)
    neighbours = {Partner.ENFORCEMENT: Neighbour(gateway, (NEW,))}
    running_city.app.state.doors = replace(running_city.doors, neighbours=neighbours)
    answer = await called_back(running_city, EXAMPLE, signed_as=EXAMPLE["message_id"])
    assert answer.status_code == 202, answer.text
    (message,) = (await running_city.get("operator", "/v1/partners/enforcement/messages")).json()["items"]
    assert (message["case"], message["sequence"], message["kind"]) == (
        "20261123-0000042-p1",
        2,
        "case_filed",
    )
    unreadable = await called_back(running_city, {**EXAMPLE, "sequence": 0}, signed_as=EXAMPLE["message_id"])
    assert unreadable.status_code == 422
    assert unreadable.json()["field"].endswith("sequence")
    await gateway.aclose()


async def test_text_that_the_database_cannot_keep_is_refused(running_city: City):
    answer = await called_back(running_city, filed(text="a\u0000b"))
    assert answer.status_code == 422
    assert await kept(running_city) == []


@pytest.mark.parametrize("partner", ["police", "ENFORCEMENT"])
async def test_nobody_else_is_listened_to(running_city: City, partner: str):
    answer = await called_back(running_city, filed(), partner=partner)
    assert answer.status_code in (404, 422)


async def test_a_partner_that_is_not_connected_has_no_door(running_city: City):
    running_city.app.state.doors = replace(running_city.doors, neighbours={})
    answer = await called_back(running_city, filed())
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_without_the_database_the_partner_is_told_to_send_again(running_city: City):
    nowhere = make_engine("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    running_city.app.state.doors = replace(running_city.doors, database=nowhere)
    answer = await called_back(running_city, filed())
    assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
    assert int(answer.headers["retry-after"]) > 0
    running_city.app.state.doors = running_city.doors
    assert await kept(running_city) == []
