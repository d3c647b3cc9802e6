"""Whether a dispute about a request has been settled, which is final for it."""

from __future__ import annotations

from domain.exceptions.applications import ApplicationStatus, ExceptionKind
from domain.request import RequestState

_SETTLED = frozenset({ApplicationStatus.GRANTED, ApplicationStatus.REFUSED})


def is_ruled(state: RequestState) -> bool:
    """Whether an arbiter has named who leads, or the arbiter's silence has left the matter with its unit."""
    return any(
        asked.kind is ExceptionKind.DISPUTE and asked.status in _SETTLED for asked in state.applications
    )
