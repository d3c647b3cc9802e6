"""Who may do what, where, and which clocks speak there: told once more, by hand."""

from __future__ import annotations

LADDER = ("grid", "community", "town", "district")
REOPENABLE = {"closed", "answered_directly", "not_accepted", "withdrawn", "merged", "transferred_out"}
ENDED = {*REOPENABLE, "voided"}
ENDED_WITHOUT_ANSWER = {"withdrawn", "transferred_out", "voided"}
LEADING_REQUEST = "20260302-0000002"
AT_WORK = {"pending_sign", "in_dispute", "in_progress", "suspended", "in_deliberation", "awaiting_partner"}
SHARED = AT_WORK | {"pending_dispatch", "admission_review"}
ACCEPTED = {*SHARED, "pending_review", "pending_callback"}
OPEN = {"registered", "awaiting_info", *ACCEPTED}
UNIT = {"handler", "unit_head", "grid_worker"}
LEADS = {"handler", "unit_head"}
EVERYBODY = {
    "agent", "dispatcher", "handler", "unit_head", "reviewer", "callback_agent", "supervisor", "duty_leader",
    "arbiter", "citizen", "grid_worker", "partner", "system",
}  # fmt: skip

# Who may do what, where. An act that is not possible in a state is refused there.
POSSIBLE: dict[str, tuple[set[str], set[str]]] = {
    "register": ({"registered"}, {"system"}),
    "request_info": ({"registered"}, {"agent"}),
    "supply_info": ({"awaiting_info"}, {"citizen", "agent"}),
    "accept": ({"registered"}, {"agent", "system"}),
    "reject": ({"registered", "awaiting_info"}, {"agent", "duty_leader"}),
    "answer_directly": ({"registered"}, {"agent"}),
    "dispatch": ({"pending_dispatch"}, {"dispatcher", "system"}),
    "sign": (ACCEPTED, UNIT),
    "first_contact": ({"in_progress"}, UNIT),
    "hand_up": ({"in_progress"}, UNIT),
    "send_down": ({"in_progress"}, {"dispatcher", "handler", "unit_head"}),
    "submit_reply": (ACCEPTED, UNIT),
    "review_pass": ({"pending_review"}, {"reviewer"}),
    "review_back": ({"pending_review"}, {"reviewer"}),
    "callback": ({"pending_callback", "merged"}, {"callback_agent"}),
    "redo": ({"pending_callback"}, {"callback_agent", "reviewer", "duty_leader"}),
    "withdraw": (OPEN, {"citizen"}),
    "urge": (ACCEPTED, {"citizen", "dispatcher", "supervisor", "system"}),
    "supervise": (ACCEPTED, {"supervisor"}),
    "ask_return": ({"pending_sign", "in_progress"}, LEADS),
    "ask_extension": ({"in_progress"}, LEADS),
    "ask_suspension": ({"in_progress"}, {"handler"}),
    "ask_transfer_out": (
        {"registered", "pending_dispatch", "pending_sign", "in_progress"},
        {"agent", "duty_leader"},
    ),
    "ask_void": ({"registered", "pending_dispatch"}, {"agent", "dispatcher"}),
    "ask_dispute": ({"pending_sign", "in_progress"}, {"unit_head", "dispatcher"}),
    "ask_backlog": ({"in_progress"}, {"unit_head"}),
    "ask_removal": ({"in_progress", "awaiting_partner"}, LEADS),
    "ask_unreasonable": ({"in_progress", "pending_review"}, LEADS),
    "ask_malicious": ({"in_progress", "pending_review"}, LEADS),
    "ask_appeal": ({"in_progress", "pending_review", "pending_callback", "closed"}, {"citizen"}),
    "rule": (OPEN | {"closed"}, EVERYBODY - {"citizen", "partner", "system"}),
    "resume": ({"suspended"}, {"handler", "unit_head", "dispatcher"}),
    "reassign": ({"pending_sign", "in_progress"}, {"dispatcher"}),
    "merge": (OPEN, {"agent", "dispatcher"}),
    "reopen": (REOPENABLE, {"callback_agent", "reviewer", "duty_leader", "agent", "system"}),
    "comment": (OPEN, EVERYBODY),
    "attach": (OPEN, EVERYBODY),
    "instruct": (ACCEPTED, {"duty_leader"}),
    "acknowledge": (ACCEPTED, UNIT),
    "interim_report": ({"in_progress", "awaiting_partner"}, UNIT),
    "mark_confidential": (OPEN, {"agent", "reviewer"}),
    "cancel_card": (ACCEPTED, {"supervisor"}),
    "raise_card": (ACCEPTED, {"system"}),
    "adopt": (OPEN, {"system"}),
    "disown": (OPEN | REOPENABLE, {"system"}),
    "refuse_reply": (OPEN, {"system"}),
    "continue_story": (OPEN | {"closed", "merged"}, {"system"}),
    "pass_time": (OPEN | {"closed", "merged"}, {"system"}),
    "hear_answer": ({"merged"}, {"system"}),
    "remind_of_commitment": ({"closed"}, {"system"}),
    "recalculate": (OPEN, {"duty_leader"}),
    "move_policy": (ACCEPTED, {"duty_leader"}),
    "refer_deliberation": ({"in_progress"}, LEADS),
    "deliberation_result": ({"in_deliberation"}, LEADS),
    "hand_to_partner": ({"in_progress"}, LEADS),
    "partner_result": ({"awaiting_partner"}, LEADS | {"partner", "dispatcher", "system"}),
    "delegate": ({"in_progress"}, LEADS),
    "start_joint": ({"pending_sign", "in_progress"}, LEADS | {"dispatcher"}),
    "decline_joint": (ACCEPTED, UNIT),
    "remove_joint": (ACCEPTED, {"dispatcher"}),
    "set_join_rule": (AT_WORK, LEADS | {"dispatcher"}),
}

