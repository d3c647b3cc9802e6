"""Who hears of a whistle: the departments that are called, the town that calls, and the district above them.

What is said goes to inboxes beyond the unit that leads, so the numbers of persons are masked.
"""

from __future__ import annotations

from collections.abc import Iterator

from domain import events as happened
from domain.events import Event
from domain.limits.clock import ClockKind
from domain.notices.recipients import Words, to_lead
from domain.numbers_of_persons import without_numbers
from domain.request import Body, RequestState
from domain.responsibility.ladder import body_of
from domain.whistles import Whistle, WhistleEnd

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
            whistle = _whistle(state, whistle_id)
            yield from _call(whistle)
            yield from _beside(
                state,
                event,
                whistle,
                f"{whistle.town.name_zh}已吹哨 {whistle.id}，销哨前不能答复",
                f"{whistle.town.name_en} has blown whistle {whistle.id}: no reply before its end",
            )
        case happened.AttendanceMissed(whistle=whistle_id, summons=summons_id):
            yield from _missed(_whistle(state, whistle_id), summons_id)
        case happened.DistrictJoined(whistle=whistle_id, cause=cause):
            zh, en = _JOINED[cause]
            yield Words(
                f"body:{Body.DISTRICT}",
                f"吹哨 {whistle_id} {zh}，请区指挥中心介入",
                f"please join whistle {whistle_id}: {en}",
            )
            yield Words(
                _whistle(state, whistle_id).town.code,
                f"吹哨 {whistle_id} {zh}，区指挥中心已介入",
                f"the district joins whistle {whistle_id}: {en}",
            )
        case happened.PlanAgreed(whistle=whistle_id):
            for each in _whistle(state, whistle_id).summonses:
                yield Words(
                    each.unit.code, f"吹哨 {whistle_id} 已议定方案", f"whistle {whistle_id} has its plan"
                )
        case happened.WhistleEnded(whistle=whistle_id, end=end, text=text):
            yield from _end(state, event, _whistle(state, whistle_id), end, without_numbers(text))
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


def _end(state: RequestState, event: Event, whistle: Whistle, end: WhistleEnd, text: str) -> Iterator[Words]:
    """Both sides rate each other after an end that was reached together; a call that was cancelled nobody rates."""
    zh, en = _ENDED[end]
    zh, en = f"吹哨 {whistle.id} 已销哨（{zh}）：{text}", f"whistle {whistle.id} ended {en}: {text}"
    yield from _beside(state, event, whistle, zh, en)
    if end is not WhistleEnd.CANCELLED:
        zh, en = f"{zh}；请评价本次吹哨", f"{en}; please rate the call"
    for each in whistle.summonses:
        yield Words(each.unit.code, zh, en)


def _beside(state: RequestState, event: Event, whistle: Whistle, zh: str, en: str) -> Iterator[Words]:
    """For the town where the centre acts on its behalf, and for the unit that leads where it was not called: it cannot
    reply before the end.
    """
    town = whistle.town.code
    if event.by.unit != town:
        yield Words(town, zh, en)
    if (
        state.lead is not None
        and state.lead.unit.code != town
        and not whistle.summons_of(state.lead.unit.code)
    ):
        yield from to_lead(state, zh, en)


def words_of_whistle_limits(state: RequestState, fired: happened.DeadlineFired) -> Iterator[Words]:
    """Who hears that a limit has passed: the head of who has not acknowledged, in the unit's inbox, and the town of its
    own plan and result.
    """
    subject = fired.leg or ""
    whistle = _whistle(state, subject.partition(".")[0])
    match fired.clock:
        case ClockKind.WHISTLE_ACK:
            unit = whistle.summons(subject).unit
            zh, en = f"{unit.name_zh}逾期未应哨", f"{unit.name_en} has not acknowledged"
            for recipient in (unit.code, whistle.town.code):
                yield Words(recipient, f"吹哨 {whistle.id}：{zh}", f"whistle {whistle.id}: {en}")
        case ClockKind.WHISTLE_PLAN:
            yield from _overdue(whistle, "方案", "plan")
        case ClockKind.WHISTLE_RESULT:
            yield from _overdue(whistle, "结果", "result")
        case _:
            return


def _overdue(whistle: Whistle, zh: str, en: str) -> Iterator[Words]:
    """For the town; for the district too, once it has joined, and else by its joining."""
    joined = [f"body:{Body.DISTRICT}"] if whistle.district_joined_at is not None else []
    for recipient in (whistle.town.code, *joined):
        yield Words(recipient, f"吹哨 {whistle.id} {zh}逾期", f"the {en} of whistle {whistle.id} is overdue")


def _missed(whistle: Whistle, summons_id: str) -> Iterator[Words]:
    unit = whistle.summons(summons_id).unit
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
            text = without_numbers(f"{text}（{basis}）")
            zh, en = f"提出异议：{text}", f"objects: {text}"
        case happened.CallRated(whistle=whistle_id, summons=summons_id, justified=mark, text=text):
            zh, en = f"评价本次吹哨 {mark} 分", f"marks the call {mark}"
            if text:
                zh, en = f"{zh}：{without_numbers(text)}", f"{en}: {without_numbers(text)}"
        case _:
            return
    whistle = _whistle(state, whistle_id)
    unit = whistle.summons(summons_id).unit
    yield Words(
        whistle.town.code,
        f"吹哨 {whistle.id}：{unit.name_zh}{zh}",
        f"whistle {whistle.id}: {unit.name_en} {en}",
    )


def _of_ratings(state: RequestState, event: Event) -> Iterator[Words]:
    """Both sides' ratings are visible to the district."""
    match event.what:
        case happened.WhistleRated(whistle=whistle_id, summons=summons_id) as rated:
            unit = _whistle(state, whistle_id).summons(summons_id).unit
            marks = f"{rated.in_time}/{rated.cooperated}/{rated.solved}"
            text = without_numbers(rated.text)
            for recipient in (unit.code, f"body:{Body.DISTRICT}"):
                yield Words(
                    recipient,
                    f"吹哨 {whistle_id} 评价{unit.name_zh}（及时/配合/解决）：{marks} {text}",
                    f"whistle {whistle_id}, {unit.name_en} (in time/cooperated/solved): {marks} {text}",
                )
        case happened.CallRated(whistle=whistle_id, summons=summons_id, justified=mark):
            unit = _whistle(state, whistle_id).summons(summons_id).unit
            yield Words(
                f"body:{Body.DISTRICT}",
                f"吹哨 {whistle_id}：{unit.name_zh}评价本次吹哨 {mark} 分",
                f"whistle {whistle_id}: {unit.name_en} marks the call {mark}",
            )
        case happened.CallFoundUnjustified(whistle=whistle_id, reason=reason):
            yield Words(
                _whistle(state, whistle_id).town.code,
                f"吹哨 {whistle_id} 被区认定为不当吹哨：{without_numbers(reason)}",
                f"the district finds whistle {whistle_id} unjustified: {without_numbers(reason)}",
            )
        case _:
            return


def _whistle(state: RequestState, whistle_id: str) -> Whistle:
    found = state.whistle(whistle_id)
    assert found is not None, "a fact of a whistle names one"
    return found
