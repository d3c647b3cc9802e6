"""What OpenAPI says about refusals: every status an operation can answer with, and an example for every code."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.problems import MEDIA_TYPE, STATUS, TYPE_PREFIX, title_en, title_zh
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
    "dispatch": ("unknown_unit", "level_does_not_handle", "no_responsible_unit"),
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
    "supervise": ("supervisor_too_low", "nobody_to_card", "card_issued_before"),
    "recalculate": ("calendar_unchanged", "other_calendar"),
    "sign": ("not_your_leg", "leg_ended", "already_signed"),
    "first_contact": ("not_your_leg", "leg_ended", "not_signed", "already_contacted"),
    "submit_reply": (
        "not_your_leg",
        "leg_ended",
        "not_signed",
        "unknown_outcome",
        "too_much_evidence",
        "not_awaited",
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
