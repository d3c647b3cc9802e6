"""Health, metrics, logs, and every error as a problem document that shows nothing of the inside."""

import json
import logging

import pytest
import structlog
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from api.frame.openapi import OF_ACTS
from api.frame.problems import DOOR_TITLES, STATUS, title_zh
from api.frame.words import EVENTS, STATES
from config.logs import mask_identities
from domain.events import Fact
from domain.lifecycle import TABLE
from domain.refusal_texts import CHINESE
from domain.request import State
from tests.api.conftest import CALL, TELEPHONE, City


def test_every_refusal_has_a_status_and_two_titles():
    assert not set(CHINESE) - set(STATUS)
    assert not set(STATUS) - set(CHINESE) - set(DOOR_TITLES)
    assert all(title_zh(code) for code in STATUS)
    assert {code for codes in OF_ACTS.values() for code in codes} <= set(STATUS)
    assert set(OF_ACTS) <= set(TABLE)


def test_every_state_and_event_has_words():
    assert set(STATES) == set(State)
    assert set(EVENTS) == {fact.__dataclass_fields__["kind"].default for fact in Fact.__args__}


async def test_ready_without_the_engine_but_not_without_the_database(running_city: City):
    assert (await running_city.get(None, "/readyz")).json() == {
        "ready": True, "degraded": False, "database": "ok", "engine": "ok",
    }  # fmt: skip
    running_city.stories.away = True
    answer = await running_city.get(None, "/readyz")
    assert (answer.status_code, answer.json()["degraded"]) == (200, True)


async def test_metrics_count_calls_by_template_and_hold_no_number(running_city: City):
    made = await running_city.begun()
    await running_city.get("operator", f"/v1/requests/{made['number']}")
    await running_city.get(None, f"/v1/track/{made['query_code']}")
    await running_city.get(None, "/wp-login.php")
    text = (await running_city.get("sre", "/metrics")).text
    assert 'huying_http_requests_total{method="GET",route="/v1/requests/{number}",status="200"} 1.0' in text
    assert 'route="unmatched",status="404"' in text
    assert made["number"] not in text
    assert made["query_code"] not in text


async def test_logs_hold_no_identity_and_no_query_code(running_city: City, caplog: pytest.LogCaptureFixture):
    with structlog.testing.capture_logs() as events, caplog.at_level(logging.INFO):
        made = await running_city.begun()
        await running_city.get(None, f"/v1/track/{made['query_code']}")
        await running_city.get("operator", f"/v1/requests/{made['number']}/caller?purpose=回访")
        await running_city.post("operator", "/v1/requests", {**CALL, "channel": "pigeon"})
    written = json.dumps(
        [mask_identities(None, "", dict(event)) for event in events], ensure_ascii=False, default=str
    )
    written += "".join(record.getMessage() for record in caplog.records if record.name != "httpx2")
    assert events
    assert made["query_code"] not in written
    for identity in ("陈小明", TELEPHONE, "302房", "secret-of"):
        assert identity not in written


BROKEN_BODIES = (
    (b"{", 400, "malformed_body"),
    (b'{"description": "\xff\xfe"}', 400, "malformed_body"),
    (b"[" * 100_000, 400, "malformed_body"),
    (b'{"description": ' + b"9" * 10_000 + b"}", 400, "malformed_body"),
    (b'{"description": "\\ud800"}', 422, "invalid_input"),
    (b'{"description": "x", "\\ud800": 1}', 422, "invalid_input"),
    (b"[]", 422, "invalid_input"),
    (b"", 422, "invalid_input"),
    (b'{"description": "' + b"x" * 300_000 + b'"}', 413, "body_too_large"),
)


async def test_broken_bodies_are_refused(running_city: City):
    headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
    for content, status, code in BROKEN_BODIES:
        async with running_city.client("operator") as client:
            answer = await client.post("/v1/requests", content=content, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (status, code), content[:40]
        assert answer.headers["content-type"] == "application/problem+json"


async def test_a_body_of_undeclared_length_is_limited_too(running_city: City):
    async def endless():
        for _ in range(300):
            yield b" " * 1024

    headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
    async with running_city.client("operator") as client:
        answer = await client.post("/v1/requests", content=endless(), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


async def test_a_post_without_a_fair_key_is_refused(running_city: City):
    for key in (None, "", "x" * 129, "mit Leerzeichen"):
        headers = {} if key is None else {"Idempotency-Key": key}
        async with running_city.client("operator") as client:
            answer = await client.post("/v1/requests", json=CALL, headers=headers)
        assert (answer.status_code, answer.json()["field"]) == (422, "Idempotency-Key")


async def test_what_the_framework_refuses_is_a_problem_document_too(running_city: City):
    async with running_city.client("operator") as client:
        for method, path, status in (
            ("GET", "/nowhere", 404),
            ("GET", "/v1/requests/", 404),
            ("DELETE", "/v1/requests", 405),
            ("GET", "/v1/requests/1", 422),
        ):
            answer = await client.request(method, path)
            assert answer.status_code == status
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["status"] == status


async def test_an_error_of_our_own_shows_nothing_of_the_inside(running_city: City, monkeypatch):
    async def fail(*_args: object) -> None:
        raise RuntimeError("the inside: secret")

    number = await running_city.in_progress()
    monkeypatch.setattr(running_city.stories, "command", fail)
    answer = await running_city.post("operator", f"/v1/requests/{number}/urge")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "secret" not in answer.text


async def test_a_lost_database_is_503(running_city: City, monkeypatch: pytest.MonkeyPatch):
    await running_city.get("operator", "/v1/catalogue")
    monkeypatch.setattr(AsyncEngine, "connect", _refuse)
    answer = await running_city.get("operator", "/v1/requests")
    assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
    assert answer.headers["retry-after"]
    ready = await running_city.get(None, "/readyz")
    assert (ready.status_code, ready.json()["database"]) == (503, "away")


def _refuse(*_args: object) -> None:
    raise OperationalError("connect", {}, Exception("refused"))
