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
    State.ADMISSION_REVIEW: Words("准入审核", "assigned, admission under review"),
    State.IN_DISPUTE: Words("职责裁定中", "being assigned to the responsible unit"),
    State.SUSPENDED: Words("已挂起", "waiting for a cause outside to pass"),
    State.IN_DELIBERATION: Words("议事协商中", "being deliberated in the community"),
    State.AWAITING_PARTNER: Words("待外部办理", "with a neighbouring service"),
    State.MERGED: Words("已并案", "handled together with another request"),
    State.TRANSFERRED_OUT: Words("已转出", "moved to another channel"),
    State.VOIDED: Words("已作废", "struck as no request"),
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
    "own_initiative": Words("撤诉后继续处置", "withdrawn, and continued for public safety"),
    "merged": Words("并入其他诉求", "merged into another request"),
    "adopted": Words("并入重复件", "another caller's request taken in"),
    "disowned": Words("解除并案", "a merged request went its own way"),
    "answered_through": Words("并案答复", "answered through the request that it follows"),
    "callback_ended": Words("并案回访结束", "its caller was asked about that answer"),
    "group_flagged": Words("列为群体性诉求", "marked as a group matter"),
    "reopened": Words("重启办理", "opened again"),
    "urged": Words("催办", "urged"),
    "handed_up": Words("上报", "handed up"),
    "sent_down": Words("下沉", "sent down"),
    "supervised": Words("督办", "supervised"),
    "card_cancelled": Words("撤销督办牌", "card taken back"),
    "joint_declined": Words("谢绝协办", "joint unit declined"),
    "joint_removed": Words("解除协办", "joint unit let go"),
    "join_rule_set": Words("设定会办规则", "join rule set"),
    "deliberation_referred": Words("提请议事", "referred to a deliberation of residents"),
    "deliberation_ended": Words("议事结束", "deliberation ended"),
    "handed_to_partner": Words("转外部系统办理", "handed to a neighbouring system"),
    "partner_answered": Words("外部系统反馈", "neighbouring system answered"),
    "case_opened": Words("移交外部系统", "case opened with a neighbouring system"),
    "case_withdrawal_asked": Words("撤回外部案件", "case asked back"),
    "case_reported": Words("外部案件进展", "news of the case"),
    "case_settled": Words("人工登记外部结果", "result of the case typed in"),
    "matters_found": Words("外部新发现问题已登记", "found besides by the partner, and registered"),
    "field_task_given": Words("派发现场任务", "field task given"),
    "field_task_reported": Words("现场反馈", "field party reported"),
    "field_task_recalled": Words("撤回现场任务", "field task taken back"),
    "field_task_lapsed": Words("现场任务逾期失效", "field task lapsed"),
    "whistle_blown": Words("吹哨", "departments called by a whistle"),
    "whistle_acknowledged": Words("应哨", "whistle acknowledged"),
    "whistle_attended": Words("报到", "department came"),
    "attendance_missed": Words("未到哨", "attendance missed"),
    "district_joined": Words("区指挥中心介入", "district joined"),
    "whistle_objected": Words("对吹哨提出异议", "department objected"),
    "plan_agreed": Words("议定处置方案", "plan agreed"),
    "whistle_ended": Words("销哨", "whistle ended"),
    "whistle_rated": Words("评价到哨部门", "department rated"),
    "call_rated": Words("评价吹哨", "call rated"),
    "call_found_unjustified": Words("认定不当吹哨", "call found unjustified"),
    "commented": Words("留言", "comment"),
    "instructed": Words("领导批示", "leader's instruction"),
    "acknowledged": Words("签阅批示", "instruction acknowledged"),
    "attached": Words("附件", "attachment"),
    "interim_reported": Words("阶段性反馈", "report on the way"),
    "marked_confidential": Words("设为保密件", "made confidential"),
    "application_made": Words("提出申请", "exception applied for"),
    "application_decided": Words("申请已审定", "application decided"),
    "application_lapsed": Words("申请失效", "application lapsed"),
    "refusal_proposed": Words("拟拒绝准入", "refusal proposed"),
    "leg_returned": Words("退单", "returned"),
    "leg_reassigned": Words("改派", "reassigned"),
    "dispute_ruled": Words("职责裁定", "dispute ruled"),
    "admitted": Words("准入", "admitted"),
    "not_admitted": Words("拒绝准入", "not admitted"),
    "deadline_extended": Words("延期", "deadline extended"),
    "suspended": Words("挂起", "suspended"),
    "resumed": Words("恢复办理", "taken up again"),
    "put_into_backlog": Words("挂账", "put off to a promised date"),
    "exclusion_marked": Words("认定为不合理或恶意诉求", "found unreasonable or malicious"),
    "exclusion_lifted": Words("认定已撤销", "finding lifted"),
    "transferred_out": Words("转出", "moved to another channel"),
    "voided": Words("作废", "struck"),
    "deadline_fired": Words("时限到点", "limit reached"),
    "calendar_corrected": Words("日历更正", "calendar corrected"),
    "policy_moved": Words("政策迁移", "put under another policy"),
    "alarm_raised": Words("告警", "alarm"),
    "story_continued": Words("续写", "story continued"),
}
"""Every kind of event; a test holds this table against the union of facts."""

MILESTONES = frozenset(
    {
        "deliberation_referred", "deliberation_ended", "handed_to_partner", "partner_answered", "interim_reported",
        "case_opened", "case_reported", "case_settled",
        "registered", "info_requested", "info_supplied", "accepted", "rejected", "answered_directly", "leg_dispatched",
        "leg_signed", "first_contacted", "reply_submitted", "review_passed", "redo_ordered", "closed", "withdrawn",
        "urged", "handed_up", "own_initiative", "merged", "reopened", "deadline_extended", "suspended", "resumed",
        "put_into_backlog", "transferred_out", "voided",
    }
)  # fmt: skip
"""The events that a citizen is shown: what was done, not who was late."""
