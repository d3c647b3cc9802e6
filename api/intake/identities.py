"""GET /v1/requests/{number}/caller: masked, or in the clear for a purpose, which is written down."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import AfterValidator, BaseModel

from api.frame.access import Right, ThePrincipal
from api.frame.doors import TheDoors
from api.frame.fields import NumberPath, without_nul
from api.frame.openapi import reads
from api.frame.problems import not_found
from api.frame.sight import sees
from api.frame.third_parties import reads_as_written
from domain.refusals import Refused
from persistence.engine import writing
from persistence.identity import Caller, read_identity, read_masked
from persistence.reading import caller_of, leading_unit

router = APIRouter(prefix="/v1/requests", tags=["identities"])

Purpose = Annotated[
    str | None,
    Query(
        min_length=2,
        max_length=200,
        description="why the identity is read; without one it is shown masked",
        examples=["回访"],
    ),
    AfterValidator(lambda text: text if text is None else without_nul(text)),
]


class CallerShown(BaseModel):
    """The caller. All null if the call was anonymous or the identity was erased."""

    masked: bool
    name: str | None
    telephone: str | None
    address: str | None


@router.get(
    "/{number}/caller",
    operation_id="get_caller",
    summary="The caller's identity 诉求人信息",
    responses=reads("not_found"),
)
async def get_caller(
    doors: TheDoors, principal: ThePrincipal, number: NumberPath, response: Response, purpose: Purpose = None
) -> CallerShown:
    """Masked, for the command centre, auditors and the unit that leads; in the clear if the key may read identities and
    a purpose is stated, with which that reading is logged.
    """
    response.headers["Cache-Control"] = "no-store"
    if purpose is not None and Right.IDENTITIES not in principal.rights:
        raise Refused("role_not_allowed", "purpose", "this key sees identities masked only", "no purpose")
    async with doors.looking() as connection:
        known, caller_ref = (False, None)
        if await sees(connection, principal, number):
            known, caller_ref = await caller_of(connection, number)
        if not known:
            raise not_found("request")
        lead = await leading_unit(connection, number)
        if not reads_as_written(principal, lead):
            raise Refused(
                "role_not_allowed",
                "unit",
                "who only joins in does not see who called",
                lead or "the lead unit",
            )
        if caller_ref is None:
            return _shown(None, masked=purpose is None)
        if purpose is None:
            return _shown(await read_masked(connection, doors.seal, caller_ref), masked=True)
    async with writing(doors.database) as connection:
        caller = await read_identity(
            connection, doors.seal, caller_ref, who=principal.name, purpose=purpose, at=doors.now()
        )
    return _shown(caller, masked=False)


def _shown(caller: Caller | None, *, masked: bool) -> CallerShown:
    return CallerShown(
        masked=masked,
        name=caller.name if caller else None,
        telephone=caller.telephone if caller else None,
        address=caller.address if caller else None,
    )
