"""What OpenAPI says about refusals: every status an operation can answer with, and an example for every code."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.frame.problems import MEDIA_TYPE, STATUS, TYPE_PREFIX, title_en, title_zh
from domain.commands import Act
from domain.lifecycle import TABLE

PROBLEM_SCHEMA: dict[str, Any] = {
    "title": "Problem",
    "description": "A refusal (RFC 9457). `code` is stable; `field` and `expected` say what to mend.",
    "type": "object",
    "required": ["type", "title", "title_zh", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "title_zh": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "field": {"type": "string"},
        "expected": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "reason"],
                "properties": {"field": {"type": "string"}, "reason": {"type": "string"}},
            },
        },
    },
}

READS = ("key_missing", "role_not_allowed", "invalid_input", "internal_error", "database_unavailable")
"""What every reading door may answer."""

WRITES = (*READS, "malformed_body", "body_too_large")
"""What every writing door may answer."""

COMMANDS = (
    *WRITES,
    "not_found",
    "request_ended",
    "not_possible_now",
    "idempotency_conflict",
    "changed_meanwhile",
    "text_missing",
    "text_too_long",
    "engine_unavailable",
    "not_started",
)
"""What every command may answer, whatever it asks for."""

_OF_A_CALL = ("not_your_whistle", "whistle_ended", "whistle_unknown")
_OF_A_SUMMONS = ("not_summoned", "whistle_ended", "whistle_unknown")
_OF_A_RATING = (
    "mark_out_of_range",
    "rated_already",
    "rating_period_over",
    "whistle_cancelled",
    "whistle_open",
    "whistle_unknown",
)

OF_ACTS: dict[str, tuple[str, ...]] = {
    "accept": (
        "matter_incomplete",
        "unknown_category",
        "unknown_place",
        "no_responsible_unit",
        "duty_list_gap",
        "beyond_horizon",
    ),
    "reject": ("unknown_reason", "same_person"),
    "dispatch": ("unknown_unit", "level_does_not_handle", "no_responsible_unit", "not_common_superior"),
    "review_pass": ("same_person",),
    "review_back": ("same_person",),
    "callback": ("rated_without_contact",),
    "urge": ("urged_today",),
    "hand_up": ("not_your_leg", "top_of_ladder", "leg_ended"),
    "send_down": (
        "not_your_leg",
        "unknown_unit",
        "not_in_subtree",
        "bottom_of_ladder",
        "sent_down_before",
        "leg_ended",
    ),
    "apply": (
        "already_asked",
        "appeal_is_final",
        "case_open",
        "commitment_date_passed",
        "commitment_too_late",
        "dispute_too_early",
        "excluded_already",
        "leg_unknown",
        "no_extension",
        "no_suspension",
        "not_for_hurried",
        "not_offered",
        "not_the_lead",
        "not_your_leg",
        "nothing_to_appeal",
        "nothing_to_remove",
        "not_overdue",
        "particulars_missing",
        "quota_used_up",
        "reassignments_used_up",
        "ruling_is_final",
        "same_unit",
        "suspension_used_up",
        "too_much_evidence",
        "unknown_reason",
        "unknown_unit",
        "window_passed",
    ),
    "rule": (
        "amendment_elsewhere",
        "amendment_without_dispute",
        "application_decided",
        "application_unknown",
        "case_open",
        "commitment_date_passed",
        "level_does_not_handle",
        "matter_incomplete",
        "not_your_leg",
        "refusal_not_proposed",
        "same_person",
        "seat_too_low",
        "suspension_used_up",
        "unit_missing",
        "unit_without_dispute",
        "unknown_unit",
    ),
    "resume": ("not_your_leg",),
    "reassign": (
        "level_does_not_handle",
        "not_common_superior",
        "reassignments_used_up",
        "ruling_is_final",
        "same_unit",
        "unknown_unit",
    ),
    "supervise": ("supervisor_too_low", "nobody_to_card", "card_issued_before"),
    "withdraw": ("withdrawn_before",),
    "merge": ("own_parent", "parent_unknown", "parent_ended", "has_children", "case_open"),
    "reopen": ("appeal_window_over",),
    "cancel_card": ("leg_unknown", "no_such_card", "supervisor_too_low"),
    "delegate": (
        "not_your_leg",
        "leg_ended",
        "unknown_unit",
        "not_in_subtree",
        "confidential",
        "on_the_request_already",
        "limit_of_other_time",
        "limit_too_long",
        "beyond_horizon",
    ),
    "start_joint": (
        "not_your_leg",
        "not_signed",
        "unknown_unit",
        "level_does_not_handle",
        "confidential",
        "on_the_request_already",
        "limit_of_other_time",
        "limit_too_long",
        "beyond_horizon",
        "not_common_superior",
        "join_rule_set",
        "not_a_quorum",
    ),
    "whistle": (
        "attend_time_unfit",
        "beyond_horizon",
        "confidential",
        "level_does_not_whistle",
        "nobody_summoned",
        "not_offered",
        "not_on_the_list",
        "not_to_be_summoned",
        "not_your_whistle",
        "outside_the_area",
        "place_missing",
        "summoned_twice",
        "too_many_summoned",
        "town_missing",
        "unknown_unit",
    ),
    "acknowledge_whistle": (*_OF_A_SUMMONS, "acknowledged_before"),
    "attend_whistle": (
        *_OF_A_SUMMONS,
        "attended_before",
        "mode_not_offered",
        "not_at_the_place",
        "position_missing",
    ),
    "object_to_whistle": (*_OF_A_SUMMONS, "not_attended", "objected_before"),
    "agree_plan": (
        *_OF_A_CALL,
        "bound_already",
        "decided_twice",
        "decisions_missing",
        "level_does_not_handle",
        "limit_too_long",
        "nobody_came",
        "not_above_the_lead",
        "not_summoned",
        "plan_agreed_before",
        "too_many_decisions",
        "unknown_unit",
        "beyond_horizon",
    ),
    "end_whistle": (*_OF_A_CALL, "decisions_open", "nobody_came"),
    "rate_whistle": ("not_your_whistle", "not_summoned", *_OF_A_RATING),
    "rate_call": ("not_summoned", *_OF_A_RATING),
    "confirm_unjustified": ("call_not_disputed", "confirmed_before", "seat_too_low", "whistle_unknown"),
    "decline_joint": ("not_your_leg", "leg_ended", "already_signed", "mandatory_share"),
    "remove_joint": ("leg_unknown", "leg_ended"),
    "set_join_rule": ("not_your_leg", "leg_ended", "set_by_dispatcher", "not_a_quorum"),
    "refer_deliberation": (
        "not_your_leg",
        "confidential",
        "leg_ended",
        "level_does_not_deliberate",
        "matter_too_urgent",
        "deliberations_used_up",
        "limit_too_long",
        "beyond_horizon",
    ),
    "deliberation_result": ("not_your_leg", "leg_ended"),
    "hand_to_partner": ("not_your_leg", "leg_ended"),
    "open_case": (
        "not_your_leg",
        "leg_ended",
        "confidential",
        "case_open_already",
        "cases_used_up",
        "partner_not_connected",
        "unknown_item",
        "naive_instant",
        "task_ends_first",
        "task_in_the_past",
        "task_too_far_ahead",
        "too_many_entries",
        "too_much_evidence",
        "wrong_number_of_people",
        "beyond_horizon",
    ),
    "withdraw_case": (
        "not_your_leg",
        "leg_ended",
        "case_unknown",
        "case_ended",
        "case_moved",
        "case_irrevocable",
        "withdrawal_asked",
    ),
    "settle_case": ("not_your_leg", "leg_ended", "case_unknown", "case_ended", "case_moved", "unknown_word"),
    "partner_result": ("not_your_leg", "leg_ended", "other_case", "unknown_word"),
    "instruct": ("level_too_low",),
    "acknowledge": ("not_your_leg", "leg_ended", "nothing_to_acknowledge"),
    "attach": (
        "attached_before",
        "attachment_too_large",
        "not_a_checksum",
        "not_a_place",
        "too_many_attachments",
        "unknown_media_type",
    ),
    "give_field_task": (
        "not_your_leg",
        "leg_ended",
        "confidential",
        "limit_too_long",
        "too_many_field_tasks",
        "beyond_horizon",
    ),
    "report_field_task": (
        "not_your_leg",
        "leg_ended",
        "field_task_ended",
        "field_task_unknown",
        "too_much_evidence",
    ),
    "recall_field_task": ("not_your_leg", "leg_ended", "field_task_ended", "field_task_unknown"),
    "interim_report": ("not_your_leg", "leg_ended"),
    "mark_confidential": ("not_stricter",),
    "move_policy": (
        "policy_unchanged",
        "unknown_policy",
        "unknown_version",
        "unknown_place",
        "unknown_category",
        "no_responsible_unit",
        "duty_list_gap",
        "beyond_horizon",
    ),
    "recalculate": ("calendar_unchanged", "other_calendar"),
    "sign": ("not_your_leg", "leg_ended", "already_signed"),
    "first_contact": ("not_your_leg", "leg_ended", "not_signed", "already_contacted"),
    "submit_reply": (
        "not_your_leg",
        "leg_ended",
        "not_signed",
        "unknown_outcome",
        "too_much_evidence",
        "not_acknowledged",
        "not_awaited",
        "case_open",
        "contributions_missing",
        "whistle_open",
    ),
}
"""What single acts may answer beside that."""


def refusals(*codes: str) -> dict[int | str, dict[str, Any]]:
    """The ``responses`` of an operation that may refuse with these codes."""
    by_status: dict[int, list[str]] = {}
    for code in dict.fromkeys(codes):
        by_status.setdefault(STATUS[code], []).append(code)
    return {status: _response(status, listed) for status, listed in sorted(by_status.items())}


def reads(*codes: str) -> dict[int | str, dict[str, Any]]:
    """The refusals of a reading door, and these."""
    return refusals(*READS, *codes)


def refusals_of(act: type[Act]) -> dict[int | str, dict[str, Any]]:
    """The refusals of an act's door."""
    return refusals(*COMMANDS, *OF_ACTS.get(name_of(act), ()))


