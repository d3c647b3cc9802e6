"""Who hears of a whistle: the departments that are called, the town that calls, and the district above them.

What the town says to departments goes to inboxes beyond the unit that leads, so the numbers of persons are masked.
"""

from __future__ import annotations

from collections.abc import Iterator

from domain import events as happened
from domain.events import Event
from domain.limits.clock import ClockKind
from domain.notices.recipients import Words
from domain.numbers_of_persons import without_numbers
from domain.request import Body, RequestState
from domain.responsibility.ladder import body_of
from domain.whistles import Summons, Whistle, WhistleEnd

_CALLED = {
    "emergency": ("应急哨", "emergency"),
    "enforcement": ("执法哨", "enforcement"),
    "daily": ("日常哨", "daily"),
    "community": ("社区哨", "community"),
}
_ENDED = {
    WhistleEnd.RESOLVED: ("已解决", "resolved"),
    WhistleEnd.UNRESOLVED: ("未解决", "unresolved"),
    WhistleEnd.CANCELLED: ("已取消", "cancelled"),
}
_JOINED = {
    "second_miss": ("二次未到哨", "a second attendance was missed"),
    "plan_overdue": ("方案逾期", "the plan is overdue"),
    "result_overdue": ("结果逾期", "the result is overdue"),
}


def words_of_whistles(state: RequestState, event: Event) -> Iterator[Words]:
    """What is said about a whistle; ``state`` is the state after the event."""
    match event.what:
        case happened.WhistleBlown(whistle=whistle_id):
            yield from _call(_whistle(state, whistle_id))
        case happened.AttendanceMissed(whistle=whistle_id, summons=summons_id):
            yield from _missed(_whistle(state, whistle_id), summons_id)
        case happened.DistrictJoined(whistle=whistle_id, cause=cause):
            zh, en = _JOINED[cause]
            yield Words(
                f"body:{Body.DISTRICT}",
                f"吹哨 {whistle_id} {zh}，请区指挥中心介入",
                f"please join whistle {whistle_id}: {en}",
            )
        case happened.PlanAgreed(whistle=whistle_id):
            for each in _whistle(state, whistle_id).summonses:
                yield Words(
                    each.unit.code, f"吹哨 {whistle_id} 已议定方案", f"whistle {whistle_id} has its plan"
                )
        case happened.WhistleEnded(whistle=whistle_id, end=end, text=text):
            zh, en = _ENDED[end]
            text = without_numbers(text)
            for each in _whistle(state, whistle_id).summonses:
                yield Words(
                    each.unit.code,
                    f"吹哨 {whistle_id} 已销哨（{zh}）：{text}；请评价本次吹哨",
                    f"whistle {whistle_id} ended {en}: {text}; please rate the call",
                )
        case _:
            yield from _to_the_town(state, event)
            yield from _of_ratings(state, event)


def _call(whistle: Whistle) -> Iterator[Words]:
    zh, en = _CALLED[whistle.kind]
    where = " ".join(part for part in (whistle.address, whistle.session) if part)
    why = without_numbers(whistle.reason)
    for each in whistle.summonses:
        yield Words(
            each.unit.code,
            f"{zh} {whistle.id}：{whistle.town.name_zh}请你单位报到，所需职权：{each.power_zh}；地点：{where}；"
            f"事由：{why}",
            f"{en} whistle {whistle.id}: {whistle.town.name_en} calls you, power needed: {each.power_en}; "
            f"where: {where}; why: {why}",
        )


def words_of_whistle_limits(state: RequestState, fired: happened.DeadlineFired) -> Iterator[Words]:
    """Who hears that a limit has passed: the head of who has not acknowledged, in the unit's inbox, and the town of its
    own plan and result.
    """
    subject = fired.leg or ""
    whistle = _whistle(state, subject.partition(".")[0])
    match fired.clock:
        case ClockKind.WHISTLE_ACK:
            unit = _summons(whistle, subject).unit
            zh, en = f"{unit.name_zh}逾期未应哨", f"{unit.name_en} has not acknowledged"
            for recipient in (unit.code, whistle.town.code):
                yield Words(recipient, f"吹哨 {whistle.id}：{zh}", f"whistle {whistle.id}: {en}")
        case ClockKind.WHISTLE_PLAN:
            yield Words(
                whistle.town.code,
                f"吹哨 {whistle.id} 方案逾期",
                f"the plan of whistle {whistle.id} is overdue",
            )
        case ClockKind.WHISTLE_RESULT:
            yield Words(
                whistle.town.code,
                f"吹哨 {whistle.id} 结果逾期",
                f"the result of whistle {whistle.id} is overdue",
            )
        case _:
            return


