"""GET /v1/requests: the board, one request with its clocks, its timeline, and why each deadline is what it is."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Row

from api.exceptions.kinds import possible_commands
from api.frame.access import Principal, Right, ThePrincipal
from api.frame.doors import Doors, TheDoors
from api.frame.fields import NUMBER_FORM, AreaCode, Instant, NumberPath, UnitCode, etag
from api.frame.openapi import reads
from api.frame.problems import not_found
from api.frame.sight import sees, sees_all, sight_of
from api.frame.third_parties import masked, reads_as_written
from api.frame.words import EVENTS, STATES
from api.intake.registration import RungShown, ladder_shown, skip_of
from api.requests.cases_shown import CaseOfRequest, case_of_request, without_collection_code
from api.requests.legs_shown import ContributingLeg, legs_of
from api.whistles.shown import WhistleShown, whistles_of
from domain.chapters.joining import awaited
from domain.levels import Level
from domain.limits.cumulative import cumulative
from domain.limits.explain import ClockExplained, explain
from domain.partners import request_of_case
from domain.request import Light, RequestState, State
from domain.standing import ARCHIVED, reopening_ends, standing
from domain.summary import summarize
from persistence import forms
from persistence.pages import LARGEST_PAGE
from persistence.reading import Scope, Sorting, Wanted, Whole, board, caller_of, leading_unit, read_whole
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
    repeat_of: str | None = Field(description="the caller's earlier request on the same matter")
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


class AttachmentShown(BaseModel):
    """A reference to a file: its size in bytes, its SHA-256, and where it lies."""

    name: str
    media_type: str
    size: int
    sha256: str
    uri: str


class RequestWhole(RequestShown):
    """One request with everything about it but the caller's identity. `query_code` is for those who may know it."""

    started: bool = Field(description="false while its story has not begun")
    state_zh: str
    query_code: str | None
    has_contact: bool
    people: int = Field(description="how many persons the call speaks for")
    found_in: str | None = Field(
        description="the case with a partner in which it came up; nobody called then"
    )
    came_from: str | None = Field(description="the request whose case that is")
    legs: list[ContributingLeg]
    join_rule: str = Field(description="`lead_decides`, `all` or `quorum`: what the reply waits for 会办规则")
    quorum: int | None = Field(description="how many mandatory contributions are enough")
    awaited: list[str] = Field(description="the legs whose contributions the reply waits for")
    clocks: list[ClockShown]
    ladder: list[RungShown]
    skip_rule: str | None = Field(description="the rule by which the ladder begins higher than usual")
    reply: ReplyShown | None
    standing: str = Field(description="the state, or `archived` once the time for reopening is over")
    reopen_until: datetime | None = Field(description="until when an ended request may be opened again")
    cumulative_seconds: float = Field(description="time counted by the total clocks of all cycles together")
    parent: str | None = Field(description="the request that this one was merged into")
    answered_at: datetime | None = Field(description="when that one was answered (UTC)")
    children: list[str] = Field(description="the requests that were merged into this one")
    group_matter: bool = Field(description="a matter of many callers 群体性诉求")
    commitment_due: datetime | None = Field(description="the date that was promised when it was put off 挂账")
    visibility: str = Field(description="`party`, `lead_only` or `sealed`: how few may see it")
    instructions: list[str] = Field(description="leaders' instructions that wait to be acknowledged")
    partner: str | None = Field(description="the neighbouring system that is waited for")
    partner_case: str | None = Field(description="the case number there")
    cases: list[CaseOfRequest] = Field(description="what lies or lay with the neighbouring systems 外部案件")
    whistles: list[WhistleShown] = Field(
        description="calls to departments, who came, and what came of them 吹哨报到"
    )
    attachments: list[AttachmentShown]
    possible: list[str] = Field(description="the commands that this key may give now")


class Author(BaseModel):
    """Who did it: a post and an account, never a citizen's name."""

    role: str
    person: str
    unit: str | None
    level: str | None


