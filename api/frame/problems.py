"""Problem documents (RFC 9457): how the doors say no, and the one table from a code to its HTTP status.

Every document has a stable ``code`` for programs, a title in English and Chinese for people, and, where it helps, the
offending ``field`` and what was ``expected``. What went wrong inside the service is never shown outside.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi_problem.error import Problem
from fastapi_problem.handler import ExceptionHandler
from sqlalchemy.exc import DataError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from starlette.exceptions import HTTPException

from domain.refusal_texts import CHINESE
from domain.refusals import Refused

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:huying:problem:"
RETRY_AFTER_SECONDS = 5

DOOR_TITLES: dict[str, str] = {
    "amendment_elsewhere": "该清单条目不能使同类诉求归于裁定单位",
    "bad_cursor": "翻页位置无效",
    "body_too_large": "请求内容过大",
    "database_unavailable": "数据库暂不可用，请稍后重试",
    "engine_unavailable": "流程引擎暂不可用，请稍后重试",
    "internal_error": "服务内部错误",
    "invalid_input": "提交的内容不符合要求",
    "key_missing": "缺少有效的访问密钥",
    "malformed_body": "请求内容无法解析",
    "method_not_allowed": "不支持的请求方法",
    "message_delivered": "该回调消息已送达案件",
    "message_on_its_way": "该回调消息正在送达案件",
    "message_overtaken": "该案件已有序号更新的消息",
    "message_unreadable": "回调内容无法识别",
    "not_awaited": "该承办件的答复正在登记，请稍后重试",
    "not_found": "没有找到",
    "not_in_bulk": "该操作不能批量执行",
    "not_offered": "本市未开放此项申请",
    "not_started": "该诉求尚未进入流程，请稍后重试",
    "nothing_to_move": "没有需要变更的在办诉求",
    "partner_not_connected": "该外部系统尚未接入，请线下移交",
    "policy_faulty": "时限政策不符合要求",
    "policy_not_begun": "该版政策尚未生效",
    "purpose_missing": "查看身份信息须说明用途",
    "town_missing": "须指明吹哨的镇街",
    "unknown_category": "事项目录中没有这个事项",
    "unknown_place": "没有这个区划",
    "sequence_taken": "该案件的这一序号已有另一条消息",
    "signature_expired": "回调签名已过有效时间",
    "signature_invalid": "回调签名无效",
    "surge_collides": "同一区域、同一政策已有平急转换生效",
    "surge_ended": "该平急转换已结束",
    "too_many_requests": "涉及的在办诉求过多，请缩小范围",
    "unknown_item": "政务服务事项不存在或已取消",
    "unknown_policy": "没有这项时限政策",
    "unknown_set": "城市数据中没有这套应急政策",
    "unknown_version": "该政策没有这一版",
    "unknown_unit": "没有这个单位",
}
"""Titles in Chinese of the codes that only the doors use."""

_STATUS_GROUPS: dict[HTTPStatus, tuple[str, ...]] = {
    HTTPStatus.BAD_REQUEST: ("malformed_body",),
    HTTPStatus.UNAUTHORIZED: ("key_missing", "signature_expired", "signature_invalid"),
    HTTPStatus.FORBIDDEN: (
        "cause_not_allowed",
        "level_does_not_whistle",
        "level_too_low",
        "not_common_superior",
        "not_in_subtree",
        "not_summoned",
        "not_to_be_summoned",
        "not_your_leg",
        "not_your_whistle",
        "outside_the_area",
        "role_not_allowed",
        "seat_too_low",
        "supervisor_too_low",
    ),
    HTTPStatus.NOT_FOUND: (
        "application_unknown",
        "case_unknown",
        "field_task_unknown",
        "leg_unknown",
        "not_found",
        "unknown_command",
        "whistle_unknown",
    ),
    HTTPStatus.METHOD_NOT_ALLOWED: ("method_not_allowed",),
    HTTPStatus.CONFLICT: (
        "acknowledged_before",
        "already_asked",
        "already_contacted",
        "already_registered",
        "already_signed",
        "appeal_is_final",
        "appeal_window_over",
        "application_decided",
        "attached_before",
        "attended_before",
        "bottom_of_ladder",
        "bound_already",
        "calendar_unchanged",
        "call_not_disputed",
        "card_issued_before",
        "case_ended",
        "case_irrevocable",
        "case_moved",
        "case_open",
        "case_open_already",
        "cases_used_up",
        "confidential",
        "confirmed_before",
        "contributions_missing",
        "decisions_open",
        "deliberations_used_up",
        "dispute_too_early",
        "excluded_already",
        "family_full",
        "field_task_ended",
        "has_children",
        "idempotency_conflict",
        "join_rule_set",
        "leg_ended",
        "level_does_not_deliberate",
        "mandatory_share",
        "matter_too_urgent",
        "message_delivered",
        "message_on_its_way",
        "message_overtaken",
        "mode_not_offered",
        "no_commitment",
        "no_extension",
        "no_such_card",
        "no_suspension",
        "nobody_came",
        "nobody_to_card",
        "not_above_the_lead",
        "not_acknowledged",
        "not_attended",
        "not_offered",
        "not_overdue",
        "not_possible_now",
        "not_signed",
        "not_stricter",
        "not_the_lead",
        "nothing_to_acknowledge",
        "nothing_to_appeal",
        "nothing_to_move",
        "nothing_to_remove",
        "objected_before",
        "on_the_request_already",
        "other_case",
        "other_parent",
        "parent_ended",
        "partner_not_connected",
        "plan_agreed_before",
        "policy_not_begun",
        "policy_unchanged",
        "quota_used_up",
        "rated_already",
        "rating_period_over",
        "reassignments_used_up",
        "refusal_not_proposed",
        "request_ended",
        "ruling_is_final",
        "same_person",
        "same_unit",
        "sent_down_before",
        "sequence_taken",
        "set_by_dispatcher",
        "summoned_twice",
        "surge_collides",
        "surge_ended",
        "suspension_used_up",
        "too_many_attachments",
        "too_many_field_tasks",
        "top_of_ladder",
        "urged_today",
        "whistle_cancelled",
        "whistle_ended",
        "whistle_open",
        "window_passed",
        "withdrawal_asked",
        "withdrawn_before",
    ),
    HTTPStatus.PRECONDITION_FAILED: ("changed_meanwhile",),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ("body_too_large",),
    HTTPStatus.UNPROCESSABLE_ENTITY: (
        "amendment_elsewhere",
        "amendment_without_dispute",
        "attachment_too_large",
        "attend_time_unfit",
        "bad_cursor",
        "bad_hours",
        "beyond_horizon",
        "commitment_date_passed",
        "commitment_too_late",
        "decided_twice",
        "decisions_missing",
        "duplicate_date",
        "duty_list_gap",
        "invalid_input",
        "level_does_not_handle",
        "limit_of_other_time",
        "limit_too_long",
        "mark_out_of_range",
        "matter_incomplete",
        "message_unreadable",
        "naive_instant",
        "negative_amount",
        "never_open",
        "no_responsible_unit",
        "nobody_summoned",
        "not_a_checksum",
        "not_a_place",
        "not_a_quorum",
        "not_at_the_place",
        "not_for_hurried",
        "not_in_bulk",
        "not_on_the_list",
        "not_seven_days",
        "other_calendar",
        "own_parent",
        "parent_unknown",
        "particulars_missing",
        "place_missing",
        "policy_faulty",
        "position_missing",
        "purpose_missing",
        "rated_without_contact",
        "task_ends_first",
        "task_in_the_past",
        "task_too_far_ahead",
        "text_missing",
        "text_too_long",
        "too_many_decisions",
        "too_many_entries",
        "too_many_requests",
        "too_many_summoned",
        "too_much_evidence",
        "town_missing",
        "unit_missing",
        "unit_without_dispute",
        "unknown_category",
        "unknown_item",
        "unknown_media_type",
        "unknown_outcome",
        "unknown_place",
        "unknown_policy",
        "unknown_reason",
        "unknown_set",
        "unknown_unit",
        "unknown_version",
        "unknown_word",
        "unknown_zone",
        "unsorted_dates",
        "wrong_number_of_people",
    ),
    HTTPStatus.INTERNAL_SERVER_ERROR: ("internal_error",),
    HTTPStatus.SERVICE_UNAVAILABLE: (
        "database_unavailable",
        "engine_unavailable",
        "not_awaited",
        "not_started",
    ),
}

STATUS: dict[str, int] = {code: int(status) for status, codes in _STATUS_GROUPS.items() for code in codes}
"""The HTTP status of every code."""

_CODE_OF_STATUS = {
    HTTPStatus.BAD_REQUEST: "malformed_body",
    HTTPStatus.UNAUTHORIZED: "key_missing",
    HTTPStatus.FORBIDDEN: "role_not_allowed",
    HTTPStatus.NOT_FOUND: "not_found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "body_too_large",
}
"""Codes of what the framework itself refuses."""


def problem(
    code: str,
    detail: str,
    *,
    field: str = "",
    expected: str = "",
    errors: Sequence[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> Problem:
    """A problem to raise. ``code`` must stand in the table."""
    # A newer worker may refuse with a code that this door does not know yet.
    status = STATUS.get(code, HTTPStatus.CONFLICT)
    extras: dict[str, Any] = {"code": code, "title_zh": title_zh(code)}
    extras |= {name: value for name, value in (("field", field), ("expected", expected)) if value}
    if errors:
        extras["errors"] = list(errors)
    return Problem(
        title=title_en(code),
        type_=TYPE_PREFIX + code,
        detail=detail,
        status=status,
        headers=_headers(status, headers),
        **extras,
    )


def not_found(what: str) -> Problem:
    """What is asked for does not exist, or its existence is not for the asker to know."""
    return problem("not_found", f"there is no {what} that this key may see")


def title_en(code: str) -> str:
    """The code's title in English."""
    return code.replace("_", " ").capitalize()


