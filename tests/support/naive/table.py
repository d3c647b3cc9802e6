"""Who may do what, where, and which clocks speak there: told once more, by hand."""

from __future__ import annotations

LADDER = ("grid", "community", "town", "district")
REOPENABLE = {"closed", "answered_directly", "not_accepted", "withdrawn", "merged", "transferred_out"}
ENDED = {*REOPENABLE, "voided"}
AT_WORK = {"pending_sign", "in_progress", "suspended", "in_deliberation", "awaiting_partner"}
SHARED = AT_WORK | {"pending_dispatch"}
ACCEPTED = {"pending_dispatch", *AT_WORK, "pending_review", "pending_callback"}
OPEN = {"registered", "awaiting_info", *ACCEPTED}
UNIT = {"handler", "unit_head", "grid_worker"}
LEADS = {"handler", "unit_head"}
EVERYBODY = {
    "agent", "dispatcher", "handler", "unit_head", "reviewer", "callback_agent", "supervisor", "duty_leader",
    "arbiter", "citizen", "grid_worker", "partner", "system",
}  # fmt: skip

# Who may do what, where. An act that is not possible in a state is refused there.
POSSIBLE: dict[str, tuple[set[str], set[str]]] = {
    "request_info": ({"registered"}, {"agent"}),
    "supply_info": ({"awaiting_info"}, {"citizen", "agent"}),
    "accept": ({"registered"}, {"agent", "system"}),
    "reject": ({"registered", "awaiting_info"}, {"agent", "duty_leader"}),
    "answer_directly": ({"registered"}, {"agent"}),
    "dispatch": ({"pending_dispatch"}, {"dispatcher", "system"}),
    "sign": (SHARED, UNIT),
    "first_contact": ({"in_progress"}, UNIT),
    "hand_up": ({"in_progress"}, UNIT),
    "send_down": ({"in_progress"}, {"dispatcher", "handler", "unit_head"}),
    "submit_reply": (SHARED | {"pending_review", "pending_callback"}, UNIT),
    "review_pass": ({"pending_review"}, {"reviewer"}),
    "review_back": ({"pending_review"}, {"reviewer"}),
    "callback": ({"pending_callback"}, {"callback_agent"}),
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
    "rule": (OPEN, {"dispatcher", "duty_leader"}),
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
    "continue_story": (OPEN | {"closed"}, {"system"}),
    "pass_time": (OPEN | {"closed"}, {"system"}),
    "refer_deliberation": ({"in_progress"}, LEADS),
    "deliberation_result": ({"in_deliberation"}, LEADS),
    "hand_to_partner": ({"in_progress"}, LEADS),
    "partner_result": ({"awaiting_partner"}, LEADS | {"partner", "dispatcher", "system"}),
    "delegate": ({"in_progress"}, LEADS),
    "start_joint": ({"pending_sign", "in_progress"}, LEADS | {"dispatcher"}),
    "decline_joint": (SHARED, UNIT),
    "remove_joint": (ACCEPTED, {"dispatcher"}),
}

# Which clocks may speak in which state; elsewhere they count on in silence.
SPEAKING: dict[str, set[str]] = {
    "registered": {"registration"},
    "awaiting_info": {"awaiting_info"},
    "pending_dispatch": {"total", "reminder", "dispatch", "decision"},
    "pending_sign": {"total", "reminder", "sign", "decision"},
    "in_progress": {"total", "reminder", "first_contact", "dwell", "decision"},
    "suspended": {"resume", "decision"},
    "in_deliberation": {"deliberation", "decision"},
    "awaiting_partner": {"total", "reminder", "partner", "decision"},
    "pending_review": {"review", "decision"},
    "pending_callback": {"callback", "decision"},
}
FIRST_TO_SPEAK = (
    "total", "registration", "awaiting_info", "dispatch", "sign", "first_contact", "dwell", "review", "callback",
    "reminder", "decision", "resume", "deliberation", "partner",
)  # fmt: skip

# What is asked for is decided only where a decision has its effect; an extension anywhere.
DECIDED_IN = {
    "return": {"pending_sign", "in_progress"}, "suspension": {"in_progress"}, "extension": OPEN,
    "transfer_out": OPEN, "void": OPEN,
}  # fmt: skip
DECIDED_BY = {
    "return": "dispatcher", "suspension": "dispatcher", "extension": "dispatcher",
    "transfer_out": "duty_leader", "void": "duty_leader",
}  # fmt: skip
BEFORE_DISPATCH = {"registered", "awaiting_info", "pending_dispatch"}
SECRECY = ("public", "party", "lead_only", "sealed")