def _missed(whistle: Whistle, summons_id: str) -> Iterator[Words]:
    unit = _summons(whistle, summons_id).unit
    yield Words(
        unit.code,
        f"吹哨 {whistle.id} 未按时报到，记黄牌一张",
        f"you missed whistle {whistle.id}: a yellow card",
    )
    for recipient in (f"body:{body_of(unit.level)}", whistle.town.code):
        yield Words(
            recipient,
            f"吹哨 {whistle.id}：{unit.name_zh}未按时报到",
            f"whistle {whistle.id}: {unit.name_en} did not come in time",
        )


def _to_the_town(state: RequestState, event: Event) -> Iterator[Words]:
    match event.what:
        case happened.WhistleAcknowledged(whistle=whistle_id, summons=summons_id):
            zh, en = "已应哨", "has acknowledged"
        case happened.WhistleAttended(whistle=whistle_id, summons=summons_id, authority=True):
            zh, en = "已报到", "has come"
        case happened.WhistleAttended(whistle=whistle_id, summons=summons_id):
            zh, en = "已报到，来人无权决定", "has come, without authority to decide"
        case happened.WhistleObjected(whistle=whistle_id, summons=summons_id, legal_basis=basis, text=text):
            zh, en = f"提出异议：{text}（{basis}）", f"objects: {text} ({basis})"
        case happened.CallRated(whistle=whistle_id, summons=summons_id, justified=mark, text=text):
            zh, en = f"评价本次吹哨 {mark} 分：{text}", f"marks the call {mark}: {text}"
        case _:
            return
    whistle = _whistle(state, whistle_id)
    unit = _summons(whistle, summons_id).unit
    yield Words(
        whistle.town.code,
        f"吹哨 {whistle.id}：{unit.name_zh}{zh}",
        f"whistle {whistle.id}: {unit.name_en} {en}",
    )


def _of_ratings(state: RequestState, event: Event) -> Iterator[Words]:
    """Both sides' ratings are visible to the district."""
    match event.what:
        case happened.WhistleRated(whistle=whistle_id, summons=summons_id) as rated:
            unit = _summons(_whistle(state, whistle_id), summons_id).unit
            marks = f"{rated.in_time}/{rated.cooperated}/{rated.solved}"
            text = without_numbers(rated.text)
            for recipient in (unit.code, f"body:{Body.DISTRICT}"):
                yield Words(
                    recipient,
                    f"吹哨 {whistle_id} 评价{unit.name_zh}（及时/配合/解决）：{marks} {text}",
                    f"whistle {whistle_id}, {unit.name_en} (in time/cooperated/solved): {marks} {text}",
                )
        case happened.CallRated(whistle=whistle_id, summons=summons_id, justified=mark):
            unit = _summons(_whistle(state, whistle_id), summons_id).unit
            yield Words(
                f"body:{Body.DISTRICT}",
                f"吹哨 {whistle_id}：{unit.name_zh}评价本次吹哨 {mark} 分",
                f"whistle {whistle_id}: {unit.name_en} marks the call {mark}",
            )
        case happened.CallFoundUnjustified(whistle=whistle_id, reason=reason):
            yield Words(
                _whistle(state, whistle_id).town.code,
                f"吹哨 {whistle_id} 被区认定为不当吹哨：{reason}",
                f"the district finds whistle {whistle_id} unjustified: {reason}",
            )
        case _:
            return


def _whistle(state: RequestState, whistle_id: str) -> Whistle:
    found = state.whistle(whistle_id)
    assert found is not None, "a fact of a whistle names one"
    return found


def _summons(whistle: Whistle, summons_id: str) -> Summons:
    return next(each for each in whistle.summonses if each.id == summons_id)
