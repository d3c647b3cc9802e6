"""The adapter of the volunteers' platform: translation and nothing else. Volunteers are counted, and named nowhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal

from pydantic import TypeAdapter

from domain.partners import CaseBrief, CaseMessage, Partner, VolunteerTask
from domain.policy import Urgency
from integrations.port import CaseLine, PartnerRejected, Receipt, Withdrawal
from integrations.translation import ACCEPTED, WITHDRAWAL, cases_since, in_utc, of_case, read_one, written
from integrations.transport import Transport, path_of, utc_now
from integrations.wire import volunteers as wire
from integrations.wire.envelope import PlaceSent

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

_MESSAGES = TypeAdapter(wire.VolunteerMessages)
_MINUTES_PER_HOUR = 60


class VolunteersGateway:
    """The volunteers' platform, as every partner is spoken to (:class:`integrations.port.PartnerGateway`)."""

    partner: Partner = Partner.VOLUNTEERS

    def __init__(self, transport: Transport, now: Callable[[], datetime] = utc_now) -> None:
        self._transport = transport
        self._now = now

    async def aclose(self) -> None:
        """End the connections."""
        await self._transport.aclose()

    async def open(self, *, key: str, brief: CaseBrief) -> Receipt:
        """Publish a task."""
        with written():
            order = wire.TaskPublish(
                message_id=key,
                correlation_id=brief.case,
                sequence=1,
                sent_at=self._now(),
                data=_task(brief),
            )
        accepted = await self._transport.send(wire.TASKS, order, key=key, answer=ACCEPTED)
        return Receipt(accepted.number)

    async def read(self, *, case: str) -> tuple[CaseMessage, ...]:
        """Everything that was said of a task."""
        found = await self._transport.fetch(path_of(wire.TASK_MESSAGES, case), _MESSAGES)
        return of_case(case, found.messages, translated)

    async def withdraw(self, *, key: str, case: str, reason: str) -> Withdrawal:
        """Cancel a task."""
        with written():
            order = wire.TaskCancel(
                message_id=key,
                correlation_id=case,
                sequence=2,
                sent_at=self._now(),
                data=wire.TaskCancelData(reason=reason),
            )
        path = path_of(wire.TASK_CANCELLATION, case)
        result = await self._transport.send(path, order, key=key, answer=WITHDRAWAL)
        return Withdrawal(result.outcome)

    async def confirm(self, *, key: str, case: str, note: str) -> None:
        """Confirm the result, so that hours are credited."""
        with written():
            order = wire.TaskResult(
                message_id=key,
                correlation_id=case,
                sequence=3,
                sent_at=self._now(),
                data=wire.TaskResultData(note=note),
            )
        await self._transport.send(path_of(wire.TASK_RESULT, case), order, key=key, answer=ACCEPTED)

    async def list_cases(self, *, since: datetime) -> Sequence[CaseLine]:
        """Every task of ours that is open, or ended since."""
        return await cases_since(self._transport, wire.TASKS, "ended_since", since)

    def message_in(self, body: bytes) -> CaseMessage:
        """The message in a call-back's body."""
        return read_one(body, wire.VOLUNTEER_MESSAGE, translated)


def _task(brief: CaseBrief) -> wire.TaskData:
    handover = brief.handover
    if not isinstance(handover, VolunteerTask):
        raise PartnerRejected("not_sendable", "this partner takes tasks for volunteers only")
    place = brief.place
    return wire.TaskData(
        kind=KINDS[handover.task_kind],
        category=brief.category,
        place=PlaceSent(
            area=place.area, address=place.address, latitude=place.latitude, longitude=place.longitude
        ),
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
    bare = CaseMessage(
        id=message.message_id,
        case=message.correlation_id,
        sequence=message.sequence,
        kind=message.type,
        sent_at=in_utc(message.sent_at),
    )
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
            found = "\n".join((data.result, *(f"- {issue}" for issue in data.new_issues)))
            return replace(bare, text=found, evidence=data.photos, people=data.people)
        case wire.HoursCredited(data=data):
            hours = sum(credit.minutes for credit in data.credits) / _MINUTES_PER_HOUR
            people = len({credit.volunteer for credit in data.credits})
            return replace(bare, text=data.receipt_number, people=people, hours=hours)
        case wire.TaskRefused(data=data):
            return replace(bare, code=data.code, text=data.reason)
        case wire.Unclaimed(data=data):
            return replace(bare, people=data.signed_up)
