"""Time-outs and retries of every kind of step, each with its reason."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from temporalio.common import Priority, RetryPolicy, WorkflowIDReusePolicy
from temporalio.workflow import ActivityCancellationType, ParentClosePolicy

from domain.limits.policy import Urgency

PERSISTENT = RetryPolicy(
    initial_interval=timedelta(milliseconds=200),
    backoff_coefficient=2.0,
    maximum_interval=timedelta(seconds=60),
)
"""Tried until it is done: the database may be away for an hour, and nothing accepted is lost."""

APPEND: dict[str, Any] = {
    "start_to_close_timeout": timedelta(seconds=5),
    # Not tried for ever with the same events: after an outage the story decides again, with the true time.
    "schedule_to_close_timeout": timedelta(seconds=10),
    "retry_policy": RetryPolicy(
        initial_interval=timedelta(milliseconds=200), maximum_interval=timedelta(seconds=2)
    ),
}

LONGEST_PAUSE = timedelta(seconds=60)
"""Between two decisions while the database is away; they go on until one of them can be written down."""

POST_LEG: dict[str, Any] = {"start_to_close_timeout": timedelta(seconds=10), "retry_policy": PERSISTENT}

AWAIT_LEG: dict[str, Any] = {
    # Every limit belongs to the workflow's own timer, because an activity's time-out can be neither paused
    # nor extended.
    "start_to_close_timeout": timedelta(days=3650),
    # It is only ever completed; a retry would await under a stale attempt.
    "retry_policy": RetryPolicy(maximum_attempts=1),
    "cancellation_type": ActivityCancellationType.ABANDON,
}

RECALL: dict[str, Any] = {"start_to_close_timeout": timedelta(seconds=10), "retry_policy": PERSISTENT}

RUN_ERRAND: dict[str, Any] = {
    # Longer than a door waits for the engine: what was given is answered, or given again under its key.
    "start_to_close_timeout": timedelta(seconds=30),
    "retry_policy": PERSISTENT,
}

REGISTER_FOUND: dict[str, Any] = {
    # Also how soon a dead worker is noticed: what has been taken in stands, and is found again.
    "start_to_close_timeout": timedelta(seconds=10),
    "retry_policy": PERSISTENT,
}

PARTNER_CALL: dict[str, Any] = {
    # Longer than the longest time-out of a connection, so that the call itself says what happened; a dead worker is
    # noticed by the missing heartbeat.
    "start_to_close_timeout": timedelta(seconds=90),
    "heartbeat_timeout": timedelta(seconds=10),
    # A partner may be away for days, and is not to be met by all cases at once when it is back.
    "retry_policy": RetryPolicy(
        initial_interval=timedelta(milliseconds=500),
        backoff_coefficient=2.0,
        maximum_interval=timedelta(minutes=5),
    ),
    # A call that is under way may still have its effect: what comes next waits for its end.
    "cancellation_type": ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
}

RECORD_CASE: dict[str, Any] = {"start_to_close_timeout": timedelta(seconds=5), "retry_policy": PERSISTENT}

BEGIN_CASE: dict[str, Any] = {
    # A case goes on when its request ends or begins a new run.
    "parent_close_policy": ParentClosePolicy.ABANDON,
    "id_reuse_policy": WorkflowIDReusePolicy.REJECT_DUPLICATE,
}

GIVE_BATCH: dict[str, Any] = {
    # Long, since a slow pace is set on purpose; a dead worker is noticed by the missing heartbeat.
    "start_to_close_timeout": timedelta(minutes=10),
    "heartbeat_timeout": timedelta(seconds=30),
    "retry_policy": PERSISTENT,
}

_PRIORITIES = {Urgency.CRITICAL: 1, Urgency.URGENT: 2}


def priority_of(urgency: Urgency | None) -> Priority:
    """The task-queue priority of a request: critical first, then urgent, then the rest."""
    return Priority(priority_key=_PRIORITIES.get(urgency, 3) if urgency else 3)
