"""The volunteers' platform's interface (志愿服务, 双报到): tasks are published, people come, and hours are credited.

Volunteers are pseudonyms of the platform's own. Time is counted in whole minutes; a volunteer's minutes are credited
once per task, when we confirm the result. A no to a call is a problem (RFC 9457) with a code. Known codes:
``duplicate`` (409), ``unknown_case`` (404), ``not_suitable`` (422), ``in_the_past`` (422).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from integrations.wire.envelope import (
    Category,
    Code,
    Heard,
    Instant,
    Links,
    Listed,
    Message,
    Number,
    Order,
    PlaceHeard,
    PlaceSent,
    Remark,
    Sent,
    Text,
)

TASKS = "/tasks"
"""POST publishes a task (202); GET lists our cases that are open, or ended since ``ended_since``, in pages."""
TASK_MESSAGES = "/tasks/{correlation_id}/messages"
"""GET everything that was said of a task, in its order: the bodies of the call-backs."""
TASK_CANCELLATION = "/tasks/{correlation_id}/cancellation"
"""POST cancels a task, possible until it has begun (200, with what became of it)."""
TASK_RESULT = "/tasks/{correlation_id}/result"
"""POST confirms the result, so that hours are credited (202)."""

TaskKind = Literal["PATROL", "VISIT", "DELIVERY", "MEDIATION", "CLEANING", "GUIDING"]
Pseudonym = Annotated[
    str, Field(pattern=r"^v-[0-9a-z]{4,32}$", description="the platform's pseudonym of a volunteer")
]

People = Annotated[int, Field(ge=0, le=10_000)]


class TaskData(Sent):
    """What is to be done, where, when and by how many. Nothing of who called."""

    kind: TaskKind
    category: Category
    place: PlaceSent
    description: Text
    starts_at: Instant
    ends_at: Instant
    people_min: Annotated[int, Field(ge=1, le=50)]
    people_max: Annotated[int, Field(ge=1, le=50)]
    skills: Annotated[Listed[Annotated[str, Field(max_length=100)]], Field(max_length=20)] = ()
    adults_only: bool = True
    insurance: Literal["required"] = "required"
    safety_note: Remark = ""
    photos: Links = ()
    claim_by: Instant | None = None
    priority: Annotated[int, Field(ge=1, le=3, description="1: now, 2: soon, 3: in its turn")] = 3


class TaskPublish(Order):
    """任务发布."""

    type: Literal["task_publish"] = "task_publish"
    data: TaskData


class TaskCancelData(Sent):
    """Why a task is cancelled."""

    reason: Text


class TaskCancel(Order):
    """任务取消."""

    type: Literal["task_cancel"] = "task_cancel"
    data: TaskCancelData


class TaskResultData(Sent):
    """The report was received and used."""

    confirmed: Literal[True] = True
    note: Remark = ""


class TaskResult(Order):
    """任务确认: hours are credited from here on, once per volunteer and task."""

    type: Literal["task_result"] = "task_result"
    data: TaskResultData


class SignUpData(Heard):
    """Somebody signed up, and is in or on the waiting list. ``signed_up`` counts those in, with this one if in."""

    volunteer: Pseudonym
    team: Annotated[str, Field(max_length=100)] = ""
    waiting: bool = False
    signed_up: People


class SignOffData(Heard):
    """Somebody who had signed up does not come. ``signed_up`` counts those still in."""

    volunteer: Pseudonym
    signed_up: People


class EnrolmentClosedData(Heard):
    """Who comes, and who waits in case one does not."""

    accepted: Annotated[Listed[Pseudonym], Field(max_length=10_000)]
    waiting_list: Annotated[Listed[Pseudonym], Field(max_length=10_000)] = ()


class CheckInData(Heard):
    """A volunteer is at the place. ``present`` counts those there now."""

    volunteer: Pseudonym
    checked_in_at: Instant
    accuracy_metres: Annotated[float, Field(ge=0)] = 0.0
    present: People


class CheckOutData(Heard):
    """A volunteer has left. ``minutes`` are capped at the planned end. ``present`` counts those there now."""

    volunteer: Pseudonym
    checked_out_at: Instant
    minutes: Annotated[int, Field(ge=0, le=100_000)]
    present: People


class NewIssue(Heard):
    """Something that needs somebody else. ``reference`` is the platform's own number of it, the same when a corrected
    report tells it again; without one, the same words at the same place are the same issue. ``place`` is left out where
    it is that of the task, ``category`` where the platform does not know ours.
    """

    text: Text
    reference: Annotated[str, Field(max_length=64)] = ""
    category: Annotated[str, Field(pattern=r"^[0-9A-Za-z_]{0,80}$")] = ""
    place: PlaceHeard | None = None
    photos: Links = ()


class TaskReportData(Heard):
    """What was done and seen. Each new issue becomes a request of its own; one in plain words is where the task is."""

    result: Text
    photos: Links = ()
    new_issues: Annotated[Listed[Text | NewIssue], Field(max_length=20)] = ()
    people: People


class Credit(Heard):
    """One volunteer's minutes, capped at the planned end of the task."""

    volunteer: Pseudonym
    minutes: Annotated[int, Field(ge=0, le=100_000)]
    points: Annotated[int, Field(ge=0, le=1_000_000)] = 0


