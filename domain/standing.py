"""Where an ended request stands: it may be opened again for some days, and is archived (归档) after them.

Archived is never stored: it follows from the instant of the end, so that no job has to run for it.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from domain.refusals import Refused
from domain.request import RequestState, State
from domain.time.durations import Duration, Unit

ARCHIVED = "archived"

REOPENABLE = frozenset(state for state in State if state.is_terminal) - {State.VOIDED}
"""The ends that may be taken back. A voided request was none."""


def reopening_ends(state: RequestState) -> datetime | None:
    """Until when people may have an ended request opened again (UTC), counted from its answer; ``None`` where they
    never may, or where the answer is still to come because the request that this one follows is open.
    """
    if state.ended_at is None or state.awaits_answer or state.state not in REOPENABLE:
        return None
    answered_at = state.answered_at or state.ended_at
    return state.calendar.due(answered_at, Duration(state.intake.common.reopen_days, Unit.D)).at


def may_be_opened(state: RequestState, now: datetime) -> bool:
    """Whether people may have an ended request opened again at ``now``."""
    until = reopening_ends(state)
    return state.awaits_answer or (until is not None and now <= until)


def standing(state: RequestState, now: datetime) -> str:
    """The request's state, or ``archived`` once the time for reopening is over. A commitment that is still ahead keeps
    its request out of the archive, and so does an answer that is still to come.
    """
    if not state.state.is_terminal or (state.commitment_due is not None and now < state.commitment_due):
        return state.state
    return state.state if may_be_opened(state, now) else ARCHIVED


def way_back(state: RequestState) -> str:
    """What somebody can do who wants something of an ended request."""
    if state.awaits_answer:
        return f"a reopening (reopen), or the answer to request {state.parent}"
    until = reopening_ends(state)
    if until is None:
        return "a new request"
    local = until.astimezone(ZoneInfo(state.calendar.zone))
    return f"a reopening (reopen) until {local.isoformat(timespec='minutes')}; after that a new request, as its repeat"


def has_ended(state: RequestState) -> Refused:
    """The refusal of whatever an ended request has no place for."""
    return Refused("request_ended", "state", f"the request has ended as {state.state}", way_back(state))