def title_zh(code: str) -> str:
    """The code's title in Chinese."""
    return DOOR_TITLES.get(code) or CHINESE.get(code, "操作被拒绝")


def answer_with_problems(app: FastAPI, unavailable: Iterable[type[Exception]]) -> None:
    """Let the application answer every error with a problem document.

    ``unavailable`` are the exceptions that mean that the workflow engine is out of reach.
    """
    answers: dict[type[Exception], Any] = {
        Refused: _refused,
        RequestValidationError: _invalid,
        HTTPException: _from_framework,
        DataError: _unkeepable,
        OperationalError: _database_unavailable,
        InterfaceError: _database_unavailable,
        PoolExhausted: _database_unavailable,
        **dict.fromkeys(unavailable, _engine_unavailable),
    }
    # The library's own words for what nobody foresaw would show the exception's text.
    handler = ExceptionHandler(unhandled_wrappers={"default": cast("Any", _unforeseen)}, handlers=answers)
    for kind in (Exception, Problem, *answers):
        app.add_exception_handler(kind, handler)


def of_refusal(refused: Refused) -> Problem:
    """The problem document of a rule's refusal."""
    return problem(
        refused.code,
        refused.reason,
        field=refused.field,
        expected=refused.expected,
    )


def _refused(_handler: ExceptionHandler, _request: Request, refused: Refused) -> Problem:
    return of_refusal(refused)


