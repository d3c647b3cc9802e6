"""Stories of cases that stand for the engine: what reached them, and what they cannot be reached by."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.service import RPCError, RPCStatusCode

from domain.cases.state import CaseState, begin_case
from domain.partners import CaseMessage, CaseStatus, Partner
from persistence.engine import writing
from persistence.partner_cases import record_case
from tests.support.partners import brief
from workflows.case_client import CaseNotRunning


class CasesInMemory:
    """The stories that run. ``over`` are those that have ended, ``away`` is an engine that does not answer, ``broken``
    are the cases that it refuses.
    """

    def __init__(self) -> None:
        self.away = False
        self.over: set[str] = set()
        self.broken: set[str] = set()
        self.heard: defaultdict[str, list[CaseMessage]] = defaultdict(list)
        self.begun_again: Counter[str] = Counter()
        self.looked: Counter[str] = Counter()

    async def deliver(self, message: CaseMessage) -> None:
        self._reach(message.case)
        self.heard[message.case].append(message)

    async def deliver_late(self, state: CaseState, message: CaseMessage) -> None:
        self.over.discard(state.id)
        await self.deliver(message)
        self.begun_again[state.id] += 1

    async def look(self, case: str) -> None:
        self._reach(case)
        self.looked[case] += 1

    def _reach(self, case: str) -> None:
        if self.away:
            raise RPCError("connection refused", RPCStatusCode.UNAVAILABLE, b"")
        if case in self.broken:
            raise RPCError("too many signals", RPCStatusCode.INVALID_ARGUMENT, b"")
        if case in self.over:
            raise CaseNotRunning(case)


async def recorded(
    engine: AsyncEngine,
    case: str,
    status: CaseStatus = CaseStatus.UNDER_WAY,
    partner: Partner = Partner.ENFORCEMENT,
    **changes: Any,
) -> CaseState:
    """A case as its story has recorded it."""
    opened_at: datetime = changes.pop("opened_at", datetime.fromisoformat("2026-11-20T02:00:00+00:00"))
    begun = begin_case(brief(partner, request=case.rpartition("-p")[0], case=case, opened_at=opened_at))
    ended_at = None if status.is_open else opened_at + timedelta(hours=5)
    state = replace(begun, status=status, version=2, **{"ended_at": ended_at, **changes})
    async with writing(engine) as connection:
        await record_case(connection, state)
    return state
