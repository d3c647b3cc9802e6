"""What falls due for a case, and what time brings about by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from domain.cases.receiving import apply_in_order
from domain.cases.state import CaseState, Step, asked_back, report
from domain.partners import OVERDUE, CaseStatus

UNCLAIMED = "unclaimed"
"""Too few came forward for a task."""

UNCOLLECTED = "uncollected"
"""Nobody came for a document in its time."""


class Due(StrEnum):
    """What can fall due."""

    GAP = "gap"
    COLLECTION = "collection"
    CLAIM = "claim"
    LIMIT = "limit"
    READ = "read"


@dataclass(frozen=True, slots=True)
class CaseDeadline:
    """Something ahead of a case, and when."""

    at: datetime
    what: Due


def ahead(state: CaseState) -> list[CaseDeadline]:
    """Everything that can still fall due, earliest first."""
    return sorted(_ahead(state), key=lambda each: (each.at, _PRECEDENCE[each.what]))


def next_instant(state: CaseState) -> datetime | None:
    """The earliest instant at which something falls due, for the one timer; ``None`` if nothing does."""
    first = ahead(state)
    return first[0].at if first else None


def pass_time(state: CaseState, now: datetime) -> Step:
    """Do what has fallen due, in its order; each thing once."""
    step = Step(state)
    while (due := ahead(step.state)) and due[0].at <= now:
        step = step.then(_fall_due(step.state, due[0].what, now))
    return step


_PRECEDENCE = {what: place for place, what in enumerate(Due)}


def _ahead(state: CaseState) -> Iterator[CaseDeadline]:
    brief = state.brief
    if state.held:
        yield CaseDeadline(min(held.since for held in state.held) + brief.hold_gaps, Due.GAP)
    if not state.is_open:
        return
    if state.collect_by is not None:
        yield CaseDeadline(state.collect_by, Due.COLLECTION)
    if brief.claim_by is not None and state.is_unclaimed and not state.withdrawn_for:
        yield CaseDeadline(brief.claim_by, Due.CLAIM)
    if not state.overdue:
        yield CaseDeadline(brief.due_at, Due.LIMIT)
    if not state.read_asked and state.status is not CaseStatus.OPENING:
        yield CaseDeadline(state.read_at, Due.READ)


def _fall_due(state: CaseState, what: Due, now: datetime) -> Step:
    match what:
        case Due.GAP:
            return apply_in_order(state, now)
        case Due.READ:
            return Step(replace(state, read_asked=True))
        case Due.CLAIM:
            return Step(asked_back(state, UNCLAIMED, code=UNCLAIMED))
        case Due.LIMIT:
            after = replace(state, version=state.version + 1, overdue=True)
            return Step(after, (report(after, OVERDUE),))
        case Due.COLLECTION:
            after = replace(
                state,
                version=state.version + 1,
                status=CaseStatus.DONE,
                code=UNCOLLECTED,
                to_confirm=True,
                ended_at=now,
            )
            return Step(after, (report(after, UNCOLLECTED, code=UNCOLLECTED),))
