"""/v1/policies/{code}/migrations: open requests under another version, or another policy: looked at first, then moved
by a job of explicit orders.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Body, Response

from api.bulk.mass_orders import LeaveOut, MassOrder, MassOrderShown, give_all
from api.bulk.previewing import ActOf, Filter, Paging, PreviewPage, page_of
from api.frame.access import ActingRole, Right, ThePrincipal, require
from api.frame.digests import digest_of
from api.frame.doors import Doors, TheDoors
from api.frame.fields import IdempotencyKey, Incoming, Remark
from api.frame.openapi import WRITES, refusals
from api.policies.bodies import CodePath, PolicyCode
from api.policies.other_promises import moving_to, target_policy
from api.policies.publishing import Version, unknown_policy
from domain.commands import MovePolicy
from domain.limits.policy import Policy
from domain.operations import Operation
from domain.refusals import Refused
from domain.request import RequestState
from domain.texts import required_text
from persistence.open_requests import Selection
from persistence.policies import find_version

router = APIRouter(prefix="/v1/policies/{code}/migrations", tags=["policies"])

_WRONG = ("unknown_policy", "unknown_version", "too_many_requests")


class Migration(Incoming):
    """From which versions (all, if left out) to which; to another policy, if one is named."""

    from_version: Version | None = None
    to_policy: PolicyCode | None = None
    to_version: Version
    filter: Filter = Filter()


class MigrationPreviewBody(Migration):
    """A migration to look at, and a page of the list."""

    paging: Paging = Paging()


class MigrationBody(Migration):
    """A migration to carry out: why, and whom to leave alone."""

    reason: Remark
    leave_out: LeaveOut = ()


_PREVIEW: Any = {
    "breaches": {
        "summary": "who in one district would be late by it",
        "value": {"to_version": 2, "filter": {"district": "440106"}, "paging": {"only": ["would_breach"]}},
    }
}
_MIGRATION: Any = {
    "careful": {
        "summary": "all versions to version 2, but nobody is made late by it",
        "value": {"to_version": 2, "reason": "新版时限自即日起适用于在办件", "leave_out": ["would_breach"]},
    },
    "surge": {
        "summary": "open requests of one district follow a surge",
        "value": {
            "to_policy": "P-FLOOD-SURGE",
            "to_version": 1,
            "filter": {"district": "440106"},
            "reason": "暴雨红色预警",
        },
    },
}


@router.post(
    "/preview",
    operation_id="preview_policy_migration",
    summary="What moving open requests would do 迁移预览",
    responses=refusals(*WRITES, *_WRONG),
)
async def preview_policy_migration(
    doors: TheDoors,
    principal: ThePrincipal,
    code: CodePath,
    key: IdempotencyKey,
    body: Annotated[MigrationPreviewBody, Body(openapi_examples=_PREVIEW)],
) -> PreviewPage:
    """Figures and a list: due dates and lights now and then. The same rules decide as when the orders are given;
    nothing is changed.
    """
    del key
    require(principal, Right.PUBLISH)
    target = await target_policy(doors, body.to_policy or code, body.to_version)
    act_of = await _moving_to(doors, target, "preview")
    return await page_of(doors, _selection(doors, code, body, target), act_of, body.paging)


@router.post(
    "",
    status_code=202,
    operation_id="migrate_policy",
    summary="Move open requests 迁移在办诉求",
    responses=refusals(
        *WRITES, *_WRONG, "policy_not_begun", "nothing_to_move", "text_missing", "idempotency_conflict"
    ),
)
async def migrate_policy(
    doors: TheDoors,
    principal: ThePrincipal,
    code: CodePath,
    key: IdempotencyKey,
    body: Annotated[MigrationBody, Body(openapi_examples=_MIGRATION)],
    response: Response,
    role: ActingRole = None,
) -> MassOrderShown:
    """Each request gets an order of its own (`move_policy`) from a bulk job, which can be followed, paused and
    cancelled at `/v1/bulk/{job}`. What fired stays fired, pauses and extensions are kept, the unit stays.
    """
    require(principal, Right.PUBLISH)

    async def order() -> MassOrder:
        reason = required_text(body.reason, "reason")
        target = await target_policy(doors, body.to_policy or code, body.to_version)
        await _has_begun(doors, target)
        return MassOrder(
            operation=Operation.POLICY_MIGRATION,
            selection=_selection(doors, code, body, target),
            act_of=await _moving_to(doors, target, reason),
            leave_out=body.leave_out,
            reason=reason,
            told=lambda: {"policy": code, **body.model_dump(mode="json", exclude={"reason"})},
        )

    return await give_all(
        doors,
        principal,
        role,
        order,
        command="move_policy",
        key=principal.own_key(key),
        digest=digest_of("migrations", code, body=body),
        response=response,
    )


async def _moving_to(doors: Doors, target: Policy, reason: str) -> ActOf:
    act_for = await moving_to(doors, target, reason)

    def act_of(state: RequestState) -> MovePolicy | None:
        if state.matter is None or state.snapshot is None:
            return None
        # A job takes its time; whom another migration moved on meanwhile it must not move back.
        present = state.snapshot.policy
        return replace(act_for(state.matter), seen=(present.code, present.version))

    return act_of


async def _has_begun(doors: Doors, policy: Policy) -> None:
    async with doors.looking() as connection:
        published = await find_version(connection, policy.code, policy.version)
    if published is not None and published.active_from > doors.now():
        raise Refused(
            "policy_not_begun",
            "to_version",
            f"{policy.code} version {policy.version} begins at {published.active_from.isoformat()}",
            "a version that new requests are accepted under",
        )


def _selection(doors: Doors, code: str, body: Migration, target: Policy) -> Selection:
    if code not in doors.pack.every_policy:
        raise unknown_policy("code", code)
    return Selection(
        policy=code,
        version=body.from_version,
        district=body.filter.district,
        category=body.filter.category and doors.pack.category(body.filter.category).code,
        already=(target.code, target.version),
    )
