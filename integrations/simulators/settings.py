"""What the simulators' process can be told from outside: environment variables `HUYING_SIMULATORS_` + name."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
)

from domain.partners import Partner
from integrations.simulators.profiles import profiles

DEMO_TOKEN = "demo-partner-token"  # noqa: S105  # opens a simulator, and production refuses to show it
DEMO_SECRET = "whsec_ZGVtby1wYXJ0bmVyLWNhbGxiYWNrLXNlY3JldA=="  # noqa: S105  # the same of its call-backs

_FIRST_PORT = 8091


class SimulatedPartner(BaseModel):
    """One partner that is simulated."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    port: int = Field(ge=1, le=65535)
    token: SecretStr = Field(
        default=SecretStr(DEMO_TOKEN), description="bearer token that the service must show"
    )
    callback_secret: SecretStr = Field(
        default=SecretStr(DEMO_SECRET),
        description="Standard Webhooks secret (whsec_...) that call-backs are signed with",
    )


def _all_of_them() -> dict[Partner, SimulatedPartner]:
    return {partner: SimulatedPartner(port=_FIRST_PORT + place) for place, partner in enumerate(Partner)}


class SimulatorSettings(BaseSettings):
    """Which partners are simulated, where, and how they behave at first."""

    model_config = SettingsConfigDict(env_prefix="HUYING_SIMULATORS_", extra="forbid", frozen=True)

    partners: dict[Partner, SimulatedPartner] = Field(
        default_factory=_all_of_them, min_length=1, description="who, on which port, with which keys"
    )
    data_dir: Path = Field(default=Path("simulated-partners"), description="folder of what they know")
    host: str = Field(default="127.0.0.1", description="where they listen")
    callbacks: str = Field(
        default="http://127.0.0.1:8080/v1/partners",
        description="where call-backs go, before /<partner>/callbacks",
    )
    profile: str = Field(default="swift", description="how they behave at first")
    seed: int = Field(default=1, description="the same seed leads the same lives")

    @field_validator("profile")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in profiles():
            raise ValueError(f"must be one of {', '.join(profiles())}")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then environment, then the folder of secrets, as for the service itself."""
        del dotenv_settings, file_secret_settings
        folder = os.environ.get("HUYING_SECRETS_DIR")
        secrets = (SecretsSettingsSource(settings_cls, secrets_dir=folder),) if folder else ()
        return (init_settings, env_settings, *secrets)
