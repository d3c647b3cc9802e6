"""What may be changed while the service runs and touches many requests: each change leaves an entry for ever."""

from __future__ import annotations

from enum import StrEnum


class Operation(StrEnum):
    """What was done."""

    POLICY_PUBLISHED = "policy_published"
    SURGE_BEGUN = "surge_begun"
    SURGE_ENDED = "surge_ended"
    POLICY_MIGRATION = "policy_migration"
    CALENDAR_CORRECTION = "calendar_correction"
