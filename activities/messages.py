"""What the story hands to its activities and gets back. Every message is a named record, so that it can
grow.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from domain.commands import Answer
from domain.events import Event
from domain.notices.telling import Notice
from domain.summary import RequestSummary
from domain.units import Actor


@dataclass(frozen=True, slots=True)
class Entry:
    """Events to append to one request's timeline, with everything that goes into the same transaction.

    ``summary`` shows the state after the events; ``key``, ``digest`` and ``answer`` are stored for the order
    that caused them."""

    number: str
    events: tuple[Event, ...]
    summary: RequestSummary
    notices: tuple[Notice, ...] = ()
    key: str | None = None
    digest: str = ""
    answer: Answer | None = None


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """The first answer to an order, under the order's key, with the digest of the body it came with."""

    key: str
    answer: Answer
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Appended:
    """What the timeline holds at and after the entry's first number.

    Usually the given events, with no ``answers``. If a number is taken (a worker died between the commit and
    its report) or the order's key has been answered before, nothing is written: ``events`` are those that
    stand there already (perhaps none), ``answers`` the answers stored for them and for the entry's key.

    ``inserted`` tells which of the two it was; ``None`` in what was recorded before the timeline said so."""

    events: tuple[Event, ...]
    answers: tuple[StoredAnswer, ...] = ()
    inserted: bool | None = None

    def obeys(self, decided: tuple[Event, ...]) -> bool:
        """Whether the order that ``decided`` follows from was written down by this very call: then it is obeyed,
        whatever the rules have come to decide since.
        """
        if self.inserted is not None:
            return self.inserted
        # Each attempt of a task has an instant of its own, so nobody else's facts are found among those decided now.
        ahead = iter(_unnumbered(decided))
        return not self.answers and all(event in ahead for event in _unnumbered(self.events))


def _unnumbered(events: tuple[Event, ...]) -> list[Event]:
    return [replace(event, seq=0) for event in events]


@dataclass(frozen=True, slots=True)
class Posting:
    """A leg to announce to its unit. ``key`` is the business key of the announcement."""

    number: str
    leg: str
    unit: str
    key: str


@dataclass(frozen=True, slots=True)
class LegAnswer:
    """The result with which a department completes its activity; ``at`` is when the door took it (UTC)."""

    key: str
    digest: str
    by: Actor
    outcome: str
    text: str
    evidence: tuple[str, ...] = ()
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class BulkJob:
    """A job of one order for many requests; everything about it stands in the database under its id."""

    id: str


@dataclass(frozen=True, slots=True)
class BulkStanding:
    """How far a job is: how many requests still wait, and how many have which result; whether it is to rest."""

    pending: int
    results: dict[str, int]
    paused: bool = False


@dataclass(frozen=True, slots=True)
class ErrandDone:
    """How an errand ended: ``refused`` is the code with which the other request said no, empty where it obeyed."""

    refused: str = ""