# Which clocks may speak in which state; elsewhere they count on in silence.
SPEAKING: dict[str, set[str]] = {
    "registered": {"registration", "decision"},
    "awaiting_info": {"awaiting_info", "decision"},
    "pending_dispatch": {"total", "reminder", "dispatch", "decision", "joint"},
    "pending_sign": {"total", "reminder", "sign", "decision", "joint"},
    "in_progress": {"total", "reminder", "first_contact", "dwell", "decision", "joint"},
    "admission_review": {"total", "reminder", "decision", "joint"},
    "in_dispute": {"total", "reminder", "decision", "joint"},
    "suspended": {"resume", "decision"},
    "in_deliberation": {"deliberation", "decision"},
    "awaiting_partner": {"total", "reminder", "partner", "decision", "joint"},
    "pending_review": {"review", "decision"},
    "pending_callback": {"callback", "decision"},
    "closed": {"decision"},
    "merged": {"callback"},
}
FIRST_TO_SPEAK = (
    "total", "registration", "awaiting_info", "dispatch", "sign", "first_contact", "dwell", "review", "callback",
    "reminder", "decision", "resume", "deliberation", "partner", "joint",
)  # fmt: skip

# What is asked for is decided only where a decision has its effect; the rest anywhere.
DECIDED_IN = {
    "return": {"pending_sign", "in_progress"}, "suspension": {"in_progress"}, "extension": OPEN,
    "transfer_out": OPEN, "void": OPEN, "dispute": {"in_dispute"}, "admission": {"admission_review"},
    "hand_up": {"in_progress"}, "backlog": {"in_progress"}, "unreasonable": OPEN, "malicious": OPEN,
    "appeal": OPEN | {"closed"}, "removal": OPEN,
}  # fmt: skip
DECIDED_BY = {
    "return": {"dispatcher"}, "suspension": {"dispatcher"}, "extension": {"dispatcher"}, "removal": {"dispatcher"},
    "transfer_out": {"duty_leader"}, "void": {"duty_leader"}, "dispute": {"arbiter"}, "hand_up": {"dispatcher"},
    "admission": {"handler", "unit_head", "dispatcher"}, "backlog": {"duty_leader"},
    "unreasonable": {"duty_leader"}, "malicious": {"duty_leader"}, "appeal": {"duty_leader"},
}  # fmt: skip
OF_THE_LEAD = {"return", "dispute", "admission", "hand_up", "extension", "suspension", "backlog", "removal"}
BEFORE_DISPATCH = {"registered", "awaiting_info", "pending_dispatch"}
SECRECY = ("public", "party", "lead_only", "sealed")
