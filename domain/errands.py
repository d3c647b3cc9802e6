"""Errands: what a fact of one request asks of another one, or of its own future.

They are carried right after the fact was written, each once per key; what is to be done when the other request refuses
is a rule like all others.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.commands import Adopt, Disown, RemindOfCommitment, Reopen
from domain.events import Event, Merged, PutIntoBacklog, Reopened, TransferredOut, Voided, Withdrawn
from domain.request import ReopenCause, RequestState

REVIEWED_EVERY = timedelta(days=90)
"""A commitment is reviewed every quarter until its date."""


@dataclass(frozen=True, slots=True)
class Errand:
    """An act for request ``number``, by the system, under a key that is the same on every retry; to be given at ``at``
    (UTC) where that is set, with a reminder every ``reminded_every`` until then.
    """

    key: str
    number: str
    act: Adopt | Disown | Reopen | RemindOfCommitment
    at: datetime | None = None
    reminded_every: timedelta | None = None


def errands_of(state: RequestState, event: Event) -> tuple[Errand, ...]:
    """What the event asks for; ``state`` is the state after it."""
    match event.what:
        case Merged(parent=parent):
            adopt = Adopt(state.number, state.intake.has_contact, state.intake.people)
            return (Errand(_key(state, "adopt", parent), parent, adopt),)
        case Reopened(left=parent, cause=cause) if parent and cause is not ReopenCause.PARENT_GONE:
            return (Errand(_key(state, "disown", parent), parent, Disown(state.number)),)
        case Withdrawn() | Voided() | TransferredOut():
            return tuple(
                Errand(_key(state, "parent_gone", child.number), child.number, _without(state.number))
                for child in state.children
            )
        case PutIntoBacklog(commitment_due=due):
            reopen = Reopen("the date of the commitment has come", ReopenCause.COMMITMENT)
            key = _key(state, "commitment", state.number)
            return (Errand(key, state.number, reopen, due, REVIEWED_EVERY),)
        case _:
            return ()


def reminder_of(commitment: Errand, nth: int) -> Errand:
    """The nth reminder before the date of a commitment."""
    return Errand(f"{commitment.key}:reminder:{nth}", commitment.number, RemindOfCommitment())


def when_refused(errand: Errand) -> Reopen | None:
    """What the request does itself when its errand was refused: whoever is not taken in goes on alone."""
    return _without(errand.number) if isinstance(errand.act, Adopt) else None


def _without(parent: str) -> Reopen:
    return Reopen(f"request {parent} is gone", ReopenCause.PARENT_GONE, parent)


def _key(state: RequestState, kind: str, other: str) -> str:
    """The business key: the same on every retry, another one in every cycle."""
    return f"{state.number}:{kind}:{other}:{state.cycle}"
