"""Applications for exceptions: those of a request, those that wait for the caller's decision, and deciding one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, Field

from api.exceptions.bodies import AmendmentGiven, RuleBody
from api.frame.access import ActingRole, Principal, ThePrincipal
from api.frame.doors import Doors, TheDoors
from api.frame.fields import IdempotencyKey, IfMatch, NumberPath
from api.frame.openapi import name_of, reads, refusals_of, who_may
from api.frame.problems import not_found
from api.frame.sight import sees, sight_of
from api.frame.third_parties import masked, reads_as_written
from api.requests.board import Cursor
from api.requests.commanding import Given, give
from api.requests.commands import named_unit, taking_body
from domain.commands import Act, Rule
from domain.exceptions.applications import Application, ExceptionKind
from domain.exceptions.terms import DutyAmendment
from domain.exceptions.undecided import can_be_decided
from domain.levels import Level
from domain.limits.clock import ClockKind, promised
from domain.refusals import Refused
from domain.request import RequestState
from domain.units import HANDS, Unit
from persistence.applications import Asked, read_asked, waiting_for_decisions
from persistence.timeline import load_state

router = APIRouter(prefix="/v1", tags=["exceptions"])

ApplicationPath = Annotated[
    str, Path(pattern=r"^a[1-9][0-9]{0,3}$", description="id of an application", examples=["a1"])
]
MostRequests = Annotated[int, Query(ge=1, le=50, description="requests looked at for a page")]


class ApplicationShown(BaseModel):
    """One application. `decide_by` is when silence decides; `may_decide` whether this key can do so before."""

    number: str
    id: str
    kind: str
    leg: str | None
    status: str
    reason: str
    reason_zh: str
    reason_en: str
    explanation: str
    evidence: list[str]
    legal_basis: str
    unit: str | None = Field(description="who should hold the request instead")
    until: datetime | None
    plan: str
    channel: str
    length: str | None = Field(description="the time that is asked for")
    asked_at: datetime
    asked_by: str
    asked_role: str
    asked_unit: str | None
    deciders: list[str]
    seat: str | None = Field(description="lowest level on which it is decided; null: any")
    silence: str
    decide_by: datetime | None
    refusal_proposed_by: str | None
    decided_at: datetime | None
    decided_by: str | None
    note: str
    may_decide: bool


class Applications(BaseModel):
    """The applications of a request, oldest first."""

    items: list[ApplicationShown]


class WaitingPage(BaseModel):
    """A page of what waits for a decision; it may be shorter than asked for, and even empty, before the last one."""

    items: list[ApplicationShown]
    next_cursor: str | None


@router.get(
    "/requests/{number}/applications",
    operation_id="list_applications",
    summary="Applications of a request 例外申请",
    responses=reads("not_found"),
)
async def list_applications(doors: TheDoors, principal: ThePrincipal, number: NumberPath) -> Applications:
    """Every exception that was asked for on this request, with its decision."""
    async with doors.looking() as connection:
        if not await sees(connection, principal, number):
            raise not_found("request")
        found = await read_asked(connection, [number])
    if not found:
        raise not_found("request")
    asked = found[0]
    return Applications(items=[_read_by(principal, asked, each) for each in asked.state.applications])


@router.get(
    "/applications",
    operation_id="list_undecided",
    summary="What waits for my decision 待我审批",
    responses=reads("bad_cursor", "not_found"),
)
async def list_undecided(
    doors: TheDoors,
    principal: ThePrincipal,
    seat: Annotated[Level | None, Query(description="decided on this level; any if left out")] = None,
    kind: Annotated[list[ExceptionKind] | None, Query(description="one or more kinds")] = None,
    cursor: Cursor = None,
    limit: MostRequests = 20,
) -> WaitingPage:
    """The undecided applications that this key may decide, those of the oldest requests first."""
    async with doors.looking() as connection:
        page = await waiting_for_decisions(
            connection, kinds=kind or (), seen_by=sight_of(principal), cursor=cursor, limit=limit
        )
        found = await read_asked(connection, page.items)
    shown = [
        _read_by(principal, asked, each)
        for asked in found
        for each in asked.state.undecided
        if _may_decide(principal, asked.state, each)
        and seat in (None, each.seat)
        and each.kind in (kind or ExceptionKind)
    ]
    return WaitingPage(items=shown, next_cursor=page.next_cursor)


async def rule(
    *,
    doors: TheDoors,
    principal: ThePrincipal,
    number: NumberPath,
    application: ApplicationPath,
    key: IdempotencyKey,
    body: RuleBody,
    response: Response,
    if_match: IfMatch = None,
    role: ActingRole = None,
) -> Given:
    """Grant or refuse it. The ruling of a dispute names the unit that leads; with an amendment, the next request of
    that category and place goes there by the duty list."""
    state = await _state(doors, principal, number)
    asked = state.application(application)

    async def make() -> Act:
        unit = named_unit(doors, body.unit)
        amendment = body.amendment and amendment_of(doors, state, unit, body.amendment)
        return Rule(application, body.granted, body.note, unit, amendment)

    answer = await give(
        doors, principal, number, name_of(Rule), make, among=asked.deciders if asked else None,
        called=f"{name_of(Rule)} {application}", key=key, body=body, if_match=if_match, role=role, response=response,
    )  # fmt: skip
    doors.duties.forget()
    return answer


def amendment_of(
    doors: Doors, state: RequestState, named: Unit | None, given: AmendmentGiven
) -> DutyAmendment:
    """What the ruling adds to the duty list: for the request's category, the ruled unit's type answers on its level.

    Raises:
        Refused: ``matter_incomplete`` or ``unit_missing``; ``amendment_elsewhere``, the entry would not send the next
            such request to the ruled unit.
    """
    unit = named or (state.lead.unit if state.lead is not None else None)
    if state.matter is None:
        raise Refused("matter_incomplete", "amendment", "the request has no category yet", "acceptance first")
    if unit is None:
        raise Refused("unit_missing", "unit", "the ruling names nobody", "the one unit that leads")
    area = given.area or unit.area
    place = state.matter.place.area
    if area not in doors.pack.divisions or not (place.startswith(area) and area.startswith(unit.area)):
        raise Refused(
            "amendment_elsewhere",
            "amendment.area",
            f"an entry for {area} would not lead from {place} to {unit.code}",
            f"a division inside {unit.area} that holds {place}",
        )
    _, _, unit_type = unit.code.partition("-")
    return DutyAmendment(state.matter.category, unit.level, area, unit_type, given.basis)


router.add_api_route(
    "/requests/{number}/applications/{application}/rule",
    taking_body(rule, RuleBody, {"granted": True, "note": "同意，请按期办结"}),
    methods=["POST"],
    operation_id="rule",
    summary=(Rule.__doc__ or "").strip(),
    description=who_may(Rule),
    response_model=Given,
    responses=refusals_of(Rule),
)


async def _state(doors: Doors, principal: Principal, number: str) -> RequestState:
    async with doors.looking() as connection:
        state = await load_state(connection, number) if await sees(connection, principal, number) else None
    if state is None:
        raise not_found("request")
    return state


def _may_decide(principal: Principal, state: RequestState, asked: Application) -> bool:
    """Whether the rules would listen to the principal; what they decide then is another matter."""
    held = [role for role in principal.roles if role in asked.deciders]
    level = principal.level or Level.CITY
    if not held or asked.asked_by == principal.name or not can_be_decided(state, asked):
        return False
    if asked.seat is not None and asked.seat.is_above(level):
        return False
    return any(role not in HANDS or _holds_the_lead(principal, state) for role in held)


def _holds_the_lead(principal: Principal, state: RequestState) -> bool:
    """A unit decides only about itself: whether it admits a matter."""
    lead, unit = state.lead, principal.unit
    return lead is not None and unit is not None and lead.unit.code == unit.code


def _read_by(principal: Principal, of: Asked, asked: Application) -> ApplicationShown:
    shown, lead = _shown(principal, of, asked), of.state.last_lead
    if reads_as_written(principal, lead.unit.code if lead is not None else None):
        return shown
    return shown.model_copy(update=masked(shown.model_dump(include=_FREE_TEXT)))


_FREE_TEXT = {"explanation", "evidence", "legal_basis", "plan", "channel", "note"}


def _shown(principal: Principal, of: Asked, asked: Application) -> ApplicationShown:
    made, decided = of.made.get(asked.id), of.decided.get(asked.id)
    clock = of.state.clock(ClockKind.DECISION, asked.id)
    return ApplicationShown(
        number=of.state.number,
        id=asked.id,
        kind=asked.kind,
        leg=asked.leg,
        status=asked.status,
        reason=asked.reason,
        reason_zh=asked.reason_zh,
        reason_en=asked.reason_en,
        explanation=made.explanation if made else "",
        evidence=[*made.evidence] if made else [],
        legal_basis=made.legal_basis if made else "",
        unit=asked.unit.code if asked.unit else None,
        until=asked.until,
        plan=asked.plan,
        channel=asked.channel,
        length=str(asked.length) if asked.length else None,
        asked_at=asked.asked_at,
        asked_by=asked.asked_by,
        asked_role=asked.asked_role,
        asked_unit=asked.asked_unit,
        deciders=[*asked.deciders],
        seat=asked.seat,
        silence=asked.silence,
        decide_by=promised(clock, 100, of.state.calendar) if clock else None,
        refusal_proposed_by=asked.refusal_proposed_by,
        decided_at=asked.decided_at,
        decided_by=asked.decided_by,
        note=decided.note if decided else "",
        may_decide=_may_decide(principal, of.state, asked),
    )