class TimelineEntry(BaseModel):
    """One event. `hash` covers it as it was written and, through `prev_hash`, everything before it. Who only joins in
    reads it with telephone and identity-card numbers masked.
    """

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
    """Every clock the request has had, with each interval counted and each pause cut out; `cumulative_seconds` is what
    the total clocks of all `cycles` have counted together.
    """

    number: str
    as_of: datetime
    cycles: int
    cumulative_seconds: float
    cumulative_in_working_time: bool
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
    repeat_of: Annotated[
        str | None,
        Query(pattern=NUMBER_FORM, description="only what was registered as a repeat of this request"),
    ] = None,
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
        repeat_of=repeat_of,
        q=q,
        seen_by=sight_of(principal),
    )
    async with doors.looking() as connection:
        page = await board(connection, wanted, sorting=sort, cursor=cursor, limit=limit)
    return Board(items=[_shown(principal, row) for row in page.items], next_cursor=page.next_cursor)


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
    whole = _whole(doors, principal, found)
    if reads_as_written(principal, whole.unit):
        return whole
    return whole.model_copy(
        update={"description": masked(whole.description), "reply": _joined_in(whole.reply)}
    )


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
        lead = None if sees_all(principal) else await leading_unit(connection, number)
    if not known:
        raise not_found("request")
    shown, as_written = found[:limit], reads_as_written(principal, lead)
    return Timeline(
        number=number,
        items=[_entry(recorded, as_written=as_written) for recorded in shown],
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
    whole = cumulative(state, now)
    return Explained(
        number=number,
        as_of=now,
        cycles=whole.cycles,
        cumulative_seconds=whole.used.total_seconds(),
        cumulative_in_working_time=whole.working,
        clocks=list(explain(state, now)),
    )


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


def _entry(recorded: Recorded, *, as_written: bool) -> TimelineEntry:
    event = recorded.event
    what = forms.facts.dump_python(event.what, mode="json", exclude={"kind"})
    words = EVENTS[event.what.kind]
    return TimelineEntry(
        seq=event.seq,
        kind=event.what.kind,
        zh=words.zh,
        en=words.en,
        at=event.at,
        recorded_at=recorded.recorded_at,
        by=Author(role=event.by.role, person=event.by.person, unit=event.by.unit, level=event.by.level),
        what=what if as_written else masked(without_collection_code(event.what, what)),
        prev_hash=recorded.prev_hash,
        hash=recorded.hash,
    )


def _whole(doors: Doors, principal: Principal, found: Whole) -> RequestWhole:
    state, now = found.state, doors.now()
    summary = summarize(state)
    board_row = {name: getattr(summary, name) for name in RequestShown.model_fields if name != "description"}
    stands = standing(state, now)
    return RequestWhole(
        **board_row,
        description=found.description,
        started=state.seq > 0,
        state_zh=STATES[state.state].zh,
        query_code=found.query_code if Right.IDENTITIES in principal.rights else None,
        has_contact=state.intake.has_contact,
        people=state.intake.people,
        found_in=state.intake.found_in,
        came_from=request_of_case(state.intake.found_in) if state.intake.found_in else None,
        legs=legs_of(state, summary, as_written=reads_as_written(principal, summary.unit)),
        join_rule=state.join_rule.join,
        quorum=state.join_rule.quorum,
        awaited=[leg.id for leg in awaited(state)],
        clocks=[_clock(clock) for clock in explain(state, now)],
        ladder=ladder_shown(state.snapshot),
        skip_rule=skip_of(state.snapshot),
        reply=_reply(state),
        standing=stands,
        reopen_until=reopening_ends(state),
        cumulative_seconds=cumulative(state, now).used.total_seconds(),
        parent=state.parent,
        answered_at=state.answered_at,
        children=[child.number for child in state.children],
        group_matter=state.group_matter,
        commitment_due=state.commitment_due,
        visibility=state.visibility,
        instructions=list(state.instructions),
        partner=state.partner.partner if state.partner else None,
        partner_case=state.partner.case if state.partner else None,
        cases=[
            case_of_request(case, as_written=reads_as_written(principal, summary.unit))
            for case in state.cases
        ],
        whistles=whistles_of(state, now, as_written=reads_as_written(principal, summary.unit)),
        attachments=[AttachmentShown(**asdict(each)) for each in state.attachments],
        possible=[] if stands == ARCHIVED else possible_commands(doors, state, principal.roles),
    )


def _shown(principal: Principal, row: Row[Any]) -> RequestShown:
    shown = RequestShown.model_validate(row)
    if reads_as_written(principal, shown.unit):
        return shown
    return shown.model_copy(update={"description": masked(shown.description)})


def _joined_in(reply: ReplyShown | None) -> ReplyShown | None:
    return None if reply is None else reply.model_copy(update={"text": masked(reply.text)})


def _clock(clock: ClockExplained) -> ClockShown:
    return ClockShown(**{name: getattr(clock, name) for name in ClockShown.model_fields})


def _reply(state: RequestState) -> ReplyShown | None:
    reply = state.reply
    if reply is None:
        return None
    return ReplyShown(leg=reply.leg, outcome=reply.outcome, text=reply.text, evidence=list(reply.evidence))
