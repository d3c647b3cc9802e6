"""Orders for many open requests at once, one of its own for each: looked at, written down as a bulk job, and recorded
as an operation, all by one door.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Response
from pydantic import BaseModel, Field

from api.bulk.jobs import JobShown, job_seen_by, job_shown
from api.bulk.previewing import ActOf, Figures, Outlooks, few_enough, figures_of, look_at
from api.frame.access import Principal
from api.frame.doors import Doors
from api.requests.commanding import actor_of
from domain.commands import Act
from domain.limits.previews import Outlook
from domain.operations import Operation
from domain.refusals import Refused
from domain.units import Role
from persistence.bulk import JobDraft, find_job_under, take_in_job
from persistence.engine import writing
from persistence.open_requests import Selection
from persistence.operations import list_operations, note_operation

LeaveOut = Annotated[Outlooks, Field(description="requests with these outlooks are left alone")]


class MassOrderShown(BaseModel):
    """The job that gives the orders, and what was foreseen of all requests when it was taken."""

    job: JobShown
    figures: Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class MassOrder:
    """An order for many: for which requests, the act for each, and what the record says of it. ``told`` is asked for
    the details once every request has been looked at.
    """

    operation: Operation
    selection: Selection
    act_of: ActOf
    leave_out: tuple[Outlook, ...]
    reason: str
    told: Callable[[], Mapping[str, Any]]


async def give_all(
    doors: Doors,
    principal: Principal,
    role: Role | None,
    order: Callable[[], Awaitable[MassOrder]],
    *,
    command: str,
    key: str,
    digest: str,
    response: Response,
) -> MassOrderShown:
    """Take the orders in as one job, once per key. ``order`` makes the mass order, where none stands under the key.

    Raises:
        Refused: ``role_not_allowed``, ``too_many_requests``, ``nothing_to_move`` or ``idempotency_conflict``.
    """
    by = actor_of(principal, command, role)
    async with doors.looking() as connection:
        job = await find_job_under(connection, key, digest)
    if job is None:
        made = await order()
        await few_enough(doors, made.selection)
        looked = [each async for each in look_at(doors, made.selection, made.act_of)]
        acts: dict[str, Act] = {
            each.number: each.act
            for each in looked
            if each.act is not None and each.seen.outlook not in (Outlook.REFUSED, *made.leave_out)
        }
        if not acts:
            raise Refused(
                "nothing_to_move", "filter", "no open request would get an order", "another filter or version"
            )
        draft = JobDraft(
            id=secrets.token_hex(8),
            key=key,
            digest=digest,
            principal=principal.name,
            actor=by,
            command=command,
            own_acts=acts,
            numbers=list(acts),
            at=doors.now(),
        )
        figures = figures_of([each.seen for each in looked])
        async with writing(doors.database) as connection:
            job = await take_in_job(connection, draft)
            if job == draft.id:
                await note_operation(
                    connection,
                    made.operation,
                    _subject(job),
                    who=principal.name,
                    at=draft.at,
                    reason=made.reason,
                    details={**made.told(), "orders": len(acts), "figures": figures.model_dump()},
                )
    response.headers["Location"] = f"/v1/bulk/{job}"
    return await _shown(doors, principal, job)


async def _shown(doors: Doors, principal: Principal, job: str) -> MassOrderShown:
    async with doors.looking() as connection:
        entry = (await list_operations(connection, subject=_subject(job), limit=1)).items[0]
    figures = Figures.model_validate(entry.details["figures"])
    return MassOrderShown(job=job_shown(await job_seen_by(doors, principal, job)), figures=figures)


def _subject(job: str) -> str:
    return f"bulk/{job}"
