"""A simulated partner's doors: its own interface as its contract writes it, over its office."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, TypeAdapter, ValidationError

from domain.partners import Partner
from integrations.simulators.catalogue import catalogue
from integrations.simulators.office import Answer, Office
from integrations.wire import affairs
from integrations.wire.affairs import Item, ItemPage
from integrations.wire.envelope import KEY_HEADER, Order, Problem

_ITEMS_A_PAGE = 200
_INSTANT: TypeAdapter[datetime] = TypeAdapter(AwareDatetime)
_LONGEST_KEY = 255


class Wrong(Exception):
    """A call that is wrong in itself, and the status and code that say so."""

    def __init__(self, status: int, code: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.code = code
        self.reason = reason


def doors(office: Office, token: str) -> APIRouter:
    """The routes of the partner's interface, each behind the bearer token."""
    interface, router = office.life.interface, APIRouter()

    def post(path: str, order: type[Order], act: Callable[[str, Order], Answer], *, named: bool) -> None:
        async def take(request: Request) -> JSONResponse:
            _admit(request, token)
            asked = _order(order, await request.body())
            if named and asked.correlation_id != request.path_params["correlation_id"]:
                raise Wrong(422, "other_case", "the body names another case than the address")
            return _answered(act(_key(request), asked))

        router.add_api_route(path, take, methods=["POST"], name=order.__name__)

    post(interface.cases, interface.open, office.hand_over, named=False)
    post(interface.withdrawal, interface.withdraw, office.withdraw, named=True)
    post(interface.confirmation, interface.confirm, office.confirm, named=True)

    async def listed(request: Request) -> JSONResponse:
        _admit(request, token)
        since = _instant(request, interface.since)
        page = office.entries(since=since, cursor=_cursor(request))
        return JSONResponse(page.model_dump(mode="json"))

    async def said(request: Request) -> JSONResponse:
        _admit(request, token)
        case = request.path_params["correlation_id"]
        if office.storage.dossier(case) is None:
            raise Wrong(404, "unknown_case", "no case of that correlation id")
        return JSONResponse({"messages": [json.loads(body) for body in office.storage.messages(case)]})

    async def items(request: Request) -> JSONResponse:
        _admit(request, token)
        page = _items(_instant(request, "changedSince"), int(_cursor(request) or 0))
        return JSONResponse(page.model_dump(mode="json"))

    router.add_api_route(interface.cases, listed, methods=["GET"], name="list")
    router.add_api_route(interface.messages, said, methods=["GET"], name="messages")
    if office.life.partner is Partner.AFFAIRS:
        router.add_api_route(affairs.ITEMS, items, methods=["GET"], name="items")
    return router


async def say_wrong(request: Request, wrong: Wrong) -> JSONResponse:
    """The problem (RFC 9457) that answers a wrong call."""
    del request
    problem = Problem(status=wrong.status, code=wrong.code, title=wrong.code, detail=wrong.reason)
    return _answered(Answer(wrong.status, problem.model_dump(mode="json")))


def _items(since: datetime | None, skip: int) -> ItemPage:
    changed: list[Item] = [item for item in catalogue().values() if since is None or item.changed_at >= since]
    shown = tuple(changed[skip : skip + _ITEMS_A_PAGE])
    more = skip + len(shown) < len(changed)
    return ItemPage(items=shown, next_cursor=str(skip + len(shown)) if more else "")


def _admit(request: Request, token: str) -> None:
    shown = request.headers.get("authorization", "").removeprefix("Bearer ")
    if not secrets.compare_digest(shown.encode(), token.encode()):
        raise Wrong(401, "unauthorized", "the token is not ours")


def _key(request: Request) -> str:
    key = request.headers.get(KEY_HEADER, "")
    if not 0 < len(key) <= _LONGEST_KEY:
        raise Wrong(400, "key_missing", f"{KEY_HEADER} is wanted")
    return key


def _order(kind: type[Order], body: bytes) -> Order:
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise Wrong(422, "invalid_body", f"{field}: {first['msg']}") from error


def _instant(request: Request, name: str) -> datetime | None:
    text = request.query_params.get(name)
    try:
        return None if text is None else _INSTANT.validate_python(text)
    except ValidationError as error:
        raise Wrong(422, "invalid_query", f"{name} is an RFC 3339 instant with an offset") from error


def _cursor(request: Request) -> str:
    cursor = request.query_params.get("cursor", "")
    if cursor and not (cursor.isascii() and cursor.isdigit()):
        raise Wrong(422, "invalid_query", "cursor is what the page before said")
    return cursor


def _answered(answer: Answer) -> JSONResponse:
    body: dict[str, Any] = answer.body
    kind = "application/problem+json" if answer.status >= 400 else "application/json"
    return JSONResponse(body, status_code=answer.status, media_type=kind)
