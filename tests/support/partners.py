"""A partner in memory: it acts once per key, says what a test lets it say, and misbehaves on order."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.cases.kinds import KINDS
from domain.levels import Level
from domain.limits.policy import Urgency
from domain.partners import (
    Affair,
    CaseBrief,
    CaseMessage,
    CaseStatus,
    Clue,
    Handover,
    Partner,
    VolunteerTask,
)
from domain.responsibility.routing import Place
from integrations.port import (
    CaseLine,
    PartnerRejected,
    PartnerUnavailable,
    Receipt,
    Unreadable,
    Withdrawal,
)
from tests.support.builders import MONDAY_MORNING, UNITS

HANDOVERS: dict[Partner, Handover] = {
    Partner.ENFORCEMENT: Clue("stalls on the pavement", "市容条例", "a stall"),
    Partner.AFFAIRS: Affair("1" * 31, "a permit for a stall"),
    Partner.VOLUNTEERS: VolunteerTask(
        "clean",
        "sweep the lane",
        MONDAY_MORNING + timedelta(days=1),
        MONDAY_MORNING + timedelta(days=1, hours=2),
    ),
}


def brief(partner: Partner = Partner.ENFORCEMENT, **changes: Any) -> CaseBrief:
    """A case that a partner may take its time with."""
    request = changes.pop("request", "20260302-0000001")
    opened_at = changes.pop("opened_at", MONDAY_MORNING)
    made = CaseBrief(
        case=f"{request}-p1",
        request=request,
        partner=partner,
        urgency=Urgency.NORMAL,
        category="0201",
        place=Place(UNITS[Level.GRID].area),
        handover=HANDOVERS[partner],
        evidence=(),
        opened_at=opened_at,
        due_at=opened_at + timedelta(days=5),
        claim_by=opened_at + timedelta(hours=20) if partner is Partner.VOLUNTEERS else None,
        poll_every=timedelta(hours=1),
        hold_gaps=timedelta(hours=24),
    )
    return replace(made, **changes)


def said(kind: str, sequence: int, case: str = "20260302-0000001-p1", **more: Any) -> CaseMessage:
    """A message of a partner; its id is the same each time."""
    return CaseMessage(f"{case}/{sequence}/{kind}", case, sequence, kind, sent_at=MONDAY_MORNING, **more)


class GatewayInMemory:
    """One partner. ``effects`` counts what it really did, by operation and case; ``calls`` what it was asked.

    ``unavailable`` fails so many of the next calls before anything happens; with ``half_answers`` the effect happens
    and the answer is lost. ``rejects`` answers an operation with a no.
    """

    def __init__(self, partner: Partner = Partner.ENFORCEMENT) -> None:
        self.partner = partner
        self.briefs: dict[str, CaseBrief] = {}
        self.messages: defaultdict[str, list[CaseMessage]] = defaultdict(list)
        self.withdrawn: set[str] = set()
        self.calls: Counter[tuple[str, str]] = Counter()
        self.effects: Counter[tuple[str, str]] = Counter()
        self.answers: dict[str, Any] = {}
        self.rejects: dict[str, PartnerRejected] = {}
        self.unavailable: Counter[str] = Counter()
        self.half_answers: Counter[str] = Counter()
        self.retry_after: timedelta | None = None
        self.irrevocable = False

    def says(self, case: str, kind: str, **more: Any) -> CaseMessage:
        """Let the partner come to a next message, which can be read from now on."""
        message = said(kind, len(self.messages[case]) + 1, case, **more)
        self.messages[case].append(message)
        return message

    def forgets(self, case: str) -> None:
        """Let the partner lose a case that it had."""
        del self.briefs[case]
        self.answers = {key: answer for key, answer in self.answers.items() if not key.startswith(case)}

    async def open(self, *, key: str, brief: CaseBrief) -> Receipt:
        """Take a case."""
        return self._once("open", key, brief.case, lambda: self._take(brief))

    async def read(self, *, case: str) -> tuple[CaseMessage, ...]:
        """Everything said of a case."""
        self._asked("read", case)
        if case not in self.briefs:
            raise PartnerRejected("unknown_case", f"there is no {case}")
        return tuple(self.messages[case])

    async def withdraw(self, *, key: str, case: str, reason: str) -> Withdrawal:
        """Give a case back, unless it has gone too far."""
        assert reason
        return self._once("withdraw", key, case, lambda: self._give_back(case))

    async def confirm(self, *, key: str, case: str, note: str) -> None:
        """Hear that a result was received."""
        assert note
        self._once("confirm", key, case, lambda: None)

    async def list_cases(self, *, since: datetime) -> Sequence[CaseLine]:
        """Every case that was taken here; whether it ended long ago is not looked at."""
        assert since <= datetime.now(UTC)
        self._asked("list", "")
        return [self._line(case) for case in self.briefs]

    def message_in(self, body: bytes) -> CaseMessage:
        """A message in the plainest of all spellings."""
        try:
            given = json.loads(body)
            given["sent_at"] = datetime.fromisoformat(given["sent_at"])
            return CaseMessage(**given)
        except (ValueError, TypeError, KeyError) as error:
            raise Unreadable("body", str(error)) from error

    async def aclose(self) -> None:
        """There is nothing to end."""

    def _take(self, brief: CaseBrief) -> Receipt:
        self.briefs[brief.case] = brief
        return Receipt(f"no-{len(self.briefs)}")

    def _give_back(self, case: str) -> Withdrawal:
        if case not in self.briefs:
            raise PartnerRejected("unknown_case", f"there is no {case}")
        if self.irrevocable or self._has_begun(case):
            return Withdrawal(irrevocable=True, reason="it has begun")
        self.withdrawn.add(case)
        return Withdrawal()

    def _has_begun(self, case: str) -> bool:
        kinds = KINDS[self.partner]
        told = [kinds[message.kind] for message in self.messages[case] if message.kind in kinds]
        return any(kind.stands is CaseStatus.UNDER_WAY for kind in told)

    def _line(self, case: str) -> CaseLine:
        told = self.messages[case]
        kind = KINDS[self.partner].get(told[-1].kind) if told else None
        status = kind.status(told[-1].code) if kind else None
        ended = case in self.withdrawn or (status is not None and not status.is_open)
        return CaseLine(case, len(told), told[-1].kind if told else "", ended)

    def _asked(self, operation: str, case: str) -> None:
        self.calls[operation, case] += 1
        if self.unavailable[operation] > 0:
            self.unavailable[operation] -= 1
            raise PartnerUnavailable(f"{operation}: nobody answers", self.retry_after)
        if operation in self.rejects:
            raise self.rejects[operation]

    def _once(self, operation: str, key: str, case: str, act: Any) -> Any:
        self._asked(operation, case)
        if key not in self.answers:
            self.answers[key] = act()
            self.effects[operation, case] += 1
        if self.half_answers[operation] > 0:
            self.half_answers[operation] -= 1
            raise PartnerUnavailable(f"{operation}: the answer was lost")
        return self.answers[key]
