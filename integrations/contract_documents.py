"""The contracts written out as OpenAPI 3.1: what we call under ``paths``, what the partner sends under ``webhooks``.

``python -m integrations.contract_documents docs/partners`` writes one document for each partner into a folder.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from integrations.contracts import CONTRACTS, Call, Contract
from integrations.wire.envelope import KEY_HEADER, SCHEMA_VERSION, Problem

CALLBACKS = "/v1/partners/{partner}/callbacks"
"""Where the service takes a partner's messages."""

_NO = (
    "The partner's no, with its code: never repeated without a person's decision. "
    "401, 403, 408 and 425 are none: repeated as a 5XX is"
)
_LATER = "Nobody knows whether it was done: repeated under the same key, after Retry-After where it is given"
_TEXT = {"type": "string"}
_INSTANT = {"type": "string", "format": "date-time"}
_QUERY = {
    "cursor": ("the next cursor that the page before gave; left out on the first page", _TEXT),
    "ended_since": ("every open case, and those that ended at this instant or later", _INSTANT),
    "changed_since": ("what changed at this instant or later; everything without it", _INSTANT),
}
_AT_FIRST_LEFT_OUT = frozenset({"cursor", "changed_since"})
_WEBHOOK_HEADERS = {
    "webhook-id": ("the message's `message_id`, the same on every delivery", _TEXT),
    "webhook-timestamp": (
        "when this delivery was signed: whole seconds since 1970, at most five minutes off",
        {"type": "string", "pattern": "^[0-9]{1,11}$"},
    ),
    "webhook-signature": (
        "`v1,` and the base64 of HMAC-SHA256 over `<webhook-id>.<webhook-timestamp>.<body>`; several, space between",
        {"type": "string", "pattern": "^v1,[A-Za-z0-9+/]{43}=( v1,[A-Za-z0-9+/]{43}=)*$"},
    ),
}
_WEBHOOK_ANSWERS = {
    "202": "kept: never send it again. A repetition is answered so, too",
    "401": "the signature is not the partner's (`signature_invalid`), or too old (`signature_expired`): sign afresh",
    "404": "this partner is not connected",
    "409": "another message came under this `message_id` (`idempotency_conflict`), or under this `sequence` of the "
    "case (`sequence_taken`): a fault in the partner's numbering, the message was not kept",
    "413": "the body has more than 256 KiB",
    "422": "the body is no message of this contract (`message_unreadable`), or a header is missing or wrong "
    "(`invalid_input`); `field` says where: mend it, the message was not kept",
    "503": "not kept just now: send it again later. So after any other answer, or none",
}


def document(contract: Contract) -> dict[str, Any]:
    """One contract, whole."""
    paths: dict[str, Any] = {}
    for call in contract.calls:
        paths.setdefault(call.path, {})[call.method] = _operation(call)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": contract.title,
            "version": SCHEMA_VERSION,
            "description": contract.description.strip(),
        },
        "servers": [
            {"url": "https://{host}", "variables": {"host": {"default": f"{contract.partner}.example"}}}
        ],
        "security": [{"token": []}],
        "paths": paths,
        "webhooks": {kind: _webhook(contract, message) for kind, message in _by_kind(contract).items()},
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": _schemas(contract),
        },
    }


def written(contract: Contract) -> str:
    """The document as the file that is handed to a city's IT department."""
    return json.dumps(document(contract), ensure_ascii=False, indent=2) + "\n"


def _by_kind(contract: Contract) -> dict[str, type[BaseModel]]:
    return {str(message.model_fields["type"].default): message for message in contract.messages}


def _operation(call: Call) -> dict[str, Any]:
    parameters = [
        _parameter(each[1:-1], "path", "the case, as we name it", _TEXT)
        for each in call.path.split("/")
        if each.startswith("{")
    ]
    parameters += [_parameter(name, "query", *_QUERY[_snake(name)]) for name in call.asks]
    operation: dict[str, Any] = {"operationId": call.name, "summary": call.summary}
    if call.takes:
        key = "the message's `message_id`: the same on every retry, and acted on once"
        parameters.append(_parameter(KEY_HEADER, "header", key, _TEXT))
        operation["requestBody"] = {"required": True, "content": _json(call.takes)}
    operation["parameters"] = parameters
    operation["responses"] = {
        str(call.status): {"description": _meaning(call.answers), "content": _json(*call.answers)},
        "4XX": {"description": _NO, "content": {"application/problem+json": {"schema": _ref(Problem)}}},
        "429": {"description": _LATER, "headers": {"Retry-After": {"schema": _TEXT}}},
        "5XX": {"description": _LATER},
    }
    return operation


def _webhook(contract: Contract, message: type[BaseModel]) -> dict[str, Any]:
    return {
        "post": {
            "operationId": f"say_{message.model_fields['type'].default}",
            "summary": _meaning((message,)),
            "description": f"Sent to {CALLBACKS.format(partner=contract.partner)} of the service.",
            "security": [],
            "parameters": [
                _parameter(name, "header", *meaning) for name, meaning in _WEBHOOK_HEADERS.items()
            ],
            "requestBody": {"required": True, "content": _json(message)},
            "responses": {status: {"description": meaning} for status, meaning in _WEBHOOK_ANSWERS.items()},
        }
    }


def _parameter(name: str, place: str, meaning: str, schema: dict[str, Any]) -> dict[str, Any]:
    required = _snake(name) not in _AT_FIRST_LEFT_OUT
    return {"name": name, "in": place, "required": required, "description": meaning, "schema": schema}


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def _json(*models: type[BaseModel]) -> dict[str, Any]:
    schemas = [_ref(model) for model in models]
    return {"application/json": {"schema": schemas[0] if len(schemas) == 1 else {"oneOf": schemas}}}


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{model.__name__}"}


def _meaning(models: Iterable[type[BaseModel]]) -> str:
    return "; or: ".join(" ".join((model.__doc__ or "").split()).removesuffix(".") for model in models)


def _schemas(contract: Contract) -> dict[str, Any]:
    """Every schema of the contract. What we send is always whole; what the partner sends may leave out what has a
    default, but nothing of the envelope.
    """
    orders = [call.takes for call in contract.calls if call.takes]
    answers = {model for call in contract.calls for model in call.answers} | {Problem}
    told = [*sorted(answers, key=lambda model: model.__name__), *contract.messages]
    wanted: list[tuple[type[BaseModel], JsonSchemaMode]] = [
        *((model, "serialization") for model in orders),
        *((model, "validation") for model in told),
    ]
    _, found = models_json_schema(wanted, ref_template="#/components/schemas/{model}")
    schemas: dict[str, Any] = found["$defs"]
    for message in contract.messages:
        schemas[message.__name__]["required"] = list(message.model_fields)
    for answer in answers:
        if "acknowledgement" in answer.model_fields:
            schemas[answer.__name__]["required"].insert(0, "acknowledgement")
    return dict(sorted(schemas.items()))


def main(folder: Path) -> None:
    """Write every contract into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for partner, contract in CONTRACTS.items():
        (folder / f"{partner}.openapi.json").write_text(written(contract), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
