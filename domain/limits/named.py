"""Limits that somebody names with an order: in any kind of time, and none longer than the rules allow."""

from __future__ import annotations

from datetime import datetime

from domain.refusals import Refused
from domain.time.calendar import CalendarRefused, WorkingCalendar
from domain.time.durations import Duration


def must_end_by(
    latest: datetime, within: Duration, now: datetime, calendar: WorkingCalendar, *, field: str, at_most: str
) -> None:
    """The limit that was named in that field, counted from ``now``, ends by ``latest``; one whose end lies beyond the
    calendar never does.

    Raises:
        Refused: ``limit_too_long``.
    """
    try:
        ends = calendar.due(now, within).at
    except CalendarRefused:
        ends = None
    if ends is None or ends > latest:
        raise Refused("limit_too_long", field, f"{within} is too long", f"at most {at_most}")
