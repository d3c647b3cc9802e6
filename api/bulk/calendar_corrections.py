"""/v1/calendar/corrections: open requests counted in the city's calendar as it is now (补班、放假、停工): looked at
first, then corrected by a job of explicit orders.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Body, Response

from api.bulk.mass_orders import LeaveOut, MassOrder, MassOrderShown, give_all
from api.bulk.previewing import Filter, Paging, PreviewPage, page_of
from api.frame.access import ActingRole, Right, ThePrincipal, require
from api.frame.digests import digest_of
from api.frame.doors import Doors, TheDoors
from api.frame.fields import IdempotencyKey, Incoming, Remark
from api.frame.openapi import WRITES, refusals
from domain.commands import Recalculate
from domain.operations import Operation
from domain.request import RequestState
from domain.texts import required_text
from persistence.open_requests import Selection

router = APIRouter(prefix="/v1/calendar/corrections", tags=["policies"])


class CorrectionPreviewBody(Incoming):
    """Which open requests to look at, and a page of the list."""

    filter: Filter = Filter()
    paging: Paging = Paging()


class CorrectionBody(Incoming):
    """Which open requests to correct, and why."""

    filter: Filter = Filter()
    reason: Remark
    leave_out: LeaveOut = ()


_PREVIEW: Any = {"all": {"summary": "every open request that counts in an older calendar", "value": {}}}
_CORRECTION: Any = {
    "year": {"summary": "a newly published year", "value": {"reason": "2027 年放假安排已公布"}}
}


@router.post(
    "/preview",
    operation_id="preview_calendar_correction",
    summary="What the present calendar would move 日历更正预览",
    responses=refusals(*WRITES, "too_many_requests"),
)
async def preview_calendar_correction(
    doors: TheDoors,
    principal: ThePrincipal,
    key: IdempotencyKey,
    body: Annotated[CorrectionPreviewBody, Body(openapi_examples=_PREVIEW)],
) -> PreviewPage:
    """Only requests that count in another calendar than the city's present one; nothing is changed."""
    del key
    require(principal, Right.PUBLISH)
    correcting = Correcting(doors, "preview")
    return await page_of(doors, _selection(doors, body.filter), correcting.act_of, body.paging)


@router.post(
    "",
    status_code=202,
    operation_id="correct_calendar",
    summary="Count open requests in the present calendar 日历更正",
    responses=refusals(
        *WRITES, "too_many_requests", "nothing_to_move", "text_missing", "idempotency_conflict"
    ),
)
async def correct_calendar(
    doors: TheDoors,
    principal: ThePrincipal,
    key: IdempotencyKey,
    body: Annotated[CorrectionBody, Body(openapi_examples=_CORRECTION)],
    response: Response,
    role: ActingRole = None,
) -> MassOrderShown:
    """Each request gets an order of its own (`recalculate`) from a bulk job, which can be followed, paused and
    cancelled at `/v1/bulk/{job}`. What fired stays fired.
    """
    require(principal, Right.PUBLISH)

    async def order() -> MassOrder:
        reason = required_text(body.reason, "reason")
        correcting = Correcting(doors, reason)
        return MassOrder(
            operation=Operation.CALENDAR_CORRECTION,
            selection=_selection(doors, body.filter),
            act_of=correcting.act_of,
            leave_out=body.leave_out,
            reason=reason,
            told=lambda: {**correcting.told(), **body.model_dump(mode="json", exclude={"reason"})},
        )

    return await give_all(
        doors,
        principal,
        role,
        order,
        command="recalculate",
        key=principal.own_key(key),
        digest=digest_of("corrections", body=body),
        response=response,
    )


@dataclass(slots=True)
class Correcting:
    """Makes the orders, and notes on which days the calendars differed."""

    doors: Doors
    reason: str
    days: dict[date, tuple[str | None, str | None]] = field(
        default_factory=dict[date, tuple[str | None, str | None]]
    )

    def act_of(self, state: RequestState) -> Recalculate | None:
        """The order that puts a request into the city's calendar; none if it counts in it already."""
        # A request's calendar extract runs from the city's day of the call.
        corrected = self.doors.calendar_from(self.doors.day_of(state.intake.received_at))
        if corrected == state.calendar:
            return None
        before, after = dict(state.calendar.exceptions), dict(corrected.exceptions)
        for day in before.keys() | after.keys():
            if before.get(day) != after.get(day):
                self.days[day] = (before.get(day), after.get(day))
        return Recalculate(corrected, self.reason)

    def told(self) -> Mapping[str, Any]:
        """What the record says: the calendar, and each day whose hours changed (null: as the week has them)."""
        calendar = self.doors.pack.calendar
        return {
            "calendar": calendar.name,
            "known_until": calendar.known_until.isoformat(),
            "days": [
                {"day": day.isoformat(), "before": before, "after": after}
                for day, (before, after) in sorted(self.days.items())
            ],
        }


def _selection(doors: Doors, wanted: Filter) -> Selection:
    category = wanted.category and doors.pack.category(wanted.category).code
    return Selection(district=wanted.district, category=category)
