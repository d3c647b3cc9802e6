"""What the lives of the three partners have in common: what the office asks of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Protocol

from pydantic import BaseModel

from domain.partners import Partner
from integrations.simulators.chance import Chance
from integrations.simulators.profiles import Profile
from integrations.simulators.storage import Dossier
from integrations.wire.envelope import Message, Order

CHINA = timezone(timedelta(hours=8))
"""The partners' own zone: the days in their messages are days there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """A partner's own paths and words. ``opened`` is the status that answers a case handed over; a partner that
    ``rejects_in_the_body`` says no with 200, the others with a problem.
    """

    cases: str
    messages: str
    withdrawal: str
    confirmation: str
    since: str
    open: type[Order]
    withdraw: type[Order]
    confirm: type[Order]
    opened: int
    confirmed: int
    rejects_in_the_body: bool = False


@dataclass(frozen=True, slots=True)
class No:
    """The partner's no to a call, with the status that it has where it is said as a problem."""

    status: int
    code: str
    reason: str


class Life(Protocol):
    """What one partner does with a matter, step by step; each step sends one message, whose kind is its name."""

    @property
    def partner(self) -> Partner:
        """Whose life it is."""
        ...

    @property
    def interface(self) -> Interface:
        """The partner's own paths and words."""
        ...

    @property
    def steps(self) -> Mapping[str, type[Message]]:
        """Every step that there is, by the message it sends."""
        ...

    def objection(self, order: Order, now: datetime) -> No | None:
        """Why a matter is not taken at all; None when it is."""
        ...

    def number(self, order: Order, count: int, now: datetime) -> str:
        """The partner's own number of its matter of this count."""
        ...

    def matter(self, order: Order) -> str:
        """What makes two orders of different cases the same matter to the partner; empty where nothing does."""
        ...

    def shown_at_once(self, dossier: Dossier) -> str:
        """The number that the acknowledgement gives; empty where the partner gives one only later."""
        ...

    def next_step(self, dossier: Dossier, chance: Chance, profile: Profile) -> str | None:
        """What happens next by itself; None when nothing does, or when it waits for us."""
        ...

    def afterwards(self, dossier: Dossier, chance: Chance, profile: Profile) -> str | None:
        """What is still said by itself when the matter is over; None where nothing is."""
        ...

    def possible(self, dossier: Dossier) -> tuple[str, ...]:
        """What can sensibly happen next, for whoever drives a matter by hand."""
        ...

    def not_before(self, step: str, dossier: Dossier) -> datetime | None:
        """The planned time of a step, for partners that keep to it."""
        ...

    def say(self, step: str, dossier: Dossier, chance: Chance, profile: Profile, now: datetime) -> BaseModel:
        """The data of a step's message; what the step changes is noted in the dossier."""
        ...

    def ends_with(self, step: str, data: BaseModel) -> bool:
        """Whether the partner has nothing more to say after a step, unless something was wrong."""
        ...

    def effects(self, step: str, dossier: Dossier) -> tuple[tuple[str, str], ...]:
        """What a step really does in the world, and to what; asked before the step is noted."""
        ...

    def is_irrevocable(self, dossier: Dossier) -> str:
        """Why a matter cannot be taken back any more; empty when it can."""
        ...