class HoursCreditedData(Heard):
    """What was credited, under a receipt number."""

    receipt_number: Number
    credits: Annotated[Listed[Credit], Field(max_length=10_000)]


class TaskRefusedData(Heard):
    """Why the platform does not publish the task."""

    code: Code
    reason: Text


class UnclaimedData(Heard):
    """Too few came forward in time. ``signed_up`` counts those who did."""

    signed_up: People = 0


class _Said(Message):
    source: Literal["volunteers"] = "volunteers"


class SignUp(_Said):
    """A volunteer came forward."""

    type: Literal["sign_up"] = "sign_up"
    data: SignUpData


class SignOff(_Said):
    """A volunteer has stepped back; whoever waits longest takes the place, by a sign-up of their own."""

    type: Literal["sign_off"] = "sign_off"
    data: SignOffData


class EnrolmentClosed(_Said):
    """It is settled who comes."""

    type: Literal["enrolment_closed"] = "enrolment_closed"
    data: EnrolmentClosedData


class CheckIn(_Said):
    """A volunteer is there; the task has begun with the first."""

    type: Literal["check_in"] = "check_in"
    data: CheckInData


class CheckOut(_Said):
    """A volunteer has left."""

    type: Literal["check_out"] = "check_out"
    data: CheckOutData


class TaskReport(_Said):
    """The team leader's report: the result."""

    type: Literal["report"] = "report"
    data: TaskReportData


class HoursCredited(_Said):
    """Hours were credited. Ends the case."""

    type: Literal["hours_credited"] = "hours_credited"
    data: HoursCreditedData


class TaskRefused(_Said):
    """The platform does not take the task. Ends the case."""

    type: Literal["task_refused"] = "task_refused"
    data: TaskRefusedData


class Unclaimed(_Said):
    """Too few came forward. Ends the case."""

    type: Literal["unclaimed"] = "unclaimed"
    data: UnclaimedData


VolunteerMessage = Annotated[
    SignUp
    | SignOff
    | EnrolmentClosed
    | CheckIn
    | CheckOut
    | TaskReport
    | HoursCredited
    | TaskRefused
    | Unclaimed,
    Field(discriminator="type"),
]
"""Everything that the volunteers' platform can tell us of a task."""


class VolunteerMessages(Heard):
    """Everything that was said of a task, by growing ``sequence``."""

    messages: Listed[VolunteerMessage]


VOLUNTEER_MESSAGE: TypeAdapter[VolunteerMessage] = TypeAdapter(VolunteerMessage)
"""Reads one message from its body."""