def _invalid(_handler: ExceptionHandler, _request: Request, invalid: RequestValidationError) -> Problem:
    faults = cast("Sequence[Mapping[str, Any]]", invalid.errors())
    if any(fault["type"] == "json_invalid" for fault in faults):
        return problem("malformed_body", "the body is not JSON", expected="one JSON object in UTF-8")
    errors = [{"field": _dotted(fault["loc"]), "reason": str(fault["msg"])} for fault in faults[:20]]
    first = errors[0]
    return problem(
        "invalid_input",
        f"{first['field']}: {first['reason']}",
        field=first["field"],
        errors=[{name: printable(text) for name, text in error.items()} for error in errors],
    )


def _from_framework(_handler: ExceptionHandler, _request: Request, refused: HTTPException) -> Problem:
    status = HTTPStatus(refused.status_code)
    code = _CODE_OF_STATUS.get(
        status, "malformed_body" if status < HTTPStatus.INTERNAL_SERVER_ERROR else "internal_error"
    )
    return problem(code, printable(str(refused.detail)), headers=refused.headers)


def _unkeepable(_handler: ExceptionHandler, _request: Request, _error: Exception) -> Problem:
    return problem("invalid_input", "a value lies outside what can be kept or compared")


def _database_unavailable(_handler: ExceptionHandler, _request: Request, _error: Exception) -> Problem:
    return problem("database_unavailable", "the database does not answer; nothing was changed")


def _engine_unavailable(_handler: ExceptionHandler, _request: Request, _error: Exception) -> Problem:
    return problem(
        "engine_unavailable", "the workflow engine does not answer; try again with the same Idempotency-Key"
    )


def _unforeseen(_text: str) -> Problem:
    return problem("internal_error", "the service failed; the log has the reason")


def _dotted(loc: Sequence[int | str]) -> str:
    """Where an input stands, without the word that says which part of the request it came in."""
    parts = loc[1:] if len(loc) > 1 and loc[0] in ("body", "query", "path", "header") else loc
    return printable(".".join(str(part) for part in parts))[:200]


def printable(text: str) -> str:
    """The text as it can be written in UTF-8: a sender's broken characters become question marks."""
    return text.encode("utf-8", "replace").decode()


def _headers(status: int, given: Mapping[str, str] | None) -> dict[str, str] | None:
    headers = dict(given or {})
    if status == HTTPStatus.UNAUTHORIZED:
        headers.setdefault("WWW-Authenticate", "Bearer")
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers.setdefault("Retry-After", str(RETRY_AFTER_SECONDS))
    return headers or None
