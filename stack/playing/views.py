"""What the demo knows of each request from the events it hears: where it stands and who holds it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime

from domain import events as happened
from domain.events import Fact
from domain.limits.clock import ClockKind
from domain.limits.policy import Thresholds
from domain.request import Body, Card, LegRole, Light, State
from domain.responsibility.ladder import light_at
from domain.units import Unit
from stack.playing.beside import Beside

_MARKS = Thresholds()


@dataclass(frozen=True, slots=True)
class Holder:
    """The lead leg: its number inside the request, the unit, and what the unit has done."""

    leg: str
    unit: Unit
    since: datetime
    contacted: bool = False


@dataclass(slots=True, kw_only=True)
class View:
    """One request. ``since`` is when it came to its state, ``roused_at`` when the city (or the black list) woke
    everybody; ``grown`` is set whenever something happened.
    """

    number: str
    title: str = ""
    policy: str = ""
    seq: int = 0
    state: State = State.REGISTERED
    since: datetime | None = None
    holder: Holder | None = None
    held_before: Unit | None = None
    light: Light = Light.GREEN
    supervised_by: Body | None = None
    card: Card | None = None
    roused_at: datetime | None = None
    cycle: int = 1
    replies: int = 0
    sent_back: int = 0
    callback_tries: int = 0
    beside: Beside = field(default_factory=Beside)
    grown: asyncio.Event = field(default_factory=asyncio.Event)

    def take(self, seq: int, at: datetime, fact: Fact) -> bool:
        """Learn what happened next; false if it was known, or if something before it is not known yet."""
        if seq != self.seq + 1:
            return False
        self.seq = seq
        self._learn(at, fact)
        self.beside.learn(at, fact)
        self.grown.set()
        return True

    @property
    def ended(self) -> bool:
        """Whether the request has ended."""
        return self.state.is_terminal

    def _learn(self, at: datetime, fact: Fact) -> None:
        match fact:
            case happened.Registered():
                self._enter(State.REGISTERED, at)
            case happened.InfoRequested():
                self._enter(State.AWAITING_INFO, at)
            case happened.InfoSupplied():
                self._enter(State.REGISTERED, at)
            case happened.Accepted():
                self.policy = fact.policy
                self._enter(State.PENDING_DISPATCH, at)
            case happened.Rejected():
                self._enter(State.NOT_ACCEPTED, at)
            case happened.AnsweredDirectly():
                self._enter(State.ANSWERED_DIRECTLY, at)
            case happened.Withdrawn():
                self._enter(State.WITHDRAWN, at)
            case happened.Closed():
                self._enter(State.CLOSED, at)
            case _:
                self._learn_of_handling(at, fact)

    def _learn_of_handling(self, at: datetime, fact: Fact) -> None:
        match fact:
            case happened.LegDispatched(role=LegRole.LEAD):
                self.held_before = self.holder.unit if self.holder else None
                self.holder = Holder(fact.leg, fact.unit, at)
                self._enter(State.PENDING_SIGN, at)
            case happened.LegSigned() if self._is_lead(fact.leg):
                self._enter(State.IN_PROGRESS, at)
            case happened.FirstContacted() if self.holder and self._is_lead(fact.leg):
                self.holder = Holder(self.holder.leg, self.holder.unit, self.holder.since, contacted=True)
            case happened.CaseOpened(waits=True):
                self._enter(State.AWAITING_PARTNER, at)
            case happened.PartnerAnswered():
                self._enter(State.IN_PROGRESS, at)
            case happened.ReplySubmitted():
                self.replies += 1
                self._enter(State.PENDING_REVIEW, at)
            case happened.ReviewPassed():
                self._enter(State.PENDING_CALLBACK, at)
            case happened.ReviewedBack():
                self.sent_back += 1
                self._enter(State.IN_PROGRESS, at)
            case happened.CallbackTried():
                self.callback_tries += 1
            case happened.RedoOrdered():
                self.cycle += 1
                self.callback_tries = 0
                self.light = Light.GREEN
            case _:
                self._learn_of_time(at, fact)

    def _learn_of_time(self, at: datetime, fact: Fact) -> None:
        match fact:
            case happened.Supervised():
                self.supervised_by = fact.body
                self.card = fact.card or self.card
                if fact.body is Body.CITY or fact.black_list:
                    self.roused_at = self.roused_at or at
            case happened.DeadlineFired(clock=ClockKind.TOTAL):
                self.light = light_at(fact.percent, _MARKS)
            case _:
                pass

    def _enter(self, state: State, at: datetime) -> None:
        self.state, self.since = state, at

    def _is_lead(self, leg: str) -> bool:
        return self.holder is not None and self.holder.leg == leg