def name_of(act: type[Act]) -> str:
    """The act's name in the table."""
    return str(act.__dataclass_fields__["act"].default)


def who_may(act: type[Act]) -> str:
    """The roles of the act's row, for its description."""
    row = TABLE[name_of(act)]
    return f"{row.zh}. Roles: {', '.join(sorted(row.who))}. Possible while: {', '.join(sorted(row.frm))}."


def describe(app: FastAPI) -> None:
    """Give the application an OpenAPI document that knows problem documents and API keys."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _complete(
                get_openapi(
                    title=app.title,
                    version=app.version,
                    description=app.description,
                    routes=app.routes,
                    tags=app.openapi_tags,
                )
            )
        return app.openapi_schema

    app.openapi = document


def _complete(document: dict[str, Any]) -> dict[str, Any]:
    components = document.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = PROBLEM_SCHEMA
    for unused in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(unused, None)
    return document


def _response(status: int, codes: list[str]) -> dict[str, Any]:
    examples = {code: {"summary": title_en(code), "value": _example(status, code)} for code in codes}
    return {
        "description": f"{HTTPStatus(status).phrase}: {', '.join(codes)}",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": examples}},
    }


def _example(status: int, code: str) -> dict[str, Any]:
    return {
        "type": TYPE_PREFIX + code,
        "title": title_en(code),
        "status": status,
        "code": code,
        "title_zh": title_zh(code),
        "detail": title_en(code),
    }
