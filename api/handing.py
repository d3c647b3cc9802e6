"""Doors for handing a share of the work across: joint units, deliberations of residents, neighbouring systems."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from api.bodies import ReasonBody
from api.commands import Door, add_door, plain, the_unit
from api.doors import Doors
from api.fields import Incoming, Name, Remark, Sentence, UnitCode, Word
from domain import commands as asked
from domain.chapters.elsewhere import LONGEST_CASE
from domain.commands import Act
from domain.durations import Duration
from domain.partners import WORDS, Partner

router = APIRouter(prefix="/v1", tags=["commands"])

LegId = Annotated[
    str, Field(pattern=r"^[1-9][0-9]{0,3}$", description="the leg's id within its request", examples=["2"])
]
Case = Annotated[str, Field(max_length=LONGEST_CASE, description="case number at the partner")]


class JointBody(Incoming):
    """The unit that is to contribute, and what it is asked to do."""

    unit: UnitCode
    task: Sentence


class RemoveJointBody(ReasonBody):
    """The joint leg that is let go, and why."""

    leg: LegId


class ReferDeliberationBody(Incoming):
    """Who deliberates on what; `limit` shortens the city's common limit, as in `10wd`."""

    forum: Name
    question: Sentence
    limit: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,5}(s|min|h|d|wh|wd)$", examples=["10wd"])] | None = (
        None
    )


class DeliberationResultBody(Incoming):
    """What the deliberation came to, and whether those concerned agreed."""

    result: Sentence
    agreed: bool


class HandToPartnerBody(Incoming):
    """The neighbouring system, the case number there, and what it was told."""

    partner: Annotated[Partner, Field(strict=False)]
    case: Annotated[Case, Field(min_length=1)]
    note: Remark = ""


class PartnerResultBody(Incoming):
    """The partner's answer. Whoever is not of the responsible unit names the case."""

    word: Annotated[Word, Field(json_schema_extra={"enum": [*sorted(WORDS)]})]
    note: Sentence
    case: Case = ""


async def delegate(doors: Doors, leg: str, body: JointBody) -> Act:
    """The act of delegating, with the unit looked up."""
    return asked.Delegate(leg, the_unit(doors, body.unit), body.task)


async def _start_joint(doors: Doors, _number: str, body: JointBody) -> Act:
    return asked.StartJoint(the_unit(doors, body.unit), body.task)


async def _refer(_doors: Doors, _number: str, body: ReferDeliberationBody) -> Act:
    limit = None if body.limit is None else Duration.parse(body.limit)
    return asked.ReferDeliberation(body.forum, body.question, limit)


DOORS = (
    Door(
        asked.StartJoint,
        JointBody,
        _start_joint,
        {"unit": "440106-urban_mgmt_bureau", "task": "请派一台清运车"},
    ),
    Door(
        asked.RemoveJoint, RemoveJointBody, plain(asked.RemoveJoint), {"leg": "2", "reason": "无需继续协办"}
    ),
    Door(
        asked.ReferDeliberation,
        ReferDeliberationBody,
        _refer,
        {"forum": "社区居民议事厅", "question": "垃圾投放点设在哪里?", "limit": "10wd"},
    ),
    Door(
        asked.DeliberationResult,
        DeliberationResultBody,
        plain(asked.DeliberationResult),
        {"result": "设在小区东门旁", "agreed": True},
    ),
    Door(
        asked.HandToPartner,
        HandToPartnerBody,
        plain(asked.HandToPartner),
        {"partner": "enforcement", "case": "穗天综执线〔2026〕17号", "note": "涉嫌占道经营"},
    ),
    Door(
        asked.PartnerResult,
        PartnerResultBody,
        plain(asked.PartnerResult),
        {"word": "done", "note": "已当场责令改正"},
    ),
)

for _door in DOORS:
    add_door(router, _door)
