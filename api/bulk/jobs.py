"""POST /v1/bulk: one command for many requests, as a job that goes on by itself; how far it is; what came of it.

The command passes the same checks as at its own door: role and body here, once; sight for each number, here; and the
rules for each request, when its turn comes.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, cast

from fastapi import APIRouter, Body, Path, Query, Response
from fastapi.exceptions import RequestValidationError
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from api.frame.access import ActingRole, Principal, ThePrincipal
from api.frame.digests import digest_of
from api.frame.doors import Doors, TheDoors
from api.frame.fields import NUMBER_FORM, IdempotencyKey, Incoming, Word
from api.frame.openapi import WRITES, name_of, reads, refusals
from api.frame.problems import not_found
from api.frame.sight import sees
from api.requests.board import Cursor, Limit
from api.requests.commanding import actor_of, with_reach
from api.requests.commands import DOORS, Door
from domain.bulk import FOR_MANY, MOST_AT_ONCE, ItemResult
from domain.commands import Act
from domain.levels import Level
from domain.refusals import Refused
from domain.units import Role, Unit
from persistence.bulk import (
    Job,
    JobDraft,
    ask_to_cancel,
    find_job,
    find_job_under,
    list_items,
    pause_job,
    resume_job,
    take_in_job,
)
from persistence.engine import each_by_itself, writing

router = APIRouter(prefix="/v1/bulk", tags=["bulk"])

_DOORS: dict[str, Door] = {name_of(door.act): door for door in DOORS if door.act in FOR_MANY}


def _distinct(numbers: tuple[str, ...]) -> tuple[str, ...]:
    known = set[str]()
    for number in numbers:
        if number in known:
            raise ValueError(f"{number} is named twice")
        known.add(number)
    return numbers


Numbers = Annotated[
    tuple[Annotated[str, Field(pattern=NUMBER_FORM)], ...],
    Field(min_length=1, max_length=MOST_AT_ONCE, strict=False, json_schema_extra={"uniqueItems": True}),
    AfterValidator(_distinct),
]


class BulkBody(Incoming):
    """A command, the requests it is for, each named once, and the body that the command's own door takes."""

    command: Annotated[Word, Field(json_schema_extra={"enum": [*sorted(_DOORS)]})]
    numbers: Numbers
    body: dict[str, Any] = Field(default_factory=dict[str, Any])


class CancelBody(Incoming):
    """Nothing to say: what has not been given yet is left out."""


class PauseBody(Incoming):
    """Nothing to say: the job rests, or goes on."""


JobState = Literal["running", "paused", "done", "cancelled"]


class JobShown(BaseModel):
    """How far a job is. `done` counts the requests that have their result, whatever it is."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "5f0c2a4e9b7d1c36", "command": "urge", "state": "running", "total": 60, "done": 50,
                    "succeeded": 41, "refused": 8, "not_found": 1, "failed": 0, "cancelled": 0, "by": "operator",
                    "created_at": "2026-11-23T02:00:00Z", "started_at": "2026-11-23T02:00:00Z",
                    "paused_at": None, "cancel_asked_at": None, "ended_at": None,
                }
            ]
        }
    )  # fmt: skip

    id: str
    command: str
    state: JobState = Field(
        description="`running` from the first moment; `cancelled` only if requests were left out"
    )
    total: int
    done: int
    succeeded: int
    refused: int = Field(description="the rules said no")
    not_found: int = Field(description="there is no such request that the sender may see")
    failed: int = Field(description="a defect of the service")
    cancelled: int = Field(description="left out, because the job was cancelled before their turn")
    by: str
    created_at: datetime
    started_at: datetime | None = Field(
        description="null while the workflow engine has not begun it, or not gone on with it"
    )
    paused_at: datetime | None
    cancel_asked_at: datetime | None
    ended_at: datetime | None


class ItemShown(BaseModel):
    """One request of a job: where it stands after the command, or why it was not obeyed."""

    model_config = ConfigDict(from_attributes=True)

    number: str
    result: ItemResult
    code: str = Field(description="the refusal's code; empty where it was obeyed")
    detail: str
    state: str | None
    seq: int | None = Field(description="number of the event that the command became")
    at: datetime | None


class Items(BaseModel):
    """A page of a job's requests in the order of their numbers."""

    items: list[ItemShown]
    next_cursor: str | None


