"""What the people of the demo do with others beside them: cases with partners, joint legs, whistles, field tasks.

Whom a request involves was chosen before (:mod:`stack.playing.casting`); what was begun is carried through by whoever
it has come to, also after a restart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from domain.field_tasks import FieldParty, FieldTaskState
from domain.limits.policy import Policy
from domain.partners import CaseStatus, Partner
from domain.request import State
from domain.whistles import Spot
from stack.playing.beside import CaseSeen, JointSeen, WhistleSeen
from stack.playing.company import Call, Company, HandOver
from stack.playing.crew import Fate
from stack.playing.steps import Step
from stack.playing.views import View

PAUSE = timedelta(seconds=1)
"""From hearing of something to doing one's part, for people of average haste."""
SESSION = "演示会商室 / demo session"
_TASK_BEGINS, _TASK_ENDS = timedelta(hours=1), timedelta(hours=3)
"""Volunteers sign up before; the simulated ones come at once."""
_METRES_ASIDE = 0.0004
"""Degrees of latitude between the place and where who came stands: some 45 m."""
_HALF = 50

_FIRMS = {
    FieldParty.PROPERTY_FIRM: "物业服务企业（演示）",
    FieldParty.VOLUNTEER_TEAM: "街坊志愿队（演示）",
    FieldParty.CONTRACTOR: "养护单位（演示）",
    FieldParty.RESIDENT_GROUP: "居民议事小组（演示）",
}


def openings(view: View, fate: Fate, policy: Policy, company: Company, since: datetime) -> Iterator[Step]:
    """How the unit that leads involves others, once it works on the request: each of them once."""
    holder = view.holder
    if not company or holder is None or view.cycle > 1:
        return
    pause, beside = PAUSE * fate.haste, view.beside
    request, leg = f"/v1/requests/{view.number}", holder.leg
    asked = {joint.unit.code for joint in beside.joint.values()}
    for unit in company.joint:
        if unit not in asked:
            share = int(policy.total.elapsed.total_seconds() * _HALF / 100)
            body = {
                "unit": unit,
                "task": "请派员到场协助处理（演示）",
                "within": f"{max(1, share)}s",
                "mandatory": True,
                "join": "all",
            }
            yield Step(f"join:{leg}:{unit}", since + pause, f"{request}/start-joint", body)
    if company.call is not None and not beside.whistles:
        call = company.call
        yield Step(f"whistle:{leg}", since + pause, f"{request}/whistle", _called(call), call.town)
    if company.field_party is not None and not beside.tasks:
        body = {
            "party": company.field_party,
            "name": _FIRMS[company.field_party],
            "text": "请到现场查看、清理并拍照（演示）",
            "within": "30min",
        }
        path = f"{request}/give-field-task"
        yield Step(f"send:{leg}", since + pause, path, body, holder.unit.code)
    if company.handover is not None and not beside.cases:
        # Last: while the unit waits for a partner, nobody else is asked.
        at = since + 2 * pause
        body = {"handover": _handed(company.handover, at), "waits": company.handover.waits}
        yield Step(f"case:{leg}", at, f"/v1/legs/{view.number}.{leg}/open-case", body, holder.unit.code)


def contributions(view: View, fate: Fate) -> Iterator[Step]:
    """What everybody who has been involved does next."""
    pause = PAUSE * fate.haste
    for joint in view.beside.joint.values():
        yield from _joint_unit(view, joint, pause)
    for whistle in view.beside.whistles.values():
        yield from _whistle(view, whistle, pause)
    for task in view.beside.tasks.values():
        if task.state is FieldTaskState.GIVEN and view.holder is not None and not view.ended:
            body = {"done": True, "text": "已到现场清理并拍照（演示）", "evidence": ["photo/demo-3.jpg"]}
            yield Step(
                f"report:{task.id}",
                task.at + 2 * pause,
                "",
                body,
                view.holder.unit.code,
                field_task=task.id,
            )


def answer_of(cases: Iterable[CaseSeen]) -> tuple[str, str]:
    """Outcome and text of a reply after these cases; both empty without one."""
    return next((_ANSWERS[_ending(case)] for case in cases), ("", ""))


_ANSWERS = {
    "filed": ("filed_for_enforcement", "已由综合执法部门立案，案号已告知诉求人。（演示）"),
    "corrected": ("solved", "综合执法部门已到场，当事人当场整改。（演示）"),
    "no_violation": ("not_true", "经综合执法部门核查，未发现违法行为，已向诉求人说明。（演示）"),
    "clue_refused": (
        "not_competent_explained",
        "综合执法部门不予受理，已向诉求人说明理由和其他途径。（演示）",
    ),
    "affair": ("affair_opened", "已转政务服务事项办理，办件编号已告知诉求人。（演示）"),
    "affair_refused": ("explained_only", "事项未获办理，已向诉求人解释理由。（演示）"),
    "volunteers": ("volunteer_done", "志愿者已到场完成任务。（演示）"),
    "by_ourselves": ("solved", "无人认领志愿任务，已由本单位自行处理完毕。（演示）"),
}


