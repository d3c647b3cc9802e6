"""Settings come from outside, are checked, and never fall back to a demo's secrets in production."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from config.settings import load_settings

OWN_KEY = base64.b64encode(bytes(range(32))).decode()
DEMO_KEY = base64.b64encode(b"DEMO" + bytes(28)).decode()
URL = "postgresql+psycopg://huying@/huying"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HUYING_DATABASE_URL", URL)
    monkeypatch.setenv("HUYING_IDENTITY_KEY", OWN_KEY)


def refusal() -> str:
    with pytest.raises(ValidationError) as caught:
        load_settings()
    return str(caught.value)


def test_settings_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HUYING_API_PORT", "9000")
    monkeypatch.setenv("HUYING_API_KEYS", '{"operator": "demo-operator-1"}')
    settings = load_settings()
    assert settings.api_port == 9000
    assert settings.api_keys["operator"].get_secret_value() == "demo-operator-1"
    assert settings.identity_key_bytes == bytes(range(32))
    assert settings.city == "guangzhou"
    assert settings.task_queue == "requests"


def test_secrets_may_come_from_a_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.delenv("HUYING_IDENTITY_KEY")
    monkeypatch.setenv("HUYING_SECRETS_DIR", str(tmp_path))
    (tmp_path / "huying_identity_key").write_text(OWN_KEY + "\n", encoding="ascii")
    assert load_settings().identity_key_bytes == bytes(range(32))


@pytest.mark.parametrize("name", ["database_url", "identity_key"])
def test_what_has_no_safe_default_has_none(monkeypatch: pytest.MonkeyPatch, name: str):
    monkeypatch.delenv(f"HUYING_{name.upper()}")
    assert name in refusal()


@pytest.mark.parametrize("key", ["", "not base64!", base64.b64encode(b"short").decode()])
def test_an_identity_key_of_the_wrong_kind_is_refused(monkeypatch: pytest.MonkeyPatch, key: str):
    monkeypatch.setenv("HUYING_IDENTITY_KEY", key)
    assert "identity_key" in refusal()


def test_a_partners_token_made_for_a_demo_is_refused_in_production(monkeypatch: pytest.MonkeyPatch):
    secret = "whsec_" + base64.b64encode(bytes(24)).decode()
    connection = f'{{"url": "https://x", "token": "demo-partner-1", "callback_secrets": ["{secret}"]}}'
    monkeypatch.setenv("HUYING_PARTNERS", f'{{"affairs": {connection}}}')
    assert load_settings().partners
    monkeypatch.setenv("HUYING_ENVIRONMENT", "production")
    assert "the token of affairs was made for a demo" in refusal()


@pytest.mark.parametrize(
    ("connection", "taken"),
    [
        ({"url": "https://partner.example"}, True),
        ({"url": "http://partner.example"}, False),
        ({"url": "http://partners:8080", "plain_http": True}, True),
    ],
)
def test_production_calls_a_partner_without_tls_only_where_that_is_meant(
    monkeypatch: pytest.MonkeyPatch, connection: dict[str, Any], taken: bool
):
    secret = "whsec_" + base64.b64encode(bytes(24)).decode()
    whole = {**connection, "token": "t", "callback_secrets": [secret]}
    monkeypatch.setenv("HUYING_PARTNERS", json.dumps({"affairs": whole}))
    assert load_settings().partners
    monkeypatch.setenv("HUYING_ENVIRONMENT", "production")
    if taken:
        assert load_settings().partners
    else:
        assert "the address of affairs is http://" in refusal()


@pytest.mark.parametrize(
    "secrets",
    [
        [],
        [""],
        ["whsec_"],
        ["whsec_!"],
        ["whsec_" + base64.b64encode(bytes(23)).decode()],
        [base64.b64encode(bytes(32)).decode()],
        ["whsec_" + base64.b64encode(bytes(24)).decode(), "whsec_MfKQ9"],
        ["whsec_" + "-" * 32],
    ],
)
def test_a_callback_secret_that_signs_nothing_or_could_be_guessed_is_refused(
    monkeypatch: pytest.MonkeyPatch, secrets: list[str]
):
    connection = {"url": "http://x", "token": "t", "callback_secrets": secrets}
    monkeypatch.setenv("HUYING_PARTNERS", json.dumps({"affairs": connection}))
    assert "callback_secrets" in refusal()


def test_a_callback_secret_may_be_written_without_its_padding(monkeypatch: pytest.MonkeyPatch):
    secret = "whsec_" + base64.b64encode(bytes(25)).decode().rstrip("=")
    connection = {"url": "http://x", "token": "t", "callback_secrets": [secret]}
    monkeypatch.setenv("HUYING_PARTNERS", json.dumps({"affairs": connection}))
    assert load_settings().partners


def test_another_database_driver_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HUYING_DATABASE_URL", "postgresql+asyncpg://huying@/huying")
    assert "psycopg 3 is the one driver" in refusal()


def test_production_refuses_the_identity_key_of_a_demo(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HUYING_IDENTITY_KEY", DEMO_KEY)
    assert load_settings().environment == "demo"
    monkeypatch.setenv("HUYING_ENVIRONMENT", "production")
    assert "made for a demo" in refusal()


def test_production_refuses_the_api_keys_of_a_demo(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HUYING_ENVIRONMENT", "production")
    assert load_settings().environment == "production"
    monkeypatch.setenv("HUYING_API_KEYS", '{"sre": "demo-sre-1"}')
    assert "the API key of sre was made for a demo" in refusal()


def test_secrets_are_not_shown_with_the_settings(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HUYING_API_KEYS", '{"sre": "do-not-show"}')
    shown = repr(load_settings())
    assert OWN_KEY not in shown
    assert "do-not-show" not in shown
