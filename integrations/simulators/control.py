"""The simulator's own controls: its page, its profile, its cases by hand, and what has really happened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from integrations.simulators.doors import Wrong
from integrations.simulators.office import Office, UnknownStep
from integrations.simulators.profiles import profiles
from integrations.simulators.storage import Dossier

_PAGE = Path(__file__).with_name("page.html")


class ProfileWanted(BaseModel):
    """A named profile, with other values for some of its fields."""

    model_config = ConfigDict(extra="forbid")

    name: str
    changes: dict[str, Any] = Field(default_factory=dict[str, Any])


class StepWanted(BaseModel):
    """Other values for some fields of the step's message."""

    model_config = ConfigDict(extra="forbid")

    changes: dict[str, Any] = Field(default_factory=dict[str, Any])


class State(BaseModel):
    """Who this is and how it behaves."""

    partner: str
    profile: str
    since: datetime
    settings: dict[str, Any]
    profiles: dict[str, dict[str, str]]
    outcomes: dict[str, int] = Field(description="how often calls ended in which way")


class Matter(BaseModel):
    """A case as the partner sees it."""

    id: str
    number: str
    last: str
    sequence: int
    opened_at: datetime
    changed_at: datetime
    due_at: datetime | None
    ended: bool
    withdrawn: bool
    confirmed: bool
    possible: tuple[str, ...]


class MatterInFull(Matter):
    """The same with what was handed over, every message, and what became of each message's copies by its sequence."""

    handed: dict[str, Any]
    messages: list[str]
    deliveries: dict[int, list[str]]


@dataclass(frozen=True)
class Controls:
    """What can be seen and done from outside the partner's own interface."""

    office: Office

    async def page(self) -> HTMLResponse:
        return HTMLResponse(_PAGE.read_text(encoding="utf-8"))

    async def health(self) -> str:
        return "alive"

    async def state(self) -> State:
        return _state(self.office)

    async def behave(self, wanted: ProfileWanted) -> State:
        try:
            self.office.put_on(wanted.name, wanted.changes)
        except KeyError as error:
            raise Wrong(404, "unknown_profile", f"one of {', '.join(profiles())}") from error
        except ValidationError as error:
            raise Wrong(422, "invalid_profile", str(error)) from error
        return _state(self.office)

    async def matters(self, limit: int = 200) -> list[Matter]:
        newest = self.office.storage.newest(limit)
        return [Matter(**_matter(self.office, dossier)) for dossier in newest]

    async def matter(self, case: str) -> MatterInFull:
        storage = self.office.storage
        dossier = storage.dossier(case)
        if dossier is None:
            raise _unknown_case()
        return MatterInFull(
            **_matter(self.office, dossier),
            handed=dossier.handed,
            messages=storage.messages(case),
            deliveries=storage.deliveries(case),
        )

    async def drive(self, case: str, step: str, wanted: StepWanted | None = None) -> dict[str, str]:
        try:
            return {"message_id": self.office.drive(case, step, wanted.changes if wanted else None)}
        except KeyError as error:
            raise _unknown_case() from error
        except UnknownStep as error:
            raise Wrong(404, "unknown_step", f"one of {', '.join(self.office.life.steps)}") from error
        except ValidationError as error:
            raise Wrong(422, "invalid_step", str(error)) from error

    async def effects(self) -> list[dict[str, Any]]:
        return self.office.storage.effects()


def control(office: Office) -> APIRouter:
    """The routes under ``/_control`` and the page at the root: for whoever can reach them, so keep them inside."""
    controls, router = Controls(office), APIRouter()
    router.add_api_route("/", controls.page, response_class=HTMLResponse)
    router.add_api_route("/healthz", controls.health)
    router.add_api_route("/_control/state", controls.state)
    router.add_api_route("/_control/profile", controls.behave, methods=["PUT"])
    router.add_api_route("/_control/cases", controls.matters)
    router.add_api_route("/_control/cases/{case}", controls.matter)
    router.add_api_route("/_control/cases/{case}/{step}", controls.drive, methods=["POST"])
    router.add_api_route("/_control/effects", controls.effects)
    return router


def _unknown_case() -> Wrong:
    return Wrong(404, "unknown_case", "no case of that correlation id")


def _state(office: Office) -> State:
    return State(
        partner=office.life.partner,
        profile=office.profile_name,
        since=office.profile_since,
        settings=office.profile.model_dump(mode="json", exclude={"zh", "en"}),
        profiles={name: {"zh": profile.zh, "en": profile.en} for name, profile in profiles().items()},
        outcomes=office.storage.outcomes(),
    )


def _matter(office: Office, dossier: Dossier) -> dict[str, Any]:
    return {
        **{name: getattr(dossier, name) for name in Matter.model_fields if name != "possible"},
        "possible": office.life.possible(dossier),
    }
