"""The application: every door in one place, and what all of them share."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI

from api import audits, city, operations
from api.bulk import calendar_corrections, jobs, operation_records
from api.citizens import track
from api.exceptions import applications, kinds
from api.feeds import events, notices
from api.frame.doors import Doors
from api.frame.limits import BodyLimit
from api.frame.measurements import HttpMetrics, Measured
from api.frame.openapi import describe
from api.frame.problems import answer_with_problems
from api.intake import identities, registration, similar
from api.partners import affair_items, callbacks, partners
from api.policies import migrations, publishing, surges, versions
from api.requests import board, cases, commands, field_tasks, handing, legs, remarks
from api.whistles import whistle_list, whistling
from workflows.client import EngineUnavailable

_DESCRIPTION = """Huying 呼应: a city's requests, from the call to the answer.

Every POST takes an `Idempotency-Key`: the same key gets the first answer again, with another body 409. (Partners'
call-backs have their `webhook-id` instead.) Refusals are problem documents (RFC 9457) with a stable `code`. `ETag` is
the number of a request's last event; send it as `If-Match` where two people may act. Instants are RFC 3339 in UTC."""

_TAGS = [
    {"name": "requests", "description": "诉求: register, find, follow, explain"},
    {"name": "commands", "description": "指令: what desks and posts ask of a request"},
    {"name": "bulk", "description": "批量操作: one command for many requests"},
    {"name": "exceptions", "description": "例外管控: what may be asked for, and what was decided"},
    {"name": "legs", "description": "承办件: what units hold and do"},
    {"name": "whistles", "description": "吹哨报到: towns call departments, which must come"},
    {
        "name": "field tasks",
        "description": "现场任务: what property firms and volunteer teams do on the spot",
    },
    {"name": "partners", "description": "外部系统: cases with the neighbouring systems, and what these say"},
    {"name": "citizens", "description": "诉求人: follow a request without signing in"},
    {"name": "identities", "description": "诉求人信息: masked, or read for a purpose"},
    {"name": "notices", "description": "通知"},
    {"name": "city", "description": "单位与事项目录"},
    {"name": "policies", "description": "时限政策"},
    {"name": "events", "description": "实时事件"},
    {"name": "audit", "description": "审计: whether the record is what was written"},
    {"name": "operations", "description": "运行状态"},
]


def make_app(opening: Callable[[], AbstractAsyncContextManager[Doors]]) -> FastAPI:
    """The application over the doors that ``opening`` opens while it runs."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        async with opening() as doors:
            app.state.doors = doors
            yield

    app = FastAPI(
        title="Huying 呼应",
        version="1",
        description=_DESCRIPTION,
        openapi_tags=_TAGS,
        lifespan=lifespan,
        redirect_slashes=False,
    )
    app.state.metrics = HttpMetrics()
    for door in (
        registration,
        board,
        similar,
        identities,
        commands,
        handing,
        cases,
        remarks,
        field_tasks,
        whistling,
        whistle_list,
        jobs,
        legs,
        kinds,
        applications,
        track,
        notices,
        city,
        publishing,
        versions,
        migrations,
        calendar_corrections,
        surges,
        affair_items,
        operation_records,
        partners,
        callbacks,
        events,
        audits,
        operations,
    ):
        app.include_router(door.router)
    answer_with_problems(app, unavailable=[EngineUnavailable])
    describe(app)
    app.add_middleware(BodyLimit)
    app.add_middleware(Measured, metrics=app.state.metrics)
    return app
