"""The spelling of every identifier that the engine sees, in one place. None of them holds personal data."""

from __future__ import annotations

_REQUEST = "request/"


def workflow_id(number: str) -> str:
    """The workflow of a request."""
    return f"{_REQUEST}{number}"


def number_of(workflow: str) -> str:
    """The request of a workflow id, the inverse of :func:`workflow_id`."""
    return workflow.removeprefix(_REQUEST)


def activity_id(leg: str, awaits: int) -> str:
    """The activity in which a leg's answer is awaited for the n-th time."""
    return f"{leg}.{awaits}"
