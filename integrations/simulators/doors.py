"""A simulated partner's doors: its own interface as its contract writes it, over its office."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from pydantic import TypeAdapter, ValidationError

from domain.partners import Partner
from integrations.simulators.catalogue import catalogue
from integrations.simulators.office import Answer, Office
from integrations.wire import affairs
from integrations.wire.affairs import Item, ItemPage
from integrations.wire.envelope import KEY_HEADER, Instant, Order, Problem

_ITEMS_A_PAGE = 200
_INSTANT: TypeAdapter[datetime] = TypeAdapter(Instant)
_LONGEST_KEY = 255


class Wrong(Exception):
    """A call that is wrong in itself, and the status and code that say so."""

    def __init__(self, status: int, code: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.code = code
        self.reason = reason


@dataclass(frozen=True)
class Doors:
    """What the partner can be asked, once the bearer token is shown."""

    office: Office
    token: str

    async def admit(self, request: Request) -> None:
        shown = request.headers.get("authorization", "")
        if not secrets.compare_digest(shown.encode(), f"Bearer {self.token}".encode()):
            raise Wrong(401, "unauthorized", "the token is not ours")

    async def hand_over(self, request: Request) -> JSONResponse:
        order = await _order(self.office.life.interface.open, request)
        return _answered(self.office.hand_over(_key(request), order))

    async def withdraw(self, request: Request) -> JSONResponse:
        order = await _order_of_case(self.office.life.interface.withdraw, request)
        return _answered(self.office.withdraw(_key(request), order))

    async def confirm(self, request: Request) -> JSONResponse:
        order = await _order_of_case(self.office.life.interface.confirm, request)
        return _answered(self.office.confirm(_key(request), order))

    async def cases(self, request: Request) -> JSONResponse:
        name = self.office.life.interface.since
        since = _instant(request, name)
        if since is None:
            raise Wrong(422, "invalid_query", f"{name} is wanted")
        page = self.office.entries(since=since, cursor=_cursor(request))
        return JSONResponse(page.model_dump(mode="json"))

    async def messages(self, request: Request) -> JSONResponse:
        case = request.path_params["correlation_id"]
        if self.office.storage.dossier(case) is None:
            raise Wrong(404, "unknown_case", "no case of that correlation id")
        return JSONResponse({"messages": [json.loads(body) for body in self.office.storage.messages(case)]})

    async def items(self, request: Request) -> JSONResponse:
        page = _items(_instant(request, "changedSince"), int(_cursor(request) or 0))
        return JSONResponse(page.model_dump(mode="json"))


def doors(office: Office, token: str) -> APIRouter:
    """The routes of the partner's interface, each behind the bearer token."""
    interface, behind = office.life.interface, Doors(office, token)
    router = APIRouter(dependencies=[Depends(behind.admit)])
    router.add_api_route(interface.cases, behind.hand_over, methods=["POST"])
    router.add_api_route(interface.withdrawal, behind.withdraw, methods=["POST"])
    router.add_api_route(interface.confirmation, behind.confirm, methods=["POST"])
    router.add_api_route(interface.cases, behind.cases)
    router.add_api_route(interface.messages, behind.messages)
    if office.life.partner is Partner.AFFAIRS:
        router.add_api_route(affairs.ITEMS, behind.items)
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


def _key(request: Request) -> str:
    key = request.headers.get(KEY_HEADER, "")
    if not 0 < len(key) <= _LONGEST_KEY:
        raise Wrong(400, "key_missing", f"{KEY_HEADER} is wanted")
    return key


async def _order_of_case(kind: type[Order], request: Request) -> Order:
    order = await _order(kind, request)
    if order.correlation_id != request.path_params["correlation_id"]:
        raise Wrong(422, "other_case", "the body names another case than the address")
    return order


async def _order(kind: type[Order], request: Request) -> Order:
    try:
        order = kind.model_validate_json(await request.body())
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise Wrong(422, "invalid_body", f"{field}: {first['msg']}") from error
    if order.message_id != _key(request):
        raise Wrong(422, "other_key", f"{KEY_HEADER} is the body's message_id")
    return order


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
