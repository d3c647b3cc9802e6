"""A pure simulator: a request lives through months in a millisecond, by the same rules as in the workflow.

The tests, the preview of a policy and the demo's estimates use it. Commands are given with the instant at
which they come; between them everything that falls due happens at its own instant."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from domain.commands import Act, Order, PassTime, Register
from domain.events import Event
from domain.lifecycle import decide, fold
from domain.limits.deadlines import next_due
from domain.request import Intake, RequestState, begin
from domain.units import SYSTEM, Actor

F = TypeVar("F")


@dataclass(slots=True)
class Simulation:
    """One simulated request: its present state, and the timeline so far."""

    state: RequestState
    timeline: list[Event] = field(default_factory=list[Event])

    @classmethod
    def of(cls, intake: Intake) -> Simulation:
        """A request that has just been registered."""
        simulation = cls(begin(intake))
        simulation.give(Order("register", SYSTEM, Register()), intake.received_at)
        return simulation

    def give(self, order: Order, at: datetime) -> tuple[Event, ...]:
        """Give an order at an instant, after everything that falls due before it.

        Raises:
            Refused: the rules refuse the order.
        """
        self.wait_until(at)
        return self._apply(order, at)

    def act(self, by: Actor, act: Act, at: datetime) -> tuple[Event, ...]:
        """Give an act without thinking about keys."""
        return self.give(Order(f"{act.act}@{at.isoformat()}", by, act), at)

    def wait_until(self, at: datetime) -> None:
        """Let everything happen that falls due by ``at``."""
        while (due := next_due(self.state)) is not None and due <= at:
            # What passed while a clock was held happens when it may speak again, not before.
            moment = max(due, self.timeline[-1].at)
            self._apply(Order(f"time@{moment.isoformat()}", SYSTEM, PassTime()), moment)

    def facts(self, kind: type[F]) -> list[F]:
        """The facts of one kind, in order."""
        return [event.what for event in self.timeline if isinstance(event.what, kind)]

    def instants(self, kind: type[F]) -> list[datetime]:
        """When the facts of one kind happened, in order."""
        return [event.at for event in self.timeline if isinstance(event.what, kind)]

    def _apply(self, order: Order, at: datetime) -> tuple[Event, ...]:
        events = decide(self.state, order, at)
        self.state = fold(self.state, events)
        self.timeline.extend(events)
        return events


def replayed(intake: Intake, timeline: Iterable[Event]) -> RequestState:
    """The state that a timeline leads to."""
    return fold(begin(intake), timeline)
