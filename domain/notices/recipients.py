"""Who is told something: the citizen, a post, a supervising body, or a unit that holds a leg."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from domain.events import Event
from domain.request import RequestState

CITIZEN = "citizen"
"""Recipient of what the citizen is told; read through the query code."""


@dataclass(frozen=True, slots=True)
class Words:
    """A recipient with the text in both languages."""

    recipient: str
    zh: str
    en: str


def to_lead(state: RequestState, zh: str, en: str) -> Iterator[Words]:
    """For the unit that leads; nobody where none does."""
    if state.lead is not None:
        yield Words(state.lead.unit.code, zh, en)


def by_another(state: RequestState, event: Event) -> bool:
    """Whether a unit leads, and it was somebody else who acted: nobody is told what they did themselves."""
    return state.lead is not None and event.by.unit != state.lead.unit.code


def local_day(state: RequestState, at: datetime) -> str:
    """The date of an instant in the city's own zone, as people read it."""
    return at.astimezone(ZoneInfo(state.calendar.zone)).date().isoformat()


def to_leg(state: RequestState, leg_id: str, zh: str, en: str) -> Iterator[Words]:
    """For the unit of a leg, ended or not."""
    leg = state.leg(leg_id)
    if leg is not None:
        yield Words(leg.unit.code, zh, en)
