"""Doors for handing a share of the work across: joint units, deliberations of residents, neighbouring systems."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from api.frame.doors import Doors
from api.frame.fields import Incoming, Name, Remark, Sentence, UnitCode, Word
from api.requests.bodies import ReasonBody
from api.requests.commands import Door, add_door, plain, the_unit
from domain import commands as asked
from domain.chapters.elsewhere import LONGEST_CASE
from domain.chapters.sharing import USUAL_SHARE
from domain.commands import Act
from domain.joining import Join, JoinRule
from domain.partners import WORDS, Partner
from domain.refusals import Refused
from domain.time.durations import Duration

router = APIRouter(prefix="/v1", tags=["commands"])

LegId = Annotated[
    str, Field(pattern=r"^[1-9][0-9]{0,3}$", description="the leg's id within its request", examples=["2"])
]
Case = Annotated[str, Field(max_length=LONGEST_CASE, description="case number at the partner")]


Within = Annotated[
    str,
    Field(
        pattern=r"^[1-9][0-9]{0,5}(s|min|h|d|wh|wd)$",
        description="the limit of the share, in the time that the request's policy counts in; half of the lead's "
        "stay if left out",
        examples=["3wd"],
    ),
]
JoinName = Annotated[Join, Field(strict=False, description="what the reply waits for")]
Quorum = Annotated[int, Field(ge=1, le=1000, description="how many mandatory contributions are enough")]


class DelegateBody(Incoming):
    """The unit that is to contribute, what it is asked to do, and within what time."""

    unit: UnitCode
    task: Sentence
    within: Within | None = None
    mandatory: bool = False


class StartJointBody(DelegateBody):
    """The same; `join` and `quorum` say what the reply waits for, where nobody has said so yet."""

    join: JoinName | None = None
    quorum: Quorum | None = None


class SetJoinRuleBody(ReasonBody):
    """What the reply waits for from now on, and why."""

    join: JoinName
    quorum: Quorum | None = None


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


async def delegate(doors: Doors, leg: str, body: DelegateBody) -> Act:
    """The act of delegating, with the unit looked up."""
    unit, within = the_unit(doors, body.unit), _within(body)
    return asked.Delegate(leg, unit, body.task, within, body.mandatory, USUAL_SHARE)


async def _start_joint(doors: Doors, _number: str, body: StartJointBody) -> Act:
    join = None if body.join is None else JoinRule(body.join, body.quorum)
    if join is None and body.quorum is not None:
        raise Refused("not_a_quorum", "quorum", "a number without a join rule", "join, as in quorum")
    unit, within = the_unit(doors, body.unit), _within(body)
    return asked.StartJoint(unit, body.task, within, body.mandatory, USUAL_SHARE, join)


async def _set_join_rule(_doors: Doors, _number: str, body: SetJoinRuleBody) -> Act:
    return asked.SetJoinRule(JoinRule(body.join, body.quorum), body.reason)


def _within(body: DelegateBody) -> Duration | None:
    return None if body.within is None else Duration.parse(body.within)


async def _refer(_doors: Doors, _number: str, body: ReferDeliberationBody) -> Act:
    limit = None if body.limit is None else Duration.parse(body.limit)
    return asked.ReferDeliberation(body.forum, body.question, limit)


DOORS = (
    Door(
        asked.StartJoint,
        StartJointBody,
        _start_joint,
        {"unit": "440106-urban_mgmt_bureau", "task": "请派一台清运车"},
    ),
    Door(
        asked.SetJoinRule,
        SetJoinRuleBody,
        _set_join_rule,
        {"join": "all", "reason": "须待各单位现场查验"},
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
