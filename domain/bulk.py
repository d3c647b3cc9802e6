"""One order for many requests: which acts may be given so, and what can come of it at each request.

A bulk order is no act of its own. Each request gets the plain act, is asked by the same rules as if somebody had
named it alone, and keeps the same fact.
"""

from __future__ import annotations

from enum import StrEnum

from domain.commands import Act, Dispatch, Reassign, Supervise, Urge

MOST_AT_ONCE = 1000
"""Requests in one job."""

FOR_MANY: tuple[type[Act], ...] = (Dispatch, Reassign, Urge, Supervise)
"""Acts that say the same to every request; whatever must be looked up for a single one is not among them."""


class ItemResult(StrEnum):
    """What came of the order at one request."""

    PENDING = "pending"
    DONE = "done"
    REFUSED = "refused"
    """The rules said no; the code tells why."""
    NOT_FOUND = "not_found"
    """There is no such request that the sender may see."""
    FAILED = "failed"
    """A defect of the service; its log has the reason."""
    CANCELLED = "cancelled"
    """The job was cancelled before this request's turn."""
