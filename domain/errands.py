"""Errands: what a fact of one request asks of another one, or of its own future.

They are carried right after the fact was written, each once per key; what is to be done when the other request refuses
is a rule like all others.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.commands import Adopt, Disown, HearAnswer, RemindOfCommitment, Reopen, ReportCase, ReportFound
from domain.events import (
    AnsweredDirectly,
    CaseReported,
    Closed,
    Disowned,
    Event,
    MattersFound,
    Merged,
    PutIntoBacklog,
    Rejected,
    Reopened,
    TransferredOut,
    Voided,
    Withdrawn,
)
from domain.partners import Case
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
    act: Adopt | Disown | HearAnswer | Reopen | RemindOfCommitment | ReportCase | ReportFound
    at: datetime | None = None
    reminded_every: timedelta | None = None


def errands_of(state: RequestState, event: Event) -> tuple[Errand, ...]:
    """What the event asks for; ``state`` is the state after it."""
    match event.what:
        case Merged(parent=parent, awaits_answer=awaits_answer):
            cases = tuple(replace(case, held_by="") for case in _with(state, parent) if case.status.is_open)
            caller = state.intake
            adopt = Adopt(state.number, caller.has_contact, caller.people, cases, awaits_answer)
            return (Errand(_key(state, "adopt", parent), parent, adopt),)
        case Disowned(child=child):
            return _news_for(state, child, event)
        case CaseReported(case=case_id):
            reported = state.case(case_id)
            assert reported is not None, "only a known case is reported"
            return (_news(state, reported, event),) if reported.held_by else ()
        case MattersFound(case=case_id, numbers=numbers):
            found_in = state.case(case_id)
            assert found_in is not None, "only of a known case is anything found"
            return (_found_news(state, found_in, numbers, event),) if found_in.held_by else ()
        case Reopened(left=parent, cause=cause) if parent and cause is not ReopenCause.PARENT_GONE:
            return (Errand(_key(state, "disown", parent), parent, Disown(state.number)),)
        case Reopened():
            return _told(state, "taken_back", None)
        case Closed(outcome=outcome):
            return _told(state, "answer", event.at, outcome)
        case Rejected() | AnsweredDirectly():
            return _told(state, "answer", event.at)
        case Withdrawn() | Voided() | TransferredOut():
            return tuple(
                errand for child in state.children for errand in _sent_on(state, child.number, event)
            )
        case PutIntoBacklog(commitment_due=due):
            reopen = Reopen("the date of the commitment has come", ReopenCause.COMMITMENT)
            key = _key(state, "commitment", state.number)
            opened = Errand(key, state.number, reopen, due, REVIEWED_EVERY)
            return (opened, *_told(state, "answer", event.at))
        case _:
            return ()


def reminder_of(commitment: Errand, nth: int) -> Errand:
    """The nth reminder before the date of a commitment."""
    return Errand(f"{commitment.key}:reminder:{nth}", commitment.number, RemindOfCommitment())


def when_refused(errand: Errand) -> Reopen | None:
    """What the request does itself when its errand was refused: whoever is not taken in goes on alone."""
    return _without(errand.number) if isinstance(errand.act, Adopt) else None


def _told(
    state: RequestState, kind: str, answered_at: datetime | None, outcome: str = ""
) -> tuple[Errand, ...]:
    """What the requests that follow this one hear of its answer."""
    heard = HearAnswer(state.number, answered_at, outcome)
    return tuple(
        Errand(_key(state, kind, child.number), child.number, heard)
        for child in state.children
        if child.awaits_answer
    )


def _sent_on(state: RequestState, child: str, event: Event) -> tuple[Errand, ...]:
    alone = Errand(_key(state, "parent_gone", child), child, _without(state.number))
    return (alone, *_news_for(state, child, event))


def _news_for(state: RequestState, child: str, event: Event) -> tuple[Errand, ...]:
    """What was heard of a request's cases while it followed this one."""
    cases = _with(state, child)
    stand = (_news(state, case, event) for case in cases if case.version or case.document)
    found = (_found_news(state, case, case.found, event) for case in cases if case.found)
    return (*stand, *found)


def _with(state: RequestState, holder: str) -> tuple[Case, ...]:
    return tuple(case for case in state.cases if case.held_by == holder)


def _news(state: RequestState, case: Case, event: Event) -> Errand:
    """How a case stands, for the request that holds it now."""
    # What was typed in by hand has no number among the reports.
    version = 0 if case.document else case.version
    report = ReportCase(
        case=case.id,
        status=case.status,
        kind=case.message or case.status,
        number=case.number,
        code=case.code,
        text=case.note,
        unit=case.unit,
        message_id=case.message_id,
        version=version,
        until=case.until,
    )
    return Errand(f"{state.number}:case:{case.id}:{event.seq}", case.held_by, report)


def _found_news(state: RequestState, case: Case, numbers: tuple[str, ...], event: Event) -> Errand:
    """What was found in a case, for the request that holds it now."""
    key = f"{state.number}:found:{case.id}:{event.seq}"
    return Errand(key, case.held_by, ReportFound(case.id, numbers))


def _without(parent: str) -> Reopen:
    return Reopen(f"request {parent} is gone", ReopenCause.PARENT_GONE, parent)


def _key(state: RequestState, kind: str, other: str) -> str:
    """The business key: the same on every retry, another one in every cycle."""
    return f"{state.number}:{kind}:{other}:{state.cycle}"
