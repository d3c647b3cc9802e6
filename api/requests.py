"""GET /v1/requests: the board, one request with its clocks, its timeline, and why each deadline is what it is."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from api.access import Principal, Right, ThePrincipal
from api.doors import Doors, TheDoors
from api.fields import AreaCode, Instant, NumberPath, UnitCode, etag
from api.legs_shown import LegShown, leg_shown
from api.openapi import reads
from api.problems import not_found
from api.registration import RungShown, ladder_shown
from api.sight import sees, viewpoint
from api.words import EVENTS, STATES
from domain.explain import ClockExplained, explain
from domain.levels import Level
from domain.lifecycle import possible_acts
from domain.request import Light, RequestState, State
from domain.summary import summarize
from persistence import forms
from persistence.pages import LARGEST_PAGE
from persistence.reading import Scope, Sorting, Wanted, Whole, board, caller_of, read_whole
from persistence.timeline import Recorded, load_state, read_record

router = APIRouter(prefix="/v1/requests", tags=["requests"])

Limit = Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="rows on a page")]
Cursor = Annotated[
    str | None,
    Query(max_length=500, pattern=r"^[0-9A-Za-z_-]+$", description="`next_cursor` of the page before"),
]


class RequestShown(BaseModel):
    """One line of the board. Instants in UTC; `level` and `unit` are the lead leg's."""

    model_config = ConfigDict(from_attributes=True)

    number: str
    seq: int
    state: str
    cycle: int
    channel: str
    request_type: str
    category: str | None
    category_group: str | None
    area: str | None
    district: str | None
    policy: str | None
    policy_version: int | None
    urgency: str | None
    level: str | None
    unit: str | None
    unit_zh: str | None
    unit_en: str | None
    light: str
    card: str | None
    supervised_by: str | None
    black_listed_at: str | None
    received_at: datetime
    accepted_at: datetime | None
    submitted_at: datetime | None
    ended_at: datetime | None
    ended_how: str | None
    entered_at: datetime
    next_due_at: datetime | None
    total_due_at: datetime | None
    total_due_provisional: bool
    urge_count: int
    outcome: str | None
    solved: bool | None
    satisfied: bool | None
    description: str


class Board(BaseModel):
    """A page of the board; `next_cursor` leads to the one after it."""

    items: list[RequestShown]
    next_cursor: str | None


class ClockShown(BaseModel):
    """One clock: its limit, how much of it is used, and when it is due (`null` while it stands still short of it)."""

    clock: str
    leg: str | None
    limit: str
    rule: str
    started_at: datetime
    due_at: datetime | None
    provisional: bool
    used_seconds: float
    amount_seconds: float
    running: bool
    held: bool


class ReplyShown(BaseModel):
    """The unit's reply."""

    leg: str
    outcome: str
    text: str
    evidence: list[str]


class RequestWhole(RequestShown):
    """One request with everything about it but the caller's identity. `query_code` is for those who may know it."""

    started: bool = Field(description="false while its story has not begun")
    state_zh: str
    query_code: str | None
    has_contact: bool
    legs: list[LegShown]
    clocks: list[ClockShown]
    ladder: list[RungShown]
    reply: ReplyShown | None
    possible: list[str] = Field(description="the commands that this key may give now")


class Author(BaseModel):
    """Who did it: a post and an account, never a citizen's name."""

    role: str
    person: str
    unit: str | None
    level: str | None


class TimelineEntry(BaseModel):
    """One event. `hash` covers it and, through `prev_hash`, everything before it."""

    seq: int
    kind: str
    zh: str
    en: str
    at: datetime
    recorded_at: datetime
    by: Author
    what: dict[str, Any]
    prev_hash: str
    hash: str


class Timeline(BaseModel):
    """Events in order; `next_after` is the number to go on after, if there are more."""

    number: str
    items: list[TimelineEntry]
    next_after: int | None


class Explained(BaseModel):
    """Every clock the request has had, with each interval counted and each pause cut out."""

    number: str
    as_of: datetime
    clocks: list[ClockExplained]