def _ending(case: CaseSeen) -> str:
    well = case.status in (CaseStatus.DONE, CaseStatus.UNDER_WAY)
    match case.partner:
        case Partner.ENFORCEMENT if well:
            return "filed" if case.was_filed else "corrected"
        case Partner.ENFORCEMENT:
            return "no_violation" if case.code == "no_violation" else "clue_refused"
        case Partner.AFFAIRS:
            return "affair" if well else "affair_refused"
        case Partner.VOLUNTEERS:
            return "volunteers" if well else "by_ourselves"


def _handed(handover: HandOver, at: datetime) -> dict[str, Any]:
    """What the partner is told; nothing of who called."""
    match handover.partner:
        case Partner.ENFORCEMENT:
            facts = "现场核实存在涉嫌违法行为，已拍照取证（演示）"
            return {"to": "enforcement", "facts": facts, "legal_basis": handover.detail}
        case Partner.AFFAIRS:
            facts = "诉求属政务服务事项，请按事项办理（演示）"
            return {"to": "affairs", "item_code": handover.detail, "facts": facts, "consent": "demo-consent"}
        case Partner.VOLUNTEERS:
            return {
                "to": "volunteers",
                "task_kind": handover.detail,
                "facts": "请志愿者协助处理现场情况（演示）",
                "starts_at": (at + _TASK_BEGINS).isoformat(),
                "ends_at": (at + _TASK_ENDS).isoformat(),
                "at_least": 1,
                "at_most": 3,
            }


def _called(call: Call) -> dict[str, Any]:
    return {
        "kind": call.kind,
        "summoned": [{"unit": unit, "power": power} for unit, power in call.summoned],
        "reason": "镇街无相应职权，请到场联合处置（演示）",
        "spot": _spelled(call.spot),
        "session": SESSION,
    }


def _joint_unit(view: View, joint: JointSeen, pause: timedelta) -> Iterator[Step]:
    if view.ended:
        return
    leg = f"/v1/legs/{view.number}.{joint.leg}"
    if joint.state == "asked":
        yield Step(f"sign:{joint.leg}", joint.at + pause, f"{leg}/sign", {}, joint.unit.code)
    elif joint.state == "signed":
        body = {
            "outcome": "solved",
            "text": "已派员到场，按要求完成协办事项。（演示）",
            "evidence": ["photo/demo-4.jpg"],
        }
        yield Step(f"contribute:{joint.leg}", joint.at + 2 * pause, f"{leg}/complete", body, joint.unit.code)


def _whistle(view: View, whistle: WhistleSeen, pause: timedelta) -> Iterator[Step]:
    """Departments acknowledge, come, and rate the call; the town agrees the plan with them, ends it, and rates them."""
    path, town = f"/v1/requests/{view.number}/whistles/{whistle.id}", whistle.town.code
    if whistle.end is not None:
        yield from _ratings(whistle, path, pause)
        return
    if view.state in (State.PENDING_REVIEW, State.PENDING_CALLBACK) or view.ended:
        return
    for place, summons in enumerate(whistle.summonses):
        if not summons.acknowledged and not summons.attended:
            yield Step(f"ack:{summons.id}", summons.at + pause, f"{path}/acknowledge", {}, summons.unit.code)
        elif not summons.attended:
            body = _attending(whistle, online=place % 2 == 1)
            yield Step(f"attend:{summons.id}", summons.at + pause, f"{path}/attend", body, summons.unit.code)
    if not all(summons.attended or summons.missed for summons in whistle.summonses):
        return
    gathered = max(whistle.at, *(summons.at for summons in whistle.summonses))
    if not whistle.planned:
        decisions = [
            {"unit": each.unit.code, "action": f"{each.power_zh}（演示）", "within": "4h"}
            for each in whistle.summonses
        ]
        plan = {"minutes": "现场会商，一致同意分工处置（演示）", "decisions": decisions}
        yield Step(f"plan:{whistle.id}", gathered + pause, f"{path}/plan", plan, town)
    elif not any(joint.is_open and joint.cause == "whistle" for joint in view.beside.joint.values()):
        done = {"resolved": True, "text": "各部门已按方案处置完毕（演示）"}
        yield Step(f"end:{whistle.id}", whistle.at + pause, f"{path}/end", done, town)


def _ratings(whistle: WhistleSeen, path: str, pause: timedelta) -> Iterator[Step]:
    at = whistle.at + pause
    for place, summons in enumerate(whistle.summonses):
        if not summons.rated:
            marks = {"in_time": 5, "cooperated": 5 - place % 2, "solved": 4, "text": "到场及时（演示）"}
            body = {"unit": summons.unit.code, **marks}
            yield Step(f"rate:{summons.id}", at, f"{path}/rate", body, whistle.town.code)
        if not summons.has_rated:
            body = {"justified": 4 + place % 2, "text": "确需联合处置（演示）"}
            yield Step(f"rate-call:{summons.id}", at, f"{path}/rate-call", body, summons.unit.code)


def _attending(whistle: WhistleSeen, *, online: bool) -> dict[str, Any]:
    who = {"attendee": "到场负责人（演示）", "post": "deputy_head"}
    if whistle.spot is None or (online and whistle.session):
        return {"mode": "online", **who}
    spot = whistle.spot
    return {"mode": "on_site", **who, "spot": _spelled(Spot(spot.latitude + _METRES_ASIDE, spot.longitude))}


def _spelled(spot: Spot) -> dict[str, float]:
    return {"latitude": spot.latitude, "longitude": spot.longitude}
