"""A verdict on an application, as the effects of the kinds see it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from domain.events import Fact
from domain.exceptions.applications import Application
from domain.exceptions.terms import DutyAmendment
from domain.request import RequestState
from domain.units import Actor, Unit


@dataclass(frozen=True, slots=True)
class Verdict:
    """Granted or refused; by whom, and why. ``silent``: nobody decided in time, and the terms did.

    ``unit`` and ``amendment`` are what the ruling of a dispute says besides.
    """

    granted: bool
    by: Actor
    note: str = ""
    silent: bool = False
    unit: Unit | None = None
    amendment: DutyAmendment | None = None


def nothing_follows(
    state: RequestState, asked: Application, verdict: Verdict, now: datetime
) -> Iterator[Fact]:
    """The request goes on as it was."""
    del state, asked, verdict, now
    yield from ()
