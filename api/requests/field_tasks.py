"""Field tasks: doors for the unit that sends a field party, and the party's own page, which asks for no login.

Whoever holds a task's code sees what to do, where and by when, and reports on it. Nothing of who called stands there.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, Field

from api.frame.access import Principal, Right, ThePrincipal
from api.frame.doors import Doors, TheDoors
from api.frame.fields import IdempotencyKey, Incoming, Name, NumberPath, Sentence
from api.frame.openapi import COMMANDS, OF_ACTS, reads, refusals
from api.frame.problems import not_found
from api.frame.third_parties import for_outsiders, masked, reads_as_written
from api.requests.board import state_seen
from api.requests.bodies import ReasonBody
from api.requests.commanding import Given, give
from api.requests.commands import Door, add_door, plain
from domain import commands as asked
from domain.commands import Act
from domain.evidence import EVIDENCE_LIMIT
from domain.field_tasks import FieldParty, FieldTask
from domain.limits.clock import ClockKind, promised
from domain.numbers_of_persons import without_numbers
from domain.request import RequestState
from domain.time.durations import Duration
from domain.units import Role
from persistence.timeline import load_state

router = APIRouter(prefix="/v1", tags=["field tasks"])

TaskId = Annotated[str, Field(pattern=r"^f[1-9][0-9]?$", examples=["f1"])]
TaskCode = Annotated[
    str,
    Path(
        pattern=r"^[0-9]{8}-[0-9]{5,12}\.f[1-9][0-9]?\.[0-9A-Za-z]{24}$",
        description="the code that the unit passed on to the field party",
        examples=["20261123-0000042.f1.MFRGGZDFMZTWQ2LKNNWG23TP"],
    ),
]
_NO_LOGIN = frozenset({"key_missing", "role_not_allowed", "not_your_leg", "leg_ended"})
"""What the field party's own doors never answer."""


class GiveFieldTaskBody(Incoming):
    """Who is sent, what is to be done on the spot, and within what time, as in `4h` or `1wd`."""

    party: Annotated[FieldParty, Field(strict=False)]
    name: Name
    text: Sentence
    within: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,4}(min|h|d|wh|wd)$", examples=["4h"])]


class FieldReportBody(Incoming):
    """Whether it was done, what was found, and references to photographs."""

    done: bool
    text: Sentence
    evidence: Annotated[tuple[Name, ...], Field(max_length=EVIDENCE_LIMIT, strict=False)] = ()


class ReportFieldTaskBody(FieldReportBody):
    """What the unit was told by telephone or on paper."""

    task: TaskId


class RecallFieldTaskBody(ReasonBody):
    """The task that is taken back, and why."""

    task: TaskId


class FieldTaskShown(BaseModel):
    """A field task as the platform's people see it. `code` is for the field party; who only reads sees none."""

    task: str
    party: str
    name: str
    text: str
    state: str
    given_at: datetime
    due_at: datetime | None
    ended_at: datetime | None
    report: str
    evidence: list[str]
    code: str | None


class FieldTasks(BaseModel):
    """The field tasks of one request, oldest first."""

    items: list[FieldTaskShown]


class FieldPage(BaseModel):
    """A field task as its party sees it: what to do, where, by when, and whom to ask."""

    task: str
    text: str
    area: str
    address: str
    unit_zh: str
    unit_en: str
    due_at: datetime | None
    state: str


async def _give(doors: Doors, number: str, body: GiveFieldTaskBody) -> Act:
    as_told = await for_outsiders(doors, number)
    return asked.GiveFieldTask(body.party, body.name, as_told(body.text), Duration.parse(body.within))


async def _report(_doors: Doors, _number: str, body: ReportFieldTaskBody) -> Act:
    return asked.ReportFieldTask(body.task, body.done, body.text, body.evidence)


DOORS = (
    Door(
        asked.GiveFieldTask,
        GiveFieldTaskBody,
        _give,
        {"party": "property_firm", "name": "五山花园物业", "text": "请清理3栋楼下杂物并拍照", "within": "4h"},
    ),
    Door(
        asked.ReportFieldTask,
        ReportFieldTaskBody,
        _report,
        {"task": "f1", "done": True, "text": "杂物已清理"},
    ),
    Door(
        asked.RecallFieldTask,
        RecallFieldTaskBody,
        plain(asked.RecallFieldTask),
        {"task": "f1", "reason": "业主已自行清理"},
    ),
)

