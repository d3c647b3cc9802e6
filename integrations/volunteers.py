"""The adapter of the volunteers' platform: translation and nothing else. Volunteers are counted, and named nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from pydantic import TypeAdapter

from domain.limits.policy import Urgency
from domain.partners import CaseBrief, CaseMessage, FoundMatter, Partner, VolunteerTask
from domain.responsibility.routing import Place
from integrations.adapter import Adapter, Interface, Spelling
from integrations.port import PartnerRejected
from integrations.translation import envelope_of, place_sent
from integrations.wire import volunteers as wire

KINDS: Mapping[Literal["patrol", "visit", "deliver", "mediate", "clean", "guide"], wire.TaskKind] = {
    "patrol": "PATROL",
    "visit": "VISIT",
    "deliver": "DELIVERY",
    "mediate": "MEDIATION",
    "clean": "CLEANING",
    "guide": "GUIDING",
}

PRIORITY: Mapping[Urgency, int] = {
    Urgency.CRITICAL: 1,
    Urgency.URGENT: 1,
    Urgency.HIGH: 2,
    Urgency.NORMAL: 3,
    Urgency.LOW: 3,
    Urgency.CONSULT: 3,
}

_MINUTES_PER_HOUR = 60


def _task(brief: CaseBrief) -> wire.TaskData:
    handover = brief.handover
    if not isinstance(handover, VolunteerTask):
        raise PartnerRejected("not_sendable", "this partner takes tasks for volunteers only")
    return wire.TaskData(
        kind=KINDS[handover.task_kind],
        category=brief.category,
        place=place_sent(brief.place),
        description=handover.facts,
        starts_at=handover.starts_at,
        ends_at=handover.ends_at,
        people_min=handover.at_least,
        people_max=handover.at_most,
        skills=handover.skills,
        adults_only=handover.adults_only,
        safety_note=handover.safety_note,
        photos=brief.evidence,
        claim_by=brief.claim_by,
        priority=PRIORITY[brief.urgency],
    )


def translated(message: wire.VolunteerMessage) -> CaseMessage:
    """What a message says, in the words that all partners share."""
    bare = envelope_of(message, message.type)
    match message:
        case wire.SignUp(data=data):
            code = "waiting" if data.waiting else ""
            return replace(bare, people=data.signed_up, code=code, text=data.team)
        case wire.SignOff(data=data):
            return replace(bare, people=data.signed_up)
        case wire.EnrolmentClosed(data=data):
            return replace(bare, people=len(data.accepted))
        case wire.CheckIn(data=data):
            return replace(bare, people=data.present)
        case wire.CheckOut(data=data):
            return replace(bare, people=data.present, hours=data.minutes / _MINUTES_PER_HOUR)
        case wire.TaskReport(data=data):
            found = tuple(map(_issue, data.new_issues))
            text = "\n".join((data.result, *(f"- {issue.text}" for issue in found)))
            return replace(bare, text=text, evidence=data.photos, people=data.people, found=found)
        case wire.HoursCredited(data=data):
            hours = sum(credit.minutes for credit in data.credits) / _MINUTES_PER_HOUR
            people = len({credit.volunteer for credit in data.credits})
            return replace(bare, text=data.receipt_number, people=people, hours=hours)
        case wire.TaskRefused(data=data):
            return replace(bare, code=data.code, text=data.reason)
        case wire.Unclaimed(data=data):
            return replace(bare, people=data.signed_up)


def _issue(issue: str | wire.NewIssue) -> FoundMatter:
    if isinstance(issue, str):
        return FoundMatter(issue)
    place = issue.place and Place(
        issue.place.area, issue.place.address, issue.place.latitude, issue.place.longitude
    )
    return FoundMatter(issue.text, issue.reference, issue.category, place, issue.photos)


class VolunteersGateway(Adapter[wire.VolunteerMessage]):
    """The volunteers' platform: tasks are published, and hours are credited when their result is confirmed."""

    partner = Partner.VOLUNTEERS
    interface = Interface(
        handover=Spelling(wire.TASKS, 1, wire.TaskPublish, _task),
        withdrawal=Spelling(
            wire.TASK_CANCELLATION, 2, wire.TaskCancel, lambda reason: wire.TaskCancelData(reason=reason)
        ),
        confirmation=Spelling(
            wire.TASK_RESULT, 3, wire.TaskResult, lambda note: wire.TaskResultData(note=note)
        ),
        messages=wire.TASK_MESSAGES,
        ended_since="ended_since",
        told=TypeAdapter(wire.VolunteerMessages),
        message=wire.VOLUNTEER_MESSAGE,
        translated=translated,
    )