JobPath = Annotated[
    str, Path(pattern=r"^[0-9a-f]{16}$", description="id of a job", examples=["5f0c2a4e9b7d1c36"])
]
_EXAMPLES = {
    "urge": {
        "summary": "urge many",
        "value": {
            "command": "urge",
            "numbers": ["20261123-0000042", "20261123-0000043"],
            "body": {"note": "台风将至，请尽快处置"},
        },
    }
}


@router.post(
    "",
    status_code=202,
    operation_id="give_to_many",
    summary="One command for many requests 批量操作",
    responses=refusals(*WRITES, "not_in_bulk", "unknown_unit", "idempotency_conflict"),
)
async def give_to_many(
    doors: TheDoors,
    principal: ThePrincipal,
    key: IdempotencyKey,
    body: Annotated[BulkBody, Body(openapi_examples=cast(Any, _EXAMPLES))],
    response: Response,
    role: ActingRole = None,
) -> JobShown:
    """Taken at once, also while the workflow engine is away, and given request by request in the background. The same
    key gets the same job again."""
    door = _door_of(body.command)
    given = _checked(door.body, body.body)
    by = actor_of(principal, body.command, role)
    own_key, digest = principal.own_key(key), digest_of("bulk", body=body)
    async with doors.looking() as connection:
        job = await find_job_under(connection, own_key, digest)
    if job is None:
        draft = JobDraft(
            id=secrets.token_hex(8),
            key=own_key,
            digest=digest,
            principal=principal.name,
            actor=by,
            command=body.command,
            act=with_reach(principal, await _act(doors, door, given)),
            numbers=body.numbers,
            unseen=await _unseen(doors, principal, body.numbers),
            at=doors.now(),
        )
        async with writing(doors.database) as connection:
            job = await take_in_job(connection, draft)
    response.headers["Location"] = f"/v1/bulk/{job}"
    return job_shown(await job_seen_by(doors, principal, job))


@router.get(
    "/{job}", operation_id="get_bulk_job", summary="How far a job is 批量进度", responses=reads("not_found")
)
async def get_job(doors: TheDoors, principal: ThePrincipal, job: JobPath) -> JobShown:
    """Who gave the command and the duty leaders see it."""
    return job_shown(await job_seen_by(doors, principal, job))