for _door in DOORS:
    add_door(router, _door)


@router.get(
    "/requests/{number}/field-tasks",
    operation_id="list_field_tasks",
    summary="Field tasks of a request 现场任务",
    responses=reads("not_found"),
)
async def list_field_tasks(doors: TheDoors, principal: ThePrincipal, number: NumberPath) -> FieldTasks:
    """Every field task, with the code to pass on for the unit that answers for the request and the command centre; who
    only reads sees none.
    """
    state = await state_seen(doors, principal, number)
    whole = reads_as_written(principal, state.lead.unit.code if state.lead else None)
    coded = whole and bool(principal.roles)
    return FieldTasks(
        items=[_shown(doors, state, task, whole=whole, coded=coded) for task in state.field_tasks]
    )


@router.get(
    "/field-tasks/{code}",
    operation_id="read_field_task",
    summary="A field task, for its party 现场任务单",
    responses=refusals("not_found", "invalid_input", "internal_error", "database_unavailable"),
)
async def read_field_task(doors: TheDoors, code: TaskCode, response: Response) -> FieldPage:
    """What to do, where and by when; no login, since the code says who may look."""
    number, task_id = _opened(doors, code)
    async with doors.looking() as connection:
        state = await load_state(connection, number)
    task = next((each for each in state.field_tasks if each.id == task_id), None) if state else None
    if state is None or task is None or state.matter is None:
        raise not_found("field task")
    if state.visibility.is_confidential:
        raise not_found("field task")
    response.headers["Cache-Control"] = "no-store"
    unit = next(leg.unit for leg in state.legs if leg.id == task.leg)
    return FieldPage(
        task=task.id,
        text=task.text,
        area=state.matter.place.area,
        address=without_numbers(state.matter.place.address),
        unit_zh=unit.name_zh,
        unit_en=unit.name_en,
        due_at=_due(state, task),
        state=task.state,
    )


@router.post(
    "/field-tasks/{code}/report",
    operation_id="field_report",
    summary="Report on a field task 现场反馈",
    responses=refusals(
        *(each for each in (*COMMANDS, *OF_ACTS["report_field_task"]) if each not in _NO_LOGIN)
    ),
)
async def field_report(
    doors: TheDoors, code: TaskCode, key: IdempotencyKey, body: FieldReportBody, response: Response
) -> Given:
    """Say what was done on the spot, or why it could not be."""
    number, task_id = _opened(doors, code)
    party = Principal(
        f"field-{number}.{task_id}", (Role.PARTNER,), frozenset({Right.SEE_ALL, Right.SEE_SEALED})
    )

    async def make() -> Act:
        return asked.ReportFieldTask(task_id, body.done, body.text, body.evidence)

    return await give(
        doors, party, number, "report_field_task", make,
        called=task_id, key=key, body=body, if_match=None, role=None, response=response,
    )  # fmt: skip


def _shown(doors: Doors, state: RequestState, task: FieldTask, *, whole: bool, coded: bool) -> FieldTaskShown:
    shown = FieldTaskShown(
        task=task.id,
        party=task.party,
        name=task.name,
        text=task.text if whole else masked(task.text),
        state=task.state,
        given_at=task.given_at,
        due_at=_due(state, task),
        ended_at=task.ended_at,
        report=task.report if whole else masked(task.report),
        evidence=list(task.evidence),
        code=None,
    )
    if coded:
        subject = f"{state.number}.{task.id}"
        shown.code = f"{subject}.{doors.seal.ticket(subject)}"
    return shown


def _due(state: RequestState, task: FieldTask) -> datetime | None:
    clock = state.clock(ClockKind.FIELD_TASK, task.id)
    return promised(clock, 100, state.calendar) if clock else None


def _opened(doors: Doors, code: str) -> tuple[str, str]:
    """The request's number and the task's id.

    Raises:
        Problem: ``not_found``, the code is none of ours.
    """
    subject, _, ticket = code.rpartition(".")
    if not doors.seal.is_ticket(subject, ticket):
        raise not_found("field task")
    number, _, task = subject.rpartition(".")
    return number, task
