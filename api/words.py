"""States and events in words, as people read them, in both languages."""

from __future__ import annotations

from dataclasses import dataclass

from domain.request import State


@dataclass(frozen=True, slots=True)
class Words:
    """One thing said in Chinese and in English."""

    zh: str
    en: str


STATES: dict[State, Words] = {
    State.REGISTERED: Words("已登记", "registered"),
    State.AWAITING_INFO: Words("待补充", "waiting for you to supplement"),
    State.PENDING_DISPATCH: Words("待分派", "accepted, being assigned"),
    State.PENDING_SIGN: Words("待签收", "assigned, to be signed for"),
    State.IN_PROGRESS: Words("办理中", "in progress"),
    State.PENDING_REVIEW: Words("待审核", "answered, under review"),
    State.PENDING_CALLBACK: Words("待回访", "answered, you may be called back"),
    State.CLOSED: Words("已办结", "closed"),
    State.ANSWERED_DIRECTLY: Words("直接答复", "answered during the call"),
    State.NOT_ACCEPTED: Words("不予受理", "not accepted"),
    State.WITHDRAWN: Words("已撤诉", "withdrawn"),
}

EVENTS: dict[str, Words] = {
    "registered": Words("登记", "registered"),
    "info_requested": Words("要求补充", "supplement asked for"),
    "info_supplied": Words("补充信息", "supplemented"),
    "accepted": Words("受理", "accepted"),
    "rejection_proposed": Words("拟不予受理", "rejection proposed"),
    "rejected": Words("不予受理", "not accepted"),
    "answered_directly": Words("直接答复", "answered directly"),
    "leg_dispatched": Words("派单", "dispatched"),
    "leg_signed": Words("签收", "signed for"),
    "first_contacted": Words("首次联系", "caller contacted"),
    "reply_submitted": Words("反馈", "reply submitted"),
    "reply_refused": Words("反馈未被接收", "reply came too late"),
    "contributed": Words("协办完成", "joint share done"),
    "review_passed": Words("审核通过", "review passed"),
    "reviewed_back": Words("回退重办", "sent back by the reviewer"),
    "callback_tried": Words("回访", "called back"),
    "redo_ordered": Words("重办", "to be done once more"),
    "closed": Words("办结", "closed"),
    "withdrawn": Words("撤诉", "withdrawn"),
    "urged": Words("催办", "urged"),
    "handed_up": Words("上报", "handed up"),
    "sent_down": Words("下沉", "sent down"),
    "supervised": Words("督办", "supervised"),
    "deadline_fired": Words("时限到点", "limit reached"),
    "calendar_corrected": Words("日历更正", "calendar corrected"),
    "alarm_raised": Words("告警", "alarm"),
    "story_continued": Words("续写", "story continued"),
}
"""Every kind of event; a test holds this table against the union of facts."""

MILESTONES = frozenset(
    {
        "registered", "info_requested", "info_supplied", "accepted", "rejected", "answered_directly", "leg_dispatched",
        "leg_signed", "first_contacted", "reply_submitted", "review_passed", "redo_ordered", "closed", "withdrawn",
        "urged", "handed_up",
    }
)  # fmt: skip
"""The events that a citizen is shown: what was done, not who was late."""
