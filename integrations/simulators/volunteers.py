"""The life of a volunteers' task: people sign up, those beyond the number wait, they come, they go, one reports."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, cast

from pydantic import BaseModel

from domain.partners import Partner
from integrations.simulators.chance import Chance
from integrations.simulators.life import Interface, No
from integrations.simulators.profiles import Profile
from integrations.simulators.storage import Dossier
from integrations.wire import volunteers as wire
from integrations.wire.envelope import Message, Order

_TEAMS = ("广州街坊·林和队", "先锋义工队", "邻里守望队", "文明实践志愿队")
_RESULTS = (
    "已按要求完成，现场恢复整洁有序。",
    "已上门了解情况并做好登记，居民表示满意。",
    "已完成巡查，劝导三起，未见异常。",
)
_ISSUES = ("楼道堆放杂物，建议跟进清理。", "路灯一盏不亮。", "有长者独居，建议社区探访。")
_NOT_FOR_MINORS = frozenset({"PATROL", "MEDIATION"})
_MOST_TOO_MANY = 2
_POINTS_AN_HOUR = 10


class VolunteersLife:
    """What the platform does with a task."""

    partner: Partner = Partner.VOLUNTEERS
    interface: Interface = Interface(
        cases=wire.TASKS,
        messages=wire.TASK_MESSAGES,
        withdrawal=wire.TASK_CANCELLATION,
        confirmation=wire.TASK_RESULT,
        since="ended_since",
        open=wire.TaskPublish,
        withdraw=wire.TaskCancel,
        confirm=wire.TaskResult,
        opened=202,
        confirmed=202,
    )
    steps: Mapping[str, type[Message]] = {
        "task_refused": wire.TaskRefused,
        "sign_up": wire.SignUp,
        "sign_off": wire.SignOff,
        "unclaimed": wire.Unclaimed,
        "enrolment_closed": wire.EnrolmentClosed,
        "check_in": wire.CheckIn,
        "check_out": wire.CheckOut,
        "report": wire.TaskReport,
        "hours_credited": wire.HoursCredited,
    }

    def objection(self, order: Order, now: datetime) -> No | None:
        task = cast("wire.TaskPublish", order).data
        if task.ends_at <= now:
            return No(422, "in_the_past", "任务结束时间已过。")
        if task.kind in _NOT_FOR_MINORS and not task.adults_only:
            return No(422, "not_suitable", "该类任务仅限成年志愿者参加。")
        return None

    def number(self, order: Order, count: int, now: datetime) -> str:
        del order
        return f"ZY{now:%y%m}{count:06d}"

    def matter(self, order: Order) -> str:
        del order
        return ""

    def shown_at_once(self, dossier: Dossier) -> str:
        return dossier.number

    def next_step(self, dossier: Dossier, chance: Chance, profile: Profile) -> str | None:
        notes, task = dossier.notes, dossier.handed
        match dossier.last:
            case "" if chance.happens("refused", profile.refused):
                return "task_refused"
            case "" if chance.happens("unclaimed", profile.unclaimed):
                return "unclaimed"
            case "" | "sign_up":
                wanted = chance.whole("comers", task["people_min"], task["people_max"] + _MOST_TOO_MANY)
                here = len(_names(notes, "in")) + len(_names(notes, "waiting"))
                if here < wanted:
                    return "sign_up"
                return "sign_off" if _wavering(notes, chance, profile) else "enrolment_closed"
            case "sign_off" if _wavering(notes, chance, profile):
                return "sign_off"
            case "sign_off":
                return "enrolment_closed" if len(_names(notes, "in")) >= task["people_min"] else "unclaimed"
            case "enrolment_closed" | "check_in":
                if _still_to_come(notes, chance, profile):
                    return "check_in"
                return "check_out" if _still_to_go(notes, chance, profile) else "report"
            case "check_out":
                return "check_out" if _still_to_go(notes, chance, profile) else "report"
            case "report" if dossier.confirmed:
                return "hours_credited"
            case _:
                return None

    def afterwards(self, dossier: Dossier, chance: Chance, profile: Profile) -> str | None:
        del dossier, chance, profile
        return None

    def possible(self, dossier: Dossier) -> tuple[str, ...]:
        following = {
            "": ("sign_up", "unclaimed", "task_refused"),
            "sign_up": ("sign_up", "sign_off", "enrolment_closed", "unclaimed"),
            "sign_off": ("sign_up", "sign_off", "enrolment_closed", "unclaimed"),
            "enrolment_closed": ("check_in", "unclaimed"),
            "check_in": ("check_in", "check_out", "report"),
            "check_out": ("check_out", "report"),
            "report": ("hours_credited",) if dossier.confirmed else (),
        }
        return following.get(dossier.last, ())

    def not_before(self, step: str, dossier: Dossier) -> datetime | None:
        if step == "unclaimed":
            return _instant(dossier.handed.get("claim_by"))
        return _instant(dossier.handed["starts_at"]) if step == "check_in" else None

    def say(self, step: str, dossier: Dossier, chance: Chance, profile: Profile, now: datetime) -> BaseModel:
        notes = dossier.notes
        match step:
            case "task_refused":
                return wire.TaskRefusedData(code="not_suitable", reason="任务内容不适合志愿者承担。")
            case "sign_up":
                return _sign_up(dossier, chance)
            case "sign_off":
                return _sign_off(dossier, chance, profile)
            case "unclaimed":
                return wire.UnclaimedData(signed_up=len(_names(notes, "in")))
            case "enrolment_closed":
                return wire.EnrolmentClosedData(
                    accepted=tuple(_names(notes, "in")), waiting_list=tuple(_names(notes, "waiting"))
                )
            case "check_in":
                return _check_in(dossier, chance, profile, now)
            case "check_out":
                return _check_out(dossier, chance, profile)
            case "report":
                return wire.TaskReportData(
                    result=chance.pick("result", _RESULTS),
                    new_issues=(chance.pick("issue", _ISSUES),)
                    if chance.happens("issues", profile.issues_found)
                    else (),
                    people=max(1, len(_names(notes, "came"))),
                )
            case _:
                return _credits(dossier)

    def ends_with(self, step: str, data: BaseModel) -> bool:
        del data
        return step in {"task_refused", "unclaimed", "hours_credited"}

    def effects(self, step: str, dossier: Dossier) -> tuple[tuple[str, str], ...]:
        if step != "hours_credited":
            return ((step, f"{dossier.id}#{dossier.sequence + 1}" if step in _MANY else dossier.id),)
        return tuple((step, f"{dossier.id}/{name}") for name in _credited_now(dossier))

    def is_irrevocable(self, dossier: Dossier) -> str:
        if dossier.ended:
            return "任务已结束。"
        return "任务已开始，不能取消。" if dossier.last in {"check_in", "check_out", "report"} else ""


_MANY = frozenset({"sign_up", "sign_off", "check_in", "check_out"})


def _sign_up(dossier: Dossier, chance: Chance) -> wire.SignUpData:
    inside, waiting = _names(dossier.notes, "in"), _names(dossier.notes, "waiting")
    place = len(inside) + len(waiting) + 1
    name = f"v-{chance.whole(f'volunteer {place}', 0x1000_0000, 0xFFFF_FFFF):x}"
    beyond = len(inside) >= dossier.handed["people_max"]
    (waiting if beyond else inside).append(name)
    return wire.SignUpData(
        volunteer=name, team=chance.pick("team", _TEAMS), waiting=beyond, signed_up=len(inside)
    )


def _sign_off(dossier: Dossier, chance: Chance, profile: Profile) -> wire.SignOffData:
    inside, waiting = _names(dossier.notes, "in"), _names(dossier.notes, "waiting")
    going = (_wavering(dossier.notes, chance, profile) or inside[-1:] or ["v-passerby"])[0]
    if going in inside:
        inside.remove(going)
        inside.extend(waiting[:1])
        del waiting[:1]
    return wire.SignOffData(volunteer=going, signed_up=len(inside))


def _wavering(notes: dict[str, Any], chance: Chance, profile: Profile) -> list[str]:
    """Those who will sign off again; never the leader, who came first."""
    return [
        name for name in _names(notes, "in")[1:] if chance.happens(f"signs off {name}", profile.signed_off)
    ]


def _check_in(dossier: Dossier, chance: Chance, profile: Profile, now: datetime) -> wire.CheckInData:
    notes = dossier.notes
    coming = _still_to_come(notes, chance, profile) or ["v-passerby"]
    _names(notes, "came").append(coming[0])
    notes.setdefault("minutes", {})[coming[0]] = _minutes_planned(dossier)
    return wire.CheckInData(
        volunteer=coming[0],
        checked_in_at=max(now, _planned(dossier)[0]),
        accuracy_metres=float(chance.whole(f"accuracy {coming[0]}", 3, 30)),
        present=len(_names(notes, "came")) - len(_names(notes, "left")),
    )


def _check_out(dossier: Dossier, chance: Chance, profile: Profile) -> wire.CheckOutData:
    notes = dossier.notes
    going = _still_to_go(notes, chance, profile) or ["v-passerby"]
    stayed = round(_minutes_planned(dossier) * (0.6 + 0.4 * chance.draw(f"stays {going[0]}")))
    _names(notes, "left").append(going[0])
    notes.setdefault("minutes", {})[going[0]] = stayed
    return wire.CheckOutData(
        volunteer=going[0],
        checked_out_at=_planned(dossier)[0] + timedelta(minutes=stayed),
        minutes=stayed,
        present=max(0, len(_names(notes, "came")) - len(_names(notes, "left"))),
    )


def _credits(dossier: Dossier) -> wire.HoursCreditedData:
    minutes = cast("dict[str, int]", dossier.notes.get("minutes", {}))
    newly = _credited_now(dossier)
    _names(dossier.notes, "credited").extend(newly)
    return wire.HoursCreditedData(
        receipt_number=f"{dossier.number}-SJ",
        credits=tuple(
            wire.Credit(volunteer=name, minutes=minutes[name], points=minutes[name] * _POINTS_AN_HOUR // 60)
            for name in newly
        ),
    )


def _credited_now(dossier: Dossier) -> list[str]:
    """Whose hours are still to be credited: once per task and volunteer, however often it is asked for."""
    done = set(_names(dossier.notes, "credited"))
    return [name for name in _names(dossier.notes, "came") if name not in done]


def _still_to_come(notes: dict[str, Any], chance: Chance, profile: Profile) -> list[str]:
    came = set(_names(notes, "came"))
    expected = _names(notes, "in")
    # The leader comes whatever happens: a task without anybody would be another story.
    staying_away = {name for name in expected[1:] if chance.happens(f"absent {name}", profile.absent)}
    return [name for name in expected if name not in came and name not in staying_away]


def _still_to_go(notes: dict[str, Any], chance: Chance, profile: Profile) -> list[str]:
    left = set(_names(notes, "left"))
    return [
        name
        for name in _names(notes, "came")
        if name not in left and not chance.happens(f"no check-out {name}", profile.no_check_out)
    ]


def _names(notes: dict[str, Any], kind: str) -> list[str]:
    return cast("list[str]", notes.setdefault(kind, []))


def _planned(dossier: Dossier) -> tuple[datetime, datetime]:
    handed = dossier.handed
    return datetime.fromisoformat(handed["starts_at"]), datetime.fromisoformat(handed["ends_at"])


def _minutes_planned(dossier: Dossier) -> int:
    starts, ends = _planned(dossier)
    return max(0, int((ends - starts).total_seconds() // 60))


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
