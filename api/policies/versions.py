"""/v1/policies/{code}/versions and /diff: which version holds, which is to begin, and what each changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel

from api.frame.access import Right, ThePrincipal, require
from api.frame.doors import TheDoors
from api.frame.openapi import reads
from api.frame.problems import not_found
from api.policies.bodies import CodePath
from api.policies.publishing import Version, active_from, published_at, versions_of
from domain.limits.policy_changes import Sense, changes_between

router = APIRouter(prefix="/v1/policies", tags=["policies"])

Standing = Literal["in_force", "coming", "superseded"]


class VersionShown(BaseModel):
    """A version in the list: whether new requests are accepted under it, and which fields it changed."""

    version: int
    standing: Standing
    published_at: datetime | None
    published_by: str
    active_from: datetime | None
    changed: list[str]


class Versions(BaseModel):
    """All versions of a policy, newest first."""

    code: str
    items: list[VersionShown]


class ChangeShown(BaseModel):
    """One field that differs, with a sentence in both languages."""

    field: str
    before: str
    after: str
    sense: Sense
    text_zh: str
    text_en: str


class Comparison(BaseModel):
    """What changes from one version to another."""

    code: str
    from_version: int
    to_version: int
    changes: list[ChangeShown]


@router.get(
    "/{code}/versions",
    operation_id="list_policy_versions",
    summary="The versions of a policy 版本",
    responses=reads("not_found"),
)
async def list_policy_versions(doors: TheDoors, principal: ThePrincipal, code: CodePath) -> Versions:
    """Which version holds, which are to begin, and what each changed against the one before it."""
    require(principal, Right.SEE_POLICIES)
    found = await versions_of(doors, code)
    begun = [each.policy.version for each in found if each.active_from <= doors.now()]
    office_day = doors.pack.calendar.office_day
    items = [
        VersionShown(
            version=each.policy.version,
            standing=_standing(each.policy.version, max(begun, default=0), begun),
            published_at=published_at(each),
            published_by=each.published_by,
            active_from=active_from(each),
            changed=[
                change.field
                for before in earlier[:1]
                for change in changes_between(before.policy, each.policy, office_day)
            ],
        )
        for each, earlier in ((each, found[place + 1 :]) for place, each in enumerate(found))
    ]
    return Versions(code=code, items=items)


@router.get(
    "/{code}/diff",
    operation_id="compare_policy_versions",
    summary="What changes from one version to another 版本对比",
    responses=reads("not_found"),
)
async def compare_policy_versions(
    doors: TheDoors,
    principal: ThePrincipal,
    code: CodePath,
    before: Annotated[Version, Query(alias="from", examples=[1])],
    after: Annotated[Version, Query(alias="to", examples=[2])],
) -> Comparison:
    """Field by field, in words: whether a limit is shorter or longer, what was added or removed."""
    require(principal, Right.SEE_POLICIES)
    known = {each.policy.version: each.policy for each in await versions_of(doors, code)}
    if before not in known or after not in known:
        raise not_found("version of this policy")
    changes = changes_between(known[before], known[after], doors.pack.calendar.office_day)
    return Comparison(
        code=code,
        from_version=before,
        to_version=after,
        changes=[
            ChangeShown(
                field=change.field,
                before=change.before,
                after=change.after,
                sense=change.sense,
                text_zh=change.text_zh,
                text_en=change.text_en,
            )
            for change in changes
        ],
    )


def _standing(version: int, in_force: int, begun: Sequence[int]) -> Standing:
    if version == in_force:
        return "in_force"
    return "superseded" if version in begun or version < in_force else "coming"
