"""What changes from one version of a policy to another, field by field and in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from domain.levels import RESPONSE_LEVELS
from domain.limits.policy import Policy, comparable
from domain.time.durations import Duration

Value = Duration | str | int | bool | tuple[int, ...] | None


class Sense(StrEnum):
    """Which way a field changed. Only limits of one kind of time can be shorter or longer."""

    SHORTER = "shorter"
    LONGER = "longer"
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """One field that differs. ``before`` and ``after`` are spelled as in the policy, empty where there is none."""

    field: str
    before: str
    after: str
    sense: Sense
    text_zh: str
    text_en: str


def changes_between(before: Policy, after: Policy, office_day: timedelta) -> tuple[PolicyChange, ...]:
    """Every field of which the two say something else, in the order in which a policy is read. Code and version are not
    fields: they say which policy it is.

    ``office_day`` is the length of the calendar's usual working day, which makes wd and wh comparable.
    """
    old, new = dict(_fields(before)), dict(_fields(after))
    return tuple(
        _change(field, old[field], new[field], office_day) for field in new if old[field] != new[field]
    )


def _fields(policy: Policy) -> Iterator[tuple[str, Value]]:
    yield "name_zh", policy.name_zh
    yield "name_en", policy.name_en
    yield "urgency", policy.urgency
    yield "clock", policy.clock
    yield "dispatch", policy.dispatch
    yield "sign", policy.sign
    yield "first_contact", policy.first_contact
    for level in RESPONSE_LEVELS:
        yield f"dwell.{level}", policy.dwell.at(level)
    yield "total", policy.total
    yield "review", policy.review
    yield "callback_within", policy.callback_within
    yield "reminder_every", policy.reminder_every
    extension = policy.extension
    yield "extension.max", extension and extension.max
    yield "extension.each", extension and extension.each
    yield "extension.approver", extension and extension.approver
    yield "suspend", policy.suspend
    yield "start_level", policy.start_level
    yield "callback", policy.callback
    yield "auto_dispatch", policy.auto_dispatch
    yield "thresholds.reminders", policy.thresholds.reminders
    yield "thresholds.yellow_card", policy.thresholds.yellow_card
    yield "thresholds.red_card", policy.thresholds.red_card
    yield "thresholds.black_list", policy.thresholds.black_list
    yield "confirm_hand_up", policy.confirm_hand_up


def _change(field: str, before: Value, after: Value, office_day: timedelta) -> PolicyChange:
    sense = _sense(before, after, office_day)
    zh, en = _NAMES[field]
    old, new = _spelled(before), _spelled(after)
    verb_zh, verb_en = _VERBS[sense]
    match sense:
        case Sense.ADDED:
            said_zh, said_en = f"{zh}{verb_zh}{new}", f"{en} {verb_en}: {new}"
        case Sense.REMOVED:
            said_zh, said_en = f"{zh}{verb_zh}（原为 {old}）", f"{en} {verb_en} (was {old})"
        case _:
            said_zh, said_en = f"{zh}由 {old} {verb_zh} {new}", f"{en} {verb_en} from {old} to {new}"
    return PolicyChange(field, old, new, sense, said_zh, said_en)


def _sense(before: Value, after: Value, office_day: timedelta) -> Sense:
    if before is None:
        return Sense.ADDED
    if after is None:
        return Sense.REMOVED
    if not (isinstance(before, Duration) and isinstance(after, Duration)):
        return Sense.CHANGED
    if before.is_working is not after.is_working:
        return Sense.CHANGED
    old, new = comparable(before, office_day), comparable(after, office_day)
    if old == new:
        return Sense.CHANGED
    return Sense.LONGER if old < new else Sense.SHORTER


def _spelled(value: Value) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case tuple():
            return ", ".join(str(each) for each in value)
        case _:
            return str(value)


_VERBS: dict[Sense, tuple[str, str]] = {
    Sense.SHORTER: ("缩短为", "shorter"),
    Sense.LONGER: ("延长为", "longer"),
    Sense.ADDED: ("新增：", "added"),
    Sense.REMOVED: ("取消", "removed"),
    Sense.CHANGED: ("改为", "changed"),
}

_NAMES: dict[str, tuple[str, str]] = {
    "name_zh": ("中文名称", "Chinese name"),
    "name_en": ("英文名称", "English name"),
    "urgency": ("紧急程度", "urgency"),
    "clock": ("计时方式", "clock"),
    "dispatch": ("派单时限", "dispatch limit"),
    "sign": ("签收时限", "signing limit"),
    "first_contact": ("首次联系时限", "first contact limit"),
    "dwell.grid": ("网格停留时限", "dwell at the grid"),
    "dwell.community": ("社区停留时限", "dwell at the community"),
    "dwell.town": ("镇街停留时限", "dwell at the town"),
    "dwell.district": ("区级停留时限", "dwell at the district"),
    "total": ("办结总时限", "total limit"),
    "review": ("审核时限", "review limit"),
    "callback_within": ("回访时限", "callback limit"),
    "reminder_every": ("黑榜后提醒间隔", "pace of reminders"),
    "extension.max": ("延期次数", "number of extensions"),
    "extension.each": ("每次延期", "length of an extension"),
    "extension.approver": ("延期审批层级", "who approves an extension"),
    "suspend": ("可否挂起", "suspension"),
    "start_level": ("起始层级", "start level"),
    "callback": ("回访规则", "callback rule"),
    "auto_dispatch": ("自动派单", "automatic dispatch"),
    "thresholds.reminders": ("提醒节点", "reminders"),
    "thresholds.yellow_card": ("黄牌节点", "yellow card"),
    "thresholds.red_card": ("红牌节点", "red card"),
    "thresholds.black_list": ("黑榜节点", "black list"),
    "confirm_hand_up": ("到时上报前的确认时限", "time to confirm a hand-up"),
}