@router.get("", operation_id="list_requests", summary="The board 诉求列表", responses=reads("bad_cursor"))
async def list_requests(
    doors: TheDoors,
    principal: ThePrincipal,
    scope: Annotated[Scope, Query(description="open, ended, or all")] = "all",
    state: Annotated[list[State] | None, Query(description="one or more states")] = None,
    level: Annotated[list[Level] | None, Query(description="levels of the lead leg")] = None,
    light: Annotated[list[Light] | None, Query(description="lights")] = None,
    unit: UnitCode | None = None,
    district: AreaCode | None = None,
    category: Annotated[str | None, Query(pattern=r"^[0-9A-Za-z_]{1,80}$")] = None,
    due_before: Annotated[Instant | None, Query(description="total limit due before this instant")] = None,
    q: Annotated[
        str | None,
        Query(pattern=r"^[0-9A-Za-z-]{1,40}$", description="beginning of a number, or a whole query code"),
    ] = None,
    sort: Sorting = "newest",
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Board:
    """The requests that this key may see, page by page. A page stays right while requests come and go."""
    wanted = Wanted(
        scope=scope,
        states=state or (),
        levels=level or (),
        lights=light or (),
        unit=unit,
        district=district,
        category=category and doors.pack.category(category).code,
        due_before=due_before,
        q=q,
        seen_by=viewpoint(principal),
    )
    async with doors.looking() as connection:
        page = await board(connection, wanted, sorting=sort, cursor=cursor, limit=limit)
    return Board(items=[RequestShown.model_validate(row) for row in page.items], next_cursor=page.next_cursor)


@router.get(
    "/{number}", operation_id="get_request", summary="One request 诉求详情", responses=reads("not_found")
)
async def get_request(
    doors: TheDoors, principal: ThePrincipal, number: NumberPath, response: Response
) -> RequestWhole:
    """The request as it stands, with clocks, lights and legs. The ETag is the number of its last event."""
    async with doors.looking() as connection:
        if not await sees(connection, principal, number):
            raise not_found("request")
        found = await read_whole(connection, number)
    if found is None:
        raise not_found("request")
    response.headers["ETag"] = etag(found.state.seq)
    return _whole(principal, found, doors.now())


@router.get(
    "/{number}/timeline",
    operation_id="get_timeline",
    summary="Its timeline 流转记录",
    responses=reads("not_found"),
)
async def get_timeline(
    doors: TheDoors,
    principal: ThePrincipal,
    number: NumberPath,
    after: Annotated[int, Query(ge=0, le=10**9, description="events after this number")] = 0,
    limit: Limit = 200,
) -> Timeline:
    """Everything that happened, in order, each event chained to the one before it."""
    async with doors.looking() as connection:
        if not await sees(connection, principal, number):
            raise not_found("request")
        found = await read_record(connection, number, after=after, limit=limit + 1)
        known, _ = (True, None) if found else await caller_of(connection, number)
    if not known:
        raise not_found("request")
    shown = found[:limit]
    return Timeline(
        number=number,
        items=[entry_of(recorded) for recorded in shown],
        next_after=shown[-1].event.seq if len(found) > limit else None,
    )


@router.get(
    "/{number}/explain",
    operation_id="explain_request",
    summary="Why each deadline is what it is 时限说明",
    responses=reads("not_found"),
)
async def explain_request(doors: TheDoors, principal: ThePrincipal, number: NumberPath) -> Explained:
    """For every clock: the policy row, each interval counted, each pause, and each threshold with its instant."""
    state = await state_seen(doors, principal, number)
    now = doors.now()
    return Explained(number=number, as_of=now, clocks=list(explain(state, now)))


async def state_seen(doors: Doors, principal: Principal, number: str) -> RequestState:
    """The state of a request that the principal may see.

    Raises:
        Problem: ``not_found``.
    """
    async with doors.looking() as connection:
        state = await load_state(connection, number) if await sees(connection, principal, number) else None
    if state is None:
        raise not_found("request")
    return state


def entry_of(recorded: Recorded) -> TimelineEntry:
    """An event as it is shown."""
    event = recorded.event
    words = EVENTS[event.what.kind]
    return TimelineEntry(
        seq=event.seq,
        kind=event.what.kind,
        zh=words.zh,
        en=words.en,
        at=event.at,
        recorded_at=recorded.recorded_at,
        by=Author(role=event.by.role, person=event.by.person, unit=event.by.unit, level=event.by.level),
        what=forms.facts.dump_python(event.what, mode="json", exclude={"kind"}),
        prev_hash=recorded.prev_hash,
        hash=recorded.hash,
    )


def _whole(principal: Principal, found: Whole, now: datetime) -> RequestWhole:
    state = found.state
    summary = summarize(state)
    board_row = {name: getattr(summary, name) for name in RequestShown.model_fields if name != "description"}
    return RequestWhole(
        **board_row,
        description=found.description,
        started=state.seq > 0,
        state_zh=STATES[state.state].zh,
        query_code=found.query_code if Right.IDENTITIES in principal.rights else None,
        has_contact=state.intake.has_contact,
        legs=[leg_shown(state.number, leg) for leg in summary.legs],
        clocks=[_clock(clock) for clock in explain(state, now)],
        ladder=ladder_shown(state.snapshot),
        reply=_reply(state),
        possible=possible_acts(state, principal.roles),
    )


def _clock(clock: ClockExplained) -> ClockShown:
    return ClockShown(**{name: getattr(clock, name) for name in ClockShown.model_fields})


def _reply(state: RequestState) -> ReplyShown | None:
    reply = state.reply
    if reply is None:
        return None
    return ReplyShown(leg=reply.leg, outcome=reply.outcome, text=reply.text, evidence=list(reply.evidence))
