"""The contracts that are handed to a city's IT department: true, whole, and silent about who called."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi.openapi.models import OpenAPI
from jsonschema import Draft202012Validator
from pydantic import SecretStr
from standardwebhooks import Webhook

from domain.partners import Partner
from integrations.contract_documents import CALLBACKS, document, main, written
from integrations.contracts import CONTRACTS
from integrations.gateways import gateway_for
from integrations.simulators.serving import life_of
from integrations.wire.envelope import KEY_HEADER
from tests.integrations.conftest import Simulate
from tests.integrations.misbehaving import Behaviour, answer, connection_to, serving
from tests.integrations.test_gateways import WHOLE_LIFE, matter_of
from tests.integrations.test_translation import CASE, TABLES, body_of

FOLDER = Path(__file__).parents[2] / "docs" / "partners"
GUIDES = [FOLDER / "README.md", FOLDER / "README.zh-CN.md"]
OF_THE_CALLER = re.compile(
    r"caller|name$|phone|telephone|mobile|identity|id_?card|applicant|citizen|contact", re.IGNORECASE
)


def checker(partner: Partner, name: str) -> Draft202012Validator:
    """Checks a body against a schema of the document as it lies in the folder."""
    whole = json.loads((FOLDER / f"{partner}.openapi.json").read_text(encoding="utf-8"))
    return Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": whole["components"]})


def properties(schema: Any) -> Iterator[str]:
    """Every property that a schema names, at any depth."""
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        for inner in schema.values():
            yield from properties(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from properties(inner)


@pytest.mark.parametrize("partner", Partner)
def test_the_document_in_the_folder_is_what_the_adapters_speak(partner: Partner):
    kept = (FOLDER / f"{partner}.openapi.json").read_text(encoding="utf-8")
    assert kept == written(CONTRACTS[partner]), "python -m integrations.contract_documents docs/partners"


def test_the_command_writes_every_document(tmp_path: Path):
    main(tmp_path / "new")
    written_files = {file.name: file.read_bytes() for file in (tmp_path / "new").iterdir()}
    assert written_files == {file.name: file.read_bytes() for file in FOLDER.glob("*.json")}


@pytest.mark.parametrize("partner", Partner)
def test_the_document_is_valid_openapi_and_refers_to_nothing_that_is_missing(partner: Partner):
    whole = document(CONTRACTS[partner])
    OpenAPI.model_validate(whole)
    named = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(whole)))
    assert named == set(whole["components"]["schemas"])
    for schema in whole["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("partner", Partner)
def test_every_call_is_in_the_simulators_interface_and_the_other_way_round(partner: Partner):
    interface = life_of(partner).interface
    paths = document(CONTRACTS[partner])["paths"]
    assert set(paths[interface.cases]) == {"get", "post"}
    assert set(paths[interface.messages]) == {"get"}
    assert set(paths[interface.withdrawal]) == set(paths[interface.confirmation]) == {"post"}
    others = set(paths) - {interface.cases, interface.messages, interface.withdrawal, interface.confirmation}
    assert others == ({"/items"} if partner is Partner.AFFAIRS else set())
    [since] = [each["name"] for each in paths[interface.cases]["get"]["parameters"] if each["required"]]
    assert since == interface.since


@pytest.mark.parametrize("partner", Partner)
def test_every_order_carries_its_key_and_every_call_back_its_signature(partner: Partner):
    whole = document(CONTRACTS[partner])
    orders = [methods["post"] for methods in whole["paths"].values() if "post" in methods]
    assert all(
        {"name": KEY_HEADER, "required": True}.items() <= order["parameters"][-1].items() for order in orders
    )
    assert set(whole["webhooks"]) == {line[0] for line in TABLES[partner]}
    for webhook in whole["webhooks"].values():
        assert CALLBACKS.format(partner=partner) in webhook["post"]["description"]
        assert [header["name"] for header in webhook["post"]["parameters"]] == [
            "webhook-id",
            "webhook-timestamp",
            "webhook-signature",
        ]


@pytest.mark.parametrize("partner", Partner)
async def test_every_order_that_we_send_keeps_to_the_document(partner: Partner):
    yes = json.dumps({"acknowledgement": "accepted", "message_id": "k"})
    back = json.dumps({"acknowledgement": "accepted", "message_id": "k", "outcome": "withdrawn"})
    orders: list[bytes] = []
    for said in (yes, back, yes):
        behaviour = Behaviour((answer(200, said),))
        async with serving(behaviour) as connection:
            gateway = gateway_for(partner, connection)
            calls = (
                lambda gateway=gateway: gateway.open(key="k", brief=matter_of(partner)),
                lambda gateway=gateway: gateway.withdraw(key="k", case=CASE, reason="诉求人撤回"),
                lambda gateway=gateway: gateway.confirm(key="k", case=CASE, note="已答复"),
            )
            await calls[len(orders)]()
            await gateway.aclose()
        orders.append(behaviour.seen[0].body)
    names = [call.takes.__name__ for call in CONTRACTS[partner].calls if call.takes]
    for body, name in zip(orders, names, strict=True):
        checker(partner, name).validate(json.loads(body))


@pytest.mark.parametrize("partner", Partner)
async def test_every_message_of_a_whole_life_keeps_to_the_document(partner: Partner, simulate: Simulate):
    simulator = await simulate(partner, "by_hand")
    gateway = gateway_for(
        partner, connection_to(simulator.url).model_copy(update={"token": SecretStr(simulator.token)})
    )
    await gateway.open(key="k", brief=matter_of(partner))
    for step in WHOLE_LIFE[partner]:
        simulator.office.drive(CASE, step)
    await gateway.aclose()
    schemas = {
        message.model_fields["type"].default: message.__name__ for message in CONTRACTS[partner].messages
    }
    bodies = [json.loads(body) for body in simulator.office.storage.messages(CASE)]
    assert len(bodies) == len(WHOLE_LIFE[partner])
    for body in bodies:
        checker(partner, schemas[body["type"]]).validate(body)


@pytest.mark.parametrize(
    ("partner", "kind", "data"),
    [
        pytest.param(partner, kind, data, id=f"{partner}: {kind} {number}")
        for partner, lines in TABLES.items()
        for number, (kind, data, _) in enumerate(lines)
    ],
)
def test_the_document_and_the_adapter_agree_on_what_a_message_is(
    partner: Partner, kind: str, data: dict[str, Any]
):
    schemas = {
        message.model_fields["type"].default: message.__name__ for message in CONTRACTS[partner].messages
    }
    check = checker(partner, schemas[kind])
    assert check.is_valid(json.loads(body_of(partner, kind, data)))
    assert check.is_valid(json.loads(body_of(partner, kind, data, weather="fine")))
    for lacking in ("schema_version", "source", "sent_at", "sequence"):
        assert not check.is_valid(json.loads(body_of(partner, kind, data, **{lacking: None})))


@pytest.mark.parametrize("partner", Partner)
def test_no_order_has_a_place_for_who_called(partner: Partner):
    schemas = document(CONTRACTS[partner])["components"]["schemas"]
    orders = [call.takes.__name__ for call in CONTRACTS[partner].calls if call.takes]
    sent = [schemas[name] for name in orders]
    sent += [schemas[schema["properties"]["data"]["$ref"].rsplit("/", 1)[-1]] for schema in sent]
    if "PlaceSent" in schemas:
        sent.append(schemas["PlaceSent"])
    named = set(properties(sent))
    assert len(named) > 10
    assert not {name for name in named if OF_THE_CALLER.search(name)}


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.name)
def test_the_worked_signature_of_the_guide_is_right(guide: Path):
    text = guide.read_text(encoding="utf-8")
    secret = re.search(r"whsec_[A-Za-z0-9+/]+=*(?=`)", text)
    headers = dict(re.findall(r"^(webhook-[a-z]+): (.+)$", text, re.MULTILINE))
    body = re.search(r'^\{"message_id".*\}$', text, re.MULTILINE)
    assert secret
    assert body
    signed = Webhook(secret.group())
    parsed = json.loads(body.group())
    assert parsed["message_id"] == headers["webhook-id"]
    at = int(headers["webhook-timestamp"])
    assert (
        signed.sign(headers["webhook-id"], datetime.fromtimestamp(at, UTC), body.group())
        == headers["webhook-signature"]
    )
    checker(Partner.ENFORCEMENT, "CaseFiled").validate(parsed)
    assert gateway_for(Partner.ENFORCEMENT, connection_to("http://127.0.0.1:1")).message_in(
        body.group().encode()
    )


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.name)
def test_the_guide_names_every_message_of_every_partner(guide: Path):
    text = guide.read_text(encoding="utf-8")
    kinds = {kind for lines in TABLES.values() for kind, _, _ in lines}
    assert not {kind for kind in kinds if f"`{kind}`" not in text}
    paths = {call.path for contract in CONTRACTS.values() for call in contract.calls}
    assert not {path for path in paths if f"`{path}`" not in text}
