"""The OpenAPI document is what the API does: thrown at it at random, no call fails and no answer is undocumented."""

import asyncio
from collections import Counter
from typing import cast

import pytest
import schemathesis
from fastapi import FastAPI
from fastapi.openapi.models import OpenAPI
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.conftest import SECRETS, TOWN, City

EXAMPLES_PER_OPERATION = 3
CHECKS = [status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture(scope="module")
def document(application: FastAPI) -> dict:
    return application.openapi()


def test_the_document_is_valid_openapi(document: dict):
    OpenAPI.model_validate(document)


def test_every_operation_says_what_it_refuses_and_shows_an_example(document: dict):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            where = f"{method} {path}"
            assert operation["summary"], where
            if path in ("/healthz", "/readyz"):
                continue
            assert "500" in operation["responses"], where
            for status, response in operation["responses"].items():
                if int(status) >= 400:
                    content = response["content"]["application/problem+json"]
                    assert content["schema"] == {"$ref": "#/components/schemas/Problem"}, where
                    assert content["examples"], where
            if method == "post":
                headers = {each["name"]: each for each in operation["parameters"] if each["in"] == "header"}
                key = "webhook-id" if path == "/v1/partners/{partner}/callbacks" else "Idempotency-Key"
                assert headers[key]["required"] is True, where
                assert operation["requestBody"]["content"]["application/json"], where


async def test_random_calls_never_fail_and_every_answer_is_documented(running_city: City):
    """Each operation is called on a request that a unit works on, by somebody who may, with bodies and parameters that
    fit the document or do not.
    """
    known = {"code": "P-SAFETY", "application": "a1"}
    thrower = Thrower(running_city, asyncio.get_running_loop())
    schema = schemathesis.openapi.from_dict(running_city.app.openapi())
    for found in schema.get_all_operations():
        operation = cast("APIOperation", found.ok())  # pyright: ignore[reportAttributeAccessIssue]  # the document is valid
        if operation.path == "/v1/events":
            continue
        for mode in GenerationMode:
            known |= await _at_work(running_city, known.get("number"))
            names = {each.name for each in operation.path_parameters}
            there = {name: value for name, value in known.items() if name in names}
            await asyncio.to_thread(thrower.throw, operation, mode, there or None)
    assert thrower.thrown > 600
    assert set(thrower.answers) >= {200, 201, 202, 403, 404, 409, 422}


async def _at_work(city: City, number: str | None) -> dict[str, str]:
    """How to name a request that is in progress: the present one, or a new one if a random call has moved it on."""
    if number is not None:
        shown = (await city.get("operator", f"/v1/requests/{number}")).json()
        if shown["state"] == "in_progress":
            return {}
    number = await city.in_progress()
    shown = (await city.get("operator", f"/v1/requests/{number}")).json()
    return {"number": number, "leg_id": f"{number}.1", "query_code": shown["query_code"]}


WHO_MAY = {"/v1/legs": f"unit:{TOWN}", "/v1/audit": "auditor", "/metrics": "sre"}
"""By the beginning of a path, who calls there; everywhere else an operator does."""


class Thrower:
    """Throws random calls at an operation, from a thread, as the random generator wants it."""

    def __init__(self, city: City, loop: asyncio.AbstractEventLoop) -> None:
        self.thrown = 0
        self.answers = Counter[int]()
        self._city = city
        self._loop = loop

    def throw(self, operation: APIOperation, mode: GenerationMode, path_parameters: dict | None) -> None:
        """Some calls of one kind to one operation.

        Raises:
            AssertionError: a call failed inside, or its answer is not documented.
        """

        @settings(
            max_examples=EXAMPLES_PER_OPERATION,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=[
                HealthCheck.too_slow,
                HealthCheck.filter_too_much,
                HealthCheck.data_too_large,
            ],
        )
        @given(case=operation.as_strategy(generation_mode=mode, path_parameters=path_parameters))
        def thrown(case: Case) -> None:
            asyncio.run_coroutine_threadsafe(self._call(case), self._loop).result()

        try:
            thrown()
        except Unsatisfiable:
            return  # nothing can be wrong about an operation without parameters

    async def _call(self, case: Case) -> None:
        self.thrown += 1
        request = case.as_transport_kwargs(base_url="http://huying.test")
        who = next((key for path, key in WHO_MAY.items() if case.path.startswith(path)), "operator")
        headers = {**(request.pop("headers", None) or {}), "Authorization": f"Bearer {SECRETS[who]}"}
        headers.pop("X-Acting-Unit", None)  # a random unit would be refused before anything else is looked at
        renamed = {"data": "content"}
        allowed = ("method", "url", "params", "json", "content", "data")
        arguments = {
            renamed.get(name, name): request[name] for name in allowed if request.get(name) is not None
        }
        async with self._city.client(None) as client:
            response = await client.request(headers=headers, **arguments)
        self.answers[response.status_code] += 1
        assert response.status_code < 500 or response.json()["code"] == "not_started", response.text
        case.validate_response(response, checks=CHECKS)
