"""The one place where the service's settings are named, typed and checked.

Each setting is read from the environment (`HUYING_` + its name) or, where `HUYING_SECRETS_DIR` names a folder,
from a file in it of the same name (`huying_identity_key`), which is how containers hand over secrets. What has
no safe default has none: a process without it does not start and says which one is missing.
"""

import base64
import binascii
import os
from pathlib import Path
from typing import Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    FilePath,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
)

from config.webhook_secrets import key_of
from domain.partners import Partner

DEMO_KEY_PREFIX = "demo-"
"""API keys made by the embedded stack begin with this, so that production can refuse them."""

DEMO_IDENTITY_PREFIX = b"DEMO"
"""Identity keys made by the embedded stack begin with these bytes, for the same reason."""

IDENTITY_KEY_BYTES = 32


class PartnerConnection(BaseModel):
    """How one partner is reached, and how its call-backs are known to be its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = Field(
        pattern=r"^https?://[^/?#\s]+(/[^?#\s]*[^/?#\s])?$",
        description="base address of the partner's interface, without a slash at its end",
    )
    token: SecretStr = Field(description="bearer token that we show to the partner")
    callback_secrets: list[SecretStr] = Field(
        min_length=1,
        description="Standard Webhooks secrets (whsec_...) of its call-backs, any of which counts; the newest first",
    )
    ca_file: FilePath | None = Field(
        default=None,
        description="certificates (PEM) that the partner's own must be signed by; left out: those of the machine",
    )
    plain_http: bool = Field(
        default=False,
        description="an address without TLS is meant: within one machine, or one network of containers",
    )
    timeout_seconds: float = Field(default=10, gt=0, le=60)
    calls_per_second: float = Field(
        default=20,
        gt=0,
        description="pace of all workers' calls about cases together, and of each reconciliation once more",
    )
    calls_at_once: int = Field(default=8, ge=1, description="calls under way at once in one worker")

    @field_validator("callback_secrets")
    @classmethod
    def _secrets_that_sign(cls, value: list[SecretStr]) -> list[SecretStr]:
        for secret in value:
            try:
                key_of(secret.get_secret_value())
            except ValueError as error:
                raise ValueError("must be whsec_ and the base64 of at least 24 bytes") from error
        return value


class Settings(BaseSettings):
    """Everything a worker, an API process or a tool of the service can be told from outside."""

    model_config = SettingsConfigDict(env_prefix="HUYING_", extra="forbid", frozen=True)

    environment: Literal["demo", "production"] = Field(
        default="demo", description="production refuses the demo's secrets"
    )
    city: str = Field(default="guangzhou", description="name of the city pack in cities/")
    data_dir: Path = Field(default=Path(".huying"), description="where the embedded stack keeps its data")

    database_url: str = Field(description="SQLAlchemy URL, driver postgresql+psycopg")
    database_pool_size: int = Field(
        default=10, ge=1, le=200, description="connections that each of a process's two pools keeps at most"
    )

    temporal_address: str = Field(default="127.0.0.1:7233", description="host:port of the Temporal frontend")
    temporal_namespace: str = "huying"
    task_queue: str = "requests"
    history_retention_days: int = Field(
        default=30, ge=1, description="how long the engine keeps closed histories"
    )

    api_host: str = "127.0.0.1"
    api_port: int = Field(default=8080, ge=1, le=65535)
    api_shutdown_seconds: int = Field(
        default=3, ge=0, description="patience with open event streams when stopping"
    )
    worker_metrics_port: int = Field(
        default=9464, ge=1, le=65535, description="/metrics and health of the worker"
    )
    core_metrics_port: int = Field(
        default=9465,
        ge=1,
        le=65535,
        description="loopback port of the SDK's own metrics, merged into /metrics",
    )

    log_format: Literal["console", "json"] = "json"
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    identity_key: SecretStr = Field(description="base64 of 32 bytes; seals the identities of callers")
    api_keys: dict[str, SecretStr] = Field(
        default_factory=dict, description="role -> API key known from the first start"
    )

    continue_as_new_after: int = Field(
        default=4000,
        ge=20,
        le=6000,  # A command adds three events at least, and the engine takes 2,000 commands in one run.
        description="history events after which a request's run hands over to a fresh one",
    )
    max_cached_workflows: int = Field(
        default=5000, ge=1, description="open requests kept in memory, about 75 kB each"
    )
    max_concurrent_workflow_tasks: int = Field(default=100, ge=2)
    worker_shutdown_seconds: int = Field(
        default=10, ge=0, description="patience with running activities when stopping"
    )
    starter_batch: int = Field(default=50, ge=1, description="registered requests started in one go")
    starter_interval_seconds: float = Field(
        default=0.5, gt=0, description="pause between two looks for unstarted rows"
    )

    bulk_orders_per_second: float = Field(
        default=50, ge=1, le=1000, description="pace of all bulk jobs together in one worker"
    )
    card_ledger_interval_seconds: float = Field(
        default=30, gt=0, description="pause between two looks for yellow cards that make a red one"
    )

    partners: dict[Partner, PartnerConnection] = Field(
        default_factory=dict[Partner, PartnerConnection],
        description="the neighbouring systems that are connected; to the others matters are handed by hand",
    )
    partner_inbox_interval_seconds: float = Field(
        default=0.5, gt=0, description="pause between two looks for call-backs that wait to be delivered"
    )
    reconciliation_interval_seconds: float = Field(
        default=86_400, gt=0, description="pause between two reconciliations with each partner"
    )
    catalogue_interval_seconds: float = Field(
        default=86_400,
        gt=0,
        description="pause between two readings of the affairs platform's catalogue of items",
    )

    @field_validator("database_url")
    @classmethod
    def _one_driver(cls, value: str) -> str:
        if not value.startswith("postgresql+psycopg://"):
            raise ValueError("must begin with postgresql+psycopg:// (psycopg 3 is the one driver)")
        return value

    @field_validator("identity_key")
    @classmethod
    def _key_of_32_bytes(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        key = _decoded(value)
        if len(key) != IDENTITY_KEY_BYTES:
            raise ValueError(f"must be base64 of {IDENTITY_KEY_BYTES} bytes, not of {len(key)}")
        if info.data.get("environment") == "production" and key.startswith(DEMO_IDENTITY_PREFIX):
            raise ValueError("is a key made for a demo; production needs its own")
        return value

    @model_validator(mode="after")
    def _no_readable_call_in_production(self) -> Self:
        if self.environment == "production":
            for partner, connection in self.partners.items():
                if connection.url.startswith("http://") and not connection.plain_http:
                    raise ValueError(
                        f"the address of {partner} is http://, so all would be readable on the way; "
                        'production takes https://, or "plain_http": true within a network of its own'
                    )
        return self

    @model_validator(mode="after")
    def _no_demo_keys_in_production(self) -> Self:
        if self.environment == "production":
            for partner, connection in self.partners.items():
                if connection.token.get_secret_value().startswith(DEMO_KEY_PREFIX):
                    raise ValueError(f"the token of {partner} was made for a demo; production needs its own")
            for role, key in self.api_keys.items():
                if key.get_secret_value().startswith(DEMO_KEY_PREFIX):
                    raise ValueError(f"the API key of {role} was made for a demo; production needs its own")
        return self

    @property
    def identity_key_bytes(self) -> bytes:
        """The 32 bytes that seal the identities of callers."""
        return _decoded(self.identity_key)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then environment, then the folder of secrets; no .env file is ever read."""
        del dotenv_settings, file_secret_settings
        folder = os.environ.get("HUYING_SECRETS_DIR")
        secrets = (SecretsSettingsSource(settings_cls, secrets_dir=folder),) if folder else ()
        return (init_settings, env_settings, *secrets)


def load_settings() -> Settings:
    """The settings of this process; raises pydantic's ValidationError naming what is missing or wrong."""
    return Settings()  # pyright: ignore[reportCallIssue]  # the required ones come from the environment


def _decoded(key: SecretStr) -> bytes:
    try:
        return base64.b64decode(key.get_secret_value(), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("must be base64") from error
