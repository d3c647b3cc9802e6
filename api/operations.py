"""/healthz, /readyz and /metrics: for the platform, the orchestrator and Prometheus."""

from __future__ import annotations

import asyncio
from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from api.frame.access import Principal, Right, principal_behind, require
from api.frame.doors import Doors, TheDoors
from api.frame.openapi import refusals

router = APIRouter(tags=["operations"])

_LOOPBACK = frozenset({"127.0.0.1", "::1"})
_PATIENCE_SECONDS = 1.5


class Health(BaseModel):
    """The process lives."""

    status: Literal["alive"] = "alive"


class Readiness(BaseModel):
    """Whether calls can be taken. Without the workflow engine they can: requests get their numbers and start later."""

    ready: bool
    degraded: bool
    database: Literal["ok", "away"]
    engine: Literal["ok", "away"]


@router.get("/healthz", operation_id="healthz", summary="The process lives")
async def healthz() -> Health:
    """Answers as long as the process can answer at all."""
    return Health()


@router.get(
    "/readyz",
    operation_id="readyz",
    summary="Calls can be taken",
    responses={503: {"model": Readiness, "description": "the database does not answer"}},
)
async def readyz(doors: TheDoors, response: Response) -> Readiness:
    """503 without the database. Without the engine 200 and `degraded`: intake goes on, commands wait."""
    database, engine = await asyncio.gather(_database_answers(doors), _engine_answers(doors))
    if not database:
        response.status_code = 503
    return Readiness(
        ready=database,
        degraded=not engine,
        database="ok" if database else "away",
        engine="ok" if engine else "away",
    )


@router.get(
    "/metrics",
    operation_id="metrics",
    summary="Metrics for Prometheus",
    response_class=Response,
    responses={
        200: {"content": {"text/plain": {"schema": {"type": "string"}}}},
        **refusals("key_missing", "role_not_allowed", "internal_error", "database_unavailable"),
    },
)
async def metrics(request: Request) -> Response:
    """For keys of the role `sre`, and without a key for Prometheus on the same machine."""
    if not _is_loopback(request):
        principal: Principal = await principal_behind(request)
        require(principal, Right.OPERATE)
    return Response(request.app.state.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


def _is_loopback(request: Request) -> bool:
    """Whether the call comes from this machine itself, and not through a proxy on it."""
    forwarded = any(name in request.headers for name in ("forwarded", "x-forwarded-for"))
    return not forwarded and request.client is not None and request.client.host in _LOOPBACK


async def _database_answers(doors: Doors) -> bool:
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS), doors.looking() as connection:
            await connection.execute(text("SELECT 1"))
    except (TimeoutError, SQLAlchemyError, OSError):
        return False
    return True


async def _engine_answers(doors: Doors) -> bool:
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            return await doors.stories.is_reachable()
    except TimeoutError:
        return False