@router.get(
    "/{job}/items",
    operation_id="list_bulk_items",
    summary="What came of it 批量结果",
    responses=reads("not_found", "bad_cursor"),
)
async def get_items(
    doors: TheDoors,
    principal: ThePrincipal,
    job: JobPath,
    result: Annotated[ItemResult | None, Query(description="only those with this result")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Items:
    """Every request of the job, those without a result yet as `pending`."""
    found = await job_seen_by(doors, principal, job)
    async with doors.looking() as connection:
        page = await list_items(connection, found.id, result=result, cursor=cursor, limit=limit)
    return Items(items=[ItemShown.model_validate(item) for item in page.items], next_cursor=page.next_cursor)


@router.post(
    "/{job}/cancel",
    operation_id="cancel_bulk_job",
    summary="Leave out what has not been given yet 取消",
    responses=refusals(*WRITES, "not_found"),
)
async def cancel_job(
    doors: TheDoors,
    principal: ThePrincipal,
    key: IdempotencyKey,
    job: JobPath,
    body: CancelBody | None = None,
) -> JobShown:
    """The job ends after the requests that are under way. What was obeyed stays, and so does a job that has ended."""
    del key, body
    found = await job_seen_by(doors, principal, job)
    async with writing(doors.database) as connection:
        await ask_to_cancel(connection, found.id, doors.now())
    return job_shown(await job_seen_by(doors, principal, job))


@router.post(
    "/{job}/pause",
    operation_id="pause_bulk_job",
    summary="Let a job rest 暂停",
    responses=refusals(*WRITES, "not_found"),
)
async def pause(
    doors: TheDoors,
    principal: ThePrincipal,
    key: IdempotencyKey,
    job: JobPath,
    body: PauseBody | None = None,
) -> JobShown:
    """It rests after the requests that are under way, until it is resumed or cancelled."""
    del key, body
    found = await job_seen_by(doors, principal, job)
    async with each_by_itself(doors.singles) as connection:
        await pause_job(connection, found.id, doors.now())
    return job_shown(await job_seen_by(doors, principal, job))


@router.post(
    "/{job}/resume",
    operation_id="resume_bulk_job",
    summary="Let a paused job go on 继续",
    responses=refusals(*WRITES, "not_found"),
)
async def resume(
    doors: TheDoors,
    principal: ThePrincipal,
    key: IdempotencyKey,
    job: JobPath,
    body: PauseBody | None = None,
) -> JobShown:
    """It goes on where it rested; a job that does not rest stays as it is."""
    del key, body
    found = await job_seen_by(doors, principal, job)
    async with writing(doors.database) as connection:
        await resume_job(connection, found.id)
    return job_shown(await job_seen_by(doors, principal, job))


def _door_of(command: str) -> Door:
    door = _DOORS.get(command)
    if door is None:
        raise Refused(
            "not_in_bulk",
            "command",
            f"{command} cannot be given to many requests at once",
            f"one of: {', '.join(sorted(_DOORS))}",
        )
    return door


def _checked(kind: type[Incoming], given: dict[str, Any]) -> Incoming:
    """The body as the command's own door would read it.

    Raises:
        RequestValidationError: what that door would refuse.
    """
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        faults: Sequence[Any] = error.errors(include_url=False, include_context=False)
        raise RequestValidationError(
            [{**fault, "loc": ("body", "body", *fault["loc"])} for fault in faults]
        ) from error


async def _act(doors: Doors, door: Door, body: Incoming) -> Act:
    """The act, the same for every request.

    Raises:
        Refused: ``unknown_unit``; ``not_in_bulk``, a community is named, and whether it is asked for admission first
            depends on each request's category.
    """
    act = await door.make(doors, "", body)
    unit: Unit | None = getattr(act, "unit", None)
    if unit is not None and unit.level is Level.COMMUNITY:
        raise Refused(
            "not_in_bulk",
            "body.unit",
            "whether a community is asked for admission first differs from request to request",
            "a unit of another level, or each request by itself",
        )
    return act


async def _unseen(doors: Doors, principal: Principal, numbers: Sequence[str]) -> frozenset[str]:
    async with doors.looking() as connection:
        return frozenset([number for number in numbers if not await sees(connection, principal, number)])


async def job_seen_by(doors: Doors, principal: Principal, job: str) -> Job:
    """The job, if the principal gave it or is a duty leader.

    Raises:
        Problem: ``not_found``.
    """
    async with doors.looking() as connection:
        found = await find_job(connection, job)
    if found is None or not (found.principal == principal.name or Role.DUTY_LEADER in principal.roles):
        raise not_found("job")
    return found


def job_shown(job: Job) -> JobShown:
    """How far the job is, as the doors show it."""
    counts = {result: job.counts.get(result, 0) for result in ItemResult}
    ended: JobState = "cancelled" if counts[ItemResult.CANCELLED] else "done"
    going: JobState = "paused" if job.paused_at else "running"
    return JobShown(
        id=job.id,
        command=job.command,
        state=going if job.ended_at is None else ended,
        total=job.total,
        done=job.total - counts[ItemResult.PENDING],
        succeeded=counts[ItemResult.DONE],
        refused=counts[ItemResult.REFUSED],
        not_found=counts[ItemResult.NOT_FOUND],
        failed=counts[ItemResult.FAILED],
        cancelled=counts[ItemResult.CANCELLED],
        by=job.principal,
        created_at=job.created_at,
        started_at=job.started_at,
        paused_at=job.paused_at,
        cancel_asked_at=job.cancel_asked_at,
        ended_at=job.ended_at,
    )
