"""/v1/partners: the neighbouring systems as the command centre sees them, and what it does about them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Path, Query
from pydantic import Field

from api.frame.access import Right, ThePrincipal, require
from api.frame.digests import digest_of
from api.frame.doors import TheDoors
from api.frame.fields import IdempotencyKey, Incoming
from api.frame.openapi import WRITES, reads, refusals
from api.frame.problems import not_found
from api.partners.shown import (
    Cases,
    Messages,
    MessageShown,
    Partners,
    Reconciliations,
    ReconciliationShown,
    case_shown,
    message_shown,
    partner_shown,
    reconciliation_shown,
)
from api.requests.board import Cursor, Limit
from domain.commands import Answer
from domain.partners import CaseStatus, Partner
from domain.refusals import Refused
from persistence.caseless_messages import assign_message, set_message_aside
from persistence.engine import ReadConnection, WriteConnection, writing
from persistence.once import answered_before, store_answer
from persistence.partner_cases import count_open_cases, find_case, list_cases
from persistence.partner_messages import (
    Heard,
    KeptMessage,
    find_message,
    heard_of,
    list_messages,
)
from persistence.reconciliations import (
    ask_for_reconciliation,
    find_reconciliation,
    last_reconciliations,
    list_reconciliations,
)

router = APIRouter(prefix="/v1/partners", tags=["partners"])

CASE_FORM = r"^[0-9]{8}-[0-9]{5,12}-p[1-9][0-9]{0,3}$"

PartnerPath = Annotated[Partner, Path(examples=["enforcement"])]
MessagePath = Annotated[int, Path(ge=1, le=2**53, examples=[17])]
CaseId = Annotated[
    str, Field(pattern=CASE_FORM, description="`<number>-p<n>`", examples=["20261123-0000042-p1"])
]


class ReconcileBody(Incoming):
    """Nothing needs to be said."""


class SetAsideBody(Incoming):
    """Nothing needs to be said."""


class AssignBody(Incoming):
    """The case that a message is about."""

    case: CaseId


@router.get("", operation_id="list_partners", summary="Neighbouring systems 外部系统", responses=reads())
async def list_partners(doors: TheDoors, principal: ThePrincipal) -> Partners:
    """Which are connected, what lies with them, what came of their call-backs and of the last reconciliation."""
    require(principal, Right.SEE_ALL, Right.OPERATE)
    async with doors.looking() as connection:
        counts = await count_open_cases(connection)
        heard = await heard_of(connection)
        last = await last_reconciliations(connection)
    return Partners(
        items=[
            partner_shown(
                each,
                connected=each in doors.neighbours,
                counts=counts,
                heard=heard.get(each, Heard()),
                last=last.get(each),
            )
            for each in Partner
        ]
    )


@router.get(
    "/{partner}/cases",
    operation_id="list_partner_cases",
    summary="Cases with a partner 外部案件",
    responses=reads("bad_cursor"),
)
async def list_partner_cases(
    doors: TheDoors,
    principal: ThePrincipal,
    partner: PartnerPath,
    status: Annotated[
        list[CaseStatus] | None, Query(description="only these; all of them if left out")
    ] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Cases:
    """Where each case stands. What was handed over, and what the partner said, is shown with its request."""
    require(principal, Right.SEE_ALL)
    with_note = Right.SEE_SEALED in principal.rights
    async with doors.looking() as connection:
        page = await list_cases(connection, partner, statuses=status or (), cursor=cursor, limit=limit)
    return Cases(
        items=[case_shown(row, with_note=with_note) for row in page.items], next_cursor=page.next_cursor
    )


@router.get(
    "/{partner}/messages",
    operation_id="list_partner_messages",
    summary="What a partner sent 外部系统消息",
    responses=reads("bad_cursor"),
)
async def list_partner_messages(
    doors: TheDoors,
    principal: ThePrincipal,
    partner: PartnerPath,
    unknown: Annotated[bool, Query(description="only those whose case nobody knows")] = False,
    case: Annotated[
        str | None, Query(pattern=r"^[0-9A-Za-z-]{1,64}$", description="only this case's")
    ] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Messages:
    """Each message once, however often and by whatever way it came, and whether its case has it."""
    require(principal, Right.SEE_ALL)
    async with doors.looking() as connection:
        page = await list_messages(
            connection, partner, case_id=case, unknown=unknown, cursor=cursor, limit=limit
        )
    may_assign = Right.RECONCILE in principal.rights
    items = [message_shown(kept, may_assign=may_assign) for kept in page.items]
    return Messages(items=items, next_cursor=page.next_cursor)


@router.post(
    "/{partner}/messages/{message}/assign",
    operation_id="assign_partner_message",
    summary="Say which case a message is about 归入案件",
    responses=refusals(
        *WRITES,
        "not_found",
        "case_unknown",
        "message_delivered",
        "message_on_its_way",
        "message_overtaken",
        "idempotency_conflict",
    ),
)
async def assign_partner_message(
    doors: TheDoors,
    principal: ThePrincipal,
    partner: PartnerPath,
    message: MessagePath,
    key: IdempotencyKey,
    body: Annotated[
        AssignBody,
        Body(
            openapi_examples={
                "usual": {"summary": "the usual body", "value": {"case": "20261123-0000042-p1"}}
            }
        ),
    ],
) -> MessageShown:
    """A message about a case that nobody knows is delivered to this one, a moment later. Who said so stays with it."""
    require(principal, Right.RECONCILE)
    own_key = principal.own_key(key)
    digest = digest_of("partners", partner, str(message), "assign", body=body)
    now = doors.now()
    async with writing(doors.database) as connection:
        if await answered_before(connection, own_key, digest) is None:
            kept = await assign_message(connection, partner, message, body.case, by=principal.name, at=now)
            await _must_count(connection, partner, kept)
            await store_answer(connection, own_key, digest, Answer(body.case, "assigned", message), now)
        shown = await find_message(connection, partner, message)
    if shown is None:
        raise not_found("message")
    return message_shown(shown, may_assign=True)


async def _must_count(connection: WriteConnection, partner: Partner, assigned: KeptMessage | None) -> None:
    """Say no to a message that can change nothing where it was assigned.

    Raises:
        Problem: ``not_found``, there is no such message.
        Refused: ``case_unknown`` or ``message_overtaken``.
    """
    if assigned is None:
        raise not_found("message")
    message = assigned.message
    case = await find_case(ReadConnection(connection), message.case)
    if case is None or case.partner is not partner:
        raise Refused("case_unknown", "case", f"{partner} has no case {message.case}", "one of its cases")
    if message.sequence <= case.last_sequence:
        raise Refused(
            "message_overtaken",
            "case",
            f"{message.case} has heard message {case.last_sequence}: number {message.sequence} counts for nothing",
            "settle_case, if it says how the case stands",
        )


@router.post(
    "/{partner}/messages/{message}/set-aside",
    operation_id="set_partner_message_aside",
    summary="Say that a message is about no case of ours 搁置消息",
    responses=refusals(
        *WRITES, "not_found", "message_delivered", "message_on_its_way", "idempotency_conflict"
    ),
)
async def set_partner_message_aside(
    doors: TheDoors,
    principal: ThePrincipal,
    partner: PartnerPath,
    message: MessagePath,
    key: IdempotencyKey,
    body: Annotated[
        SetAsideBody, Body(openapi_examples={"usual": {"summary": "the usual body", "value": {}}})
    ],
) -> MessageShown:
    """It stays kept and raises no alarm any more. Who said so stays with it; it can still be assigned."""
    require(principal, Right.RECONCILE)
    own_key = principal.own_key(key)
    digest = digest_of("partners", partner, str(message), "set-aside", body=body)
    now = doors.now()
    async with writing(doors.database) as connection:
        if await answered_before(connection, own_key, digest) is None:
            left = await set_message_aside(connection, partner, message, by=principal.name, at=now)
            if left is None:
                raise not_found("message")
            await store_answer(
                connection, own_key, digest, Answer(left.message.case, "set_aside", message), now
            )
        shown = await find_message(connection, partner, message)
    if shown is None:
        raise not_found("message")
    return message_shown(shown, may_assign=True)


@router.get(
    "/{partner}/reconciliations",
    operation_id="list_reconciliations",
    summary="Reconciliations with a partner 对账",
    responses=reads("bad_cursor"),
)
async def list_partner_reconciliations(
    doors: TheDoors, principal: ThePrincipal, partner: PartnerPath, cursor: Cursor = None, limit: Limit = 50
) -> Reconciliations:
    """When the two sides were held against each other, and what was different. Nothing is the usual answer."""
    require(principal, Right.SEE_ALL, Right.OPERATE)
    async with doors.looking() as connection:
        page = await list_reconciliations(connection, partner, cursor=cursor, limit=limit)
    return Reconciliations(items=list(map(reconciliation_shown, page.items)), next_cursor=page.next_cursor)


@router.post(
    "/{partner}/reconciliations",
    status_code=202,
    operation_id="reconcile",
    summary="Reconcile now 立即对账",
    responses=refusals(*WRITES, "partner_not_connected", "idempotency_conflict"),
)
async def reconcile_with_partner(
    doors: TheDoors,
    principal: ThePrincipal,
    partner: PartnerPath,
    key: IdempotencyKey,
    body: Annotated[
        ReconcileBody, Body(openapi_examples={"usual": {"summary": "the usual body", "value": {}}})
    ],
) -> ReconciliationShown:
    """It begins within seconds. One that is under way is the answer; one that was put off is tried at once."""
    require(principal, Right.RECONCILE)
    if partner not in doors.neighbours:
        raise Refused("partner_not_connected", "partner", f"{partner} is not connected", "one that is")
    own_key, digest = principal.own_key(key), digest_of("partners", partner, "reconciliations", body=body)
    now = doors.now()
    async with writing(doors.database) as connection:
        earlier = await answered_before(connection, own_key, digest)
        if earlier is None:
            asked = await ask_for_reconciliation(connection, partner, by=principal.name, at=now)
            answer = Answer(f"reconciliation/{asked.id}", "asked", asked.id)
            await store_answer(connection, own_key, digest, answer, now)
        else:
            asked = await find_reconciliation(connection, earlier.seq)
    if asked is None:
        raise not_found("reconciliation")
    return reconciliation_shown(asked)
