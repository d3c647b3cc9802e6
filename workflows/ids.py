"""The spelling of every identifier that the engine sees, in one place. None of them holds personal data."""

from __future__ import annotations

from domain.partners import Partner

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


def commitment_id(number: str) -> str:
    """The workflow that waits for the date of a request's commitment."""
    return f"commitment/{number}"


def bulk_workflow_id(job: str) -> str:
    """The workflow of a bulk job."""
    return f"bulk/{job}"


def bulk_queue(task_queue: str) -> str:
    """The task queue of bulk jobs, beside that of requests, so that they take no slot from them."""
    return f"{task_queue}-bulk"


def case_workflow_id(case: str) -> str:
    """The workflow of a case with a partner."""
    return f"partner/{case}"


def partner_queue(task_queue: str, partner: Partner) -> str:
    """The task queue of the calls to one partner: one that stands still holds only its own slots."""
    return f"{task_queue}-{partner}"
